"""kerax.activations against keras.activations: values, gradients, names, configs."""

from __future__ import annotations

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import activations
from kerax._graph.tensor import KerasTensor

NAMES = [name for name in dir(keras.activations) if name[0] != "_" and name not in ("get", "serialize", "deserialize")]
X = jnp.linspace(-8, 8, 32).reshape(4, 8)


def pair(name):
    return getattr(activations, name), getattr(keras.activations, name)


def options(name):
    return {"threshold": 0.3, "default_value": 0.1} if name == "threshold" else {}


@pytest.mark.parametrize("name", [n for n in NAMES if n != "sparsemax"])  # Keras's does not sum to 1
def test_values_and_gradients_equal_keras(name):
    ours, theirs = pair(name)
    np.testing.assert_allclose(ours(X, **options(name)), theirs(X, **options(name)), rtol=1e-6, atol=1e-7)
    ours, theirs = (jax.grad(lambda x, f=f: jnp.sum(f(x, **options(name)) ** 2))(X) for f in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_signature_and_name_equal_keras(name):
    ours, theirs = pair(name)
    assert [(p.name, p.default) for p in inspect.signature(ours).parameters.values()] == [
        (p.name, p.default) for p in inspect.signature(theirs).parameters.values()
    ]
    assert activations.serialize(ours) == keras.activations.serialize(theirs)
    assert activations.get(name) is ours
    assert activations.deserialize(activations.serialize(ours)) is ours


@pytest.mark.parametrize("name", NAMES)
def test_symbolic_tensors_keep_their_shape(name):
    y = pair(name)[0](KerasTensor((None, 8)), **options(name))
    assert y.shape == ((None, 4) if name == "glu" else (None, 8))


@pytest.mark.parametrize(
    "args",
    [
        (negative_slope, max_value, threshold)
        for negative_slope in (0.0, 0.1)
        for max_value in (None, 3.0, 6)
        for threshold in (0.0, 1.0, -1.0)
    ],
)
def test_every_form_of_relu_equals_keras(args):
    ours, theirs = (m.activations.relu(X, *args) for m in (kerax, keras))
    np.testing.assert_array_equal(ours, theirs)
    ours, theirs = (jax.grad(lambda x, m=m: m.activations.relu(x, *args).sum())(X) for m in (kerax, keras))
    np.testing.assert_array_equal(ours, theirs)


def test_none_is_linear():
    assert activations.get(None) is activations.linear
    assert activations.deserialize(None) is activations.linear


def test_own_functions_and_layers_pass_and_serialize():
    def mine(x):
        return x

    assert activations.get(mine) is mine
    assert activations.serialize(mine)["config"] == "mine"
    assert activations.deserialize("mine", {"mine": mine}) is mine


def test_masks_travel():
    x = KerasTensor((None, 5, 3))
    x._keras_mask = KerasTensor((None, 5), "bool")
    assert activations.relu(x)._keras_mask is x._keras_mask


@pytest.mark.parametrize(
    ("identifier", "words"), [("rleu", "Unknown activation 'rleu'.*'relu'"), (3, "Not a.? activation.*int")]
)
def test_what_is_no_activation_is_named(identifier, words):
    with pytest.raises(ValueError, match=words):
        activations.get(identifier)
