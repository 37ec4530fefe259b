"""Rows that share a segment, counts and confusion matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .... import ops
from ...._core.variable import plain
from ...._types import Array, ArrayLike
from .._static import eager, integer, symbolic
from .._types import as_dtype, int32

__all__ = [
    "bincount",
    "confusion_matrix",
    "histogram_fixed_width",
    "histogram_fixed_width_bins",
    "in_top_k",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sqrt_n",
    "unsorted_segment_sum",
]


@symbolic
def _by_segment(fn: Callable, data: ArrayLike, segment_ids: ArrayLike, num_segments: int) -> Array:
    """`fn` over segments: ids may have several axes, the first ones of `data`."""
    data, ids = jnp.asarray(data), jnp.asarray(segment_ids)
    return fn(data.reshape(-1, *data.shape[ids.ndim :]), ids.reshape(-1), num_segments)


def _counts(data: Array, ids: Array, num_segments: int) -> Array:
    found = jax.ops.segment_sum(jnp.ones(ids.shape, "int32"), ids, num_segments)
    return found.reshape(-1, *[1] * (data.ndim - 1))


def _mean(data: Array, ids: Array, num_segments: int) -> Array:
    total, count = jax.ops.segment_sum(data, ids, num_segments), jnp.maximum(_counts(data, ids, num_segments), 1)
    if jnp.issubdtype(data.dtype, jnp.integer):
        return jax.lax.div(total, jnp.broadcast_to(count, total.shape).astype(total.dtype))
    return total / count.astype(data.dtype)


def _sqrt_n(data: Array, ids: Array, num_segments: int) -> Array:
    count = jnp.maximum(_counts(data, ids, num_segments), 1)
    return jax.ops.segment_sum(data, ids, num_segments) / jnp.sqrt(count.astype(data.dtype))


def _bounded(fn: Callable, least: bool | None) -> Callable:
    """`fn` with the least (or greatest) number, or 0 for None, where a segment has no rows."""

    def run(data: Array, ids: Array, num_segments: int) -> Array:
        info = jnp.finfo(data.dtype) if jnp.issubdtype(data.dtype, jnp.floating) else jnp.iinfo(data.dtype)
        empty = 0 if least is None else info.min if least else info.max
        full = _counts(data, ids, num_segments) > 0
        return jnp.where(full, fn(data, ids, num_segments), jnp.asarray(empty, data.dtype))

    return run


def _sorted(where: str, fn: Callable, data: ArrayLike, segment_ids: ArrayLike) -> Any:
    eager(where, where.replace("segment", "unsorted_segment") + ", which is told how many there are", segment_ids)
    ids = np.asarray(plain(segment_ids))
    return _by_segment(fn, data, ids, int(ids.max()) + 1 if ids.size else 0)


def segment_sum(data: ArrayLike, segment_ids: ArrayLike, name: str | None = None) -> Any:
    """Sums of the rows that share a segment; ids rise from 0. 0 where a segment has no rows."""
    return _sorted("tf.math.segment_sum", jax.ops.segment_sum, data, segment_ids)


def segment_prod(data: ArrayLike, segment_ids: ArrayLike, name: str | None = None) -> Any:
    """Products of the rows that share a segment, 1 where it has none."""
    return _sorted("tf.math.segment_prod", jax.ops.segment_prod, data, segment_ids)


def segment_mean(data: ArrayLike, segment_ids: ArrayLike, name: str | None = None) -> Any:
    """Means of the rows that share a segment, 0 where it has none."""
    return _sorted("tf.math.segment_mean", _mean, data, segment_ids)


def segment_max(data: ArrayLike, segment_ids: ArrayLike, name: str | None = None) -> Any:
    """The greatest of the rows that share a segment, 0 where it has none."""
    return _sorted("tf.math.segment_max", _bounded(jax.ops.segment_max, None), data, segment_ids)


def segment_min(data: ArrayLike, segment_ids: ArrayLike, name: str | None = None) -> Any:
    """The least of the rows that share a segment, 0 where it has none."""
    return _sorted("tf.math.segment_min", _bounded(jax.ops.segment_min, None), data, segment_ids)


def _unsorted(fn: Callable, data: ArrayLike, segment_ids: ArrayLike, num_segments: Any) -> Any:
    return _by_segment(fn, data, segment_ids, integer("num_segments", num_segments))


def unsorted_segment_sum(data: ArrayLike, segment_ids: ArrayLike, num_segments: Any, name: str | None = None) -> Any:
    """Sums of the rows that share a segment; negative ids do not count."""
    return _unsorted(jax.ops.segment_sum, data, segment_ids, num_segments)


def unsorted_segment_prod(data: ArrayLike, segment_ids: ArrayLike, num_segments: Any, name: str | None = None) -> Any:
    """Products of the rows that share a segment, 1 where it has none."""
    return _unsorted(jax.ops.segment_prod, data, segment_ids, num_segments)


def unsorted_segment_mean(data: ArrayLike, segment_ids: ArrayLike, num_segments: Any, name: str | None = None) -> Any:
    """Means of the rows that share a segment, 0 where it has none."""
    return _unsorted(_mean, data, segment_ids, num_segments)


def unsorted_segment_sqrt_n(data: ArrayLike, segment_ids: ArrayLike, num_segments: Any, name: str | None = None) -> Any:
    """Sums of the rows that share a segment, divided by the root of their number."""
    return _unsorted(_sqrt_n, data, segment_ids, num_segments)


def unsorted_segment_max(data: ArrayLike, segment_ids: ArrayLike, num_segments: Any, name: str | None = None) -> Any:
    """The greatest of the rows that share a segment, the least number of the dtype where it has none."""
    return _unsorted(_bounded(jax.ops.segment_max, True), data, segment_ids, num_segments)


def unsorted_segment_min(data: ArrayLike, segment_ids: ArrayLike, num_segments: Any, name: str | None = None) -> Any:
    """The least of the rows that share a segment, the greatest number of the dtype where it has none."""
    return _unsorted(_bounded(jax.ops.segment_min, False), data, segment_ids, num_segments)


def in_top_k(targets: ArrayLike, predictions: ArrayLike, k: int, name: str | None = None) -> Any:
    """Whether the prediction of each target is among the `k` greatest of its row."""
    return ops.in_top_k(targets, predictions, k)


def bincount(
    arr: ArrayLike,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = int32,
    name: str | None = None,
    axis: int | None = None,
    binary_output: bool = False,
) -> Any:
    """How often each integer from 0 occurs: in all, or in each row with `axis=-1`.

    Args:
        arr: integers, at least 0.
        weights: what an occurrence counts.
        minlength: at least so many integers are counted; needed inside compiled code.
        maxlength: those from here on do not count.
        dtype: of the counts without weights.
        axis: None or 0 for all together, -1 for each row.
        binary_output: whether to tell only if an integer occurs.
    """
    x = ops.convert_to_tensor(arr)
    rows = axis == -1
    if not rows:
        x = ops.ravel(x)
        weights = None if weights is None else ops.ravel(weights)
    counts = ops.bincount(x, weights, 0 if minlength is None else integer("tf.math.bincount", minlength))
    counts = counts if maxlength is None else counts[..., : integer("tf.math.bincount", maxlength)]
    if binary_output:
        counts = ops.greater(counts, 0)
    return ops.cast(counts, as_dtype(dtype)) if weights is None or binary_output else counts


def confusion_matrix(
    labels: ArrayLike,
    predictions: ArrayLike,
    num_classes: Any = None,
    weights: Any = None,
    dtype: Any = int32,
    name: str | None = None,
) -> Any:
    """How often each label (row) met each prediction (column).

    Args:
        labels: (n,) class numbers.
        predictions: (n,) class numbers.
        num_classes: one more than the greatest number by default; needed inside compiled code.
        weights: (n,) what each counts, 1 by default.
        dtype: of the result.
    """
    labels, predictions = ops.ravel(labels), ops.ravel(predictions)
    if num_classes is None:
        eager("tf.math.confusion_matrix without num_classes", "num_classes=", labels, predictions)
        num_classes = int(max(ops.max(labels), ops.max(predictions))) + 1
    count = integer("tf.math.confusion_matrix", num_classes)
    weights = ops.ones_like(labels) if weights is None else ops.ravel(weights)
    places = ops.stack([ops.cast(labels, "int32"), ops.cast(predictions, "int32")], -1)
    return ops.scatter(places, ops.cast(weights, as_dtype(dtype)), (count, count))


def histogram_fixed_width_bins(
    values: ArrayLike, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Any:
    """The number of the bin each value falls in; those beyond the range fall in the first and last one."""
    low, high = value_range[0], value_range[1]
    count = integer("tf.histogram_fixed_width", nbins)
    share = ops.divide(ops.subtract(ops.cast(values, "float32"), low), ops.subtract(high, low))
    return ops.cast(ops.clip(ops.floor(ops.multiply(share, count)), 0, count - 1), as_dtype(dtype))


def histogram_fixed_width(
    values: ArrayLike, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Any:
    """How many values fall in each of `nbins` bins of equal width; those beyond the range in the first and last."""
    bins = ops.ravel(histogram_fixed_width_bins(values, value_range, nbins))
    return unsorted_segment_sum(ops.ones_like(bins, as_dtype(dtype)), bins, nbins)
