"""`model.add_loss(tensor)`, as variational autoencoders of tf.keras have it."""

from __future__ import annotations

import numpy as np
import pytest
from flax import nnx

import kerax
from kerax import layers, ops


def autoencoder():
    x = kerax.Input((4,), name="x")
    code = layers.Dense(2, name="code")(x)
    model = kerax.Model(x, layers.Dense(4, name="back")(code))
    model.add_loss(0.5 * ops.mean(ops.square(code), axis=-1))  # of each row: its mean counts
    return model


@pytest.fixture
def x(rng):
    return rng.normal(size=(12, 4)).astype("float32")


def expected(model, x):
    code, out = np.asarray(model.get_layer("code")(x)), model.predict(x, verbose=0)
    return np.mean((out - x) ** 2) + 0.5 * np.mean(code**2)


COPIES = {
    "the model": lambda model: model,
    "from a config": lambda model: copied(kerax.Model.from_config(model.get_config()), model),
    "cloned": lambda model: copied(kerax.models.clone_model(model), model),
    "by nnx": lambda model: nnx.clone(model),
}


def copied(new, model):
    new.set_weights(model.get_weights())
    return new


@pytest.mark.parametrize("name", COPIES)
def test_a_symbolic_loss_is_part_of_the_total(name, x):
    model = COPIES[name](autoencoder())
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.evaluate(x, x, verbose=0), expected(model, x), rtol=1e-5)
    assert len(model.outputs) == 1
    assert np.asarray(model(x)).shape == (12, 4)
    assert len(model.losses) == 1


def test_it_is_minimized_without_another_loss(x):
    model = autoencoder()
    model.compile("sgd")
    before = np.abs(model.get_layer("code").kernel.numpy()).sum()
    losses = model.fit(x, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert np.abs(model.get_layer("code").kernel.numpy()).sum() < before


def test_added_after_training_it_counts_from_then_on(x):
    model = autoencoder()
    model.compile("sgd", "mse")
    model.fit(x, x, verbose=0)
    model.add_loss(ops.sum(model.output) * 0.0 + 7.0)
    np.testing.assert_allclose(model.evaluate(x, x, verbose=0), expected(model, x) + 7.0, rtol=1e-5)


def test_inside_another_model_it_goes_along(x):
    inner = autoencoder()
    i = kerax.Input((4,))
    outer = kerax.Model(i, inner(i))
    outer.compile("sgd", "mse")
    np.testing.assert_allclose(outer.evaluate(x, x, verbose=0), expected(inner, x), rtol=1e-5)


def test_it_is_saved(x, tmp_path):
    model = autoencoder()
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    loaded = kerax.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.evaluate(x, x, verbose=0), expected(model, x), rtol=1e-5)


def test_a_loss_of_other_inputs_is_refused():
    with pytest.raises(ValueError, match="disconnected"):
        autoencoder().add_loss(ops.mean(kerax.Input((3,))))


def test_only_functional_models_take_one():
    stack = kerax.Sequential([kerax.Input((3,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"Sequential.*symbolic tensor.*Model\(inputs, outputs\)"):
        stack.add_loss(ops.mean(stack.output))
