"""Layers that stand for `model.add_loss(tensor)` and `model.add_metric(tensor)` in a functional model."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._serial import register_keras_serializable
from .._types import Array, Shape
from ..layers import Layer


class Endpoint(Layer):
    """Gives back its input, which no output needs."""

    _mixes_rows = True  # by a mean over the batch

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape


@register_keras_serializable(package="kerax")
class AddLoss(Endpoint):
    """Adds the mean of its input to the total loss."""

    def call(self, inputs: Any) -> Array:
        """`inputs`."""
        self.add_loss(ops.mean(inputs))
        return inputs


@register_keras_serializable(package="kerax")
class AddMetric(Endpoint):
    """Follows the mean of its input in the logs.

    Args:
        metric_name: as it stands there.
    """

    def __init__(self, metric_name: str, **common: Any) -> None:
        super().__init__(**common)
        self.metric_name = metric_name

    def call(self, inputs: Any) -> Array:
        """`inputs`."""
        self.add_metric(inputs, self.metric_name)
        return inputs


__all__ = ["AddLoss", "AddMetric", "Endpoint"]
