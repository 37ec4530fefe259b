"""Dispatching: memory is reused, and nothing that anyone holds is ever lost."""

import gc
import signal
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax._core import nnx_private
from kerax._trainer import dispatch
from kerax.callbacks import Callback

X = np.linspace(-1, 1, 64, dtype="float32").reshape(32, 2)
Y = X @ np.float32([[1.0], [-2.0]])


def line(**options):
    model = kerax.Sequential([kerax.Input((2,)), kerax.layers.Dense(1)])
    model.compile("adam", "mse", **options)
    return model


class Counting(kerax.layers.Layer):
    """Counts its training steps twice: both counts must always agree."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        self.first = self.add_weight(shape=(), initializer="zeros", trainable=False, name="first")
        self.last = self.add_weight(shape=(2000,), initializer="zeros", trainable=False, name="last")

    def call(self, x):
        self.first.assign_add(1.0)
        self.last.assign_add(jnp.ones(2000))
        return x * self.scale


class EachBatch(Callback):
    """Makes fit run single steps."""

    def __init__(self, act=lambda batch: None):
        super().__init__()
        self.act = act

    def on_train_batch_end(self, batch, logs=None):
        self.act(batch)


def addresses(model):
    return [v.value.unsafe_buffer_pointer() for v in model.trainable_variables]


def test_the_memory_of_the_weights_is_reused():
    model = line()
    seen = []
    model.fit(
        X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[EachBatch(lambda batch: seen.append(addresses(model)))]
    )
    settled = seen[4:]  # the first steps compile, and keep a copy
    assert all(sorted(now) == sorted(settled[0]) for now in settled)


@pytest.mark.parametrize("single", [True, False], ids=["single steps", "fused"])
def test_an_array_that_a_callback_keeps_stays_what_it_was(single):
    model = line()
    kernel = model.trainable_variables[0]
    kept = []

    class Keep(Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept.append((kernel.value, kernel.numpy().copy()))

    model.fit(X, Y, batch_size=4, epochs=6, verbose=0, callbacks=[Keep(), *([EachBatch()] if single else [])])
    assert len({copy.tobytes() for _, copy in kept}) == 6
    for array, copy in kept:
        np.testing.assert_array_equal(array, copy)


def test_one_array_held_by_two_variables_is_no_obstacle():
    model = line()
    model.build((None, 2))
    model.fit(X, Y, verbose=0)
    slots = [v for v in model.optimizer.variables if v.shape == (2, 1)]
    same = jnp.zeros((2, 1))
    for slot in slots:
        slot.assign(same)
    assert len(slots) == 2
    model.fit(X, Y, epochs=2, verbose=0)
    np.testing.assert_array_equal(same, np.zeros((2, 1)))


def test_ctrl_c_at_any_moment_leaves_whole_steps():
    model = kerax.Sequential([kerax.Input((2,)), Counting()])
    model.compile("sgd", "mse", steps_per_execution=1)
    counting = model.layers[0]
    callbacks = [EachBatch()]
    model.fit(X[:, :2], X[:, :2], batch_size=4, verbose=0, callbacks=callbacks)
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    hits = 0
    gc.disable()  # a hook that JAX gives the collector swallows what is raised in it
    try:
        for trial in range(150):
            steps = float(counting.first.value)
            signal.setitimer(signal.ITIMER_REAL, 0.004 + 0.00013 * trial)
            try:
                model.fit(X, X, batch_size=4, epochs=1000, verbose=0, callbacks=callbacks)
            except KeyboardInterrupt:
                hits += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert float(counting.first.value) >= steps
            np.testing.assert_array_equal(counting.last.value, np.full(2000, counting.first.numpy()))
            assert float(model.optimizer.iterations.value) == float(counting.first.value)
    finally:
        gc.enable()
        signal.signal(signal.SIGALRM, before)
    assert hits == 150


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_an_interrupt_within_jax_brings_the_state_back(at):
    variable = kerax.Variable(jnp.arange(4.0), name="state")
    program = dispatch.Program(lambda moving, still: ([], [moving[0] + 1]), [variable], [])
    run = program._run
    calls = 0

    def interrupted(*args):
        nonlocal calls
        calls += 1
        out = run(*args)
        if calls == at and at <= 2:
            raise KeyboardInterrupt
        return out

    program._run = interrupted
    done = 0
    for _ in range(6):
        try:
            program()
            done += 1
        except KeyboardInterrupt:
            assert at <= 2
        np.testing.assert_array_equal(variable.value, np.arange(4.0) + done)
    assert done == (5 if at <= 2 else 6)


class Stumbling(kerax.layers.Layer):
    """Asks Python for its factor, which fails when told to."""

    fail = False

    def call(self, x):
        def factor():
            if self.fail:
                raise RuntimeError("the sensor is gone")
            return np.float32(1)

        return x * jax.pure_callback(factor, jax.ShapeDtypeStruct((), "float32"))


@pytest.mark.parametrize("single", [True, False], ids=["single steps", "fused"])
def test_python_called_from_a_step_may_fail(single):
    stumbling = Stumbling()
    model = kerax.Sequential([kerax.Input((2,)), kerax.layers.Dense(1), stumbling])
    # what calls back has no derivative of its own; it is a constant factor
    stumbling.call = jax.custom_jvp(stumbling.call)
    stumbling.call.defjvp(lambda primals, tangents: (stumbling.call(*primals), tangents[0]))
    model.compile("adam", "mse")
    callbacks = [EachBatch()] if single else []
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=callbacks)
    before = [np.array(v.value) for v in (*model.variables, *model.optimizer.variables)]
    stumbling.fail = True
    with pytest.raises(Exception, match="the sensor is gone"):
        model.fit(X, Y, batch_size=8, verbose=0, callbacks=callbacks)
    for variable, value in zip((*model.variables, *model.optimizer.variables), before, strict=True):
        np.testing.assert_array_equal(variable.value, value)
    stumbling.fail = False
    assert np.isfinite(model.fit(X, Y, batch_size=8, verbose=0, callbacks=callbacks).history["loss"][0])


def test_logs_that_a_callback_keeps_can_be_read_later():
    model = line(metrics=["mae"])
    kept = []

    class Keep(Callback):
        def on_train_batch_end(self, batch, logs=None):
            kept.append(logs)

    history = model.fit(X, Y, batch_size=4, shuffle=False, verbose=0, callbacks=[Keep()])
    assert [sorted(logs) for logs in kept] == [["loss", "mae"]] * 8
    assert len({logs["loss"] for logs in kept}) == 8
    assert kept[-1]["mae"] == pytest.approx(history.history["mae"][0])


def test_the_reference_count_of_a_lonely_array_is_known():
    variable = kerax.Variable(jnp.zeros(3), name="lonely")
    held = nnx_private.raw_all([variable])
    assert list(map(sys.getrefcount, held)) == [dispatch._ALONE]
    other = held[0]
    assert list(map(sys.getrefcount, held)) == [dispatch._ALONE + 1]
    assert other is variable.value


def test_an_array_read_under_a_tape_and_kept_stays_what_it_was():
    model = line()
    model.fit(X, Y, epochs=2, verbose=0)
    kernel = model.trainable_variables[0]
    with kerax.GradientTape():
        kept = kernel.value
    copy = np.array(kept)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[EachBatch()])
    np.testing.assert_array_equal(kept, copy)
    assert not np.array_equal(kernel.value, copy)
