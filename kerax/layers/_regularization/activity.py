"""ActivityRegularization: a loss on what passes through."""

from __future__ import annotations

from typing import Any, Unpack

from ... import regularizers
from ..._types import Array, Shape
from .._layer import CommonOptions, Layer


class ActivityRegularization(Layer):
    """Give back the inputs, and add a loss of their size.

    Args:
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **common: Unpack[CommonOptions]) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **common)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2
        self.built = True

    def call(self, inputs: Array) -> Array:
        """`inputs`."""
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the regularizer follows from them."""
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config
