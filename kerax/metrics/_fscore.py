"""F-scores: precision and recall in one number."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from .. import config
from .._core.context import here
from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ..losses._align import as_array, rows_of
from ._base import Metric
from ._reduction import row_weights

__all__ = ["F1Score", "FBetaScore"]


@functools.partial(jax.jit, static_argnames=("threshold", "micro", "dtype"), inline=True)
def _advance(
    state: tuple, y_true: Any, y_pred: Any, weight: Any, rows: Any, threshold: float | None, micro: bool, dtype: str
) -> tuple:
    y_true, y_pred = jnp.asarray(y_true).astype(dtype), jnp.asarray(y_pred).astype(dtype)
    if threshold is None:
        # Of scores that are all zero none is chosen.
        said = (y_pred >= jnp.max(y_pred, axis=-1, keepdims=True)) & (jnp.abs(y_pred) > 1e-9)
    else:
        said = y_pred > threshold
    said = said.astype(dtype)
    weight = row_weights(weight, y_true.shape, rows, dtype)
    if rows is not None:
        y_true = jnp.where(rows[:, None], y_true, 0)
    axis = None if micro else 0
    counts = (said * y_true, said * (1 - y_true), (1 - said) * y_true, y_true)
    return tuple(old + jnp.sum(count * weight, axis=axis) for old, count in zip(state, counts, strict=True))


class FBetaScore(Metric):
    """`(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`.

    Args:
        average: None, one score a class; `"micro"`, over all; `"macro"`, the mean of the classes;
            `"weighted"`, their mean weighted by how often each occurs.
        beta: how much more recall counts than precision, > 0.
        threshold: outputs above it count as chosen; None: the largest one of each row.
        name, dtype: see `Metric`.

    Raises:
        ArgumentError: an unknown average, `beta` or `threshold` out of range or not a float.
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        known = (None, "micro", "macro", "weighted")
        if average not in known:
            raise ArgumentError("Invalid `average` argument value", got=repr(average), expected=f"one of {known}")
        if not isinstance(beta, float):
            raise ArgumentError("Invalid `beta` argument value", got=repr(beta), expected="a Python float")
        if beta <= 0:
            raise ArgumentError("Invalid `beta` argument value", got=beta, expected="a value > 0")
        if threshold is not None:
            if not isinstance(threshold, float):
                raise ArgumentError("Invalid `threshold` argument value", got=repr(threshold), expected="a float")
            if not 0 < threshold <= 1:
                raise ArgumentError("Invalid `threshold` argument value", got=threshold, expected="0 < threshold <= 1")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, y_true: Any, y_pred: Any) -> None:
        shapes = jnp.shape(y_true), jnp.shape(y_pred)
        if len(shapes[0]) != 2 or len(shapes[1]) != 2:
            raise ShapeError(
                "FBetaScore expects 2D inputs with shape (batch_size, output_dim)",
                got=f"y_true of shape {shapes[0]}, y_pred of shape {shapes[1]}",
            )
        shape = () if self.average == "micro" else (shapes[1][-1],)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, name="intermediate_weights")
        self._built = True

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in one batch.

        Args:
            y_true: 0 or 1, (batch, classes).
            y_pred: scores, (batch, classes).
            sample_weight: one weight a row.
        """
        y_true, y_pred = as_array(y_true), as_array(y_pred)
        if not self._built:
            self._build(y_true, y_pred)
        state = (self.true_positives, self.false_positives, self.false_negatives, self.intermediate_weights)
        new = _advance(
            tuple(v.value for v in state),
            y_true,
            y_pred,
            as_array(sample_weight),
            None if here.rows is None else rows_of(y_pred),
            self.threshold,
            self.average == "micro",
            self._dtype,
        )
        for variable, value in zip(state, new, strict=True):
            variable.assign(value)

    def result(self) -> Array:
        """One score, or one for each class."""
        small, square = config.epsilon(), self.beta**2
        right = self.true_positives.value
        precision = right / (right + self.false_positives.value + small)
        recall = right / (right + self.false_negatives.value + small)
        score = (1 + square) * precision * recall / (square * precision + recall + small)
        if self.average == "weighted":
            often = self.intermediate_weights.value
            return jnp.sum(score * often / (jnp.sum(often) + small))
        return score if self.average is None else jnp.mean(score)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Args:
        average, threshold: see `FBetaScore`.
        name, dtype: see `Metric`.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.pop("beta")
        return config
