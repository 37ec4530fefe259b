"""The dtypes of kerax.ops against those of keras.ops, without computing anything."""

from __future__ import annotations

import itertools
import warnings

import jax
import keras
import pytest

from kerax import ops

from . import cases

WIDENED = ("arctan2", "logaddexp", "logaddexp2")  # Keras makes a Python float float32 there, and bfloat16 with it


def dtypes(fn, *structs):
    """The dtypes of the results, or None where the function refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            out = jax.eval_shape(fn, *structs)
        except Exception:  # whatever Keras raises for a dtype it does not take
            return None
    return [leaf.dtype for leaf in jax.tree.leaves(out)]


def struct(dtype):
    return jax.ShapeDtypeStruct((2, 3, 4), dtype)


@pytest.mark.parametrize("name", [name for names in cases.UNARY.values() for name in names])
def test_of_one_array(name):
    for dtype in cases.DTYPES:
        theirs = dtypes(getattr(keras.ops, name), struct(dtype))
        if theirs is not None:
            assert dtypes(getattr(ops, name), struct(dtype)) == theirs, dtype


@pytest.mark.parametrize("name", cases.BINARY)
def test_of_two_arrays(name):
    for left, right in itertools.product(cases.DTYPES, repeat=2):
        theirs = dtypes(getattr(keras.ops, name), struct(left), struct(right))
        if theirs is not None:
            assert dtypes(getattr(ops, name), struct(left), struct(right)) == theirs, (left, right)


@pytest.mark.parametrize("name", cases.BINARY)
def test_a_python_number_does_not_widen_an_array(name):
    for number, dtype in itertools.product((2, 2.5), ("int8", "int32", "bfloat16", "float32")):
        if name in WIDENED and dtype == "bfloat16":
            continue
        theirs = dtypes(lambda x: getattr(keras.ops, name)(x, number), struct(dtype))  # noqa: B023
        if theirs is not None:
            assert dtypes(lambda x: getattr(ops, name)(x, number), struct(dtype)) == theirs, (number, dtype)  # noqa: B023


@pytest.mark.parametrize("name", ["exp", "mean", "softmax", "ones_like", "divide"])
def test_integers_become_floatx(name):
    before = keras.config.floatx()
    from kerax import config

    try:
        keras.config.set_floatx("float16")
        config.set_floatx("float16")
        structs = [struct("int32")] * (2 if name == "divide" else 1)
        assert dtypes(getattr(ops, name), *structs) == dtypes(getattr(keras.ops, name), *structs)
    finally:
        keras.config.set_floatx(before)
        config.set_floatx(before)
