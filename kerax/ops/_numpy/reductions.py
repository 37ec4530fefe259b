"""What remains of an array along some of its axes: sums, means, extremes, quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from ..._types import Array, ArrayLike, DType
from .._arrays import array, axes, floats, optional_dtype
from .._op import op

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "average",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "max",
    "mean",
    "median",
    "min",
    "percentile",
    "prod",
    "ptp",
    "quantile",
    "std",
    "sum",
    "trapezoid",
    "var",
]


@op
def all(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """Whether all elements along `axis` are true.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.all(array(x), axes(axis), keepdims=keepdims)


@op
def any(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """Whether any element along `axis` is true.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.any(array(x), axes(axis), keepdims=keepdims)


@op
def max(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The greatest element along `axis`; NaN where one is.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
        initial: joins the elements, and is all there is where there are none.
    """
    return jnp.max(array(x), axes(axis), keepdims=keepdims, initial=initial)


@op
def min(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The least element along `axis`; NaN where one is.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
        initial: joins the elements, and is all there is where there are none.
    """
    return jnp.min(array(x), axes(axis), keepdims=keepdims, initial=initial)


@op
def amax(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The greatest element along `axis`; NaN where one is.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.max(array(x), axes(axis), keepdims=keepdims)


@op
def amin(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The least element along `axis`; NaN where one is.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.min(array(x), axes(axis), keepdims=keepdims)


@op
def ptp(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The greatest element along `axis` minus the least.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.ptp(array(x), axes(axis), keepdims=keepdims)


@op
def sum(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The sum along `axis`; booleans and small integers are summed as int32.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.sum(array(x), axes(axis), keepdims=keepdims)


@op
def prod(
    x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False, dtype: DType | None = None
) -> Array:
    """The product along `axis`.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
        dtype: of the result.
    """
    return jnp.prod(array(x), axes(axis), keepdims=keepdims, dtype=optional_dtype(dtype))


@op
def mean(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The mean along `axis`, a float.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.mean(array(x), axes(axis), keepdims=keepdims)


@op
def var(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The variance along `axis`, of the whole population.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return _variance(array(x), axes(axis), keepdims)


@op
def std(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The standard deviation along `axis`, of the whole population.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.std(floats(x), axes(axis), keepdims=keepdims)


@op
def median(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The middle of the elements along `axis`.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.median(floats(x), axes(axis), keepdims=keepdims)


def _variance(x: Array, axis: Any, keepdims: bool) -> Array:
    # Halves overflow when squared, so they are averaged in float32.
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    result = jnp.var(wide, axis, keepdims=keepdims)
    return result.astype(x.dtype) if jnp.issubdtype(x.dtype, jnp.floating) else result


@op
def count_nonzero(x: ArrayLike, axis: int | Sequence[int] | None = None) -> Array:
    """How many elements along `axis` are not 0, int32.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
    """
    return jnp.count_nonzero(array(x), axes(axis))


@op
def argmax(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the greatest element along `axis` is, the first of equals, int32.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        keepdims: keep the axis, with size 1.
    """
    return jnp.argmax(array(x), axis, keepdims=keepdims)


@op
def argmin(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the least element along `axis` is, the first of equals, int32.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        keepdims: keep the axis, with size 1.
    """
    return jnp.argmin(array(x), axis, keepdims=keepdims)


@op
def average(x: ArrayLike, axis: int | Sequence[int] | None = None, weights: ArrayLike | None = None) -> Array:
    """The weighted mean along `axis`, a float.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        weights: of the elements, in the shape of `x` or one per element along `axis`; None: all equal.
    """
    return jnp.average(floats(x), axes(axis), None if weights is None else floats(weights))


@op
def quantile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """The elements below which a share `q` of those along `axis` lies.

    Args:
        x: any array.
        q: shares from 0 to 1; their axes come first in the result.
        axis: one axis, several, or None for all.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: keep the axes, with size 1.
    """
    x = floats(x)
    return jnp.quantile(x, array(q).astype(x.dtype), axes(axis), method=method, keepdims=keepdims)


@op
def percentile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """The elements below which `q` per cent of those along `axis` lie.

    Args:
        x: any array.
        q: from 0 to 100; their axes come first in the result.
        axis: one axis, several, or None for all.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: keep the axes, with size 1.
    """
    x = floats(x)
    return jnp.percentile(x, array(q).astype(x.dtype), axes(axis), method=method, keepdims=keepdims)


@op
def cumsum(x: ArrayLike, axis: int | None = None, dtype: DType | None = None) -> Array:
    """Running sums along `axis`.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        dtype: of the result.
    """
    return jnp.cumsum(array(x), axis, dtype=optional_dtype(dtype))


@op
def cumprod(x: ArrayLike, axis: int | None = None, dtype: DType | None = None) -> Array:
    """Running products along `axis`.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        dtype: of the result.
    """
    return jnp.cumprod(array(x), axis, dtype=optional_dtype(dtype))


@op
def trapezoid(y: ArrayLike, x: ArrayLike | None = None, dx: float = 1.0, axis: int = -1) -> Array:
    """The integral of sampled values along `axis`, by trapezoids.

    Args:
        y: the samples.
        x: where they were taken; None: evenly, `dx` apart.
        dx: the distance between samples.
        axis: the axis to integrate along.
    """
    return jnp.trapezoid(floats(y), None if x is None else array(x), dx, axis)
