"""Identity and Masking."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import tree
from ..._types import Array, Shape
from .._arguments import like_input
from .._layer import Layer, LayerOptions


class Identity(Layer):
    """Give back the inputs."""

    _takes_text = True

    def __init__(self, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """`inputs`."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return input_shape

    def compute_output_spec(self, inputs: Any) -> Any:
        """Symbolic tensors like the inputs."""
        return tree.map_structure(lambda x: like_input(self, x.shape, x), inputs)


class Masking(Layer):
    """Mask the steps whose values all equal `mask_value`, and set them to zero.

    Args:
        mask_value: what fills steps that hold nothing.
    """

    def __init__(self, mask_value: float = 0.0, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.mask_value = mask_value
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Array) -> Array:
        """`inputs`, zero where masked."""
        kept = jnp.any(inputs != self._value(inputs), axis=-1, keepdims=True)
        return jnp.where(kept, inputs, jnp.zeros((), inputs.dtype))

    def _value(self, inputs: Array) -> Array:
        return jnp.asarray(self.mask_value, inputs.dtype)

    def compute_mask(self, inputs: Array, previous_mask: Any = None) -> Array:
        """True for steps with any other value."""
        return jnp.any(inputs != self._value(inputs), axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape
