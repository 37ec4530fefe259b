"""Counts of true and false positives and negatives at thresholds, in one compiled helper."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import ArgumentError, ShapeError
from .._types import Array
from ..losses._align import same_rank
from ._reduction import row_weights

__all__ = ["LOWEST", "checked_thresholds", "counts", "evenly_spread"]

LOWEST = -1e10


def checked_thresholds(thresholds: float | Sequence[float] | None, default: float) -> list[float]:
    """Thresholds as a list.

    Raises:
        ArgumentError: one is outside of [0, 1].
    """
    if thresholds is None:
        return [default]
    given: list[Any] = (
        [float(t) for t in thresholds] if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    )
    wrong = [t for t in given if t is None or not 0 <= t <= 1]
    if wrong:
        raise ArgumentError("Threshold values must be in [0, 1]", got=wrong)
    return given


def evenly_spread(thresholds: Sequence[float]) -> bool:
    """Whether the thresholds are 0, 1 / (n - 1), …, 1, to single precision: then counting is one pass."""
    if len(thresholds) < 3:
        return False
    even = np.arange(len(thresholds), dtype=np.float32) / (len(thresholds) - 1)
    return bool(np.allclose(np.asarray(thresholds), even, atol=1e-7))


@functools.partial(
    jax.jit,
    static_argnames=("thresholds", "even", "top_k", "class_id", "multi_label", "from_logits", "dtype"),
    inline=True,
)
def counts(
    y_true: Any,
    y_pred: Any,
    weight: Any,
    rows: Any,
    label_weights: Any,
    thresholds: tuple[float, ...],
    even: bool = False,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
    from_logits: bool = False,
    dtype: str = "float32",
) -> tuple[Array, Array, Array, Array]:
    """True positives, false positives, true negatives and false negatives at each threshold.

    Args:
        y_true: 0 or 1.
        y_pred: probabilities, of the same shape; above a threshold is positive.
        weight: None, one weight a row, or one an element.
        rows: the real rows of a padded batch.
        label_weights: with `multi_label`, a weight for each label; None.
        thresholds: (n,).
        even: they are evenly spread over [0, 1], the first just below and the last just above.
        top_k: only the `top_k` largest outputs of a row can be positive.
        class_id: the only class counted.
        multi_label: count each label by itself.
        from_logits: apply a sigmoid to the outputs.
        dtype: of the counts.

    Returns:
        Four arrays, (n,), with `multi_label` (n, labels).

    Raises:
        ShapeError: targets and outputs of different shapes.
    """
    y_pred = jnp.asarray(y_pred).astype(dtype)
    y_true = jnp.asarray(y_true).astype(dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            "Confusion counts",
            got=f"targets of shape {y_true.shape} for outputs of shape {y_pred.shape}",
            expected="equal shapes",
        )
    if from_logits:
        y_pred = jax.nn.sigmoid(y_pred)
    if top_k is not None:
        y_pred = _only_largest(y_pred, top_k)
    if class_id is not None:
        if not -y_pred.shape[-1] <= class_id < y_pred.shape[-1]:
            raise ArgumentError("class_id", got=class_id, expected=f"a class below {y_pred.shape[-1]}")
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
        if weight is not None and jnp.ndim(weight) > y_pred.ndim:
            weight = jnp.asarray(weight)[..., 0 if jnp.shape(weight)[-1] == 1 else class_id]
    w = row_weights(weight, y_true.shape, rows, dtype)
    if multi_label and label_weights is not None:
        w = w * label_weights
    labels = y_pred.shape[1] if multi_label else 1
    split = (-1, labels)
    positive = (y_true > 0).reshape(split)
    y_pred, w = y_pred.reshape(split), w.reshape(split)
    yes, no = jnp.where(positive, w, 0), jnp.where(positive, 0, w)
    if even:
        tp, fp = _above_even(y_pred, yes, len(thresholds)), _above_even(y_pred, no, len(thresholds))
    else:
        tp, fp = _above(y_pred, yes, thresholds), _above(y_pred, no, thresholds)
    fn = jnp.maximum(jnp.sum(yes, axis=0) - tp, 0)
    tn = jnp.maximum(jnp.sum(no, axis=0) - fp, 0)
    if not multi_label:
        tp, fp, tn, fn = (x[:, 0] for x in (tp, fp, tn, fn))
    return tp, fp, tn, fn


def _only_largest(x: Array, k: int) -> Array:
    """`x` where it is among the `k` largest of its row, else `LOWEST`; of equal ones the first."""
    _, index = jax.lax.top_k(x, k)
    keep = jnp.any(jax.nn.one_hot(index, x.shape[-1], dtype=bool), axis=-2)
    return jnp.where(keep, x, LOWEST)


def _above(x: Array, w: Array, thresholds: tuple[float, ...]) -> Array:
    """The sum of the weights of what is above each threshold: (n, labels)."""
    n = len(thresholds)
    if n > 8 and list(thresholds) == sorted(thresholds):
        lower = jnp.searchsorted(jnp.asarray(thresholds, x.dtype), x)  # how many thresholds are below
        return _tally(jnp.maximum(lower - 1, 0), jnp.where(lower > 0, w, 0), n)
    over = x[None] > jnp.asarray(thresholds, x.dtype)[:, None, None]
    return jnp.sum(jnp.where(over, w[None], 0), axis=1)


def _above_even(x: Array, w: Array, n: int) -> Array:
    """`_above` for n thresholds from 0 to 1: each element falls into one interval, then a running sum."""
    place = jnp.maximum(jnp.ceil(jnp.clip(x, 0, 1) * (n - 1)) - 1, 0)
    return _tally(jnp.where(jnp.isnan(x), 0, place).astype(jnp.int32), w, n)


def _tally(place: Array, w: Array, n: int) -> Array:
    """The sum of the weights at or above each of n places: (n, labels)."""
    column = jnp.broadcast_to(jnp.arange(w.shape[1]), w.shape)
    filled = jnp.zeros((n, w.shape[1]), w.dtype).at[place, column].add(w)
    return jnp.flip(jnp.cumsum(jnp.flip(filled, 0), axis=0), 0)
