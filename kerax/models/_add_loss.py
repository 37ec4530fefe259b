"""AddLoss: where a symbolic loss joins a functional model."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._serial import register_keras_serializable
from .._types import Array, Shape
from ..layers import Layer


@register_keras_serializable(package="kerax")
class AddLoss(Layer):
    """Gives back its input, and adds the mean of it to the total loss; stands for `model.add_loss(tensor)`."""

    _mixes_rows = True  # by the mean

    def call(self, inputs: Any) -> Array:
        """`inputs`."""
        self.add_loss(ops.mean(inputs))
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape


__all__ = ["AddLoss"]
