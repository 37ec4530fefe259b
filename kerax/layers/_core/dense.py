"""Dense: a linear map of the last axis, a bias, an activation."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import activations, constraints, initializers, regularizers
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._arguments import positive
from .._layer import CommonOptions, InputSpec, Layer


class Dense(Layer):
    """`activation(inputs @ kernel + bias)` along the last axis.

    Args:
        units: size of the output's last axis, positive.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: functions of the weights giving a loss.
        activity_regularizer: function of the output giving a loss.
        kernel_constraint, bias_constraint: functions applied to the weights after each step.

    Input shape: (batch, ..., size). Output shape: (batch, ..., units).

    Raises:
        ArgumentError: `units` is not a positive integer.
        ShapeError: inputs whose last axis is not what it was built with.
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[CommonOptions],
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **common)
        self.units = positive(units, "units", f"Dense {self.name!r}")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` (size, units) and `bias` (units,)."""
        size = input_shape[-1]
        if size is None:
            raise ArgumentError(
                f"Dense {self.name!r}", got=f"inputs of shape {input_shape}", expected="a known last axis"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(size, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs: Array) -> Array:
        """(batch, ..., size) -> (batch, ..., units)."""
        # As two matrices: the gradient of a product over several axes is slower on the CPU.
        x = jnp.matmul(inputs.reshape(-1, inputs.shape[-1]), self.kernel.value)
        x = x.reshape(*inputs.shape[:-1], self.units)
        if self.use_bias:
            x = x + self.bias.value
        return self.activation(x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, ..., size) -> (batch, ..., units)."""
        return (*input_shape[:-1], self.units)
