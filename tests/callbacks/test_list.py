"""CallbackList: who is told what, and who wants to hear of single batches."""

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerax.callbacks import (
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ProgbarLogger,
    ReduceLROnPlateau,
    TerminateOnNaN,
)


class Model:
    history = None


class Batches(Callback):
    """Hooks as tutorials write them: no defaults."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def on_batch_end(self, batch, logs):
        self.heard.append((batch, logs))


class TestBatches(Callback):
    __test__ = False

    def on_test_batch_begin(self, batch, logs):
        pass


class Quiet(Callback):
    def on_epoch_end(self, epoch, logs):
        pass


class AssignedLater(Callback):
    def on_train_begin(self, logs):
        self.on_train_batch_end = lambda batch, logs: None


class Louder(ProgbarLogger):
    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)


@pytest.mark.parametrize(
    ("callback", "modes"),
    [
        (Quiet(), []),
        (History(), []),
        (ProgbarLogger(), []),
        (EarlyStopping(), []),
        (ReduceLROnPlateau(), []),
        (LambdaCallback(), []),
        (LambdaCallback(on_epoch_end=print, on_train_batch_end=None), []),
        (LambdaCallback(on_train_batch_end=print), ["train"]),
        (LambdaCallback(on_batch_begin=print), ["train"]),
        (LambdaCallback(on_predict_batch_end=print), ["predict"]),
        (TerminateOnNaN(), ["train"]),
        (Batches(), ["train"]),
        (TestBatches(), ["test"]),
        (Louder(), ["train"]),
        (keras.callbacks.EarlyStopping(), []),
        (keras.callbacks.TerminateOnNaN(), ["train"]),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, list) else "-".join(value),
)
def test_only_overridden_batch_hooks_want_single_batches(callback, modes):
    listeners = CallbackList([callback], add_history=True, add_progbar=True, verbose=0)
    assert [mode for mode in ("train", "test", "predict") if listeners.wants_batches(mode)] == modes


def test_a_hook_assigned_when_training_begins_counts():
    listeners = CallbackList([AssignedLater()])
    assert not listeners.wants_batches()
    listeners.on_train_begin()
    assert listeners.wants_batches()


def test_logs_arrive_as_python_floats():
    callback = Batches()
    listeners = CallbackList(callback)
    listeners.on_train_batch_end(0, {"loss": jnp.float32(2), "n": np.int64(3), "text": "x", "vector": np.ones(2)})
    ((batch, logs),) = callback.heard
    assert batch == 0
    assert type(logs["loss"]) is float
    assert logs["n"] == 3.0
    assert logs["text"] == "x"
    assert logs["vector"].shape == (2,)


def test_lazy_logs_are_asked_only_when_someone_listens():
    def never():
        raise AssertionError("nobody listens")

    CallbackList([Quiet()], add_history=True).on_train_batch_end(4, never)
    callback = Batches()
    CallbackList([callback]).on_train_batch_end(4, lambda: {"loss": 1.0})
    assert callback.heard == [(4, {"loss": 1.0})]


def test_hooks_are_called_in_order_with_logs_always_a_dict():
    heard = []

    class Note(Callback):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def on_epoch_begin(self, epoch, logs):
            heard.append((self.name, epoch, logs))

        def on_train_begin(self, logs):
            heard.append((self.name, logs))

    listeners = CallbackList([Note("a"), (Note("b"), [Note("c")])])
    listeners.on_train_begin()
    listeners.on_epoch_begin(0)
    assert heard == [(n, {}) for n in "abc"] + [(n, 0, {}) for n in "abc"]


def test_what_a_callback_adds_to_the_logs_reaches_the_history_and_the_caller():
    adding = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=2.0))
    listeners = CallbackList([adding], add_history=True)
    logs = {"loss": 1.0}
    listeners.on_train_begin()
    listeners.on_epoch_end(0, logs)
    assert listeners.history.history == {"loss": [1.0], "extra": [2.0]}
    assert listeners.history.epoch == [0]
    assert logs == {"loss": 1.0, "extra": 2.0}


def test_the_history_knows_model_and_params():
    model = Model()
    listeners = CallbackList(add_history=True, model=model, verbose=0, epochs=3, steps=7)
    assert model.history is listeners.history
    assert listeners.history.model is model
    assert listeners.history.params == {"verbose": 0, "epochs": 3, "steps": 7}


def test_a_history_and_a_bar_of_the_user_are_used():
    history, bar = History(), ProgbarLogger()
    listeners = CallbackList([history, bar], add_history=True, add_progbar=True, verbose=0)
    assert listeners.history is history
    assert listeners.progbar is bar
    assert len(listeners.callbacks) == 2


def test_callbacks_of_keras_itself_can_listen():
    seen = []
    theirs = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs)))
    listeners = CallbackList([theirs], model=Model())
    listeners.on_train_begin()
    listeners.on_epoch_end(0, {"loss": 1.0})
    assert seen == [(0, {"loss": 1.0})]


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ([3], r"callbacks\[0\]: got 3, expected a Callback"),
        ([History(), Batches], r"callbacks\[1\]: got the class Batches, expected an object. Try: Batches\(\)"),
        ([print], r"LambdaCallback"),
        ([None], r"callbacks\[0\]: got None"),
    ],
)
def test_what_is_no_callback_is_named(bad, text):
    with pytest.raises(TypeError, match=text):
        CallbackList(bad)


def test_a_bar_under_a_louder_bar_is_told_once(capsys):
    class Count(ProgbarLogger):
        calls = 0

        def on_train_batch_end(self, batch, logs=None):
            self.calls += 1
            super().on_train_batch_end(batch, logs)

    bar = Count()
    listeners = CallbackList([bar, Batches()], verbose=1, epochs=1, steps=2)
    listeners.on_train_begin()
    listeners.on_epoch_begin(0)
    listeners.on_train_batch_end(0, {"loss": 1.0})
    assert bar.calls == 1
