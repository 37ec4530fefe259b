"""Losses for numbers, and for distributions given as numbers."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import config
from .._types import Array, ArrayLike
from ._align import floats, same_rank, targets_like
from ._base import FunctionLoss
from ._functions import loss_function

__all__ = [
    "CosineSimilarity",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "cosine_similarity",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
]


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    y_pred = floats(y_pred)
    return same_rank(targets_like(y_true, y_pred), y_pred)


def _last(x: Array) -> Array:
    """The mean over the last axis; a scalar stays one."""
    return jnp.mean(x, axis=-1) if x.ndim else x


@loss_function()
def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The mean of `(y_true - y_pred)**2` over the last axis: (batch, ..., d) -> (batch, ...).

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _last(jnp.square(y_true - y_pred))


@loss_function()
def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The mean of `|y_true - y_pred|` over the last axis: (batch, ..., d) -> (batch, ...).

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _last(jnp.abs(y_true - y_pred))


@loss_function()
def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """100 times the mean of `|y_true - y_pred| / max(|y_true|, epsilon)` over the last axis, in percent.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return 100 * _last(jnp.abs((y_true - y_pred) / jnp.maximum(jnp.abs(y_true), config.epsilon())))


@loss_function()
def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The mean of `(log(1 + y_true) - log(1 + y_pred))**2` over the last axis; negatives count as 0.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    least = config.epsilon()
    return _last(jnp.square(jnp.log(jnp.maximum(y_true, least) + 1) - jnp.log(jnp.maximum(y_pred, least) + 1)))


@loss_function()
def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Array:
    """Half the square of the error within `delta` of the target, straight beyond; the mean over the last axis.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
        delta: where the line begins.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    gap = jnp.abs(y_true - y_pred)
    near = jnp.minimum(gap, jnp.asarray(delta, gap.dtype))
    return _last(near * (gap - 0.5 * near))


@loss_function()
def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The mean of `log(cosh(y_pred - y_true))` over the last axis: square for small errors, straight for large.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    gap = y_pred - y_true
    return _last(gap + jax.nn.softplus(-2 * gap) - jnp.asarray(np.log(2), gap.dtype))


@loss_function()
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Minus the cosine of the angle between target and output: -1 where they point alike, 0 where one is zero.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
        axis: the axis of the vectors; it goes.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return -jnp.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(x: Array, axis: int) -> Array:
    power = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(power, 1e-12))


@loss_function()
def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The sum of `y_true * log(y_true / y_pred)` over the last axis, both clipped to [epsilon, 1].

    Args:
        y_true: target distributions.
        y_pred: output distributions, of the same shape.
    """
    y_pred = floats(y_pred)
    y_true = jnp.clip(targets_like(y_true, y_pred), config.epsilon(), 1)
    y_pred = jnp.clip(y_pred, config.epsilon(), 1)
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


@loss_function()
def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The mean of `y_pred - y_true * log(y_pred + epsilon)` over the last axis.

    Args:
        y_true: counts.
        y_pred: expected counts, of the same shape.
    """
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    return _last(y_pred - y_true * jnp.log(y_pred + config.epsilon()))


class MeanSquaredError(FunctionLoss):
    """`mean_squared_error`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(FunctionLoss):
    """`mean_absolute_error`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(FunctionLoss):
    """`mean_absolute_percentage_error`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(FunctionLoss):
    """`mean_squared_logarithmic_error`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(FunctionLoss):
    """`huber`, reduced.

    Args:
        delta: where the square ends and the line begins.
        reduction, name, dtype: see `Loss`.
    """

    unwritten = {"delta": 1.0}

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(FunctionLoss):
    """`log_cosh`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


class CosineSimilarity(FunctionLoss):
    """`cosine_similarity`, reduced.

    Args:
        axis: the axis of the vectors.
        reduction, name, dtype: see `Loss`.
    """

    unwritten = {"axis": -1}

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


class KLDivergence(FunctionLoss):
    """`kl_divergence`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(FunctionLoss):
    """`poisson`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)
