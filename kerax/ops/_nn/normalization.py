"""Means, variances, and what is divided by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ... import config
from ..._errors import ArgumentError, ShapeError
from ..._types import Array, ArrayLike
from .._arrays import array, floats
from .._arrays import axes as axes_of
from .._op import op

__all__ = [
    "batch_normalization",
    "layer_normalization",
    "moments",
    "normalize",
    "polar",
    "psnr",
    "rms_normalization",
]


@op(theme="nn")
def moments(
    x: ArrayLike, axes: int | Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> tuple[Array, Array]:
    """The mean and the variance along `axes`.

    Args:
        x: floats. Halves are averaged in float32.
        axes: along which.
        keepdims: keep them, with size 1.
        synchronized: kept for compatibility; over several devices they are always those of the whole batch.

    Returns:
        (mean, variance), in the dtype of `x`.
    """
    x, along = floats(x), axes_of(axes)
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    mean = jnp.mean(wide, along, keepdims=keepdims)
    variance = jnp.var(wide, along, keepdims=keepdims)
    if x.dtype == jnp.float16:
        greatest = float(jnp.finfo(jnp.float16).max)
        mean, variance = jnp.clip(mean, -greatest, greatest), jnp.clip(variance, 0, greatest)
    return mean.astype(x.dtype), variance.astype(x.dtype)


@op(theme="nn")
def batch_normalization(
    x: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    axis: int,
    offset: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    epsilon: float = 0.001,
) -> Array:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`. Ioffe & Szegedy, 2015.

    Args:
        x: any array.
        mean: one per element along `axis`.
        variance: one per element along `axis`.
        axis: the axis that is normalized by itself.
        offset: one per element along `axis`; None: 0.
        scale: one per element along `axis`; None: 1.
        epsilon: keeps the root from 0.
    """
    x = array(x)
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    factor = jax.lax.rsqrt(floats(variance).reshape(shape) + epsilon)
    if scale is not None:
        factor = factor * array(scale).reshape(shape)
    shift = -array(mean).reshape(shape) * factor
    if offset is not None:
        shift = shift + array(offset).reshape(shape)
    return x * factor + shift


@op(theme="nn")
def layer_normalization(
    x: ArrayLike,
    gamma: ArrayLike | None = None,
    beta: ArrayLike | None = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Array:
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, mean and variance along `axis`. Ba et al., 2016.

    Args:
        x: any array.
        gamma: the scale, in the sizes of `axis`; None: 1.
        beta: the offset, in the sizes of `axis`; None: 0.
        axis: one axis or several.
        epsilon: keeps the root from 0; `config.epsilon()` by default.
        kwargs: `rms_scaling=True`, the older way to divide by the deviation without taking off the mean.

    Raises:
        ArgumentError: an unknown argument.
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise ArgumentError("layer_normalization", got=f"unknown arguments {sorted(kwargs)}", expected="none")
    x, final, axes = _wide(x, axis)
    epsilon = config.epsilon() if epsilon is None else epsilon
    gamma, beta = (None if w is None else _along(w, x, axes) for w in (gamma, beta))
    if rms_scaling:
        y = x * jax.lax.rsqrt(jnp.var(x, axes, keepdims=True) + epsilon)
        return (y if gamma is None else y * gamma).astype(final)
    mean, variance = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
    factor = jax.lax.rsqrt(variance + epsilon)
    if gamma is not None:
        factor = factor * gamma
    shift = -mean * factor
    if beta is not None:
        shift = shift + beta
    return (x * factor + shift).astype(final)


@op(theme="nn")
def rms_normalization(
    x: ArrayLike,
    scale: ArrayLike | None = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
) -> Array:
    """`x / sqrt(mean(x**2) + epsilon) * scale`, the mean along `axis`. Zhang & Sennrich, 2019.

    Args:
        x: any array.
        scale: in the sizes of `axis`; None: 1.
        axis: one axis or several.
        epsilon: keeps the root from 0; `config.epsilon()` by default.
    """
    x, final, axes = _wide(x, axis)
    epsilon = config.epsilon() if epsilon is None else epsilon
    y = x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axes, keepdims=True) + epsilon)
    return (y if scale is None else y * _along(scale, x, axes)).astype(final)


def _wide(x: ArrayLike, axis: int | Sequence[int]) -> tuple[Array, Any, tuple[int, ...]]:
    """`x` in at least float32, the dtype of the result, the axes counted from the start, rising."""
    x = floats(x)
    axes = [axis] if isinstance(axis, int) else axis
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    return wide, x.dtype, tuple(sorted(a % x.ndim for a in axes))


def _along(weight: ArrayLike, x: Array, axes: tuple[int, ...]) -> Array:
    return array(weight).reshape([x.shape[i] if i in axes else 1 for i in range(x.ndim)]).astype(x.dtype)


@op(theme="nn")
def normalize(
    x: ArrayLike, axis: int | Sequence[int] = -1, order: int | float = 2, epsilon: float | None = None
) -> Array:
    """`x` divided by its norm along `axis`.

    Args:
        x: any array.
        axis: the axis, or axes, a vector lies along.
        order: of the norm: 2 is the root of the sum of squares, 1 the sum of absolute values.
        epsilon: the least divisor; `config.epsilon()` by default.

    Raises:
        ArgumentError: an order that is no number above 0.
    """
    if not isinstance(order, (int, float)) or order < 1:
        raise ArgumentError("normalize", got=f"order={order!r}", expected="a number, at least 1")
    x, along = floats(x), axes_of(axis)
    epsilon = config.epsilon() if epsilon is None else epsilon
    if order == 2:  # one root, and a gradient at 0
        return x * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), along, keepdims=True), epsilon**2))
    norm = jnp.linalg.norm(x, ord=order, axis=along, keepdims=True)
    return x / jnp.maximum(norm, epsilon)


@op(theme="nn")
def psnr(x1: ArrayLike, x2: ArrayLike, max_val: float) -> Array:
    """The peak signal-to-noise ratio in decibels, over all elements.

    Args:
        x1: floats.
        x2: floats of the same shape.
        max_val: the greatest value there can be.

    Raises:
        ShapeError: different shapes.
    """
    x1, x2 = floats(x1), floats(x2)
    if x1.shape != x2.shape:
        raise ShapeError("psnr", got=f"shapes {x1.shape} and {x2.shape}", expected="equal ones")
    peak = jnp.asarray(max_val, x2.dtype)
    return 20 * jnp.log10(peak) - 10 * jnp.log10(jnp.mean(jnp.square(x1 - x2)))


@op(rowwise=True, theme="nn")
def polar(abs_: ArrayLike, angle: ArrayLike) -> Array:
    """The complex numbers with these absolute values and these angles in radians."""
    size, angle = floats(abs_), floats(angle)
    return jax.lax.complex(size * jnp.cos(angle), size * jnp.sin(angle))
