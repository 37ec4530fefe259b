"""Layers that change the size of images: Resizing, CenterCrop, RandomCrop; and RandomFlip."""

from __future__ import annotations

from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from .... import ops, random
from ...._errors import ArgumentError
from ...._host.resample import crop_box
from ...._types import Array, Shape
from ..._arguments import one_of, positive
from .base import BoxOptions, ImageLayer, batch_of, images_of, module_of
from .resizing import METHODS, resized


class _Sized(ImageLayer):
    """A base of layers that give images of one height and width."""

    _in_numpy = True
    _moves_pixels = True

    def __init__(self, height: int, width: int, **common: Any) -> None:
        super().__init__(**common)
        self.height = positive(height, "height", self._where)
        self.width = positive(width, "width", self._where)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """(…, height, width, channels), also of the masks of a dict."""
        if isinstance(input_shape, dict):
            sized = {key: self._sized(shape) for key, shape in input_shape.items() if key in _IMAGES}
            return {**input_shape, **sized}
        return self._sized(input_shape)

    def _sized(self, input_shape: Shape) -> Shape:
        shape = list(input_shape)
        shape[self._axes[0]], shape[self._axes[1]] = self.height, self.width
        return tuple(shape)

    def _fitted(self, images: Any, interpolation: str = "bilinear") -> Any:
        """The largest part of the wanted proportions, from the middle, in the wanted size."""
        size = (self.height, self.width)
        return _resize(images, size, interpolation, crop_to_aspect_ratio=True, data_format=self.data_format)

    def _cut(self, images: Any, top: Any, left: Any) -> Any:
        """A window of the wanted size."""
        rows, columns, _ = (axis + images.ndim for axis in self._axes)
        if isinstance(images, np.ndarray):
            index: list[Any] = [slice(None)] * images.ndim
            index[rows] = slice(int(top), int(top) + self.height)
            index[columns] = slice(int(left), int(left) + self.width)
            return images[tuple(index)]
        images = jax.lax.dynamic_slice_in_dim(images, top, self.height, rows)
        return jax.lax.dynamic_slice_in_dim(images, left, self.width, columns)

    def _boxes_fitted(self, boxes: dict, sizes: tuple) -> dict:
        """Boxes after `_fitted`."""
        rows, columns = crop_box(sizes, (self.height, self.width))
        down, across = self.height / (rows.stop - rows.start), self.width / (columns.stop - columns.start)

        def change(corners: Any) -> Any:
            shifted = _boxes_shift(corners, -rows.start, -columns.start)
            return shifted * module_of(corners).asarray([across, down, across, down], corners.dtype)

        return self._boxes_changed(boxes, sizes, change, (self.height, self.width))


_IMAGES = ("images", "segmentation_masks")


def _boxes_shift(corners: Any, top: Any, left: Any) -> Any:
    xp = module_of(corners)
    return corners + xp.stack([xp.asarray(shift, corners.dtype) for shift in (left, top, left, top)])


def _resize(images: Any, size: tuple, interpolation: str, **options: Any) -> Any:
    if isinstance(images, np.ndarray):
        return resized(images, size, interpolation, **options)
    return ops.image.resize(images, size, interpolation, **options)


class Resizing(_Sized):
    """Images of another size; integers stay integers.

    Args:
        height: of the result, in pixels.
        width: of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: cut the middle out, so that nothing is distorted.
        pad_to_aspect_ratio: pad around, so that nothing is distorted.
        fill_mode: of the padding: "constant".
        fill_value: of the padding.
        antialias: whether to blur first what gets smaller.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: an unknown interpolation or fill mode, both cropping and padding, a size that is no size.
    """

    _keeps_integers = True

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(height, width, data_format=data_format, **common)
        self.interpolation = one_of(interpolation, METHODS, "interpolation", self._where)
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ArgumentError(
                self._where, got="both crop_to_aspect_ratio and pad_to_aspect_ratio", expected="one of them"
            )
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = one_of(fill_mode, ("constant",), "fill_mode", self._where)
        self.fill_value = fill_value
        self.antialias = antialias

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> tuple[int, int]:
        """(height, width) of the images as they come."""
        return self._sizes(data)

    def _to_size(self, images: Any, interpolation: str) -> Any:
        return _resize(
            images,
            (self.height, self.width),
            interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        """Images of the wanted size."""
        return self._to_size(images, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """Masks of the wanted size: each pixel one of theirs."""
        return self._to_size(segmentation_masks, "nearest")

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Boxes around the same things."""
        height, width = transformation
        if self.crop_to_aspect_ratio:
            return self._boxes_fitted(bounding_boxes, transformation)
        top = left = 0
        high, wide = height, width
        if self.pad_to_aspect_ratio:
            top = int((max(height, int(width * self.height / self.width)) - height) / 2)
            left = int((max(width, int(height * self.width / self.height)) - width) / 2)
            high, wide = height + 2 * top, width + 2 * left
        down, across = self.height / high, self.width / wide

        def change(corners: Any) -> Any:
            scales = module_of(corners).asarray([across, down, across, down], corners.dtype)
            return _boxes_shift(corners, top, left) * scales

        return self._boxes_changed(bounding_boxes, transformation, change, (self.height, self.width))


class CenterCrop(_Sized):
    """The middle of images; of smaller images the largest part of the wanted proportions, resized.

    Args:
        height: of the result, in pixels.
        width: of the result.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a size that is no size.
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **common: Unpack[BoxOptions]) -> None:
        super().__init__(height, width, data_format=data_format, **common)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict[str, Any]:
        """The shape of the images as they come."""
        return {"input_shape": images_of(data).shape}

    def _place(self, shape: Any) -> tuple[int, int] | None:
        """(top, left) of the middle; None where the images are too small."""
        down, across = shape[self._axes[0]] - self.height, shape[self._axes[1]] - self.width
        return (int(down / 2), int(across / 2)) if down >= 0 and across >= 0 else None

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        """The middle."""
        images = images.astype(self._compute)
        place = self._place(images.shape)
        return self._fitted(images) if place is None else self._cut(images, *place)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The middle of the masks."""
        place = self._place(segmentation_masks.shape)
        return self._fitted(segmentation_masks, "nearest") if place is None else self._cut(segmentation_masks, *place)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Boxes in the middle, cut to it."""
        shape = transformation["input_shape"]
        sizes = shape[self._axes[0]], shape[self._axes[1]]
        place = self._place(shape)
        if place is None:
            return self._boxes_fitted(bounding_boxes, sizes)
        after = (self.height, self.width)
        return self._boxes_changed(bounding_boxes, sizes, lambda x: _boxes_shift(x, -place[0], -place[1]), after)


class RandomCrop(_Sized):
    """While training a random window, the same for all images of a batch; else the largest part that fits, resized.

    Images smaller than the window are resized in training as well.

    Args:
        height: of the result, in pixels.
        width: of the result.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a size that is no size.
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **common: Any,
    ) -> None:
        super().__init__(height, width, data_format=data_format, name=name, **common)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> tuple:
        """(top, left, height, width): where the window begins, None and None to resize; the size of the images."""
        height, width = self._sizes(data)
        down, across = height - self.height, width - self.width
        if not training or down < 0 or across < 0:
            return None, None, height, width
        drawn = [random.uniform((), 0.0, float(room + 1), "float32", seed) for room in (down, across)]
        # Rounding in the sampler may reach the bound.
        top, left = (jnp.minimum(one.astype("int32"), room) for one, room in zip(drawn, (down, across), strict=True))
        return top, left, height, width

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The window."""
        images = images.astype(self._compute)
        top, left = transformation[:2]
        return self._fitted(images) if top is None else self._cut(images, top, left)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The window of the masks."""
        top, left = transformation[:2]
        if top is None:
            return self._fitted(segmentation_masks, "nearest")
        return self._cut(segmentation_masks, top, left)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Boxes in the window, cut to it."""
        top, left, *sizes = transformation
        if top is None:
            return self._boxes_fitted(bounding_boxes, tuple(sizes))
        after = (self.height, self.width)
        return self._boxes_changed(bounding_boxes, tuple(sizes), lambda x: _boxes_shift(x, -top, -left), after)


_FLIPS = {"horizontal": (False, True), "vertical": (True, False), "horizontal_and_vertical": (True, True)}


class RandomFlip(ImageLayer):
    """While training, mirror half of the images.

    Args:
        mode: "horizontal" mirrors left and right, "vertical" top and bottom, "horizontal_and_vertical" both at once.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: an unknown mode.
    """

    _in_numpy = True
    _moves_pixels = True

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        self.mode = one_of(mode, tuple(_FLIPS), "mode", self._where)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Which images are mirrored, and their shape; None: none of them."""
        if not training:
            return None
        images = images_of(data)
        chances = random.uniform((batch_of(data), 1, 1, 1), 0.0, 1.0, "float32", seed)
        return {"flips": chances <= 0.5, "input_shape": tuple(images.shape)}

    def _mirrored(self, images: Any, flips: Any) -> Any:
        axes = tuple(axis for axis, flip in zip(self._axes[:2], _FLIPS[self.mode], strict=True) if flip)
        if isinstance(images, np.ndarray) and len(flips) == 1:
            return np.flip(images, axes) if flips.item() else images
        xp = module_of(images, flips)
        return xp.where(flips, xp.flip(images, axes), images)

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some mirrored."""
        images = images.astype(self._compute)
        return images if transformation is None else self._mirrored(images, transformation["flips"])

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The masks, mirrored as the images are."""
        return (
            segmentation_masks
            if transformation is None
            else self._mirrored(segmentation_masks, transformation["flips"])
        )

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """The boxes, mirrored as the images are."""
        if transformation is None:
            return bounding_boxes
        shape, flips = transformation["input_shape"], transformation["flips"]
        height, width = shape[self._axes[0]], shape[self._axes[1]]
        vertical, horizontal = _FLIPS[self.mode]

        def change(corners: Any) -> Any:
            xp = module_of(corners, flips)
            left, top, right, bottom = (corners[..., i] for i in range(4))
            if horizontal:
                left, right = width - right, width - left
            if vertical:
                top, bottom = height - bottom, height - top
            return xp.where(flips[:, :, 0], xp.stack([left, top, right, bottom], axis=-1), corners)

        return self._boxes_changed(bounding_boxes, (height, width), change, cut=False)
