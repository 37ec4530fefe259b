"""BatchNormalization."""

from __future__ import annotations

import math
from typing import Any, Unpack

import jax.numpy as jnp
from jax import lax

from ... import config as settings
from ... import constraints, initializers, regularizers
from ..._core.context import valid_rows
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._arguments import statistics_dtype
from .._layer import InputSpec, Layer, LayerOptions


class BatchNormalization(Layer):
    """Bring each channel to mean 0 and variance 1 over the batch, then scale and shift it (Ioffe & Szegedy, 2015).

    While training the statistics are those of the batch, and moving averages of them are kept;
    otherwise, and where `trainable` is False, the moving averages are used.

    Args:
        axis: the channels.
        momentum: share of the old value in a moving average.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether the result is multiplied by `gamma`.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: first values.
        beta_regularizer, gamma_regularizer: functions of the weights giving a loss.
        beta_constraint, gamma_constraint: functions applied to the weights after each step.
        renorm: correct the batch's statistics towards moving ones while training (Ioffe, 2017).
        renorm_clipping: `rmin`, `rmax`, `dmax`: limits of that correction.
        renorm_momentum: share of the old value in the moving averages of renorm.
        synchronized: must be False: over several devices the statistics are those of the whole batch already.

    Call arguments:
        inputs: floats of rank 2 or more.
        training: whether to use, and learn from, the batch's statistics.
        mask: booleans broadcast over the inputs; what is False stays out of the statistics.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        where = f"BatchNormalization {self.name!r}"
        if synchronized:
            raise ArgumentError(
                where,
                got="synchronized=True",
                expected="False",
                hint="leave it out: a batch spread over devices is normalized as a whole",
            )
        if not isinstance(axis, int):
            axis = int(axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis)
        self.axis = axis
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        self.renorm_clipping = _checked_limits(renorm_clipping, where) if renorm else renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        """Make `gamma`, `beta`, `moving_mean`, `moving_variance`, and what renorm keeps: one value a channel."""
        channels = input_shape[self.axis]
        if channels is None:
            raise ArgumentError(
                f"BatchNormalization {self.name!r}",
                got=f"inputs of shape {input_shape}",
                expected=f"a known size along axis {self.axis}",
            )

        def weight(name: str, initializer: Any, trainable: bool = False, **options: Any) -> Any:
            return self.add_weight(
                name=name, shape=(channels,), initializer=initializer, trainable=trainable, autocast=False, **options
            )

        if self.scale:
            self.gamma = weight(
                "gamma",
                self.gamma_initializer,
                True,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = weight(
                "beta", self.beta_initializer, True, regularizer=self.beta_regularizer, constraint=self.beta_constraint
            )
        self.moving_mean = weight("moving_mean", self.moving_mean_initializer)
        self.moving_variance = weight("moving_variance", self.moving_variance_initializer)
        if self.renorm:

            def deviation(shape: Shape, dtype: Any = None) -> Array:
                return jnp.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

            self.moving_stddev = weight("moving_stddev", deviation)
            self.renorm_mean = weight("renorm_mean", self.moving_mean_initializer)
            self.renorm_stddev = weight("renorm_stddev", deviation)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Array, training: bool | None = None, mask: Any = None) -> Array:
        """`inputs`, normalized."""
        x = inputs.astype(statistics_dtype(inputs))
        axis = self.axis % x.ndim
        others = tuple(i for i in range(x.ndim) if i != axis)

        def along(v: Array) -> Array:  # one value a channel, laid along the channels
            return v.astype(x.dtype).reshape([-1 if i == axis else 1 for i in range(x.ndim)])

        if not (training and self.trainable):
            spread = self.moving_variance.value + self.epsilon
            factor = lax.rsqrt(spread) * self.gamma.value if self.scale else lax.rsqrt(spread)
            offset = -self.moving_mean.value * factor
            offset = offset + self.beta.value if self.center else offset
            return (x * along(factor) + along(offset)).astype(self.compute_dtype)

        rows = valid_rows()
        if rows is not None:
            rows = rows.reshape(-1, *(1,) * (x.ndim - 1))
            x = jnp.where(rows, x, 0)  # what padding holds must not reach a gradient, not even times zero
        mean, variance = _moments(x, others, mask, rows)
        self._follow(self.moving_mean, mean.reshape(-1), self.momentum)
        factor = lax.rsqrt(variance + self.epsilon)
        offset = -mean * factor
        if self.renorm:
            r, d = self._correction(mean.reshape(-1), variance.reshape(-1))
            factor, offset = factor * along(r), offset * along(r) + along(d)
        else:
            self._follow(self.moving_variance, variance.reshape(-1), self.momentum)
        if self.scale:
            gamma = along(self.gamma.value)
            factor, offset = factor * gamma, offset * gamma
        if self.center:
            offset = offset + along(self.beta.value)
        # One pass over x: with the mean taken off in a pass of its own it costs up to twice as much.
        return (x * factor + offset).astype(self.compute_dtype)

    def _follow(self, average: Any, value: Array, momentum: float) -> None:
        old = average.value
        average.assign(old * momentum + lax.stop_gradient(value).astype(old.dtype) * (1.0 - momentum))

    def _correction(self, mean: Array, variance: Array) -> tuple[Array, Array]:
        """Renorm's factor and shift, and the update of what they come from."""
        mean, deviation = lax.stop_gradient(mean), jnp.sqrt(lax.stop_gradient(variance) + self.epsilon)
        limits = self.renorm_clipping or {}
        r = deviation / self.renorm_stddev.value
        d = (mean - self.renorm_mean.value) / self.renorm_stddev.value
        if limits.get("rmin") is not None:
            r = jnp.maximum(r, limits["rmin"])
        if limits.get("rmax") is not None:
            r = jnp.minimum(r, limits["rmax"])
        if limits.get("dmax") is not None:
            d = jnp.clip(d, -limits["dmax"], limits["dmax"])
        self._follow(self.renorm_mean, mean, self.renorm_momentum)
        self._follow(self.renorm_stddev, deviation, self.renorm_momentum)
        self._follow(self.moving_stddev, deviation, self.momentum)
        self.moving_variance.assign(jnp.square(self.moving_stddev.value) - self.epsilon)
        return lax.stop_gradient(r), lax.stop_gradient(d)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        if not -len(input_shape) <= self.axis < len(input_shape):
            raise ArgumentError(
                f"BatchNormalization {self.name!r}",
                got=f"inputs of shape {input_shape}",
                expected=f"an axis {self.axis}",
            )
        return input_shape


def _moments(x: Array, axes: tuple[int, ...], mask: Array | None, rows: Array | None) -> tuple[Array, Array]:
    """Mean and variance over `axes`, kept as axes of size 1, of what `mask` and `rows` leave.

    The variance takes a second pass, as Keras's does: the mean of squares loses digits where the mean is large.
    """
    if mask is None and rows is None:
        mean = jnp.mean(x, axes, keepdims=True)
        return mean, jnp.mean(jnp.square(x - mean), axes, keepdims=True)
    kept = jnp.ones((1,) * x.ndim, bool) if rows is None else rows
    if mask is not None:
        kept = kept & mask.astype(bool).reshape(*mask.shape, *(1,) * (x.ndim - mask.ndim))
    repeats = math.prod(x.shape[axis] for axis in axes if kept.shape[axis] == 1)
    count = jnp.sum(kept, axes, keepdims=True).astype(x.dtype) * repeats
    # As Keras keeps an empty mask from dividing by zero.
    count = jnp.maximum(count, 1.0) if mask is None else count + settings.epsilon()
    mean = jnp.sum(jnp.where(kept, x, 0), axes, keepdims=True) / count
    return mean, jnp.sum(jnp.where(kept, jnp.square(x - mean), 0), axes, keepdims=True) / count


def _checked_limits(limits: dict[str, float] | None, where: str) -> dict[str, float]:
    limits = dict(limits or {})
    unknown = set(limits) - {"rmin", "rmax", "dmax"}
    if unknown:
        raise ArgumentError(where, got=f"renorm_clipping with {sorted(unknown)}", expected="only rmin, rmax and dmax")
    low, high, shift = limits.get("rmin"), limits.get("rmax"), limits.get("dmax")
    if low is not None and high is not None and high < low:
        raise ArgumentError(where, got=f"rmin={low} and rmax={high}", expected="rmin below rmax")
    if shift is not None and shift < 0:
        raise ArgumentError(where, got=f"dmax={shift}", expected="a number that is not negative")
    return limits
