"""MaxNumBoundingBoxes: as many boxes for each image."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ...._types import Array
from ..._arguments import positive
from .base import ImageLayer, ImageOptions


class MaxNumBoundingBoxes(ImageLayer):
    """Cut off the boxes beyond a number, or fill up to it; images stay as they are.

    Args:
        max_number: how many boxes each image has afterwards.
        fill_value: of the places and labels of boxes that are none.

    Raises:
        ArgumentError: a number that is not positive.
    """

    def __init__(self, max_number: int, fill_value: float = -1, **common: Unpack[ImageOptions]) -> None:
        super().__init__(**common)
        self.max_number = positive(max_number, "max_number", self._where)
        self.fill_value = fill_value

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        """The images."""
        return images.astype(self._compute)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """`max_number` boxes and labels an image."""
        axes = {"boxes": -2, "labels": -1}
        return {key: self._filled(jnp.asarray(bounding_boxes[key]), axis) for key, axis in axes.items()}

    def _filled(self, values: Array, axis: int) -> Array:
        axis += values.ndim
        values = values[(slice(None),) * axis + (slice(self.max_number),)]
        pads = [(0, 0)] * values.ndim
        pads[axis] = (0, self.max_number - values.shape[axis])
        return jnp.pad(values, pads, constant_values=self.fill_value)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape, with `max_number` boxes."""
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = {key: list(shape) for key, shape in input_shape["bounding_boxes"].items()}
        boxes["boxes"][-2] = boxes["labels"][-1] = self.max_number
        return {**input_shape, "bounding_boxes": {key: tuple(shape) for key, shape in boxes.items()}}
