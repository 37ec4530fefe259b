"""How often the outputs say what the targets say."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .. import config
from .._core.variable import plain
from .._errors import ArgumentError
from .._types import Array, ArrayLike
from ..losses._align import same_rank
from ._functions import metric_function
from ._reduction import FunctionMetric

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    return same_rank(jnp.asarray(plain(y_true)), jnp.asarray(plain(y_pred)))


def _as_scores(hits: Array) -> Array:
    return hits.astype(config.floatx())


@metric_function()
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where target and output are equal, else 0.

    Args:
        y_true: targets.
        y_pred: outputs, of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _as_scores(y_true.astype(y_pred.dtype) == y_pred)


@metric_function()
def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Array:
    """1 where the output lies on the target's side of the threshold, else 0; same shape.

    Args:
        y_true: 0 or 1.
        y_pred: probabilities, of the same shape.
        threshold: what is above counts as 1.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    said = (y_pred > jnp.asarray(threshold, y_pred.dtype)).astype(y_pred.dtype)
    return _as_scores(y_true.astype(y_pred.dtype) == said)


@metric_function(elementwise=False)
def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where the largest output is that of the target class: (batch, ..., classes) -> (batch, ...).

    Args:
        y_true: one-hot.
        y_pred: scores.
    """
    y_true, y_pred = jnp.asarray(plain(y_true)), jnp.asarray(plain(y_pred))
    return _as_scores(jnp.argmax(y_true, axis=-1) == jnp.argmax(y_pred, axis=-1))


def _labels(y_true: ArrayLike, ndim: int) -> Array:
    """Class numbers without the last axis of size 1 that they may have."""
    labels = jnp.asarray(plain(y_true))
    return labels[..., 0] if labels.ndim == ndim and labels.ndim > 0 and labels.shape[-1] == 1 else labels


@metric_function(elementwise=False, takes_labels=True)
def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where the largest output is that of the target class: (batch, ..., classes) -> (batch, ...).

    Args:
        y_true: class numbers, (batch, ...) or (batch, ..., 1).
        y_pred: scores.
    """
    y_pred = jnp.asarray(plain(y_pred))
    labels = _labels(y_true, y_pred.ndim)
    return _as_scores(labels == jnp.argmax(y_pred, axis=-1).astype(labels.dtype))


@metric_function(elementwise=False)
def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Array:
    """1 where the target class is among the `k` largest outputs: (batch, ..., classes) -> (batch, ...).

    Args:
        y_true: one-hot.
        y_pred: scores.
        k: how many.
    """
    return _among(jnp.argmax(jnp.asarray(plain(y_true)), axis=-1), jnp.asarray(plain(y_pred)), k)


def _among(labels: Array, scores: Array, k: int) -> Array:
    """Whether fewer than `k` scores are larger than the label's: ties count."""
    own = jnp.take_along_axis(scores, labels[..., None].astype(jnp.int32), axis=-1)
    return _as_scores(jnp.sum(scores > own, axis=-1) < k)


@metric_function(elementwise=False, takes_labels=True)
def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> Array:
    """1 where the target class is among the `k` largest outputs: (batch, ..., classes) -> (batch, ...).

    Args:
        y_true: class numbers, (batch, ...) or (batch, ..., 1).
        y_pred: scores; class numbers, the likeliest first, with `from_sorted_ids`.
        k: how many.
        from_sorted_ids: what `y_pred` holds.
    """
    y_pred = jnp.asarray(plain(y_pred))
    shape = jnp.shape(plain(y_true))
    labels = _labels(y_true, y_pred.ndim)
    if from_sorted_ids:
        found = _as_scores(jnp.any(y_pred[..., :k] == labels[..., None].astype(y_pred.dtype), axis=-1))
    else:
        found = _among(labels, y_pred, k)
    return found.reshape(shape)


class Accuracy(FunctionMetric):
    """How often outputs equal targets.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(FunctionMetric):
    """How often the output lies on the target's side of the threshold.

    Args:
        name, dtype: see `Metric`.
        threshold: see `binary_accuracy`, in [0, 1].

    Raises:
        ArgumentError: no threshold.
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if threshold is None:
            raise ArgumentError("BinaryAccuracy", got="threshold=None", expected="a number, such as 0.5")
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(FunctionMetric):
    """How often the largest output is that of the target class, targets one-hot.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(FunctionMetric):
    """How often the largest output is that of the target class, targets class numbers.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(FunctionMetric):
    """How often the target class is among the `k` largest outputs, targets one-hot.

    Args:
        k: how many.
        name, dtype: see `Metric`.
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(FunctionMetric):
    """How often the target class is among the `k` largest outputs, targets class numbers.

    Args:
        k: how many.
        name, dtype: see `Metric`.
        from_sorted_ids: outputs are class numbers, the likeliest first.
    """

    unwritten = {"from_sorted_ids": False}

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
        self.k = k
        self.from_sorted_ids = from_sorted_ids
