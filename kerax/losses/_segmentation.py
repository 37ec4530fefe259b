"""Losses for overlap: they look at the whole batch unless told the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .. import config
from .._types import Array, ArrayLike
from ._align import floats, rows_of, targets_like, zero_rows
from ._base import FunctionLoss
from ._functions import loss_function

__all__ = ["Dice", "Tversky", "dice", "tversky"]

Axes = int | Sequence[int] | None


def _real(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Both, with zeros in padded rows, which overlap nothing and miss nothing."""
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    rows = rows_of(y_pred)
    return zero_rows(y_true, rows), zero_rows(y_pred, rows)


def _axes(axis: Axes) -> Any:
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis


@loss_function(knows_rows=True)
def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: Axes = None) -> Array:
    """One minus twice the overlap over the sum of both.

    Args:
        y_true: 0 or 1.
        y_pred: probabilities, of the same shape.
        axis: the axes summed over; None: all, the batch among them, giving a scalar.
    """
    y_true, y_pred = _real(y_true, y_pred)
    over = _axes(axis)
    both = jnp.sum(y_true * y_pred, axis=over)
    return 1 - 2 * both / (jnp.sum(y_true, axis=over) + jnp.sum(y_pred, axis=over) + config.epsilon())


@loss_function(knows_rows=True)
def tversky(y_true: ArrayLike, y_pred: ArrayLike, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None) -> Array:
    """One minus the overlap over overlap, false positives and false negatives (Salehi et al., 2017).

    Args:
        y_true: 0 or 1.
        y_pred: probabilities, of the same shape.
        alpha: the weight of what is missed.
        beta: the weight of what is wrongly marked.
        axis: the axes summed over; None: all, the batch among them, giving a scalar.
    """
    y_true, y_pred = _real(y_true, y_pred)
    over = _axes(axis)
    both = jnp.sum(y_true * y_pred, axis=over)
    wrong = jnp.sum((1 - y_true) * y_pred, axis=over)
    missed = jnp.sum(y_true * (1 - y_pred), axis=over)
    return 1 - both / (both + alpha * missed + beta * wrong + config.epsilon())


class Dice(FunctionLoss):
    """`dice`, reduced.

    Args:
        axis: see `dice`.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(FunctionLoss):
    """`tversky`, reduced.

    Args:
        alpha, beta, axis: see `tversky`.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
