"""EinsumDense: a product with a kernel, its axes named by an equation."""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import Any, Unpack

import jax.numpy as jnp

from ... import activations, constraints, initializers, regularizers
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._layer import Layer, LayerOptions


class EinsumDense(Layer):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: such as `"abc,cd->abd"` or `"...x,xy->...y"`: axes of the inputs, the kernel and the output.
        output_shape: sizes of the output without the batch, None where the input's size stays; one integer for
            the last axis.
        activation: name or function; None for none.
        bias_axes: letters of the output's axes that the bias has; None for no bias.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: functions of the weights giving a loss.
        kernel_constraint, bias_constraint: functions applied to the weights after each step.

    Raises:
        ArgumentError: an equation of another form, or one that does not fit the shapes.
    """

    _config_skip = ()
    _config_names = MappingProxyType({"output_shape": "partial_output_shape"})

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _plan(self, input_shape: Shape) -> tuple[Shape, Shape | None, Shape]:
        """The shapes of kernel, bias and output for inputs of that shape."""
        where = f"EinsumDense {self.name!r}"
        text = self.equation.replace(" ", "")
        found = re.fullmatch(r"(\.\.\.)?([A-Za-z]*)(\.\.\.)?,([A-Za-z]+)->(\.\.\.)?([A-Za-z]*)(\.\.\.)?", text)
        if not found:
            raise ArgumentError(
                where, got=f"equation={self.equation!r}", expected='a form like "ab,bc->ac" or "...b,bc->...c"'
            )
        first_in, ins, last_in, kernel, first_out, outs, last_out = found.groups()
        rank = len(input_shape)
        free = rank - len(ins)  # axes that "..." stands for
        if ((first_in or last_in) and free < 0) or (not (first_in or last_in) and free):
            raise ArgumentError(where, got=f"inputs of shape {input_shape}", expected=f"axes as in {self.equation!r}")
        sizes = dict(zip(ins, input_shape[free:] if first_in else input_shape[: len(ins)], strict=True))
        loose = list(input_shape[:free] if first_in else input_shape[len(ins) :])
        # The output's sizes as given, the batch before them; "..." keeps the input's.
        total = len(outs) + (free if first_out or last_out else 0)
        shape: list[int | None] = [None] * (total - len(self.partial_output_shape)) + list(self.partial_output_shape)
        if len(shape) != total:
            raise ArgumentError(
                where,
                got=f"output_shape={self.partial_output_shape} for {total} axes",
                expected=f"sizes of the axes after the batch, as in {self.equation!r}",
            )
        start = free if first_out else 0
        given = dict(zip(outs, shape[start : start + len(outs)], strict=True))
        output: list[int | None] = []
        for letter in outs:
            size = given[letter]
            if size is None or (letter in sizes and letter == outs[0] and start == 0):
                if letter not in sizes:
                    raise ArgumentError(
                        where,
                        got=f"output_shape={self.partial_output_shape}",
                        expected=f"a size for the axis {letter!r}, which the inputs do not have",
                    )
                size = sizes[letter]
            elif letter in sizes and sizes[letter] is not None and sizes[letter] != size:
                raise ArgumentError(
                    where,
                    got=f"size {size} for the axis {letter!r}",
                    expected=f"{sizes[letter]}, as in the inputs of shape {input_shape}",
                )
            given[letter] = size
            output.append(size)
        output = [*loose, *output] if first_out else [*output, *loose] if last_out else output
        widths = []
        for letter in kernel:
            size = sizes[letter] if letter in sizes else given.get(letter)
            if letter not in sizes and letter not in given:
                raise ArgumentError(
                    where,
                    got=f"equation={self.equation!r}",
                    expected=f"the kernel's axis {letter!r} in the inputs or in the output",
                )
            widths.append(size)
        if None in widths:
            raise ArgumentError(
                where, got=f"inputs of shape {input_shape}", expected="known sizes for the kernel's axes"
            )
        bias: Shape | None = None
        if self.bias_axes:
            for letter in self.bias_axes:
                if letter not in outs:
                    raise ArgumentError(
                        where, got=f"bias_axes={self.bias_axes!r}", expected=f"axes of the output {outs!r}"
                    )
            first = min(outs.index(letter) for letter in self.bias_axes)
            bias = tuple(given[letter] if letter in self.bias_axes else 1 for letter in outs[first:])
            if last_out:
                bias = (*bias, *(1,) * free)
        return tuple(widths), bias, tuple(output)

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` and `bias`."""
        kernel, bias, self.full_output_shape = self._plan(tuple(input_shape))
        self._flat = _contracted(self.equation)
        self.kernel = self.add_weight(
            name="kernel",
            shape=kernel,
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if bias is not None:
            self.bias = self.add_weight(
                name="bias",
                shape=bias,
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Array) -> Array:
        """The product, with bias and activation."""
        x = product(self._flat, self.equation, inputs, self.kernel.value)
        if self.bias is not None:
            x = x + self.bias.value
        return self.activation(x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """As the equation says."""
        return self._plan(tuple(input_shape))[2]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.setdefault("activity_regularizer", None)
        return config


def _contracted(equation: str) -> int:
    """How many last axes of the inputs meet as many first axes of the kernel, if that is all; else 0."""
    left, right = equation.replace(" ", "").split("->")
    inputs, kernel = left.split(",")
    for count in range(1, len(kernel)):
        if inputs.endswith(kernel[:count]) and inputs[: len(inputs) - count] + kernel[count:] == right:
            return count
    return 0


def product(flat: int, equation: str, x: Array, kernel: Array) -> Array:
    """The einsum; as a product of two matrices where it is one, whose gradient the CPU computes faster.

    Args:
        flat: how many last axes of `x` meet the first ones of `kernel`; 0: go by the equation.
        equation: for `jnp.einsum`.
        x: the inputs.
        kernel: the weights.
    """
    if not flat or x.ndim - flat < 1:
        return jnp.einsum(equation, x, kernel)
    size = math.prod(kernel.shape[:flat])
    y = jnp.matmul(x.reshape(-1, size), kernel.reshape(size, -1))
    return y.reshape(*x.shape[: x.ndim - flat], *kernel.shape[flat:])
