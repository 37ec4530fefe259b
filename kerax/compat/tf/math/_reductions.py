"""Sums, means, norms and places of the greatest, along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from .... import ops
from ...._core.variable import plain
from ...._errors import ArgumentError
from ...._types import ArrayLike
from .._static import axes, integer, sizes_stay
from .._types import as_dtype, int64
from ._elementwise import truncatediv

__all__ = [
    "argmax",
    "argmin",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "count_nonzero",
    "global_norm",
    "l2_normalize",
    "norm",
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "reduce_variance",
    "zero_fraction",
]


def _integral(x: ArrayLike) -> bool:
    x = plain(x)
    return jnp.issubdtype(jnp.dtype(x.dtype) if hasattr(x, "dtype") else np.asarray(x).dtype, jnp.integer)


def _reduced(fn: Callable, x: Any, axis: Any, keepdims: bool) -> Any:
    x = ops.convert_to_tensor(x)
    out = fn(x, axes("axis", axis), bool(keepdims))
    return ops.cast(out, x.dtype) if _integral(x) and out.dtype != x.dtype else out


def _sizes(fn: Callable) -> Callable:
    return sizes_stay(lambda x, axis=None, keepdims=False: fn(x, axis=axis, keepdims=keepdims))


@_sizes(np.sum)
def reduce_sum(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The sum along one axis, several, or all for None, in the dtype of the input."""
    return _reduced(ops.sum, input_tensor, axis, keepdims)


@_sizes(np.prod)
def reduce_prod(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The product along one axis, several, or all for None, in the dtype of the input."""
    return _reduced(ops.prod, input_tensor, axis, keepdims)


@_sizes(np.max)
def reduce_max(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The greatest element along one axis, several, or all for None."""
    return _reduced(ops.max, input_tensor, axis, keepdims)


@_sizes(np.min)
def reduce_min(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The least element along one axis, several, or all for None."""
    return _reduced(ops.min, input_tensor, axis, keepdims)


def reduce_mean(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The mean along one axis, several, or all for None.

    Of integers it is an integer, cut towards 0, as in TensorFlow: cast to float32 first where that is not meant.
    """
    x, along = ops.convert_to_tensor(input_tensor), axes("tf.reduce_mean", axis)
    if not _integral(x):
        return ops.mean(x, along, bool(keepdims))
    total = _reduced(ops.sum, x, axis, keepdims)
    return ops.cast(truncatediv(total, ops.sum(ops.ones_like(x), along, bool(keepdims))), x.dtype)


def reduce_variance(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The mean squared distance from the mean, along one axis, several, or all for None."""
    return ops.var(input_tensor, axes("tf.math.reduce_variance", axis), bool(keepdims))


def reduce_std(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The root of `reduce_variance`."""
    return ops.std(input_tensor, axes("tf.math.reduce_std", axis), bool(keepdims))


def reduce_all(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Whether all elements are true."""
    return ops.all(input_tensor, axes("tf.reduce_all", axis), bool(keepdims))


def reduce_any(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Whether one of the elements is true."""
    return ops.any(input_tensor, axes("tf.reduce_any", axis), bool(keepdims))


def reduce_logsumexp(input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """`log(sum(exp(x)))`, stable for large `x`."""
    return ops.logsumexp(input_tensor, axes("tf.reduce_logsumexp", axis), bool(keepdims))


def reduce_euclidean_norm(
    input_tensor: ArrayLike, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """The root of the sum of squares."""
    return ops.sqrt(ops.sum(ops.square(input_tensor), axes("axis", axis), bool(keepdims)))


def count_nonzero(
    input: ArrayLike, axis: Any = None, keepdims: bool | None = None, dtype: Any = int64, name: str | None = None
) -> Any:
    """How many elements are not 0; int32 where JAX has no 64-bit integers."""
    found = ops.cast(ops.not_equal(input, 0), as_dtype(dtype))
    return ops.sum(found, axes("tf.math.count_nonzero", axis), bool(keepdims))


def zero_fraction(value: ArrayLike, name: str | None = None) -> Any:
    """The share of elements that are 0."""
    return ops.mean(ops.cast(ops.equal(value, 0), "float32"))


def argmax(input: ArrayLike, axis: Any = None, output_type: Any = int64, name: str | None = None) -> Any:
    """The place of the greatest element along `axis`, the first by default; int32 where JAX has no int64."""
    return ops.cast(ops.argmax(input, 0 if axis is None else integer("tf.argmax", axis)), as_dtype(output_type))


def argmin(input: ArrayLike, axis: Any = None, output_type: Any = int64, name: str | None = None) -> Any:
    """The place of the least element along `axis`, the first by default; int32 where JAX has no int64."""
    return ops.cast(ops.argmin(input, 0 if axis is None else integer("tf.argmin", axis)), as_dtype(output_type))


def norm(
    tensor: ArrayLike, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None, name: str | None = None
) -> Any:
    """The norm of vectors along one axis, of matrices along two, of all elements as one vector for None.

    Args:
        tensor: floats.
        ord: "euclidean", 1, 2, infinity or any positive number; of matrices "euclidean" or "fro", 1, 2, infinity.
        axis: along which.
        keepdims: keep them, with size 1.

    Raises:
        ArgumentError: another order.
    """
    along, keep = axes("tf.norm", axis), bool(keepdims)
    matrix = isinstance(along, tuple) and len(along) == 2
    if (isinstance(ord, str) and ord not in ("euclidean", "fro")) or (ord == "fro" and not matrix):
        raise ArgumentError("tf.norm", got=f"ord={ord!r}, axis={axis!r}", expected="a number or 'euclidean'")
    if matrix:
        return ops.norm(tensor, "fro" if ord == "euclidean" else ord, along, keep)
    if isinstance(along, tuple):
        along = along[0]
    order = 2 if ord == "euclidean" else ord
    if along is not None:
        return ops.norm(tensor, order, along, keep)
    flat = ops.norm(ops.ravel(tensor), order)
    return ops.reshape(flat, [1] * len(ops.shape(plain(tensor)))) if keep else flat


def l2_normalize(x: ArrayLike, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """`x / sqrt(max(sum(x ** 2), epsilon))`, the sum along `axis`, all for None."""
    power = ops.sum(ops.square(x), axes("tf.math.l2_normalize", axis), True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(power, epsilon)))


def clip_by_value(t: ArrayLike, clip_value_min: ArrayLike, clip_value_max: ArrayLike, name: str | None = None) -> Any:
    """What lies beyond two bounds, moved to them."""
    return ops.minimum(ops.maximum(t, clip_value_min), clip_value_max)


def clip_by_norm(t: ArrayLike, clip_norm: ArrayLike, axes: Any = None, name: str | None = None) -> Any:
    """`t`, made shorter where its norm along `axes` is greater than `clip_norm`."""
    power = ops.sum(ops.square(t), _axes("tf.clip_by_norm", axes), True)
    length = ops.where(ops.greater(power, 0), ops.sqrt(ops.where(ops.greater(power, 0), power, 1.0)), power)
    return ops.divide(ops.multiply(t, clip_norm), ops.maximum(length, clip_norm))


_axes = axes


def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The norm of all elements of several tensors; None among them do not count."""
    powers = [ops.sum(ops.square(t)) for t in t_list if t is not None]
    return ops.sqrt(ops.sum(ops.stack(powers))) if powers else None


def clip_by_global_norm(
    t_list: Any, clip_norm: ArrayLike, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """Tensors made shorter by one factor where their common norm is greater than `clip_norm`.

    Args:
        t_list: tensors; None stays None.
        clip_norm: the greatest norm.
        use_norm: their norm where it is known already.

    Returns:
        (tensors, their norm before). Where that is not finite, all become NaN.
    """
    length = global_norm(t_list) if use_norm is None else use_norm
    if length is None:
        return list(t_list), None
    scale = ops.multiply(clip_norm, ops.minimum(ops.divide(1.0, length), ops.divide(1.0, clip_norm)))
    scale = ops.where(ops.isfinite(length), scale, np.nan)
    return [None if t is None else ops.cast(ops.multiply(t, scale), t.dtype) for t in t_list], length
