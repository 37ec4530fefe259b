"""kerax.ops against keras.ops on arrays: structure, shape, dtype, value."""

from __future__ import annotations

import warnings

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerax import ops

from . import cases


def leaves(x):
    if isinstance(x, (list, tuple)):
        return [leaf for item in x for leaf in leaves(item)]
    return [x]


def assert_same(ours, theirs, rtol=2e-5, atol=2e-6):
    ours, theirs = leaves(ours), leaves(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(b, int):
            assert a == b
            continue
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        if not jnp.issubdtype(a.dtype, jnp.inexact):
            np.testing.assert_array_equal(a, b)
        elif jnp.issubdtype(a.dtype, jnp.complexfloating):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)
        else:
            loose = 1e-2 if a.dtype.itemsize == 2 else 0
            np.testing.assert_allclose(
                np.asarray(a, "float32"), np.asarray(b, "float32"), rtol=max(rtol, loose), atol=max(atol, loose)
            )


def keras_result(name, *args, **kwargs):
    """What Keras gives, or None where it cannot: there kerax is free to do better."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(keras.ops, name)(*args, **kwargs)
        except (TypeError, ValueError, AttributeError):
            return None


def table():
    """The cases; the first of each function is quick, compiling the others takes its time."""
    seen = set()
    for case in cases.CASES:
        marks = [pytest.mark.slow] if case[0] in seen else []
        seen.add(case[0])
        yield pytest.param(case, marks=marks, id=case[0])


@pytest.mark.parametrize("case", list(table()))
def test_equals_keras(case):
    name, args, kwargs = case
    theirs = keras_result(name, *args, **kwargs)
    assert theirs is not None, "the case is not one Keras takes"
    assert_same(getattr(ops, name)(*args, **kwargs), theirs)


ONE_ARRAY = pytest.mark.parametrize(("kind", "name"), [(kind, n) for kind, names in cases.UNARY.items() for n in names])


def compare_for(dtypes, kind, name):
    values = {"any": cases.F, "unit": cases.UNIT, "positive": cases.POSITIVE}[kind]
    for dtype in dtypes:
        x = jnp.asarray(values * 2 if "int" in dtype and kind == "any" else values).astype(dtype)
        theirs = keras_result(name, x)
        if theirs is not None:
            assert_same(getattr(ops, name)(x), theirs)


@ONE_ARRAY
def test_of_one_array_equals_keras(kind, name):
    compare_for(["float32"], kind, name)


@pytest.mark.slow
@ONE_ARRAY
def test_of_one_array_equals_keras_for_the_other_dtypes(kind, name):
    compare_for(cases.DTYPES[:-1], kind, name)


def compare_pairs(pairs, name):
    for left, right in pairs:
        a = jnp.asarray(cases.POSITIVE * 2).astype(left)
        b = jnp.asarray(cases.POSITIVE[:, ::-1]).astype(right)
        theirs = keras_result(name, a, b)
        if theirs is not None:
            assert_same(getattr(ops, name)(a, b), theirs)


@pytest.mark.parametrize("name", cases.BINARY)
def test_of_two_arrays_equals_keras(name):
    compare_pairs([("float32", "float32")], name)


@pytest.mark.slow
@pytest.mark.parametrize("name", cases.BINARY)
def test_of_two_arrays_equals_keras_for_other_pairs_of_dtypes(name):
    compare_pairs(
        [("int32", "float32"), ("bool", "int32"), ("int8", "int32"), ("float16", "bfloat16"), ("bool", "bool")], name
    )


@pytest.mark.parametrize("name", cases.INTEGER_BINARY)
def test_of_two_integer_arrays_equals_keras(name):
    for left, right in (("int32", "int32"), ("int8", "int32"), ("uint8", "uint8")):
        a, b = jnp.asarray(cases.INTS).astype(left), jnp.asarray(cases.INTS[::-1]).astype(right)
        assert_same(getattr(ops, name)(a, b), keras_result(name, a, b))


@pytest.mark.parametrize("name", ["bitwise_not", "bitwise_invert"])
def test_bits_not_set_equal_keras(name):
    assert_same(getattr(ops, name)(cases.INTS), keras_result(name, cases.INTS))
