"""Layers that turn, scale, move, shear and bend images: each pixel is taken from another place."""

from __future__ import annotations

import math
from typing import Any, Unpack

import jax.numpy as jnp

from .... import ops, random
from ...._errors import ArgumentError, Unsupported
from ...._types import Array, Config
from . import box_formats
from .base import BoxOptions, ImageLayer, batch_of, between, images_of, working

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")
_INTERPOLATIONS = ("nearest", "bilinear")


class _Warping(ImageLayer):
    """A base of layers whose transformation is eight numbers of `ops.image.affine_transform` for each image."""

    _moves_pixels = True
    _fill_modes: tuple[str, ...] = _FILL_MODES

    def __init__(self, fill_mode: str, interpolation: str, seed: Any, fill_value: float, **common: Any) -> None:
        super().__init__(**common)
        for name, value, allowed in (
            ("fill_mode", fill_mode, self._fill_modes),
            ("interpolation", interpolation, _INTERPOLATIONS),
        ):
            if value not in allowed:
                raise Unsupported(self._where, got=f"{name}={value!r}", expected=f"one of {allowed}")
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value
        self._seeded(seed)

    def _numbers(self, transformation: Any) -> Array:
        """(batch, 8): where the pixels of each image come from."""
        raise NotImplementedError

    def _input_sizes(self, transformation: Any) -> tuple[int, int]:
        shape = transformation["input_shape"]
        return shape[self._axes[0]], shape[self._axes[1]]

    def _warped(self, images: Array, transformation: Any, interpolation: str) -> Array:
        return ops.image.affine_transform(
            images, self._numbers(transformation), interpolation, self.fill_mode, self.fill_value, self.data_format
        )

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, each pixel from its place."""
        if transformation is None:
            return images.astype(self._compute)
        return self._warped(working(images), transformation, self.interpolation).astype(self._compute)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The masks, each pixel from its place."""
        if transformation is None:
            return segmentation_masks
        return self._warped(working(segmentation_masks), transformation, "nearest").astype(segmentation_masks.dtype)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Upright boxes around the boxes, changed as the images are."""
        if transformation is None:
            return bounding_boxes
        numbers = _inverse(self._numbers(transformation))
        return self._boxes_changed(
            bounding_boxes, self._input_sizes(transformation), lambda corners: box_formats.through(corners, numbers)
        )


def _inverse(numbers: Array) -> Array:
    """The numbers (batch, 8) that undo others."""
    whole = jnp.concatenate([numbers, jnp.ones_like(numbers[:, :1])], axis=1).reshape(-1, 3, 3)
    back = jnp.linalg.inv(whole).reshape(-1, 9)
    return back[:, :8] / back[:, 8:]


def _stacked(*numbers: Any) -> Array:
    return jnp.stack(jnp.broadcast_arrays(*(jnp.asarray(number, "float32") for number in numbers)), axis=1)


class RandomRotation(_Warping):
    """While training, turn images around their middle.

    Args:
        factor: how far, in full turns: a number f for -f to f, or a pair; positive is anticlockwise.
        fill_mode: beyond the edges: "reflect", "wrap", "constant" or "nearest".
        interpolation: "nearest" or "bilinear".
        seed: makes the choices repeat.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor outside -1 to 1.
        Unsupported: an unknown mode or interpolation.
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, factor=factor, data_format=data_format, **common)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`angle` in degrees and `rotation_matrix` (batch, 8); None: nothing is turned."""
        if not training:
            return None
        low, high = self.factor
        batch = batch_of(data)
        angle = random.uniform((batch,), low * 360.0, high * 360.0, "float32", seed)
        height, width = self._sizes(data)
        radians = angle * (math.pi / 180)
        cos, sin = jnp.cos(radians), jnp.sin(radians)
        x, y = (width - 1) / 2, (height - 1) / 2
        numbers = _stacked(cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y, 0.0, 0.0)
        sizes = {"image_height": height, "image_width": width, "batch_size": batch}
        return {"angle": angle, "rotation_matrix": numbers, **sizes}

    def _numbers(self, transformation: Any) -> Array:
        numbers = jnp.asarray(transformation["rotation_matrix"])
        return numbers if numbers.ndim == 2 else numbers[None]

    def _input_sizes(self, transformation: Any) -> tuple[int, int]:
        return transformation["image_height"], transformation["image_width"]


class RandomTranslation(_Warping):
    """While training, move images.

    Args:
        height_factor: how far down, in heights: a number f for -f to f, or a pair.
        width_factor: how far to the right, in widths.
        fill_mode, interpolation, seed, fill_value, data_format: as for `RandomRotation`.

    Raises:
        ArgumentError: a factor outside -1 to 1.
        Unsupported: an unknown mode or interpolation.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format=data_format, **common)
        self.height_factor, self.width_factor = height_factor, width_factor
        self.height_lower, self.height_upper = self._pair(height_factor, "height_factor")
        self.width_lower, self.width_upper = self._pair(width_factor, "width_factor")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`translations` (batch, 2), to the right and down in pixels, and `input_shape`; None: nothing is moved."""
        if not training:
            return None
        batch, (height, width) = batch_of(data), self._sizes(data)
        down = random.uniform((batch, 1), self.height_lower, self.height_upper, "float32", seed) * height
        across = random.uniform((batch, 1), self.width_lower, self.width_upper, "float32", seed) * width
        return {
            "translations": jnp.concatenate([across, down], axis=1),
            "input_shape": tuple(images_of(data).shape),
        }

    def _numbers(self, transformation: Any) -> Array:
        across, down = jnp.moveaxis(jnp.asarray(transformation["translations"]), -1, 0)
        return _stacked(1.0, 0.0, -across, 0.0, 1.0, -down, 0.0, 0.0)


class RandomZoom(_Warping):
    """While training, zoom images in or out, around their middle.

    Args:
        height_factor: how much higher the part of the plane is that is shown: a number f for -f to f, or a pair;
            negative zooms in.
        width_factor: likewise across; None: as `height_factor`, in proportion.
        fill_mode, interpolation, seed, fill_value, data_format: as for `RandomRotation`.

    Raises:
        ArgumentError: a factor of -1 and below, or above 1.
        Unsupported: an unknown mode or interpolation.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format=data_format, **common)
        self.height_factor, self.width_factor = height_factor, width_factor
        self.height_lower, self.height_upper = self._pair(height_factor, "height_factor")
        if width_factor is not None:
            self.width_lower, self.width_upper = self._pair(width_factor, "width_factor")
        for name in ("height_lower", "width_lower"):
            if getattr(self, name, 0) <= -1:
                raise ArgumentError(self._where, got=f"a factor of {getattr(self, name)}", expected="more than -1")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`height_zoom` and `width_zoom` (batch, 1), and `input_shape`; None: nothing is zoomed."""
        if not training:
            return None
        shape = (batch_of(data), 1)
        down = across = random.uniform(shape, 1.0 + self.height_lower, 1.0 + self.height_upper, "float32", seed)
        if self.width_factor is not None:
            across = random.uniform(shape, 1.0 + self.width_lower, 1.0 + self.width_upper, "float32", seed)
        return {"height_zoom": down, "width_zoom": across, "input_shape": tuple(images_of(data).shape)}

    def _numbers(self, transformation: Any) -> Array:
        down, across = (jnp.asarray(transformation[key])[:, 0] for key in ("height_zoom", "width_zoom"))
        height, width = self._input_sizes(transformation)
        x, y = (width - 1) / 2 * (1 - across), (height - 1) / 2 * (1 - down)
        return _stacked(across, 0.0, x, 0.0, down, y, 0.0, 0.0)


class RandomShear(_Warping):
    """While training, shear images.

    Args:
        x_factor: how far rows move against each other: a number f from 0 to 1 for -f to f, or a pair, -1 to 1.
        y_factor: likewise columns.
        interpolation, fill_mode, fill_value, data_format, seed: as for `RandomRotation`.

    Raises:
        ArgumentError: a factor outside 0 to 1.
        Unsupported: an unknown mode or interpolation.
    """

    x_factor: tuple
    y_factor: tuple

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format=data_format, **common)
        for name, value in (("x_factor", x_factor), ("y_factor", y_factor)):
            single = not isinstance(value, (list, tuple))
            setattr(self, name, self._pair(value, name, (0.0, 1.0) if single else (-1.0, 1.0)))

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`shear_factor` (batch, 2), along x and y, and `input_shape`; None: nothing is sheared."""
        if not training:
            return None
        shape = (batch_of(data), 1)
        turned = random.uniform(shape, 0.0, 1.0, "float32", seed)
        y = between(shape, self.y_factor, seed)
        x = between(shape, self.x_factor, seed)
        factors = jnp.concatenate([x, y], axis=1)
        factors = jnp.where(turned < 0.5, factors, -factors)
        return {"shear_factor": factors, "input_shape": tuple(images_of(data).shape)}

    def _numbers(self, transformation: Any) -> Array:
        x, y = jnp.moveaxis(jnp.asarray(transformation["shear_factor"]), -1, 0)
        return _stacked(1.0, x, 0.0, y, 1.0, 0.0, 0.0, 0.0)

    def get_config(self) -> Config:
        """The constructor's arguments; a number for a pair of it and its negative, as Keras takes no negative pairs."""
        factors = {name: getattr(self, name) for name in ("x_factor", "y_factor")}
        return {
            **super().get_config(),
            **{name: high if low == -high else (low, high) for name, (low, high) in factors.items()},
        }
