"""Whatever breaks a call off, the model holds the weights of the last finished step and goes on."""

import subprocess
import sys
import textwrap
import threading
import traceback

import jax
import numpy as np
import pytest

import kerax
from kerax import callbacks, layers


class Break(callbacks.Callback):
    """Raises at a hook, and remembers the weights of then."""

    def __init__(self, error, at=2):
        super().__init__()
        self.error, self.at, self.weights = error, at, None

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.at:
            self.weights = self.model.get_weights()
            raise self.error


def same(given, expected):
    for a, b in zip(given, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def usable(model, data):
    """Every call works, and nothing of a trace is left."""
    for variable in [*model.variables, *model.optimizer.variables]:
        assert not isinstance(variable._raw_value, jax.core.Tracer)
    losses = model.fit(*data, batch_size=8, epochs=2, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert np.isfinite(model.evaluate(*data, verbose=0)).all()
    assert np.isfinite(model.predict(data[0], verbose=0)).all()
    for metric in model.metrics:
        metric.result()
    for value in model.losses:
        float(value)


def threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("kerax")}


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt("mine"), MemoryError("mine")], ids=repr)
def test_a_raising_callback_leaves_the_last_finished_step(regression, data, error):
    model, stop = regression(), Break(error)
    with pytest.raises(type(error), match="mine") as caught:
        model.fit(*data, batch_size=8, verbose=0, callbacks=[stop])
    assert traceback.extract_tb(caught.tb)[-1].line == "raise self.error"
    same(model.get_weights(), stop.weights)
    assert int(model.optimizer.iterations.numpy()) == 3
    usable(model, data)


def test_a_raising_epoch_hook_leaves_the_whole_epoch(regression, data):
    class Fail(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise OSError("disk full")

    model, whole = regression(), regression()
    with pytest.raises(OSError, match="disk full"):
        model.fit(*data, batch_size=8, epochs=3, verbose=0, shuffle=False, callbacks=[Fail()])
    whole.fit(*data, batch_size=8, epochs=1, verbose=0, shuffle=False)
    same(model.get_weights(), whole.get_weights())
    usable(model, data)


def test_a_raising_generator_leaves_the_steps_before_it(regression, data):
    x, y = data

    def batches():
        for start in range(0, 24, 8):
            yield x[start : start + 8], y[start : start + 8]
        raise LookupError("no such file")

    model, three = regression(), regression()
    before = threads()
    with pytest.raises(LookupError, match="no such file") as caught:
        model.fit(batches(), epochs=2, verbose=0)
    assert traceback.extract_tb(caught.tb)[-1].name == "batches"
    three.fit(x[:24], y[:24], batch_size=8, verbose=0, shuffle=False)
    same(model.get_weights(), three.get_weights())
    assert threads() == before
    usable(model, data)


def test_a_batch_of_a_wrong_shape_in_the_middle_is_named_and_costs_nothing(regression, data):
    x, y = data

    def batches():
        yield x[:8], y[:8]
        yield x[:8, :3], y[:8]

    model, one = regression(), regression()
    with pytest.raises(ValueError, match=r"\(8, 3\)"):
        model.fit(batches(), verbose=0)
    one.fit(x[:8], y[:8], batch_size=8, verbose=0, shuffle=False)
    same(model.get_weights(), one.get_weights())
    usable(model, data)


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict"])
def test_wrong_shapes_change_nothing(regression, data, call):
    x, y = data
    model = regression(metrics=["mae"])
    before = model.get_weights()
    arguments = (x[:, :3],) if call == "predict" else (x[:, :3], y)
    with pytest.raises(ValueError, match="expected"):
        getattr(model, call)(*arguments, verbose=0)
    same(model.get_weights(), before)
    usable(model, data)


def test_an_error_in_call_keeps_its_type_and_line(data):
    class Fussy(layers.Layer):
        fail = False

        def call(self, x, training=False):
            if training and self.fail:
                raise ZeroDivisionError("in call")
            return x * 2

    fussy = Fussy()
    model = kerax.Sequential([kerax.Input((5,)), fussy, layers.Dense(1)])
    model.compile("sgd", "mse")
    fussy.fail = True
    before = model.get_weights()
    with pytest.raises(ZeroDivisionError, match="in call") as caught:
        model.fit(*data, verbose=0)
    assert traceback.extract_tb(caught.tb)[-1].line == 'raise ZeroDivisionError("in call")'
    same(model.get_weights(), before)
    fussy.fail = False
    usable(model, data)


@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_raising_callbacks_of_evaluate_and_predict_change_nothing(regression, data, call):
    class Fail(callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            raise EOFError("enough")

        on_predict_batch_end = on_test_batch_end

    model = regression(metrics=["mae"])
    before = model.get_weights()
    arguments = data if call == "evaluate" else data[:1]
    with pytest.raises(EOFError, match="enough"):
        getattr(model, call)(*arguments, batch_size=8, verbose=0, callbacks=[Fail()])
    same(model.get_weights(), before)
    usable(model, data)


def test_workers_end_with_a_broken_fit(regression, data):
    x, y = data

    class Batches(kerax.utils.PyDataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            return x[8 * index : 8 * index + 8], y[8 * index : 8 * index + 8]

    model, before = regression(), set(threading.enumerate())
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(
            Batches(workers=2), verbose=0, validation_data=Batches(workers=2), callbacks=[Break(RuntimeError("mine"))]
        )
    assert set(threading.enumerate()) == before
    with pytest.raises(ValueError, match="class_weight"):
        model.fit(Batches(workers=2), verbose=0, class_weight={"a": 1})
    assert set(threading.enumerate()) == before


def test_ctrl_c_in_the_middle_of_fused_steps_keeps_whole_steps():
    script = """
        import os, signal, threading, time
        import numpy as np, jax, kerax
        from kerax import layers
        kerax.utils.set_random_seed(0)
        x = np.random.default_rng(0).normal(size=(20000, 50)).astype("float32")
        y = x[:, :1]
        model = kerax.Sequential([kerax.Input((50,)), layers.Dense(64, "tanh"), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=1, verbose=0)
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            model.fit(x, y, epochs=100000, verbose=0)
        except KeyboardInterrupt:
            pass
        else:
            raise SystemExit("not interrupted")
        for v in [*model.variables, *model.optimizer.variables]:
            assert not isinstance(v._raw_value, jax.core.Tracer)
            assert np.isfinite(np.asarray(v._raw_value)).all()
        assert model.optimizer.iterations.numpy() > 625
        assert np.isfinite(model.fit(x, y, epochs=1, verbose=0).history["loss"]).all()
        assert not [t for t in threading.enumerate() if t.name.startswith("kerax")]
        print("usable")
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=200)
    assert "usable" in run.stdout, run.stderr[-2000:]


def test_an_eager_step_that_fails_half_way_changes_nothing(data):
    class Half(kerax.Model):
        fail = True

        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            if self.fail:
                raise ArithmeticError("after the weights moved")
            return super().compute_metrics(x, y, y_pred, sample_weight)

    model = Half()
    model.build((None, 5))
    model.compile("adam", "mse", run_eagerly=True)
    before = model.get_weights()
    with pytest.raises(ArithmeticError, match="after the weights moved"):
        model.fit(*data, verbose=0)
    same(model.get_weights(), before)
    assert int(model.optimizer.iterations.numpy()) == 0
    model.fail = False
    usable(model, data)


def test_an_error_on_the_device_leaves_real_weights(data):
    calls = []

    def host(x):
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("device trouble")
        return x

    class Callback(layers.Layer):
        def call(self, x, training=False):
            if training:
                x = x + 0 * jax.pure_callback(host, jax.ShapeDtypeStruct(x.shape, x.dtype), jax.lax.stop_gradient(x))
            return x

    kerax.utils.set_random_seed(0)
    model = kerax.Sequential([kerax.Input((5,)), layers.Dense(4), Callback(), layers.Dense(1)])
    model.compile("adam", "mse")
    with pytest.raises(Exception, match="device trouble"):
        model.fit(*data, batch_size=11, epochs=3, verbose=0)
    for weight in model.get_weights():
        assert np.isfinite(weight).all()
    usable(model, data)
