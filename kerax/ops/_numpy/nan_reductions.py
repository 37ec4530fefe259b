"""The reductions, leaving out what is NaN."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from ..._types import Array, ArrayLike, DType
from .._arrays import array, axes, floats, optional_dtype
from .._op import op

__all__ = [
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
]


@op
def nansum(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The sum along `axis`, NaN counting as 0.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nansum(array(x), axes(axis), keepdims=keepdims)


@op
def nanprod(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The product along `axis`, NaN counting as 1.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nanprod(array(x), axes(axis), keepdims=keepdims)


@op
def nanmax(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The greatest element along `axis` that is not NaN.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nanmax(array(x), axes(axis), keepdims=keepdims)


@op
def nanmin(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The least element along `axis` that is not NaN.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nanmin(array(x), axes(axis), keepdims=keepdims)


@op
def nanmean(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The mean along `axis` of what is not NaN.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nanmean(array(x), axes(axis), keepdims=keepdims)


@op
def nanmedian(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The middle of the elements along `axis` that are not NaN.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nanmedian(floats(x), axes(axis), keepdims=keepdims)


@op
def nanvar(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The variance along `axis` of what is not NaN.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nanvar(floats(x), axes(axis), keepdims=keepdims)


@op
def nanstd(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """The standard deviation along `axis` of what is not NaN.

    Args:
        x: any array.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.nanstd(floats(x), axes(axis), keepdims=keepdims)


@op
def nanargmax(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the greatest element along `axis` that is not NaN is, int32; -1 where all are.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        keepdims: keep the axis, with size 1.
    """
    return jnp.nanargmax(array(x), axis, keepdims=keepdims)


@op
def nanargmin(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the least element along `axis` that is not NaN is, int32; -1 where all are.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        keepdims: keep the axis, with size 1.
    """
    return jnp.nanargmin(array(x), axis, keepdims=keepdims)


@op
def nancumsum(x: ArrayLike, axis: int | None = None, dtype: DType | None = None) -> Array:
    """Running sums along `axis`, NaN counting as 0.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        dtype: of the result.
    """
    return jnp.nancumsum(array(x), axis, dtype=optional_dtype(dtype))


@op
def nancumprod(x: ArrayLike, axis: int | None = None, dtype: DType | None = None) -> Array:
    """Running products along `axis`, NaN counting as 1.

    Args:
        x: any array.
        axis: one axis, or None for the flattened array.
        dtype: of the result.
    """
    return jnp.nancumprod(array(x), axis, dtype=optional_dtype(dtype))


@op
def nanquantile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """The elements below which a share `q` of those along `axis` that are not NaN lies.

    Args:
        x: any array.
        q: shares from 0 to 1; their axes come first in the result.
        axis: one axis, several, or None for all.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: keep the axes, with size 1.
    """
    x = floats(x)
    return jnp.nanquantile(x, array(q).astype(x.dtype), axes(axis), method=method, keepdims=keepdims)


@op
def nanpercentile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """The elements below which `q` per cent of those along `axis` that are not NaN lie.

    Args:
        x: any array.
        q: from 0 to 100; their axes come first in the result.
        axis: one axis, several, or None for all.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: keep the axes, with size 1.
    """
    x = floats(x)
    return jnp.nanpercentile(x, array(q).astype(x.dtype), axes(axis), method=method, keepdims=keepdims)
