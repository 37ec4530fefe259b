"""Losses that want a margin."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .._types import Array, ArrayLike
from ._align import floats, targets_like
from ._base import FunctionLoss
from ._functions import loss_function

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]


def _margins(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """What is missing of the margin 1; 0/1 targets count as -1/1."""
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    binary = jnp.all((y_true == 0) | (y_true == 1))
    y_true = jnp.where(binary, 2 * y_true - 1, y_true)
    return jnp.maximum(1 - y_true * y_pred, 0)


@loss_function()
def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The mean of `max(1 - y_true * y_pred, 0)` over the last axis.

    Args:
        y_true: -1 or 1; where all are 0 or 1 they count as -1 and 1.
        y_pred: outputs, of the same shape.
    """
    return jnp.mean(_margins(y_true, y_pred), axis=-1)


@loss_function()
def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The mean of `max(1 - y_true * y_pred, 0)**2` over the last axis.

    Args:
        y_true: -1 or 1; where all are 0 or 1 they count as -1 and 1.
        y_pred: outputs, of the same shape.
    """
    return jnp.mean(jnp.square(_margins(y_true, y_pred)), axis=-1)


@loss_function()
def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """`max(wrong - right + 1, 0)`: the best wrong class against the right one, over the last axis.

    Args:
        y_true: one-hot.
        y_pred: outputs, of the same shape.
    """
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    right = jnp.sum(y_true * y_pred, axis=-1)
    wrong = jnp.max((1 - y_true) * y_pred, axis=-1)
    return jnp.maximum(wrong - right + 1, 0)


class Hinge(FunctionLoss):
    """`hinge`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(FunctionLoss):
    """`squared_hinge`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(FunctionLoss):
    """`categorical_hinge`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
