"""What each callback promises beyond Keras's behaviour."""

import jax.numpy as jnp
import numpy as np
import pytest

from kerax.callbacks import (
    CallbackList,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)


class Rate:
    """A learning rate that is assigned, not replaced."""

    def __init__(self, value):
        self.value = value

    def assign(self, value):
        self.value = value

    def __float__(self):
        return self.value


class Model:
    def __init__(self, rate=0.1):
        self.stop_training = False
        self.metrics = []
        self.optimizer = type("Optimizer", (), {})()
        self.optimizer.learning_rate = rate

    def get_weights(self):
        return []

    def set_weights(self, weights):
        pass


def started(callback, **params):
    """A callback in a list whose training has begun."""
    listeners = CallbackList([callback], model=Model(), **params)
    listeners.on_train_begin()
    return listeners


def test_a_monitor_that_is_misspelt_is_named_with_what_there_is():
    listeners = started(EarlyStopping(monitor="val_los"))
    with pytest.raises(ValueError, match=r"'val_los'.*loss, val_loss at the end of epoch 1.*'val_loss'"):
        listeners.on_epoch_end(0, {"loss": 1.0, "val_loss": 1.0})


def test_a_validation_monitor_without_validation_is_an_error():
    listeners = started(EarlyStopping(), validation=None)
    with pytest.raises(ValueError, match=r"'val_loss'.*got logs with loss.*validation_data"):
        listeners.on_epoch_end(0, {"loss": 1.0})


def test_a_validation_monitor_waits_for_the_first_validation():
    callback = EarlyStopping(patience=1)
    listeners = started(callback, validation=2)
    listeners.on_epoch_end(0, {"loss": 1.0})
    listeners.on_epoch_end(1, {"loss": 1.0, "val_loss": 1.0})
    listeners.on_epoch_end(2, {"loss": 1.0})
    assert callback.best == 1.0
    assert callback.wait == 0


def test_a_missing_validation_monitor_is_a_warning_where_nobody_knows():
    callback = EarlyStopping()
    callback.set_model(Model())
    callback.on_train_begin()
    with pytest.warns(UserWarning, match=r"no 'val_loss'.*which has loss"):
        callback.on_epoch_end(0, {"loss": 1.0})


@pytest.mark.parametrize("name", ["val_accuracy", "auc_2", "val_head_accuracy", "precision"])
def test_names_of_usual_metrics_tell_that_higher_is_better(name):
    callback = EarlyStopping(monitor=name, patience=1)
    callback.set_model(Model())
    callback.on_train_begin()
    callback.on_epoch_end(0, {name: 0.5})
    callback.on_epoch_end(1, {name: 0.6})
    assert callback.best == 0.6


def test_a_name_that_tells_nothing_asks_for_a_mode():
    callback = EarlyStopping(monitor="fitness")
    callback.set_model(Model())
    callback.on_train_begin()
    with pytest.raises(ValueError, match=r"'fitness'.*mode='auto'.*mode='min' or mode='max'"):
        callback.on_epoch_end(0, {"fitness": 1.0})


def test_a_rate_that_can_be_assigned_is_assigned():
    model = Model(Rate(1.0))
    callback = ReduceLROnPlateau("loss", patience=1, factor=0.5)
    callback.set_model(model)
    for epoch in range(2):
        callback.on_epoch_end(epoch, {"loss": 1.0})
    assert isinstance(model.optimizer.learning_rate, Rate)
    assert float(model.optimizer.learning_rate) == 0.5


def test_plateau_arguments_are_checked():
    with pytest.raises(ValueError, match=r"factor=1.0.*below 1"):
        ReduceLROnPlateau(factor=1.0)
    with pytest.raises(TypeError, match="patiense"):
        ReduceLROnPlateau(patiense=3)
    with pytest.warns(UserWarning, match="min_delta"):
        assert ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5


@pytest.mark.parametrize("value", [1, "0.1", None, True])
def test_a_schedule_that_gives_no_float_is_named(value):
    callback = LearningRateScheduler(lambda epoch: value)
    callback.set_model(Model())
    with pytest.raises(ValueError, match=r"from the schedule, expected a float"):
        callback.on_epoch_begin(0)


def test_a_schedule_may_give_an_array():
    callback = LearningRateScheduler(lambda epoch, rate: rate * jnp.exp(-0.1))
    callback.set_model(Model())
    callback.on_epoch_begin(0)
    assert callback.model.optimizer.learning_rate == pytest.approx(0.1 * np.exp(-0.1))


def test_a_type_error_within_a_schedule_stays_what_it_is():
    callback = LearningRateScheduler(lambda epoch, rate: rate + "1")
    callback.set_model(Model())
    with pytest.raises(TypeError, match="unsupported operand"):
        callback.on_epoch_begin(0)


def test_nan_raises_where_asked():
    with pytest.raises(RuntimeError, match=r"batch 7.*NaN"):
        TerminateOnNaN(raise_error=True).on_train_batch_end(7, {"loss": float("nan")})


def test_a_csv_line_is_there_as_soon_as_its_epoch_ends(tmp_path):
    logger = CSVLogger(tmp_path / "log.csv")
    listeners = started(logger)
    listeners.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    assert (tmp_path / "log.csv").read_text().split() == ["epoch,loss,val_loss", "0,1.0,2.0"]


def test_functions_take_their_arguments_by_position():
    heard = []
    callback = LambdaCallback(
        on_epoch_end=lambda number, values: heard.append(("epoch", number)),
        on_batch_end=lambda number, values: heard.append(("batch", number)),
        on_test_begin=lambda values: heard.append("test"),
        note="kept",
    )
    listeners = started(callback)
    listeners.on_train_batch_end(3, {})
    listeners.on_test_begin()
    listeners.on_epoch_end(1, {})
    assert heard == [("batch", 3), "test", ("epoch", 1)]
    assert callback.note == "kept"
