"""Arithmetic, reductions and shapes, under the names of the old backend; over `kerax.ops`."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from .. import config, ops
from .._core.dtypes import is_float, standardize_dtype
from .._graph.tensor import is_symbolic
from .._types import Array, ArrayLike
from ..layers import Dot, Flatten
from ..ops import (
    abs,
    cos,
    equal,
    exp,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    logsumexp,
    maximum,
    minimum,
    not_equal,
    ones_like,
    reshape,
    round,
    sign,
    sin,
    square,
    squeeze,
    tanh,
    tile,
    transpose,
    zeros_like,
)

__all__ = [
    "abs",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "batch_dot",
    "batch_flatten",
    "cast",
    "cast_to_floatx",
    "clip",
    "concatenate",
    "cos",
    "cumprod",
    "cumsum",
    "dot",
    "equal",
    "exp",
    "expand_dims",
    "eye",
    "flatten",
    "foldl",
    "foldr",
    "gather",
    "greater",
    "greater_equal",
    "int_shape",
    "less",
    "less_equal",
    "log",
    "logsumexp",
    "map_fn",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "ndim",
    "not_equal",
    "one_hot",
    "ones_like",
    "permute_dimensions",
    "pow",
    "prod",
    "repeat",
    "repeat_elements",
    "reshape",
    "reverse",
    "round",
    "shape",
    "sign",
    "sin",
    "spatial_2d_padding",
    "spatial_3d_padding",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "sum",
    "switch",
    "tanh",
    "temporal_padding",
    "tile",
    "transpose",
    "var",
    "zeros_like",
]

Axis = int | Sequence[int] | None


# -- dtypes and shapes ---------------------------------------------------------------------------


def cast(x: ArrayLike, dtype: Any) -> Array:
    """`x` in another dtype."""
    return ops.cast(x, dtype)


def cast_to_floatx(x: ArrayLike) -> Array | np.ndarray:
    """`x` in `floatx()`; a NumPy array, list or number becomes a NumPy array."""
    if isinstance(x, jax.Array) or is_symbolic(x) or hasattr(x, "assign"):
        return ops.cast(x, config.floatx())
    return np.asarray(x, dtype=config.floatx())


def _floats(x: ArrayLike) -> Array:
    """Floats as they are, all else in `floatx()`."""
    x = ops.convert_to_tensor(x)
    return x if is_float(standardize_dtype(x.dtype)) else ops.cast(x, config.floatx())


def shape(x: ArrayLike) -> tuple:
    """The shape; of a symbolic tensor with None where a size is unknown."""
    return ops.shape(x)


def int_shape(x: ArrayLike) -> tuple:
    """The same, of integers and None."""
    return tuple(ops.shape(x))


def ndim(x: ArrayLike) -> int:
    """The number of axes."""
    return len(ops.shape(x))


# -- elementwise and products --------------------------------------------------------------------


def sqrt(x: ArrayLike) -> Array:
    """The square root; of negative numbers 0."""
    return ops.sqrt(ops.maximum(x, 0))


def pow(x: ArrayLike, a: ArrayLike) -> Array:
    """`x` to the power `a`."""
    return ops.power(x, a)


def clip(x: ArrayLike, min_value: float | None, max_value: float | None) -> Array:
    """Values held between two bounds; None is no bound, and the lower one wins where they cross."""
    low = -np.inf if min_value is None else min_value
    high = np.inf if max_value is None else max_value
    return ops.clip(x, low, np.maximum(low, high))


def dot(x: ArrayLike, y: ArrayLike) -> Array:
    """The last axis of `x` summed against the last but one of `y`: (…, k) and (…, k, m)."""
    return ops.dot(x, y)


def batch_dot(x: ArrayLike, y: ArrayLike, axes: int | Sequence[int] | None = None) -> Array:
    """Row by row, the products of `x` and `y` summed along an axis of each.

    Args:
        x, y: (batch, …), two axes or more.
        axes: the axis, or one for each; default the last of `x` and the last but one of `y` (the last of two).

    Returns:
        (batch, the axes of `x` left, those of `y` left); (batch, 1) where none is.
    """
    if axes is None:
        axes = (ndim(x) - 1, builtins.max(ndim(y) - 2, 1))
    return Dot(axes=axes)([x, y])


# -- reductions ----------------------------------------------------------------------------------


def sum(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """The sum over axes, all of them by default."""
    return ops.sum(x, axis, keepdims)


def prod(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """The product over axes, all of them by default."""
    return ops.prod(x, axis, keepdims)


def max(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """The greatest element over axes, all of them by default."""
    return ops.max(x, axis, keepdims)


def min(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """The least element over axes, all of them by default."""
    return ops.min(x, axis, keepdims)


def mean(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """The mean over axes, all of them by default; of booleans and integers in `floatx()`."""
    return ops.mean(_floats(x), axis, keepdims)


def var(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """The variance over axes, all of them by default; of booleans and integers in `floatx()`."""
    return ops.var(_floats(x), axis, keepdims)


def std(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """The standard deviation over axes, all of them by default; of booleans and integers in `floatx()`."""
    return ops.std(_floats(x), axis, keepdims)


def any(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether any element is true."""
    return ops.any(ops.cast(x, "bool"), axis, keepdims)


def all(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether all elements are true."""
    return ops.all(ops.cast(x, "bool"), axis, keepdims)


def argmax(x: ArrayLike, axis: int = -1) -> Array:
    """Where the greatest element stands."""
    return ops.argmax(x, axis)


def argmin(x: ArrayLike, axis: int = -1) -> Array:
    """Where the least element stands."""
    return ops.argmin(x, axis)


def cumsum(x: ArrayLike, axis: int = 0) -> Array:
    """Sums along an axis, up to each element."""
    return ops.cumsum(x, axis)


def cumprod(x: ArrayLike, axis: int = 0) -> Array:
    """Products along an axis, up to each element."""
    return ops.cumprod(x, axis)


# -- form ----------------------------------------------------------------------------------------


def expand_dims(x: ArrayLike, axis: int = -1) -> Array:
    """`x` with a new axis of one element."""
    return ops.expand_dims(x, axis)


def flatten(x: ArrayLike) -> Array:
    """All elements in one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: ArrayLike) -> Array:
    """(batch, …) -> (batch, all the rest)."""
    return Flatten(data_format="channels_last")(x)


def permute_dimensions(x: ArrayLike, pattern: Sequence[int]) -> Array:
    """The axes in another order."""
    return ops.transpose(x, pattern)


def reverse(x: ArrayLike, axes: int | Sequence[int]) -> Array:
    """The elements along axes the other way round."""
    return ops.flip(x, axes)


def concatenate(tensors: Sequence[ArrayLike], axis: int = -1) -> Array:
    """Arrays one after another along an axis."""
    return ops.concatenate(tensors, axis)


def stack(x: Sequence[ArrayLike], axis: int = 0) -> Array:
    """Arrays along a new axis."""
    return ops.stack(x, axis)


def repeat(x: ArrayLike, n: int) -> Array:
    """(batch, d) -> (batch, n, d)."""
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def repeat_elements(x: ArrayLike, rep: int, axis: int) -> Array:
    """Each slice along an axis `rep` times."""
    return ops.repeat(x, rep, axis)


def gather(reference: ArrayLike, indices: ArrayLike) -> Array:
    """The slices of `reference` along its first axis that `indices` name."""
    return ops.take(reference, indices, axis=0)


def one_hot(indices: ArrayLike, num_classes: int) -> Array:
    """1 at each index, 0 elsewhere, in `floatx()`: (…) -> (…, num_classes)."""
    return ops.one_hot(indices, num_classes)


def arange(start: int, stop: int | None = None, step: int = 1, dtype: Any = "int32") -> Array:
    """Numbers from `start` up to `stop`, or from 0 up to `start`."""
    return ops.arange(start, stop, step, dtype)


def eye(size: int | Sequence[int], dtype: Any = None, name: str | None = None) -> Array:
    """Ones on the diagonal; `size` may be (rows, columns)."""
    rows, columns = size if isinstance(size, (list, tuple)) else (size, size)
    return ops.eye(rows, columns, dtype=dtype)


def temporal_padding(x: ArrayLike, padding: Sequence[int] = (1, 1)) -> Array:
    """Zeros before and after the steps: (batch, steps, channels)."""
    return ops.pad(x, [(0, 0), tuple(padding), (0, 0)])


def spatial_2d_padding(
    x: ArrayLike, padding: Sequence[Sequence[int]] = ((1, 1), (1, 1)), data_format: str | None = None
) -> Array:
    """Zeros around images."""
    return _padded(x, padding, data_format)


def spatial_3d_padding(
    x: ArrayLike, padding: Sequence[Sequence[int]] = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None
) -> Array:
    """Zeros around volumes."""
    return _padded(x, padding, data_format)


def _padded(x: ArrayLike, padding: Sequence[Sequence[int]], data_format: str | None) -> Array:
    inner = [tuple(pair) for pair in padding]
    layout = data_format or config.image_data_format()
    outer = [(0, 0)]
    return ops.pad(x, [*outer, *outer, *inner] if layout == "channels_first" else [*outer, *inner, *outer])


# -- functions of functions ----------------------------------------------------------------------


def switch(condition: ArrayLike, then_expression: Any, else_expression: Any) -> Array:
    """One value or another.

    Args:
        condition: a boolean, or an array of them, which may have fewer axes than the values.
        then_expression, else_expression: values, or functions that give them; of a scalar condition only one is called.
    """
    then, other = (_thunk(value) for value in (then_expression, else_expression))
    condition = ops.cast(condition, "bool")
    if ndim(condition) == 0:
        return ops.cond(condition, then, other)
    yes, no = then(), other()
    for _ in range(builtins.max(ndim(yes), ndim(no)) - ndim(condition)):
        condition = ops.expand_dims(condition, -1)
    return ops.where(condition, yes, no)


def _thunk(value: Any) -> Callable[[], Any]:
    return value if callable(value) and not hasattr(value, "dtype") else lambda: ops.convert_to_tensor(value)


def map_fn(fn: Callable, elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """`fn` of each slice along the first axis, stacked."""
    return ops.map(fn, elems)


def foldl(fn: Callable, elems: ArrayLike, initializer: Any = None, name: str | None = None) -> Any:
    """`fn(result so far, slice)` along the first axis; it begins with the first slice by default."""
    return _folded(fn, ops.convert_to_tensor(elems), initializer)


def foldr(fn: Callable, elems: ArrayLike, initializer: Any = None, name: str | None = None) -> Any:
    """`foldl` from the last slice to the first."""
    return _folded(fn, ops.flip(elems, 0), initializer)


def _folded(fn: Callable, elems: Array, initializer: Any) -> Any:
    if initializer is None:
        initializer, elems = elems[0], elems[1:]
    return ops.scan(lambda carry, x: (fn(carry, x), None), initializer, elems)[0]
