"""Warps of images: four corners moved, and random elastic bends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ._arrays import array
from ._image import _back, _check_fill, _images, _last
from ._image_filters import _work, blurred
from ._op import op

__all__ = ["elastic_transform", "perspective_transform"]


class Draws:
    """Where keys come from: kerax.random, which stands above, fills it in."""

    key: Callable[[Any], Array]


draws = Draws()


def _order(where: str, interpolation: str) -> int:
    if interpolation not in ("nearest", "bilinear"):
        raise ArgumentError(where, got=f"interpolation={interpolation!r}", expected="'bilinear' or 'nearest'")
    return int(interpolation == "bilinear")


def sampled(
    x: Array, ys: Array, xs: Array, order: int, fill_mode: str, fill_value: float, data_format: str | None
) -> Array:
    """Images (a batch, or one) at the places ys, xs: (batch, height, width), in their own layout and dtype."""
    single, last, dtype = x.ndim == 3, _last(data_format), x.dtype
    x = x[None] if single else x
    x = _work(x if last else jnp.moveaxis(x, 1, -1))

    def plane(values: Array, rows: Array, columns: Array) -> Array:
        return jax.scipy.ndimage.map_coordinates(values, [rows, columns], order, fill_mode, fill_value)

    each = jax.vmap(jax.vmap(plane, in_axes=(-1, None, None), out_axes=-1))
    y = _back(each(x, ys, xs), dtype)
    y = y if last else jnp.moveaxis(y, -1, 1)
    return y[0] if single else y


def _corners(name: str, points: ArrayLike, batch: int | None) -> Array:
    p = array(points).astype("float32")
    good = p.shape[-2:] == (4, 2) and p.ndim in (2, 3) and (p.ndim == 2 or batch is None or p.shape[0] in (1, batch))
    if not good:
        raise ShapeError("perspective_transform", got=f"{name} of shape {p.shape}", expected="(4, 2), or (batch, 4, 2)")
    return p if p.ndim == 3 else p[None]


def _homography(source: Array, target: Array) -> Array:
    """(8,): the numbers a to h of `affine_transform` that send four points to four others."""
    x, y, u, v = source[:, 0], source[:, 1], target[:, 0], target[:, 1]
    one, none = jnp.ones_like(x), jnp.zeros_like(x)
    across = jnp.stack([x, y, one, none, none, none, -u * x, -u * y], axis=1)
    down = jnp.stack([none, none, none, x, y, one, -v * x, -v * y], axis=1)
    return jnp.linalg.solve(jnp.concatenate([across, down]), jnp.concatenate([u, v]))


@op(theme="image")
def perspective_transform(
    images: ArrayLike,
    start_points: ArrayLike,
    end_points: ArrayLike,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Images seen from another side: what was at the start points comes to lie at the end points.

    Args:
        images: one or a batch.
        start_points: (4, 2) or (batch, 4, 2): x and y of four places, no three on a line.
        end_points: of the same shape: where they go.
        interpolation: "bilinear" or "nearest".
        fill_value: of pixels that come from beyond the edges.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Returns:
        Images of the same shape and dtype.

    Raises:
        ShapeError: points of another shape.
        ArgumentError: an unknown interpolation.
    """
    where = "perspective_transform"
    x, order = _images(where, images), _order(where, interpolation)
    batch = x.shape[0] if x.ndim == 4 else 1
    starts, ends = _corners("start_points", start_points, batch), _corners("end_points", end_points, batch)
    height, width = x.shape[-3:-1] if _last(data_format) else x.shape[-2:]
    rows, columns = jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij")

    def places(start: Array, end: Array) -> tuple[Array, Array]:
        t = _homography(end, start)
        k = t[6] * columns + t[7] * rows + 1
        return (t[3] * columns + t[4] * rows + t[5]) / k, (t[0] * columns + t[1] * rows + t[2]) / k

    shape = (batch, 4, 2)
    ys, xs = jax.vmap(places)(jnp.broadcast_to(starts, shape), jnp.broadcast_to(ends, shape))
    return sampled(x, ys, xs, order, "constant", fill_value, data_format)


@op(theme="image")
def elastic_transform(
    images: ArrayLike,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Array:
    """Images bent at random: each pixel is taken from a place nearby, neighbours from places alike.

    The displacement is normal noise of deviation `sigma`, blurred with `sigma`, times `alpha`; as in Keras the
    same one along height and width. Equal seeds give the images that Keras gives on JAX.

    Args:
        images: one or a batch.
        alpha: how far pixels move.
        sigma: how smooth the bends are, in pixels.
        interpolation: "bilinear" or "nearest".
        fill_mode: beyond the edges: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".
        seed: an integer, a `SeedGenerator`, or None for the global one.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Returns:
        Images of the same shape and dtype.

    Raises:
        ArgumentError: an unknown interpolation or mode.
    """
    where = "elastic_transform"
    x, order = _images(where, images), _order(where, interpolation)
    _check_fill(where, fill_mode)
    height, width = x.shape[-3:-1] if _last(data_format) else x.shape[-2:]
    shape = (x.shape[0] if x.ndim == 4 else 1, height, width)
    kind = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.dtype("float32")
    noise = _work(jax.random.normal(draws.key(seed), shape, kind) * jnp.asarray(sigma, kind))
    size = int(6 * sigma) | 1
    shift = alpha * blurred(noise, (size, size), (sigma, sigma), (1, 2))
    rows, columns = jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij")
    return sampled(x, rows + shift, columns + shift, order, fill_mode, fill_value, data_format)
