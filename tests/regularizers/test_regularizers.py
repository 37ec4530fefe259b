"""kerax.regularizers against keras.regularizers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import regularizers

X = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)), "float32")
CASES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("l1", {"l1": 1}),
    ("L2", {}),
    ("l2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.2, "l2": 0.3}),
    ("l1_l2", {"l2": 0.3}),
    ("OrthogonalRegularizer", {}),
    ("orthogonal_regularizer", {"factor": 0.5, "mode": "columns"}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_gradients_and_configs_equal_keras(name, options):
    ours, theirs = (getattr(m.regularizers, name)(**options) for m in (kerax, keras))
    np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-6)
    np.testing.assert_allclose(jax.grad(ours)(X), jax.grad(theirs)(X), rtol=1e-5, atol=1e-7)
    assert ours(X.astype("bfloat16")).dtype == theirs(X.astype("bfloat16")).dtype
    assert ours.get_config() == theirs.get_config()
    assert regularizers.serialize(ours) == keras.regularizers.serialize(theirs)
    again = regularizers.deserialize(regularizers.serialize(ours))
    np.testing.assert_allclose(again(X), ours(X), rtol=1e-6)


@pytest.mark.parametrize("name", ["l1", "l2", "L1", "L1L2", "l1l2", "orthogonal_regularizer", "OrthogonalRegularizer"])
def test_names_stand_for_what_they_stand_for_in_keras(name):
    ours, theirs = regularizers.get(name), keras.regularizers.get(name)
    assert (type(ours).__name__, ours.get_config()) == (type(theirs).__name__, theirs.get_config())


def test_get_takes_functions_classes_and_configs():
    function = lambda x: 0.0  # noqa: E731
    assert regularizers.get(function) is function
    assert regularizers.get(None) is None
    assert isinstance(regularizers.get(regularizers.L2), regularizers.L2)
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.3}}).l2 == 0.3
    assert regularizers.L2(0.5)(kerax.Variable(np.ones(2, "float32"))) == 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: regularizers.L1(-1), "l1=-1.*at least 0"),
        (lambda: regularizers.L2("a"), "l2='a'"),
        (lambda: regularizers.L2(float("nan")), "l2=nan"),
        (lambda: regularizers.OrthogonalRegularizer(mode="z"), "mode='z'.*rows"),
        (lambda: regularizers.OrthogonalRegularizer()(jnp.ones(2)), r"\(2,\).*matrix"),
        (lambda: regularizers.get("l3"), "Unknown regularizer 'l3'"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_class_without_a_config_says_so():
    with pytest.raises(NotImplementedError, match="get_config"):
        regularizers.Regularizer().get_config()
