"""Normalization of each row by itself: LayerNormalization, GroupNormalization, RMSNormalization, UnitNormalization."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp
from jax import lax

from ... import constraints, initializers, regularizers
from ..._errors import ArgumentError, ShapeError
from ..._types import Array, Shape
from .._arguments import statistics_dtype
from .._layer import InputSpec, Layer, LayerOptions


class _ScaledAndShifted(Layer):
    """What layers with `gamma` and `beta` share."""

    def __init__(
        self,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        beta_regularizer,
        gamma_regularizer,
        beta_constraint,
        gamma_constraint,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True

    def _add(self, shape: Shape, autocast: bool) -> None:
        if None in shape:
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r}", got="an axis of unknown size", expected="a known one"
            )
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=shape,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=autocast,
            )
        if self.center:
            self.beta = self.add_weight(
                name="beta",
                shape=shape,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=autocast,
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        for axis in _listed(self.axis):
            if not -len(input_shape) <= axis < len(input_shape):
                raise ArgumentError(
                    f"{type(self).__name__} {self.name!r}",
                    got=f"inputs of shape {input_shape}",
                    expected=f"an axis {axis}",
                )
        return input_shape


class LayerNormalization(_ScaledAndShifted):
    """Bring each row to mean 0 and variance 1 along `axis`, then scale and shift it (Ba et al., 2016).

    Args:
        axis: the axis, or several, that are normalized together.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether the result is multiplied by `gamma`.
        beta_initializer, gamma_initializer: first values.
        beta_regularizer, gamma_regularizer: functions of the weights giving a loss.
        beta_constraint, gamma_constraint: functions applied to the weights after each step.
        rms_scaling: an older option: multiply by gamma and divide by the deviation, shift nothing.
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **common: Any,
    ) -> None:
        rms_scaling = common.pop("rms_scaling", False)
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **common,
        )
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(f"LayerNormalization {self.name!r}: got axis={axis!r}, expected an integer or a list.")
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.rms_scaling = rms_scaling

    def build(self, input_shape: Shape) -> None:
        """Make `gamma` and `beta`, of the sizes along `axis`."""
        sizes = [input_shape[axis] for axis in _listed(self.axis)]
        if self.rms_scaling:
            self.gamma = self.add_weight(name="gamma", shape=tuple(sizes), initializer="ones", autocast=False)
        else:
            self._add(tuple(sizes), autocast=False)

    def call(self, inputs: Array) -> Array:
        """`inputs`, normalized."""
        x = inputs.astype(statistics_dtype(inputs))
        axes = tuple(axis % x.ndim for axis in _listed(self.axis))
        centered = x - jnp.mean(x, axes, keepdims=True)
        factor = lax.rsqrt(jnp.mean(jnp.square(centered), axes, keepdims=True) + self.epsilon)
        if self.rms_scaling:
            return (x * factor * _along(self.gamma.value, axes, x)).astype(inputs.dtype)
        y = centered * (factor * _along(self.gamma.value, axes, x) if self.scale else factor)
        if self.center:
            y = y + _along(self.beta.value, axes, x)
        return y.astype(inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rms_scaling": self.rms_scaling}


class GroupNormalization(_ScaledAndShifted):
    """Normalize groups of channels of each row together (Wu & He, 2018).

    Args:
        groups: how many groups; -1: one for each channel (instance normalization), 1: layer normalization.
        axis: the channels.
        epsilon, center, scale: as for `LayerNormalization`.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint: of the weights.

    Raises:
        ShapeError: channels that cannot be cut into so many groups.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **common,
        )
        self.groups = groups
        self.axis = axis

    def build(self, input_shape: Shape) -> None:
        """Make `gamma` and `beta`, one value a channel."""
        channels: Any = input_shape[self.axis]  # an integer, or there are no weights to make
        self._add((channels,), autocast=True)
        if self.groups == -1:
            self.groups = channels
        if channels < self.groups or channels % self.groups:
            raise ShapeError(
                f"GroupNormalization {self.name!r}",
                got=f"{channels} channels along axis {self.axis}",
                expected=f"a multiple of groups={self.groups}",
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Array) -> Array:
        """`inputs`, normalized."""
        x = inputs.astype(statistics_dtype(inputs))
        axis = self.axis % x.ndim
        shape = (*x.shape[:axis], self.groups, x.shape[axis] // self.groups, *x.shape[axis + 1 :])
        parts = x.reshape(shape)
        axes = tuple(i for i in range(1, parts.ndim) if i != axis)
        centered = parts - jnp.mean(parts, axes, keepdims=True)
        factor = lax.rsqrt(jnp.mean(jnp.square(centered), axes, keepdims=True) + self.epsilon)
        y = (centered * factor).reshape(x.shape)
        if self.scale:
            y = y * _along(self.gamma.value, (axis,), x)
        if self.center:
            y = y + _along(self.beta.value, (axis,), x)
        return y.astype(inputs.dtype)


class RMSNormalization(Layer):
    """Divide by the root mean square along `axis`, then multiply by `scale` (Zhang & Sennrich, 2019).

    Args:
        axis: the axis, or several, that are normalized together.
        epsilon: added to the mean square.
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: Shape) -> None:
        """Make `scale`, of the sizes along `axis`."""
        shape = tuple(input_shape[axis] for axis in _listed(self.axis))
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", autocast=False)

    def call(self, x: Array) -> Array:
        """`x`, normalized."""
        wide = x.astype(statistics_dtype(x))
        axes = tuple(axis % x.ndim for axis in _listed(self.axis))
        power = jnp.mean(jnp.square(wide), axes, keepdims=True)
        return (wide * lax.rsqrt(power + self.epsilon) * _along(self.scale.value, axes, wide)).astype(x.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape


class UnitNormalization(Layer):
    """Scale to length 1 along `axis`.

    Args:
        axis: the axis, or several, that are normalized together.
    """

    def __init__(self, axis: Any = -1, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(f"UnitNormalization {self.name!r}: got axis={axis!r}, expected an integer or a list.")
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.supports_masking = True
        self.built = True
        if 0 in _listed(axis):
            self._mixes_rows = True

    def call(self, inputs: Array) -> Array:
        """`inputs` of length 1."""
        x = inputs.astype(statistics_dtype(inputs))
        power = jnp.sum(jnp.square(x), tuple(_listed(self.axis)), keepdims=True)
        return (x * lax.rsqrt(jnp.maximum(power, 1e-12))).astype(inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        for axis in _listed(self.axis):
            if not -len(input_shape) <= axis < len(input_shape):
                raise ArgumentError(
                    f"UnitNormalization {self.name!r}", got=f"inputs of shape {input_shape}", expected=f"an axis {axis}"
                )
        return input_shape


def _listed(axis: Any) -> list[int]:
    return list(axis) if isinstance(axis, (list, tuple)) else [axis]


def _along(values: Array, axes: tuple[int, ...], x: Array) -> Array:
    """Weights with one axis for each of `axes`, laid along those of `x`."""
    if axes == (x.ndim - 1,):
        return values.astype(x.dtype)
    order = sorted(range(len(axes)), key=lambda i: axes[i])
    shape = [1] * x.ndim
    for axis, size in zip(axes, values.shape, strict=True):
        shape[axis] = size
    return jnp.transpose(values, order).astype(x.dtype).reshape(shape)
