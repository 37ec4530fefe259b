"""How well outputs follow targets."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .. import config
from .._types import Array, ArrayLike
from ..losses._align import floats, same_rank, targets_like
from ._functions import metric_function
from ._reduction import FunctionMetric

__all__ = ["ConcordanceCorrelation", "PearsonCorrelation", "concordance_correlation", "pearson_correlation"]


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    y_pred = floats(y_pred)
    return same_rank(targets_like(y_true, y_pred), y_pred)


@metric_function(elementwise=False)
def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """The correlation of target and output along `axis`, in [-1, 1]; NaN where one of them is constant.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
        axis: the axis of the samples of one correlation; it goes.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return jnp.mean(_standard(y_true, axis) * _standard(y_pred, axis), axis=axis)


def _standard(x: Array, axis: int) -> Array:
    return (x - jnp.mean(x, axis=axis, keepdims=True)) / jnp.std(x, axis=axis, keepdims=True)


@metric_function(elementwise=False)
def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Lin's concordance along `axis`: correlation that a shift or a scale lowers, in [-1, 1].

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
        axis: the axis of the samples of one correlation; it goes.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    mean_true, mean_pred = jnp.mean(y_true, axis=axis, keepdims=True), jnp.mean(y_pred, axis=axis, keepdims=True)
    spread = jnp.var(y_true, axis=axis) + jnp.var(y_pred, axis=axis)
    shared = jnp.mean((y_true - mean_true) * (y_pred - mean_pred), axis=axis)
    apart = jnp.square(jnp.squeeze(mean_true - mean_pred, axis=axis))
    return 2 * shared / (spread + apart + config.epsilon())


class PearsonCorrelation(FunctionMetric):
    """The mean of `pearson_correlation`.

    Args:
        name, dtype: see `Metric`.
        axis: see `pearson_correlation`.
    """

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(FunctionMetric):
    """The mean of `concordance_correlation`.

    Args:
        name, dtype: see `Metric`.
        axis: see `concordance_correlation`.
    """

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
