"""The constraints Keras has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .. import config
from .._core.variable import plain
from .._types import Array, ArrayLike
from ._base import Constraint

Axes = int | Sequence[int]


def _norm(w: Array, axis: Axes) -> Array:
    axes = tuple(axis) if isinstance(axis, Sequence) else axis
    return jnp.sqrt(jnp.sum(jnp.square(w), axis=axes, keepdims=True))


class MaxNorm(Constraint):
    """Shortens vectors longer than `max_value`.

    Args:
        max_value: the largest L2 norm.
        axis: the axis, or axes, a vector lies along: 0 in a Dense kernel (inputs, units), [0, 1, 2] in
            a Conv2D kernel (rows, columns, channels in, channels out).
    """

    def __init__(self, max_value: float = 2, axis: Axes = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: ArrayLike) -> Array:
        """`w`, its long vectors shortened."""
        w = jnp.asarray(plain(w))
        norm = _norm(w, self.axis)
        return w * (jnp.clip(norm, 0, self.max_value) / (config.epsilon() + norm))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Replaces negative values by 0."""

    def __call__(self, w: ArrayLike) -> Array:
        """`w`, its negative elements 0."""
        w = jnp.asarray(plain(w))
        return w * (w >= 0.0).astype(w.dtype)


class UnitNorm(Constraint):
    """Scales vectors to length 1.

    Args:
        axis: the axis, or axes, a vector lies along; see `MaxNorm`.
    """

    def __init__(self, axis: Axes = 0) -> None:
        self.axis = axis

    def __call__(self, w: ArrayLike) -> Array:
        """`w`, its vectors scaled."""
        w = jnp.asarray(plain(w))
        return w / (config.epsilon() + _norm(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Scales vectors towards a length between two bounds.

    Args:
        min_value: the smallest L2 norm.
        max_value: the largest L2 norm.
        rate: how far to go in one step: 1 all the way, below 1 part of it.
        axis: the axis, or axes, a vector lies along; see `MaxNorm`.
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axes = 0) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: ArrayLike) -> Array:
        """`w`, its vectors scaled."""
        w = jnp.asarray(plain(w))
        norm = _norm(w, self.axis)
        wanted = self.rate * jnp.clip(norm, self.min_value, self.max_value) + (1 - self.rate) * norm
        return w * (wanted / (config.epsilon() + norm))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}
