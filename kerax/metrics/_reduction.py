"""Running means and sums; most metrics are a function and its running mean.

The arithmetic is in compiled helpers: one dispatch a batch when run eagerly, inlined when traced.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .. import config, tree
from .._core.context import here
from .._core.module import Opaque
from .._core.variable import plain
from .._errors import ShapeError
from .._graph.tensor import mask_of
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Array, ArrayLike, Config
from ..losses._align import RowsMixed, as_array, combine, fit, rows_of, safe_divide, same_rank, zero_rows
from ._base import Metric

__all__ = ["FunctionMetric", "Mean", "MeanMetricWrapper", "Sum", "ratio", "samplewise", "settings"]


def settings() -> tuple:
    """Global settings that compiled helpers are keyed by."""
    return config.epsilon(), config.floatx()


def samplewise(
    values: Any, sample_weight: Any, mask: Any, rows: Any, dtype: str, total: bool = False
) -> tuple[Array, Array | None]:
    """One value and one weight for each row: (batch,), or scalars where the values or weights are.

    Args:
        values: (batch, ...).
        sample_weight: None, a scalar, one weight a row, or one a value.
        mask: counted with the weights, where there are any.
        rows: (batch,) booleans; the others give zeros.
        dtype: of both.
        total: rows are summed up, not averaged.
    """
    reduce = jnp.sum if total else jnp.mean
    values = jnp.asarray(values).astype(dtype)
    weight = None
    if sample_weight is not None:
        weight = jnp.asarray(sample_weight).astype(dtype)
        if mask is not None:
            weight = combine(weight, jnp.asarray(mask).astype(dtype))
        values, weight = same_rank(values, weight)
        if values.ndim > weight.ndim:
            if weight.ndim == 0 and rows is not None and values.shape[0] == rows.shape[0]:
                values = reduce(zero_rows(values, rows), axis=tuple(range(1, values.ndim)))
                values = jnp.sum(zero_rows(values, rows)) / (1 if total else jnp.maximum(jnp.sum(rows), 1))
            else:
                values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
        try:
            weight = jnp.broadcast_to(weight, values.shape)
        except ValueError:
            raise ShapeError(
                "sample_weight",
                got=f"shape {jnp.shape(sample_weight)}",
                expected=f"one weight a row, or a shape that broadcasts to {values.shape}",
            ) from None
        values = zero_rows(values, rows) * zero_rows(weight, rows)
        weight = zero_rows(weight, rows)
        if weight.ndim > 1:
            weight = reduce(weight, axis=tuple(range(1, weight.ndim)))
    values = zero_rows(values, rows)
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, weight


def _mean_step(total: Array, count: Array, values: Any, weight: Any, mask: Any, rows: Any, dtype: str) -> tuple:
    values, weight = samplewise(values, weight, mask, rows, dtype)
    if weight is not None:
        seen = jnp.sum(weight)
    elif values.ndim == 0:
        seen = jnp.ones((), dtype)
    elif rows is not None and values.shape[0] == rows.shape[0]:
        seen = jnp.sum(rows)
    else:
        seen = jnp.asarray(values.shape[0])
    return total + jnp.sum(values), count + seen.astype(dtype)


_advance_mean = jax.jit(_mean_step, static_argnames="dtype", inline=True)


@functools.partial(jax.jit, static_argnames="dtype", inline=True)
def _advance_sum(total: Array, values: Any, weight: Any, mask: Any, rows: Any, dtype: str) -> Array:
    values, _ = samplewise(values, weight, mask, rows, dtype, total=True)
    return total + jnp.sum(values)


ratio = jax.jit(safe_divide, inline=True)
"""`a / b`, 0 where `b` is 0."""


class Sum(Metric):
    """The weighted sum of all values.

    Args:
        name: default `"sum"`.
        dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Add the values.

        Args:
            values: (batch, ...) or a scalar.
            sample_weight: one weight a row, or one a value.
        """
        mask, values = mask_of(values), as_array(values)
        total = _advance_sum(self.total.value, values, as_array(sample_weight), mask, _rows(values), self._dtype)
        self.total.assign(total)

    def result(self) -> Array:
        """The sum."""
        return self.total.value


class Mean(Metric):
    """The weighted mean of all values, each row of a batch counting once.

    Args:
        name: default `"mean"`.
        dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")
        self.count = self.add_variable((), name="count")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Add the values.

        Args:
            values: (batch, ...) or a scalar.
            sample_weight: one weight a row, or one a value.
        """
        mask, values = mask_of(values), as_array(values)
        total, count = _advance_mean(
            self.total.value, self.count.value, values, as_array(sample_weight), mask, _rows(values), self._dtype
        )
        self.total.assign(total)
        self.count.assign(count)

    def result(self) -> Array:
        """The mean, 0 before the first batch."""
        return ratio(self.total.value, self.count.value)


def _rows(x: Any) -> Array | None:
    return None if here.rows is None else rows_of(x)


def _function_step(
    total: Array,
    count: Array,
    y_true: Any,
    y_pred: Any,
    weight: Any,
    mask: Any,
    rows: Any,
    fn: Callable,
    kwargs: tuple,
    dtype: str,
    key: tuple,
) -> tuple:
    values, computed = _values_of(fn, dict(kwargs), y_true, y_pred, rows, dtype)
    if rows is not None and values.ndim and values.shape[0] != rows.shape[0]:
        rows = None
    if mask is not None and weight is None:
        weight, mask = mask, None
    if weight is not None and computed is not None:
        mask = computed if mask is None else combine(mask, computed)
    return _mean_step(total, count, values, weight, mask, rows, dtype)


_advance_function = jax.jit(_function_step, static_argnames=("fn", "kwargs", "dtype", "key"), inline=True)


def _values_of(
    fn: Callable, kwargs: dict, y_true: Any, y_pred: Any, rows: Any, dtype: str
) -> tuple[Array, Array | None]:
    """The values of a function, and which of them it says count."""
    labels = getattr(fn, "takes_labels", False)

    def target(x: Any) -> Array:
        x = jnp.asarray(plain(x))
        return x if labels and x.dtype.kind in "iu" else x.astype(dtype)

    y_true = tree.map_structure(target, y_true)
    y_pred = tree.map_structure(lambda x: jnp.asarray(plain(x)).astype(dtype), y_pred)
    if getattr(fn, "elementwise", False):
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_true.shape != y_pred.shape and y_true.ndim:
            raise ShapeError(
                f"Metric {getattr(fn, '__name__', fn)!r}",
                got=f"targets of shape {y_true.shape} for outputs of shape {y_pred.shape}",
                expected="equal shapes",
            )
    if rows is not None:
        y_true = tree.map_structure(lambda x: zero_rows(x, rows, fill=x.dtype.kind == "f"), y_true)
        y_pred = tree.map_structure(lambda x: zero_rows(x, rows, fill=0.5), y_pred)
    values = jnp.asarray(fn(y_true, y_pred, **kwargs))
    counted = getattr(fn, "counted", None)
    return values, mask_of(values) if counted is None else counted(y_true, values, **kwargs)


class MeanMetricWrapper(Mean):
    """The running mean of a function of targets and outputs.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, giving a value for each row.
        name: default: the class's, counted.
        dtype: see `Metric`.
        kwargs: passed on to `fn`.
    """

    def __init__(self, fn: Callable, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._given = Opaque(kwargs)
        ours = getattr(fn, "elementwise", None) is not None  # a function of kerax's: pure, so it can be compiled
        self._key = tuple(sorted(kwargs.items())) if ours and _hashable(kwargs) else None

    @property
    def _fn_kwargs(self) -> dict[str, Any]:
        return self._given.value

    def update_state(  # type: ignore[override]  # a mean of what targets and outputs give
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in one batch.

        Args:
            y_true: targets, (batch, ...).
            y_pred: outputs; a mask they carry counts as a weight.
            sample_weight: one weight a row, or one a value.
        """
        mask, rows = mask_of(y_pred), _rows(y_pred)
        if self._key is not None:
            total, count = _advance_function(
                self.total.value,
                self.count.value,
                as_array(y_true),
                as_array(y_pred),
                as_array(sample_weight),
                mask,
                rows,
                self._fn,
                self._key,
                self._dtype,
                settings(),
            )
            self.total.assign(total)
            self.count.assign(count)
            return
        values, computed = _values_of(self._fn, self._fn_kwargs, y_true, y_pred, rows, self._dtype)
        if rows is not None and not (values.ndim and values.shape[0] == rows.shape[0]):
            raise RowsMixed(f"Metric {self.name!r}", values.shape, rows.shape[0])
        if mask is not None and sample_weight is None:
            sample_weight, mask = mask, None
        if sample_weight is not None and computed is not None:
            mask = computed if mask is None else combine(mask, computed)
        total, count = _advance_mean(
            self.total.value, self.count.value, values, as_array(sample_weight), mask, rows, self._dtype
        )
        self.total.assign(total)
        self.count.assign(count)

    def get_config(self) -> Config:
        """The constructor's arguments."""
        config = Metric.get_config(self)
        if type(self) is MeanMetricWrapper:
            config["fn"] = serialize_keras_object(self._fn)
        return {**config, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: Config) -> Metric:
        """The metric of a config."""
        if isinstance(config.get("fn"), dict):
            config = {**config, "fn": deserialize_keras_object(config["fn"])}
        return cls(**config)


def _hashable(kwargs: dict[str, Any]) -> bool:
    return all(isinstance(value, (int, float, str, bool, type(None))) for value in kwargs.values())


class FunctionMetric(MeanMetricWrapper):
    """The base of kerax's metrics that are the running mean of a function.

    `unwritten`: arguments that Keras leaves out of the config, with their defaults; here they are
    written where they differ, so that a metric read back is the one that was saved.
    """

    unwritten: dict[str, Any] = {}

    def get_config(self) -> Config:
        """The constructor's arguments."""
        config = super().get_config()
        for key, default in self.unwritten.items():
            if config.get(key) == default:
                config.pop(key)
        return config


def row_weights(weight: Any, shape: tuple[int, ...], rows: Any, dtype: Any) -> Array:
    """A weight for each element of `shape`, 0 in padded rows; a weight per row counts for the whole row."""
    out = jnp.ones(shape, dtype)
    if weight is not None:
        out, weight = fit(out, jnp.asarray(weight).astype(dtype))
        out = jnp.broadcast_to(weight, shape)
    return zero_rows(out, rows)
