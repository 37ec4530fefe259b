"""How far numbers are off."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import jax
import jax.numpy as jnp

from .._core.context import here
from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ..losses import (
    cosine_similarity as cosine_distance,
)
from ..losses import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from ..losses._align import as_array, rows_of, same_rank, size_of
from ._base import Metric
from ._functions import metric_function
from ._reduction import FunctionMetric, Mean, _mean_step, ratio, row_weights

__all__ = [
    "CosineSimilarity",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "R2Score",
    "RootMeanSquaredError",
    "cosine_similarity",
]


@metric_function()
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """The cosine of the angle between target and output: 1 where they point alike.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
        axis: the axis of the vectors; it goes.
    """
    return -cosine_distance(y_true, y_pred, axis=axis)


class MeanSquaredError(FunctionMetric):
    """The mean of squared errors.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class MeanAbsoluteError(FunctionMetric):
    """The mean of absolute errors.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(FunctionMetric):
    """The mean of absolute errors, in percent of the targets.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(FunctionMetric):
    """The mean of squared differences of logarithms.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class LogCoshError(FunctionMetric):
    """The mean of `log(cosh(error))`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)


class CosineSimilarity(FunctionMetric):
    """The mean cosine of the angle between target and output.

    Args:
        name, dtype: see `Metric`.
        axis: the axis of the vectors.
    """

    unwritten = {"axis": -1}

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


@functools.partial(jax.jit, static_argnames="dtype", inline=True)
def _advance_squares(total: Array, count: Array, y_true: Any, y_pred: Any, weight: Any, rows: Any, dtype: str) -> tuple:
    y_true, y_pred = same_rank(jnp.asarray(y_true).astype(dtype), jnp.asarray(y_pred).astype(dtype))
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            "RootMeanSquaredError",
            got=f"targets of shape {y_true.shape} for outputs of shape {y_pred.shape}",
            expected="equal shapes",
        )
    return _mean_step(total, count, jnp.square(y_true - y_pred), weight, None, rows, dtype)


_root_of_ratio = jax.jit(lambda total, count: jnp.sqrt(ratio(total, count)), inline=True)


class RootMeanSquaredError(Mean):
    """The root of the mean of squared errors.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]  # a mean of what targets and outputs give
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in one batch.

        Args:
            y_true: targets.
            y_pred: outputs, of the same shape.
            sample_weight: one weight a row, or one a value.
        """
        total, count = _advance_squares(
            self.total.value,
            self.count.value,
            as_array(y_true),
            as_array(y_pred),
            as_array(sample_weight),
            None if here.rows is None else rows_of(y_pred),
            self._dtype,
        )
        self.total.assign(total)
        self.count.assign(count)

    def result(self) -> Array:
        """The root mean square, 0 before the first batch."""
        return _root_of_ratio(self.total.value, self.count.value)


@functools.partial(jax.jit, static_argnames="dtype", inline=True)
def _advance_r2(state: tuple, y_true: Any, y_pred: Any, weight: Any, rows: Any, dtype: str) -> tuple:
    y_true, y_pred = same_rank(jnp.asarray(y_true).astype(dtype), jnp.asarray(y_pred).astype(dtype))
    weight = row_weights(weight, y_true.shape, rows, dtype)
    if rows is not None:
        y_true, y_pred = jnp.where(rows[:, None], y_true, 0), jnp.where(rows[:, None], y_pred, 0)
    step = (
        jnp.asarray(size_of(y_true.shape, rows)),
        jnp.sum(y_true * y_true * weight, axis=0),
        jnp.sum(y_true * weight, axis=0),
        jnp.sum(jnp.square(y_true - y_pred) * weight, axis=0),
        jnp.sum(weight, axis=0),
    )
    return tuple(old + new.astype(old.dtype) for old, new in zip(state, step, strict=True))


class R2Score(Metric):
    """The share of the targets' variance that the outputs explain.

    Args:
        class_aggregation: `"uniform_average"`, `"variance_weighted_average"` or None, one score a column.
        num_regressors: number of independent regressors, for the adjusted score; 0 for the plain one.
        name, dtype: see `Metric`.

    Raises:
        ArgumentError: an unknown aggregation, or a negative number.
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ArgumentError(
                "R2Score: Invalid value for argument `class_aggregation`",
                got=repr(class_aggregation),
                expected=f"one of {known}",
            )
        if num_regressors < 0:
            raise ArgumentError(
                "R2Score: Invalid value for argument `num_regressors`", got=num_regressors, expected="a value >= 0"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), name="num_samples")
        self._built = False

    def _build(self, y_true: Any, y_pred: Any) -> None:
        shapes = jnp.shape(y_true), jnp.shape(y_pred)
        if len(shapes[0]) != 2 or len(shapes[1]) != 2 or None in (shapes[0][1], shapes[1][1]):
            raise ShapeError(
                "R2Score expects 2D inputs with shape (batch_size, output_dim)",
                got=f"y_true of shape {shapes[0]}, y_pred of shape {shapes[1]}",
                hint="y[:, None] for a single column",
            )
        columns = (shapes[1][-1],)
        self.squared_sum = self.add_variable(columns, name="squared_sum")
        self.sum = self.add_variable(columns, name="sum")
        self.total_mse = self.add_variable(columns, name="residual")
        self.count = self.add_variable(columns, name="count")
        self._built = True

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in one batch.

        Args:
            y_true: targets, (batch, columns).
            y_pred: outputs, (batch, columns).
            sample_weight: one weight a row, or one a value.
        """
        y_true, y_pred = as_array(y_true), as_array(y_pred)
        if not self._built:
            self._build(y_true, y_pred)
        state = (self.num_samples, self.squared_sum, self.sum, self.total_mse, self.count)
        rows = None if here.rows is None else rows_of(y_pred)
        new = _advance_r2(tuple(v.value for v in state), y_true, y_pred, as_array(sample_weight), rows, self._dtype)
        for variable, value in zip(state, new, strict=True):
            variable.assign(value)

    def result(self) -> Array:
        """The score; NaN where the targets do not vary."""
        mean = self.sum.value / self.count.value
        total = self.squared_sum.value - self.sum.value * mean
        score = 1 - self.total_mse.value / total
        score = jnp.where(jnp.isinf(score), 0, score)
        if self.class_aggregation == "uniform_average":
            score = jnp.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = jnp.sum(total * score) / jnp.sum(total)
        if not self.num_regressors:
            return score
        freedom = self.num_samples.value - self.num_regressors - 1
        adjusted = 1 - (1 - score) * (self.num_samples.value - 1) / jnp.where(freedom > 0, freedom, 1)
        if not isinstance(freedom, jax.core.Tracer) and freedom <= 0:
            warnings.warn(
                f"R2Score: {self.num_regressors} regressors are too many for {int(self.num_samples.value)} samples; "
                "this is the plain score, not the adjusted one.",
                stacklevel=2,
            )
        return jnp.where(freedom > 0, adjusted, score)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
