"""kerax.constraints against keras.constraints."""

from __future__ import annotations

import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import constraints

W = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)) * 3, "float32")
CASES = [
    ("MaxNorm", {}),
    ("max_norm", {"max_value": 1.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("non_neg", {}),
    ("UnitNorm", {}),
    ("unit_norm", {"axis": 1}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 2.0, "rate": 0.5}),
    ("min_max_norm", {"axis": 1}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_and_configs_equal_keras(name, options):
    ours, theirs = (getattr(m.constraints, name)(**options) for m in (kerax, keras))
    np.testing.assert_allclose(ours(W), theirs(W), rtol=1e-6, atol=1e-7)
    assert ours(W.astype("bfloat16")).dtype == "bfloat16"
    assert ours.get_config() == theirs.get_config()
    assert constraints.serialize(ours) == keras.constraints.serialize(theirs)
    np.testing.assert_array_equal(constraints.deserialize(constraints.serialize(ours))(W), ours(W))


@pytest.mark.parametrize("name", ["max_norm", "MaxNorm", "non_neg", "NonNeg", "unit_norm", "min_max_norm"])
def test_names_stand_for_what_they_stand_for_in_keras(name):
    assert type(constraints.get(name)).__name__ == type(keras.constraints.get(name)).__name__


def test_get_takes_functions_classes_and_none():
    function = lambda w: w  # noqa: E731
    assert constraints.get(function) is function
    assert constraints.get(None) is None
    assert isinstance(constraints.get(constraints.NonNeg), constraints.NonNeg)


def test_zero_vectors_stay_finite():
    for name in ("max_norm", "unit_norm", "min_max_norm"):
        assert jnp.isfinite(constraints.get(name)(jnp.zeros((2, 2)))).all()


@pytest.mark.parametrize(
    ("identifier", "words"), [("max_nrom", "Unknown constraint 'max_nrom'.*'max_norm'"), (3, "Not a constraint.*int")]
)
def test_what_is_no_constraint_is_named(identifier, words):
    with pytest.raises(ValueError, match=words):
        constraints.get(identifier)
