"""Callbacks driven by scripted logs, next to Keras's own."""

import warnings

import keras
import numpy as np
import pytest

from kerax import callbacks as ours

theirs = keras.callbacks
nan = float("nan")


class Optimizer:
    def __init__(self, rate):
        self.learning_rate = rate


class Metric:
    def __init__(self, name, direction):
        self.name, self._direction = name, direction


class FakeModel:
    """As much of a model as callbacks ask for; its weights are the number of the epoch."""

    def __init__(self, rate):
        self.stop_training = False
        self.optimizer = Optimizer(rate)
        self.metrics = [Metric("score", "up"), Metric("badness", "down")]
        self.epoch = -1

    def get_weights(self):
        return [self.epoch]

    def set_weights(self, weights):
        self.epoch = weights[0]


def drive(make, script, monitor, rate):
    """What a callback does over the scripted values of its monitor, epoch by epoch."""
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        callback = make()
        model = FakeModel(rate)
        callback.set_model(model)
        for _ in range(2):  # a second fit begins anew
            model.stop_training = False
            callback.on_train_begin({})
            for epoch, value in enumerate(script):
                model.epoch = epoch
                logs = {monitor: value}
                callback.on_epoch_begin(epoch, {})
                callback.on_epoch_end(epoch, logs)
                state = [getattr(callback, name, None) for name in ("wait", "best", "stopped_epoch", "best_epoch")]
                state += [getattr(callback, "cooldown_counter", None), float(model.optimizer.learning_rate)]
                seen.append(repr((state, model.stop_training, sorted(logs.items()))))
                if model.stop_training:
                    break
            callback.on_train_end({})
            seen.append(model.epoch)
    return seen


def told(options):
    """The options with the mode that ours reads off the model's metrics: Keras looks for its own classes there."""
    name = options.get("monitor", "").removeprefix("val_")
    return {**options, **{"score": {"mode": "max"}, "badness": {"mode": "min"}}.get(name, {})}


STOPPING = [
    ({"patience": 2, "restore_best_weights": True}, "val_loss", [3.0, 2.0, 2.5, 2.4, 1.0]),
    ({"patience": 2, "verbose": 1, "restore_best_weights": True}, "val_loss", [3.0, 2.0, 2.5, 2.4, 1.0]),
    ({"patience": 0}, "val_loss", [3.0, 3.0, 2.0]),
    ({"patience": 1, "min_delta": 0.5}, "val_loss", [3.0, 2.6, 2.4, 2.3, 2.2]),
    ({"patience": 1, "min_delta": -0.5}, "val_loss", [3.0, 2.6, 2.4, 2.3, 2.2]),
    ({"patience": 1, "min_delta": 0.1, "mode": "max"}, "val_loss", [0.1, 0.15, 0.25, 0.5, 0.55, 0.59, 0.6]),
    ({"patience": 2, "monitor": "val_score"}, "val_score", [0.1, 0.3, 0.2, 0.3, 0.4]),
    ({"patience": 2, "monitor": "badness"}, "badness", [0.1, 0.3, 0.2, 0.3, 0.4]),
    ({"patience": 1, "baseline": 1.0}, "val_loss", [3.0, 2.0, 1.0, 1.5]),
    ({"patience": 1, "baseline": 1.0}, "val_loss", [3.0, 3.0]),
    ({"patience": 3, "baseline": 1.0, "restore_best_weights": True}, "val_loss", [3, 2, 0.9, 0.95, 0.96, 0.95, 0.95]),
    ({"patience": 2, "baseline": 1.0, "restore_best_weights": True}, "val_loss", [3.0, 4.0, 5.0]),
    ({"patience": 0, "start_from_epoch": 2, "restore_best_weights": True}, "val_loss", [1.0, 4.0, 5.0, 6.0, 7.0]),
    ({"patience": 1, "start_from_epoch": 3}, "val_loss", [1.0, 4.0, 5.0, 6.0, 7.0, 5.5, 5.6, 5.7]),
    ({"patience": 1, "restore_best_weights": True}, "val_loss", [3.0, 2.0, 1.0]),
    ({"patience": 1, "restore_best_weights": True}, "val_loss", [nan, nan, nan]),
    ({"patience": 2, "restore_best_weights": True}, "val_loss", [2.0, nan, 1.0, nan, nan]),
    ({"patience": 1, "mode": "bogus"}, "val_loss", [2.0, 1.0, 1.0]),
    ({"patience": 1, "monitor": "anything", "mode": "min"}, "anything", [2.0, 1.0, np.float32(1.0)]),
]


@pytest.mark.parametrize(("options", "monitor", "script"), STOPPING)
def test_early_stopping_stops_and_restores_as_keras_does(options, monitor, script, capsys):
    mine = drive(lambda: ours.EarlyStopping(**options), script, monitor, 0.1)
    printed = capsys.readouterr().out
    assert mine == drive(lambda: theirs.EarlyStopping(**told(options)), script, monitor, 0.1)
    assert printed == capsys.readouterr().out


PLATEAU = [
    ({"patience": 1, "factor": 0.5, "cooldown": 1, "min_lr": 0.02}, "val_loss", [3.0] * 10),
    (
        {"patience": 2, "factor": 0.5, "cooldown": 2},
        "val_loss",
        [3.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    ),
    ({"patience": 0, "factor": 0.1, "verbose": 1}, "val_loss", [3.0, 2.0, 2.0, 2.0]),
    ({"patience": 1, "min_delta": 0.5, "verbose": 1}, "val_loss", [3.0, 2.8, 2.4, 2.2, 1.0]),
    ({"patience": 1, "monitor": "score"}, "score", [0.1, 0.2, 0.2, 0.3, 0.3, 0.3]),
    ({"patience": 1, "mode": "max"}, "val_loss", [0.1, 0.2, 0.2, 0.3, 0.3, 0.3]),
    ({"patience": 1, "min_lr": 0.2}, "val_loss", [3.0, 3.0, 3.0]),
    ({"patience": 1}, "val_loss", [nan, nan, 1.0, nan]),
]


@pytest.mark.parametrize(("options", "monitor", "script"), PLATEAU)
def test_the_learning_rate_falls_on_plateaus_as_in_keras(options, monitor, script, capsys):
    mine = drive(lambda: ours.ReduceLROnPlateau(**options), script, monitor, 0.1)
    printed = capsys.readouterr().out
    assert mine == drive(lambda: theirs.ReduceLROnPlateau(**told(options)), script, monitor, 0.1)
    assert printed == capsys.readouterr().out


@pytest.mark.parametrize(
    "schedule",
    [lambda epoch, rate: rate * 0.5, lambda epoch: 0.25, lambda epoch, rate: np.float32(0.125)],
    ids=["two", "one", "float32"],
)
def test_scheduled_rates_are_those_of_keras(schedule, capsys):
    mine = drive(lambda: ours.LearningRateScheduler(schedule, verbose=1), [1.0, 2.0, 3.0], "loss", 0.1)
    printed = capsys.readouterr().out
    assert mine == drive(lambda: theirs.LearningRateScheduler(schedule, verbose=1), [1.0, 2.0, 3.0], "loss", 0.1)
    assert printed == capsys.readouterr().out


EPOCHS = [
    [{"loss": 1.5, "acc": 0.25}, {"loss": 1.0, "acc": 0.5}],
    [{"loss": 1.5, "val_loss": 0.25}, {"loss": 1.0}, {"loss": 0.5, "val_loss": 0.125}],
    [{"loss": 1.5}, {"loss": 1.0, "val_loss": 0.5}, {"acc": 2.0}],
    [{"b": np.float32(0.1), "list": np.array([1, 2]), "text": "x,y", "whole": 3}],
    [{}],
]


@pytest.mark.parametrize("epochs", EPOCHS)
@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_files_are_those_of_keras(tmp_path, epochs, separator):
    for module, name in ((ours, "ours"), (theirs, "theirs")):
        for append in (False, False, True):
            logger = module.CSVLogger(str(tmp_path / name), separator=separator, append=append)
            logger.set_model(FakeModel(0.1))
            logger.on_train_begin()
            for epoch, logs in enumerate(epochs):
                logger.on_epoch_end(epoch, dict(logs))
            logger.on_train_end()
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("loss", [1.0, None, nan, float("inf"), np.float32("nan")])
def test_a_loss_that_is_not_finite_ends_training_as_in_keras(loss, capsys):
    outcomes = []
    for module in (ours, theirs):
        callback = module.TerminateOnNaN()
        model = FakeModel(0.1)
        callback.set_model(model)
        callback.on_train_batch_end(3, {} if loss is None else {"loss": loss})
        outcomes.append((model.stop_training, capsys.readouterr().out))
    assert outcomes[0] == outcomes[1]


HOOKS = sorted(name for name in dir(theirs.Callback) if name.startswith("on_"))


def test_every_hook_of_keras_is_there():
    assert set(HOOKS) <= set(dir(ours.Callback))
    assert set(HOOKS) <= set(dir(ours.CallbackList))


@pytest.mark.parametrize("name", ["CSVLogger", "EarlyStopping", "LambdaCallback", "LearningRateScheduler"])
def test_arguments_and_defaults_are_those_of_keras(name):
    import inspect

    mine = inspect.signature(getattr(ours, name)).parameters.values()
    keras_own = inspect.signature(getattr(theirs, name)).parameters.values()
    assert [(p.name, p.default) for p in mine] == [(p.name, p.default) for p in keras_own]
