"""DataParallel over 8 simulated devices gives what one device gives."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import kerax
from kerax import distribution

_START = """
import jax, numpy as np, kerax
from kerax import distribution, layers
assert len(jax.devices()) == 8
rng = np.random.default_rng(0)
x = rng.normal(size=(157, 6)).astype("float32")
y = np.sin(x).sum(axis=1, keepdims=True).astype("float32")

def build():
    kerax.utils.set_random_seed(5)
    model = kerax.Sequential([kerax.Input((6,)), layers.Dense(16, "tanh"), *middle(), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model

def middle():
    return []

def run(model):
    # 157 rows in batches of 32: the last one holds 29; 5 steps an epoch, 50 in all
    logs = model.fit(x, y, batch_size=32, epochs=10, verbose=0, validation_data=(x[:50], y[:50])).history
    result = model.evaluate(x, y, batch_size=32, verbose=0)
    return model.get_weights(), logs, result, model.predict(x, batch_size=32, verbose=0)

def compare(given, expected):
    for a, b in zip(given[0], expected[0]):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    for name in expected[1]:
        np.testing.assert_allclose(given[1][name], expected[1][name], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(given[2], expected[2], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(given[3], expected[3], rtol=1e-4, atol=1e-5)
"""


def on_eight_devices(script):
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
    run = subprocess.run(
        [sys.executable, "-c", _START + textwrap.dedent(script) + "\nprint('agrees')"],
        capture_output=True, text=True, timeout=280, env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip
    assert "agrees" in run.stdout, run.stderr[-3000:]


def test_fifty_steps_agree_with_one_device_however_late_it_is_set():
    on_eight_devices(
        """
        one = run(build())
        distribution.set_distribution(distribution.DataParallel())
        before = build()
        assert len(before.layers[0].kernel.value.sharding.device_set) == 8
        compare(run(before), one)
        assert len(before.layers[0].kernel.value.sharding.device_set) == 8
        distribution.set_distribution(None)
        after = build()
        distribution.set_distribution(distribution.DataParallel())
        compare(run(after), one)
        assert len(after.layers[0].kernel.value.sharding.device_set) == 8
        assert len(after.optimizer.variables[2].value.sharding.device_set) == 8
        # and back: the same model goes on, on one device
        distribution.set_distribution(None)
        after.fit(x, y, verbose=0)
        assert len(after.layers[0].kernel.value.sharding.device_set) == 1
        """
    )


@pytest.mark.slow
@pytest.mark.parametrize("middle", ["layers.BatchNormalization(), layers.Dropout(0.2)", "layers.Dropout(0.2)"])
def test_batch_normalization_dropout_and_generators_agree_too(middle):
    on_eight_devices(
        f"def middle():\n    return [{middle}]\n"
        + """

def batches():
    for start in range(0, 157, 32):
        yield x[start : start + 32], y[start : start + 32]

def streamed(model):
    for _ in range(3):
        logs = model.fit(batches(), verbose=0).history
    return model.get_weights(), logs, model.evaluate(batches(), verbose=0), model.predict(batches(), verbose=0)

one, stream = run(build()), streamed(build())
distribution.set_distribution(distribution.DataParallel())
compare(run(build()), one)
compare(streamed(build()), stream)
"""
    )


def test_a_mesh_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="as many places as devices"):
        distribution.DeviceMesh((3, 5), ["batch", "model"])
    with pytest.raises(ValueError, match="a name for each axis"):
        distribution.DeviceMesh((1,), ["batch", "model"])
    with pytest.raises(ValueError, match="tpu:77"):
        distribution.DataParallel(devices=["tpu:77"])
    with pytest.raises(ValueError, match="set_distribution"):
        distribution.set_distribution("everywhere")


def test_a_scope_ends_where_it_ends(rng):
    assert distribution.distribution() is None
    parallel = distribution.DataParallel()
    with parallel.scope():
        assert distribution.distribution() is parallel
        model = kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(rng.normal(size=(10, 3)), np.zeros((10, 1)), verbose=0)
    assert distribution.distribution() is None


def test_steps_of_ones_own_agree_too():
    on_eight_devices(
        """
        steps = kerax.Variable(0.0, name="steps", trainable=False)  # outside of the model

        class Mine(kerax.Model):
            def train_step(self, data):
                x, y = data
                with kerax.GradientTape() as tape:
                    loss = self.compiled_loss(y, self(x, training=True))
                self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
                steps.assign_add(1.0)
                return {"loss": loss, "steps": steps}

        class Stateful(kerax.Model):
            def train_step(self, state, data):
                trainable, rest, slots, metrics = state
                def loss_of(values):
                    out, after = self.stateless_call(values, rest, data[0], training=True)
                    return self.compute_loss(y=data[1], y_pred=out), after
                (loss, rest), grads = jax.value_and_grad(loss_of, has_aux=True)(trainable)
                trainable, slots = self.optimizer.stateless_apply(slots, grads, trainable)
                return {"loss": loss}, (trainable, rest, slots, metrics)

        def trained(cls):
            kerax.utils.set_random_seed(5)
            inputs = kerax.Input((6,))
            model = cls(inputs, layers.Dense(1)(layers.BatchNormalization()(layers.Dense(16, "tanh")(inputs))))
            model.compile("adam", "mse")
            model.fit(x, y, batch_size=32, epochs=4, verbose=0)
            return model.get_weights()

        one = [trained(cls) for cls in (Mine, Stateful)]
        assert float(steps) == 20
        distribution.set_distribution(distribution.DataParallel())
        eight = [trained(cls) for cls in (Mine, Stateful)]
        assert float(steps) == 40
        for a, b in zip(one, eight):
            for left, right in zip(a, b):
                np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-5)
        """
    )
