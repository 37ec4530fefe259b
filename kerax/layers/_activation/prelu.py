"""PReLU: a rectifier whose negative slope is learned."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import constraints, initializers, regularizers
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._layer import InputSpec, Layer, LayerOptions


class PReLU(Layer):
    """`x` where positive, `alpha * x` elsewhere, with one `alpha` per element of an input row.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of the slopes.
        shared_axes: axes along which one slope is shared, counted with the batch axis as 0.

    Raises:
        ArgumentError: a size of the input that needs slopes of its own is unknown.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.supports_masking = True
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is None or isinstance(shared_axes, (list, tuple)):
            self.shared_axes = None if shared_axes is None else list(shared_axes)
        else:
            self.shared_axes = [shared_axes]

    def build(self, input_shape: Shape) -> None:
        """Make `alpha`, of the input's shape without the batch; size 1 along shared axes."""
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1 if axis > 0 else axis] = 1
        if None in shape:
            raise ArgumentError(
                f"PReLU {self.name!r}",
                got=f"inputs of shape {input_shape}",
                expected="known sizes",
                hint="share the slopes along the unknown axes: shared_axes=[…]",
            )
        self.alpha = self.add_weight(
            name="alpha",
            shape=tuple(shape),
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        fixed = {axis: size for axis, size in enumerate(input_shape) if axis and size != 1 and shape[axis - 1] != 1}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=fixed)

    def call(self, inputs: Array) -> Array:
        """`inputs`, their negative part scaled by `alpha`."""
        return jnp.where(inputs > 0, inputs, self.alpha.value * inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape
