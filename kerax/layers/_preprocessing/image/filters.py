"""Layers that look at the pixels around each pixel, or hide some: sharpness, blur, erasing."""

from __future__ import annotations

from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from .... import ops, random
from ...._errors import ArgumentError
from ...._types import Array
from ..._arguments import sizes
from .base import BoxOptions, ImageLayer, batch_of, between, images_of, working
from .light import chosen


class RandomSharpness(ImageLayer):
    """While training, make images sharper or softer.

    Args:
        factor: 0 for soft, 0.5 for no change, 1 for sharp: a number f for 0 to f, or a pair, 0 to 1.
        value_range: least and greatest value of a pixel; results are cut to it.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    _factor_least = 0

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        self.factor = self._pair(factor, "factor", (-1.0, 1.0) if isinstance(factor, (list, tuple)) else (0.0, 1.0))
        self.value_range = self._range(value_range, list)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`factor` (batch,): how sharp."""
        if not training:
            return None
        return {"factor": between((batch_of(data),), self.factor, seed)}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, sharper or softer."""
        if transformation is None:
            return images.astype(self._compute)
        x = working(images)
        rows, columns, _ = (axis + x.ndim for axis in self._axes)
        pads = [(1, 1) if axis in (rows, columns) else (0, 0) for axis in range(x.ndim)]
        edged = jnp.pad(x, pads)
        near = sum(
            jax.lax.slice_in_dim(
                jax.lax.slice_in_dim(edged, down, down + x.shape[rows], axis=rows),
                across,
                across + x.shape[columns],
                axis=columns,
            )
            for down, across in np.ndindex(3, 3)
        )
        soft = (near + 4 * x) / 13
        share = 2 * jnp.asarray(transformation["factor"]).reshape(-1, 1, 1, 1)
        return jnp.clip(soft + share * (x - soft), *self.value_range).astype(self._compute)


class RandomGaussianBlur(ImageLayer):
    """While training, blur some images, all as much.

    Args:
        factor: how likely: a number f for a chance drawn from 0 to f, or a pair, 0 to 1.
        kernel_size: width and height of the window in pixels, odd; one number for both.
        sigma: how much, a deviation in pixels: a number for 0 to it, or a pair, 0 to 1.
        value_range: least and greatest value of a pixel; results are cut to it.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor, a size, a deviation or a range that is none.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self.kernel_size = sizes(kernel_size, 2, "kernel_size", self._where)
        if any(size % 2 == 0 for size in self.kernel_size):
            raise ArgumentError(self._where, got=f"kernel_size={kernel_size!r}", expected="odd numbers")
        self.sigma = self._pair(sigma, "sigma")
        self.value_range = self._range(value_range)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`should_apply_blur` (batch,) and `blur_factor` (2,): deviations across and down."""
        if not training:
            return None
        apply = chosen(self.factor, batch_of(data), seed)
        return {
            "should_apply_blur": apply,
            "blur_factor": between((2,), self.sigma, seed),
        }

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some blurred."""
        if transformation is None:
            return images.astype(self._compute)
        x, (across, down) = working(images), transformation["blur_factor"]
        soft = ops.image.gaussian_blur(
            x, self.kernel_size[::-1], (jnp.maximum(down, 1e-6), jnp.maximum(across, 1e-6)), self.data_format
        )
        apply = jnp.asarray(transformation["should_apply_blur"]).reshape(-1, 1, 1, 1)
        return jnp.clip(jnp.where(apply, soft, x), *self.value_range).astype(self._compute)


def patches(centers: tuple[Array, Array], shares: tuple[Array, Array], layer: ImageLayer, shape: tuple) -> Array:
    """(batch, height, width, 1) booleans, or channels first: a patch in each image.

    Args:
        centers: (batch,) two numbers from 0 to 1: where between the edges the patch lies, across and down.
        shares: (batch,) its width and height in shares of the image's.
        layer: tells the axes.
        shape: of the images.
    """
    inside = []
    for axis, center, share in zip((1, 0), centers, shares, strict=True):
        size = shape[layer._axes[axis]]
        start = (center * size * (1 - share))[:, None]
        places = jnp.arange(size)[None]
        inside.append((places >= start) & (places < start + size * share[:, None]))
    across, down = inside
    mask = down[:, :, None] & across[:, None, :]
    return jnp.expand_dims(mask, layer._axes[2])


class RandomErasing(ImageLayer):
    """While training, hide a patch of some images behind noise, or behind one value.

    Args:
        factor: how likely: a number f for a chance drawn from 0 to f, or a pair, 0 to 1.
        scale: width times width and height times height of the patch in shares of the image's: a number for 0 to it,
            or a pair, 0 to 1.
        fill_value: what hides; None: normal noise.
        value_range: least and greatest value of a pixel; results are cut to it.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor, a scale or a range that is none.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: float | None = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self.scale = self._pair(scale, "scale")
        self.fill_value = fill_value
        self.value_range = self._range(value_range)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`apply_erasing` (batch,), `batch_masks` and `fill_value`: where, and what with."""
        if not training:
            return None
        shape, batch = images_of(data).shape, batch_of(data)
        shares = jnp.sqrt(between((batch, 2), self.scale, seed))
        x, y = (random.uniform((batch,), 0.0, 1.0, "float32", seed) for _ in range(2))
        masks = patches((x, y), (shares[:, 0], shares[:, 1]), self, shape)
        apply = chosen(self.factor, batch, seed)
        least, greatest = self.value_range
        if self.fill_value is None:
            fill = jnp.clip(random.normal(shape, dtype="float32", seed=seed) * greatest, least, greatest)
        else:
            fill = jnp.full((1, 1, 1), self.fill_value, "float32")
        return {"apply_erasing": apply, "batch_masks": masks, "fill_value": fill}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some with a patch."""
        if transformation is None:
            return images.astype(self._compute)
        apply = jnp.asarray(transformation["apply_erasing"]).reshape(-1, 1, 1, 1)
        hidden = jnp.where(apply & transformation["batch_masks"], transformation["fill_value"], working(images))
        return jnp.clip(hidden, *self.value_range).astype(self._compute)
