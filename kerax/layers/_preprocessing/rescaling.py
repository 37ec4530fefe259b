"""Rescaling: multiply and add."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ..._types import Array, Shape
from .._arguments import computing
from .._layer import Layer, LayerOptions


class Rescaling(Layer):
    """`inputs * scale + offset`; `scale=1 / 255` brings pixels to 0 … 1.

    Args:
        scale: factor, or one per channel.
        offset: what is added, or one value per channel.
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Array) -> Array:
        """`inputs`, rescaled; integers become floats."""
        x = computing(self, inputs)
        return x * jnp.asarray(self.scale, x.dtype) + jnp.asarray(self.offset, x.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape
