"""Activation layers without weights."""

from __future__ import annotations

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from ... import activations
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._arguments import statistics_dtype
from .._layer import Layer, LayerOptions


class _Elementwise(Layer):
    """Each element on its own: built from the start, same shape out as in."""

    def __init__(self, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.supports_masking = True
        self.built = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape


class Activation(_Elementwise):
    """Apply an activation function.

    Args:
        activation: name or function.
    """

    def __init__(self, activation: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.activation = activations.get(activation)

    def call(self, inputs: Array) -> Array:
        """The activation of `inputs`."""
        return self.activation(inputs)


class ReLU(_Elementwise):
    """`x` above the threshold, at most `max_value`; `negative_slope * (x - threshold)` below it.

    Args:
        max_value: the largest output, None for no limit.
        negative_slope: slope below the threshold, non-negative.
        threshold: where the ramp begins, non-negative.

    Raises:
        ArgumentError: a negative or missing value.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise ArgumentError(f"ReLU {self.name!r}", got=f"{name}={value!r}", expected="a non-negative number")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Array) -> Array:
        """The rectified `inputs`."""
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class LeakyReLU(_Elementwise):
    """`x` where positive, `negative_slope * x` elsewhere.

    Args:
        negative_slope: slope for negative inputs, non-negative. `alpha` is an older name for it.

    Raises:
        ArgumentError: no slope, or a negative one.
    """

    def __init__(self, negative_slope: float = 0.3, **common: Any) -> None:
        negative_slope = common.pop("alpha", negative_slope)
        super().__init__(**common)
        if negative_slope is None or negative_slope < 0:
            raise ArgumentError(
                f"LeakyReLU {self.name!r}", got=f"negative_slope={negative_slope!r}", expected="a non-negative number"
            )
        self.negative_slope = negative_slope

    def call(self, inputs: Array) -> Array:
        """`inputs`, their negative part scaled."""
        return jnp.where(inputs > 0, inputs, self.negative_slope * inputs)


class ELU(_Elementwise):
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere.

    Args:
        alpha: the depth of the negative part.
    """

    def __init__(self, alpha: float = 1.0, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.alpha = alpha

    def call(self, inputs: Array) -> Array:
        """The exponential linear unit of `inputs`."""
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(_Elementwise):
    """Exponentials divided by their sum along `axis`.

    Args:
        axis: the axis, or several, along which the outputs add up to 1.

    Call arguments:
        inputs: floats.
        mask: booleans of the inputs' shape; what is False gets the weight 0.
    """

    def __init__(self, axis: Any = -1, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.axis = axis
        if 0 in (tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)):
            self._mixes_rows = True

    def call(self, inputs: Array, mask: Any = None) -> Array:
        """The softmax of `inputs`; zeros where all is masked."""
        shares = masked_softmax(inputs, mask, self.axis)
        return shares if mask is None else jnp.where(mask.astype(bool), shares, jnp.zeros((), shares.dtype))


def masked_softmax(scores: Array, mask: Array | None, axis: Any = -1) -> Array:
    """Softmax in float32 at least; where `mask` is False the score counts as very low.

    A vector masked throughout keeps its unmasked softmax, as in Keras.
    """
    dtype = scores.dtype
    x = scores.astype(statistics_dtype(scores))
    axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    if mask is not None:
        low = -3e4 if dtype == jnp.float16 else -1e9
        x = x + jnp.where(mask.astype(bool), 0.0, low).astype(x.dtype)
    return jax.nn.softmax(x, axis=axis).astype(dtype)
