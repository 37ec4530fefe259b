"""Layers that bend images: seen from another side, or like a sheet of rubber."""

from __future__ import annotations

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from .... import ops, random
from ...._errors import ArgumentError, Unsupported
from ...._types import Array
from ....ops._image_filters import along
from ....ops._image_warps import sampled
from . import box_formats
from .base import BoxOptions, ImageLayer, batch_of, between, images_of, working
from .light import chosen

_INTERPOLATIONS = ("nearest", "bilinear")


class RandomPerspective(ImageLayer):
    """While training, show some images as if seen from another side.

    The corners move by random shares of their distances from the top left one, which stays, as in Keras.

    Args:
        factor: how likely: a number f for a chance drawn from 0 to f, or a pair, 0 to 1.
        scale: how far corners move, 0 to 1: half of it either way.
        interpolation: "nearest" or "bilinear".
        fill_value: of pixels that come from beyond the edges.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor or a scale that is none.
        Unsupported: an unknown interpolation.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0
    _moves_pixels = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        if not isinstance(scale, (int, float)) or not 0 <= scale <= 1:
            raise ArgumentError(self._where, got=f"scale={scale!r}", expected="a number from 0 to 1")
        _check_interpolation(self._where, interpolation)
        self.scale, self.interpolation, self.fill_value = scale, interpolation, fill_value
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`apply_perspective` (batch,), `start_points` and `end_points` (batch, 4, 2), and `input_shape`."""
        if not training:
            return None
        batch, (height, width) = batch_of(data), self._sizes(data)
        apply = chosen(self.factor, batch, seed)
        corners = [[0.0, 0.0], [width - 1, 0.0], [0.0, height - 1], [width - 1, height - 1]]
        start = jnp.broadcast_to(jnp.asarray(corners, "float32"), (batch, 4, 2))
        moves = random.uniform((batch, 4, 2), -0.5 * self.scale, 0.5 * self.scale, "float32", seed)
        shape = tuple(images_of(data).shape)
        return {
            "apply_perspective": apply,
            "start_points": start,
            "end_points": start * (1 + moves),
            "input_shape": shape,
        }

    def _seen(self, images: Array, transformation: Any, interpolation: str) -> Array:
        points = transformation["start_points"], transformation["end_points"]
        changed = ops.image.perspective_transform(images, *points, interpolation, self.fill_value, self.data_format)
        return jnp.where(jnp.asarray(transformation["apply_perspective"]).reshape(-1, 1, 1, 1), changed, images)

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some from another side."""
        if transformation is None:
            return images.astype(self._compute)
        return self._seen(working(images), transformation, self.interpolation).astype(self._compute)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The masks, as the images."""
        if transformation is None:
            return segmentation_masks
        return self._seen(working(segmentation_masks), transformation, "nearest").astype(segmentation_masks.dtype)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Upright boxes around the boxes, as the images."""
        if transformation is None:
            return bounding_boxes
        shape = transformation["input_shape"]
        numbers = homographies(transformation["start_points"], transformation["end_points"])
        apply = jnp.asarray(transformation["apply_perspective"]).reshape(-1, 1, 1)

        def change(corners: Any) -> Any:
            return jnp.where(apply, box_formats.through(corners, numbers), corners)

        return self._boxes_changed(bounding_boxes, (shape[self._axes[0]], shape[self._axes[1]]), change)


def homographies(start: Array, end: Array) -> Array:
    """(batch, 8): the numbers a to h that take four points (batch, 4, 2) to four others."""
    (x, y), (u, v) = (jnp.moveaxis(jnp.asarray(points, "float32"), -1, 0) for points in (start, end))
    one, none = jnp.ones_like(x), jnp.zeros_like(x)
    across = jnp.stack([x, y, one, none, none, none, -u * x, -u * y], axis=-1)
    down = jnp.stack([none, none, none, x, y, one, -v * x, -v * y], axis=-1)
    wanted = jnp.concatenate([u, v], axis=-1)[..., None]
    return jnp.linalg.solve(jnp.concatenate([across, down], axis=-2), wanted)[..., 0]


def _check_interpolation(where: str, interpolation: Any) -> None:
    if interpolation not in _INTERPOLATIONS:
        raise Unsupported(where, got=f"interpolation={interpolation!r}", expected=f"one of {_INTERPOLATIONS}")


_REACH, _SMOOTH = 0.1, 0.05  # of the longer, and of the shorter side, at scale 1


class RandomElasticTransform(ImageLayer):
    """While training, bend some images at random: neighbours move alike, by up to a tenth of the longer side.

    Args:
        factor: how likely: a number f for a chance drawn from 0 to f, or a pair, 0 to 1.
        scale: how far and how smoothly: a number for 0 to it, or a pair, 0 to 1.
        interpolation: "nearest" or "bilinear".
        fill_mode: beyond the edges: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".
        value_range: least and greatest value of a pixel; results are cut to it.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor, a scale or a range that is none.
        Unsupported: an unknown mode or interpolation.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0
    _moves_pixels = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self.scale = self._pair(scale, "scale")
        _check_interpolation(self._where, interpolation)
        modes = ("constant", "nearest", "wrap", "mirror", "reflect")
        if fill_mode not in modes:
            raise Unsupported(self._where, got=f"fill_mode={fill_mode!r}", expected=f"one of {modes}")
        self.interpolation, self.fill_mode, self.fill_value = interpolation, fill_mode, fill_value
        self.value_range = self._range(value_range)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`apply_transform` (batch,), `distortion_factor` (), and `shifts` (batch, height, width), in pixels."""
        if not training:
            return None
        batch, (height, width) = batch_of(data), self._sizes(data)
        apply = chosen(self.factor, batch, seed)
        share = between((), self.scale, seed)
        noise = random.normal((batch, height, width), dtype="float32", seed=seed)
        spread, most = share * _SMOOTH * min(height, width), self.scale[1] * _SMOOTH * min(height, width)
        shifts = share * _REACH * max(height, width) * _smoothed(noise * spread, spread, most)
        return {"apply_transform": apply, "distortion_factor": share, "shifts": shifts}

    def _bent(self, images: Array, transformation: Any, interpolation: str) -> Array:
        shifts = transformation["shifts"]
        rows, columns = (jnp.arange(size) for size in shifts.shape[1:])
        ys, xs = rows[:, None] + shifts, columns + shifts
        order = _INTERPOLATIONS.index(interpolation)
        changed = sampled(images, ys, xs, order, self.fill_mode, self.fill_value, self.data_format)
        return jnp.where(jnp.asarray(transformation["apply_transform"]).reshape(-1, 1, 1, 1), changed, images)

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some bent."""
        if transformation is None:
            return images.astype(self._compute)
        bent = self._bent(working(images), transformation, self.interpolation)
        return jnp.clip(bent, *self.value_range).astype(self._compute)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The masks, as the images."""
        if transformation is None:
            return segmentation_masks
        return self._bent(working(segmentation_masks), transformation, "nearest").astype(segmentation_masks.dtype)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Not told where each thing goes.

        Raises:
            Unsupported: always while training.
        """
        if transformation is None:
            return bounding_boxes
        raise Unsupported(
            self._where,
            got="bounding boxes",
            expected="images, labels and masks",
            hint="RandomPerspective or RandomShear",
        )


def _smoothed(noise: Array, spread: Array, most: float) -> Array:
    """Noise (batch, height, width) under a bell curve whose window is 6 deviations wide, `most` the largest of them."""
    size = int(6 * most) | 1
    places = jnp.arange(size) - (size - 1) / 2
    window = (6 * spread).astype("int32") | 1
    curve = -jnp.square(places) / (2 * jnp.square(jnp.maximum(spread, 1e-6)))
    bell = jax.nn.softmax(jnp.where(jnp.abs(places) <= (window - 1) / 2, curve, -jnp.inf))
    return along(along(noise, bell, 1, True), bell, 2, True)
