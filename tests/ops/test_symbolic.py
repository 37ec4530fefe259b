"""kerax.ops on symbolic tensors: shapes and dtypes against keras.ops, operators, masks, errors."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import ops
from kerax._graph.tensor import KerasTensor

from . import cases

# Keras's symbolic shape or dtype is not that of what it computes, or the first size decides more than one.
ELSEWHERE = (
    "adaptive_average_pool adaptive_max_pool bincount clip corrcoef diag diagonal eig logdet lstsq "
    "lu_factor multi_hot ndim nonzero qr scatter segment_max segment_min segment_prod segment_sum select "
    "slogdet solve solve_triangular svd unique where"
).split()


def is_batch(x):
    return isinstance(x, np.ndarray) and x.ndim >= 2


def symbolic(args, tensor, matrices=False):
    """The arguments with a symbolic tensor, its first size unknown, for the first; None where there is none."""

    def one(x):
        return tensor((None, *x.shape[1:]), x.dtype.name)

    first, rest = args[0], args[1:]
    if matrices and first.ndim == 2:
        return (tensor((None, *first.shape), first.dtype.name), *rest)
    if any(is_batch(x) for x in rest):
        return None
    if is_batch(first):
        return (one(first), *rest)
    if isinstance(first, (list, tuple)) and first and all(is_batch(x) for x in first):
        return (type(first)(one(x) for x in first), *rest)
    return None


def leaves(x):
    if isinstance(x, (list, tuple)):
        return [leaf for item in x for leaf in leaves(item)]
    return [(tuple(x.shape), str(x.dtype))]


TABLE = [
    *cases.CASES,
    *((name, (cases.F,), {}) for names in cases.UNARY.values() for name in names),
]
TABLE = [case for case in TABLE if case[0] not in ELSEWHERE and symbolic(case[1], KerasTensor) is not None]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case[0])
def test_shape_and_dtype_equal_keras(case):
    name, args, kwargs = case
    matrices = getattr(ops, name).theme == "linalg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(keras.ops, name)(*symbolic(args, keras.KerasTensor, matrices), **kwargs)
    assert leaves(getattr(ops, name)(*symbolic(args, KerasTensor, matrices), **kwargs)) == leaves(theirs)


X = KerasTensor((None, 3))
OTHERS = {
    "number": 2,
    "numpy": np.ones(3, "float32"),
    "jax": jnp.ones(3),
    "symbolic": KerasTensor((None, 3)),
    "variable": None,  # made in the test
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">="])
def test_operators_take_anything_on_either_side(sign, other):
    value = kerax.Variable(np.ones(3, "float32")) if other == "variable" else OTHERS[other]
    expected = "bool" if sign[0] in "<>" else "float32"
    for expression in (f"x {sign} y", f"y {sign} x"):
        out = eval(expression, {"x": X, "y": value})
        assert isinstance(out, KerasTensor)
        assert (out.shape, out.dtype) == ((None, 3), expected)


def test_matmul_and_logic_on_either_side():
    matrix = np.ones((3, 3), "float32")
    true = KerasTensor((None, 3), "bool")
    assert (X @ matrix).shape == (None, 3)
    assert (jnp.ones((2, 3)) @ KerasTensor((3, None))).shape == (2, None)
    assert [(a.shape, a.dtype) for a in (true & True, True | true, true ^ true, ~true)] == [((None, 3), "bool")] * 4


def test_one_argument_operators():
    assert [(a.shape, a.dtype) for a in (-X, abs(X), round(X))] == [((None, 3), "float32")] * 3


def test_equality_is_identity_as_in_keras():
    assert X == X
    assert X != KerasTensor((None, 3))
    assert X in [X]


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        (0, (3,)),
        (slice(1, 3), (None, 3)),
        ((slice(None), slice(1, None)), (None, 2)),
        ((Ellipsis, None), (None, 3, 1)),
        ((slice(None), -1), (None,)),
        ((None, slice(None), 0), (1, None)),
        ((slice(None), np.array([0, 2])), (None, 2)),
    ],
)
def test_slicing(key, shape):
    if key == slice(1, 3):
        shape = (2, 3)  # what is left of a batch that is large enough
    assert X[key].shape == shape


def test_reshape_as_a_method_and_as_an_op():
    assert X.reshape(-1, 1).shape == (None, 1)
    assert X.reshape((1, -1)).shape == (1, None)
    assert ops.reshape(KerasTensor((None, 4, 6)), (None, 3, 8)).shape == (None, 3, 8)
    y = KerasTensor((None, None, 4))
    assert ops.reshape(y, (*ops.shape(y)[:2], 2, 2)).shape == (None, None, 2, 2)


def test_a_recorded_op_carries_its_own_name():
    assert ops.cast(X, "int32").node.operation.name == "cast"
    assert ops.where(X > 0, X, 0.0).node.operation.name == "where"


def test_masks_travel_through_element_by_element_ops():
    x = KerasTensor((None, 5, 3))
    x._keras_mask = KerasTensor((None, 5), "bool")
    for y in (x + 1, 2 * x, ops.exp(x), ops.cast(x, "float16"), ops.where(x > 0, x, 0.0) + x):
        assert y._keras_mask is x._keras_mask
    with pytest.warns(UserWarning, match="mask of"):
        ops.sum(x, axis=1)


def test_jax_functions_refuse_symbolic_tensors_with_a_reason():
    with pytest.raises((TypeError, ValueError), match="symbolic|__jax_array__"):
        jnp.sin(X)
    with pytest.raises(TypeError, match="kerax.ops"):
        jnp.asarray(X)
    with pytest.raises(TypeError, match="kerax.ops"):
        np.asarray(X)


@pytest.mark.parametrize("name", ["nonzero", "unique"])
def test_sizes_that_depend_on_values_are_refused_in_compiled_code(name):
    with pytest.raises(RuntimeError, match="depends on values"):
        jax.jit(getattr(ops, name))(jnp.ones(3))
