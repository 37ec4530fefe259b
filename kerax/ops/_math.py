"""Special functions, segments, nearest and largest."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from .._errors import ShapeError
from .._types import Array, ArrayLike
from ._arrays import array, axes, floats
from ._op import op

__all__ = [
    "cdist",
    "erf",
    "erfc",
    "erfinv",
    "in_top_k",
    "logdet",
    "logsumexp",
    "rsqrt",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "top_k",
    "view_as_complex",
    "view_as_real",
]


@op(rowwise=True, theme="math")
def erf(x: ArrayLike) -> Array:
    """The error function, `2 / sqrt(pi)` times the integral of `exp(-t**2)` from 0 to `x`."""
    return jax.lax.erf(floats(x))


@op(rowwise=True, theme="math")
def erfc(x: ArrayLike) -> Array:
    """`1 - erf(x)`, exact for large `x`."""
    return jax.lax.erfc(floats(x))


@op(rowwise=True, theme="math")
def erfinv(x: ArrayLike) -> Array:
    """The inverse of `erf`."""
    return jax.lax.erf_inv(floats(x))


@op(rowwise=True, theme="math")
def rsqrt(x: ArrayLike) -> Array:
    """`1 / sqrt(x)`."""
    return jax.lax.rsqrt(floats(x))


@op(theme="math")
def logsumexp(x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """`log(sum(exp(x)))` along `axis`, stable for large `x`.

    Args:
        x: floats.
        axis: one axis, several, or None for all.
        keepdims: keep them, with size 1.
    """
    return jax.nn.logsumexp(floats(x), axes(axis), keepdims=keepdims)


@op(theme="math")
def top_k(x: ArrayLike, k: int, sorted: bool = True) -> tuple[Array, Array]:
    """The `k` greatest elements along the last axis.

    Args:
        x: any array.
        k: how many.
        sorted: kept for compatibility; they are always in falling order.

    Returns:
        (elements, their int32 indices).
    """
    values, indices = jax.lax.top_k(array(x), k)
    return values, indices


@op(theme="math")
def in_top_k(targets: ArrayLike, predictions: ArrayLike, k: int) -> Array:
    """Whether the prediction of each target is among the `k` greatest of its row; ties count.

    Args:
        targets: (batch,) class numbers.
        predictions: (batch, classes).
        k: how many.

    Returns:
        (batch,) booleans; False where the target's prediction is not finite.
    """
    targets, predictions = array(targets), array(predictions)
    own = jnp.take_along_axis(predictions, targets[..., None], axis=-1)
    greater = jnp.sum(predictions > own, axis=-1)
    return (greater < k) & jnp.isfinite(own[..., 0])


@op(theme="math")
def segment_sum(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """Sums of the rows that share a segment.

    Args:
        data: (rows, ...).
        segment_ids: (rows,) integers.
        num_segments: how many; the greatest id + 1 by default, needed inside compiled code.
        sorted: whether `segment_ids` never falls; faster.

    Returns:
        (num_segments, ...), 0 where a segment has no rows.
    """
    return jax.ops.segment_sum(array(data), array(segment_ids), num_segments, sorted)


@op(theme="math")
def segment_prod(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """Products of the rows that share a segment, 1 where it has none; arguments as in `segment_sum`."""
    return jax.ops.segment_prod(array(data), array(segment_ids), num_segments, sorted)


@op(theme="math")
def segment_max(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The greatest of the rows that share a segment, the least number where it has none; as `segment_sum`."""
    return jax.ops.segment_max(array(data), array(segment_ids), num_segments, sorted)


@op(theme="math")
def segment_min(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The least of the rows that share a segment, the greatest number where it has none; as `segment_sum`."""
    return jax.ops.segment_min(array(data), array(segment_ids), num_segments, sorted)


@op(theme="math")
def cdist(x: ArrayLike, y: ArrayLike) -> Array:
    """Euclidean distances of each row of `x` and each of `y`: (..., m, d) and (..., n, d) to (..., m, n)."""
    x, y = array(x), array(y)
    gaps = x[..., :, None, :] - y[..., None, :, :]
    return jnp.sqrt(jnp.sum(jnp.square(gaps), axis=-1))


@op(theme="math")
def logdet(x: ArrayLike) -> Array:
    """The logarithm of the determinant of positive definite matrices: (..., n, n) to (...)."""
    factor = jnp.linalg.cholesky(floats(x))
    return 2.0 * jnp.sum(jnp.log(jnp.real(jnp.diagonal(factor, axis1=-2, axis2=-1))), axis=-1)


@op(theme="math")
def view_as_complex(x: ArrayLike) -> Array:
    """Complex numbers of (real, imaginary) pairs along the last axis.

    Raises:
        ShapeError: the last axis has not 2 elements.
    """
    x = array(x)
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ShapeError("view_as_complex", got=f"shape {x.shape}", expected="a last axis of 2")
    return jax.lax.complex(x[..., 0], x[..., 1])


@op(theme="math")
def view_as_real(x: ArrayLike) -> Array:
    """(real, imaginary) pairs of complex numbers, along a new last axis."""
    x = array(x)
    return jnp.stack([jnp.real(x), jnp.imag(x)], axis=-1)
