"""Cross-entropies of logits, one value per example."""

from __future__ import annotations

from typing import Any

import numpy as np

from .... import ops
from ...._core.variable import plain
from ...._errors import ArgumentError, Unsupported
from ...._types import ArrayLike
from .._static import integer

__all__ = [
    "compute_average_loss",
    "ctc_loss",
    "l2_loss",
    "log_poisson_loss",
    "scale_regularization_loss",
    "sigmoid_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
]


def _both(where: str, labels: Any, logits: Any) -> None:
    if labels is None or logits is None:
        raise ArgumentError(where, got="labels or logits missing", expected=f"{where}(labels=..., logits=...)")


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """`-labels * log(sigmoid(logits)) - (1 - labels) * log(1 - sigmoid(logits))`, element by element."""
    _both("tf.nn.sigmoid_cross_entropy_with_logits", labels, logits)
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def weighted_cross_entropy_with_logits(
    labels: ArrayLike, logits: ArrayLike, pos_weight: ArrayLike, name: str | None = None
) -> Any:
    """`sigmoid_cross_entropy_with_logits` with its first term times `pos_weight`."""
    positive = ops.multiply(ops.multiply(labels, pos_weight), ops.log_sigmoid(logits))
    negative = ops.multiply(ops.subtract(1.0, labels), ops.log_sigmoid(ops.negative(logits)))
    return ops.negative(ops.add(positive, negative))


def softmax_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, axis: int = -1, name: str | None = None
) -> Any:
    """`-sum(labels * log(softmax(logits)))` along `axis`; `labels` broadcast to `logits`."""
    _both("tf.nn.softmax_cross_entropy_with_logits", labels, logits)
    logs = ops.log_softmax(logits, axis)
    return ops.negative(ops.sum(ops.multiply(ops.cast(labels, logs.dtype), logs), axis))


def sparse_softmax_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """`-log(softmax(logits))` of the class that `labels` names, along the last axis; NaN where it is no class."""
    _both("tf.nn.sparse_softmax_cross_entropy_with_logits", labels, logits)
    count = ops.shape(plain(logits))[-1]
    known = ops.logical_and(ops.greater_equal(labels, 0), ops.less(labels, count))
    return ops.where(known, ops.sparse_categorical_crossentropy(labels, logits, from_logits=True), np.nan)


def log_poisson_loss(
    targets: ArrayLike, log_input: ArrayLike, compute_full_loss: bool = False, name: str | None = None
) -> Any:
    """`exp(log_input) - log_input * targets`; with `compute_full_loss` Stirling's formula of `log(targets!)` more."""
    loss = ops.subtract(ops.exp(log_input), ops.multiply(log_input, targets))
    if not compute_full_loss:
        return loss
    large = ops.where(ops.greater(targets, 1), targets, 1.0)
    rest = ops.add(
        ops.subtract(ops.multiply(large, ops.log(large)), large),
        ops.multiply(0.5, ops.log(ops.multiply(2 * np.pi, large))),
    )
    return ops.add(loss, ops.where(ops.greater(targets, 1), rest, 0.0))


def l2_loss(t: ArrayLike, name: str | None = None) -> Any:
    """`sum(t ** 2) / 2`."""
    return ops.divide(ops.sum(ops.square(t)), 2)


def ctc_loss(
    labels: ArrayLike,
    logits: ArrayLike,
    label_length: ArrayLike,
    logit_length: ArrayLike,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int | None = None,
    name: str | None = None,
) -> Any:
    """Connectionist temporal classification. Graves et al., 2006.

    Args:
        labels: (batch, labels) class numbers, dense.
        logits: (time, batch, classes); (batch, time, classes) with `logits_time_major=False`.
        label_length: (batch,) labels that count.
        logit_length: (batch,) steps that count.
        logits_time_major: which of the two.
        unique: must be None.
        blank_index: the blank class, 0 by default; negative counts from the end.

    Returns:
        (batch,) negative log-likelihoods.
    """
    if unique is not None:
        raise Unsupported("tf.nn.ctc_loss", got="unique", hint="leave it out: it only saves time in TensorFlow")
    if label_length is None:
        raise Unsupported("tf.nn.ctc_loss", got="sparse labels", hint="dense labels with label_length")
    classes = ops.shape(plain(logits))[-1]
    blank = integer("tf.nn.ctc_loss", 0 if blank_index is None else blank_index) % int(classes or 1)
    rows = ops.transpose(logits, (1, 0, 2)) if logits_time_major else logits
    return ops.ctc_loss(labels, rows, label_length, logit_length, mask_index=blank)


def compute_average_loss(per_example_loss: ArrayLike, sample_weight: Any = None, global_batch_size: Any = None) -> Any:
    """The sum of weighted losses, divided by the number of examples of the whole batch.

    Args:
        per_example_loss: (examples, ...).
        sample_weight: what each counts.
        global_batch_size: the number of examples by default; a strategy's `run` sees the whole batch.
    """
    loss = per_example_loss if sample_weight is None else ops.multiply(per_example_loss, sample_weight)
    count = ops.shape(plain(per_example_loss))[0] if global_batch_size is None else global_batch_size
    return ops.divide(ops.sum(loss), ops.cast(count, "float32"))


def scale_regularization_loss(regularization_loss: ArrayLike) -> Any:
    """The sum of it: a strategy's `run` works on the whole batch once, so nothing is counted twice."""
    return ops.sum(regularization_loss)
