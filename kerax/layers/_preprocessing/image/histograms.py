"""Layers that look at how often each shade occurs: AutoContrast, Equalization, and CLAHE."""

from __future__ import annotations

from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from ...._errors import ArgumentError
from ...._types import Array
from ..._arguments import positive, sizes
from .base import BoxOptions, ImageLayer, ImageOptions, working
from .light import rescaled


class AutoContrast(ImageLayer):
    """Stretch the values of each channel of each image over the whole range.

    Args:
        value_range: least and greatest value of a pixel.

    Raises:
        ArgumentError: a range that is none.
    """

    def __init__(self, value_range: Any = (0, 255), **common: Unpack[ImageOptions]) -> None:
        super().__init__(**common)
        self.value_range = self._range(value_range, list)

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        """The images, stretched."""
        x = working(images)
        low = jnp.min(x, axis=self._axes[:2], keepdims=True)
        high = jnp.max(x, axis=self._axes[:2], keepdims=True)
        spread = high - low
        flat = spread == 0
        least, greatest = self.value_range
        stretched = (x - low) / jnp.where(flat, 1, spread) * (greatest - least) + least
        return jnp.clip(jnp.where(flat, x, stretched), least, greatest).astype(self._compute)


def _shades(images: Array, count: int) -> Array:
    """Pixels from 0 to 255 as whole numbers from 0 to count - 1."""
    return jnp.clip(images * ((count - 1) / 255), 0, count - 1).astype("int32")


def _counts(shades: Array, count: int) -> Array:
    """How often each shade occurs: (..., pixels) -> (..., count)."""
    rows = shades.reshape(-1, shades.shape[-1])
    counted = jax.vmap(lambda row: jnp.zeros(count, "float32").at[row].add(1.0))(rows)
    return counted.reshape(*shades.shape[:-1], count)


class Equalization(ImageLayer):
    """Spread the shades of each channel of each image so that each range of them is as frequent as any other.

    Args:
        value_range: least and greatest value of a pixel.
        bins: how many shades are told apart.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a range or a number that is none.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        self.bins = positive(bins, "bins", self._where)
        self.value_range = self._range(value_range, list)

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        """The images, their shades spread."""
        first = jnp.moveaxis(images, self._axes[2], 1)  # (batch, channels, height, width)
        x = rescaled(working(first), self.value_range, (0, 255))
        shades = _shades(x, self.bins).reshape(*first.shape[:2], -1)
        below = jnp.cumsum(_counts(shades, self.bins), axis=-1)
        least = jnp.take_along_axis(below, shades.min(-1, keepdims=True), axis=-1)
        rest = shades.shape[-1] - least
        table = jnp.clip(jnp.round((below - least) / jnp.where(rest == 0, 1, rest) * 255), 0, 255)
        spread = jnp.take_along_axis(table, shades, axis=-1)
        spread = jnp.where(rest == 0, x.reshape(shades.shape), spread)
        out = jnp.moveaxis(spread.reshape(first.shape), 1, self._axes[2])
        return rescaled(out, (0, 255), self.value_range).astype(self._compute)


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Equalize each tile of images, with a limit to how steep the curves grow: CLAHE (Zuiderveld, 1994).

    Between the middles of tiles their curves are mixed.

    Args:
        value_range: least and greatest value of a pixel.
        clip_limit: how often a shade may count, in multiples of the mean.
        tile_grid_size: how many tiles there are down and across.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a range, a limit or a grid that is none.
    """

    _keeps_integers = True

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        self.value_range = self._range(value_range)
        if not isinstance(clip_limit, (int, float)) or clip_limit <= 0:
            raise ArgumentError(self._where, got=f"clip_limit={clip_limit!r}", expected="a number above 0")
        self.clip_limit = clip_limit
        self.tile_grid_size = sizes(tile_grid_size, 2, "tile_grid_size", self._where)

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        """The images, equalized tile by tile."""
        first = jnp.moveaxis(images, self._axes[2], 1)
        x = rescaled(working(first), self.value_range, (0, 255))
        (height, width), (down, across) = first.shape[2:], self.tile_grid_size
        tall, wide = -(-height // down), -(-width // across)
        pads = ((0, 0), (0, 0), (0, tall * down - height), (0, wide * across - width))
        shades = _shades(jnp.pad(x, pads, mode="symmetric"), 256)
        tiles = shades.reshape(*shades.shape[:2], down, tall, across, wide)
        tiles = jnp.moveaxis(tiles, 3, 4).reshape(*shades.shape[:2], down, across, tall * wide)
        curves = self._curves(_counts(tiles, 256), tall * wide)
        values = _mixed(curves, shades[:, :, :height, :width], tall, wide)
        out = rescaled(jnp.moveaxis(values, 1, self._axes[2]), (0, 255), self.value_range)
        return out.astype(images.dtype if jnp.issubdtype(images.dtype, jnp.integer) else self._compute)

    def _curves(self, counts: Array, pixels: int) -> Array:
        """(batch, channels, down, across, 256): what each shade becomes in a tile."""
        limit = self.clip_limit * pixels / 256
        kept = jnp.minimum(counts, limit)
        kept = kept + (pixels - kept.sum(-1, keepdims=True)) / 256
        below = jnp.cumsum(kept, axis=-1)
        rest = pixels - below[..., :1]
        curves = (below - below[..., :1]) / jnp.where(rest <= 0, 1, rest) * 255
        return jnp.clip(curves, 0, 255)


def _mixed(curves: Array, shades: Array, tall: int, wide: int) -> Array:
    """Each pixel through the curves of the four tiles around it, the nearer ones counting more."""
    down, across = curves.shape[2:4]

    def neighbours(size: int, tile: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        place = np.clip(np.arange(size) / tile - 0.5, 0, count - 1)
        before = np.floor(place).astype("int64")
        return before, np.minimum(before + 1, count - 1), (place - before).astype("float32")

    top, bottom, low = neighbours(shades.shape[2], tall, down)
    left, right, far = neighbours(shades.shape[3], wide, across)

    def through(row: np.ndarray, column: np.ndarray) -> Array:
        return jax.vmap(jax.vmap(lambda table, x: table[row[:, None], column[None], x]))(curves, shades)

    upper = through(top, left) * (1 - far) + through(top, right) * far
    lower = through(bottom, left) * (1 - far) + through(bottom, right) * far
    return upper * (1 - low[:, None]) + lower * low[:, None]
