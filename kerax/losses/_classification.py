"""Losses for classes: crossentropies and their focal and generalized forms."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp

from .. import config
from .._core.variable import plain
from .._errors import ArgumentError, ShapeError
from .._graph.tensor import set_mask
from .._types import Array, ArrayLike
from ._align import floats, targets_like
from ._base import FunctionLoss
from ._functions import loss_function

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "sparse_categorical_crossentropy",
]


def _clipped(p: Array) -> Array:
    return jnp.clip(p, config.epsilon(), 1 - config.epsilon())


def _equal_shapes(name: str, y_true: Array, y_pred: Array) -> None:
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            name,
            got=f"targets of shape {y_true.shape} for outputs of shape {y_pred.shape}",
            expected="equal shapes",
            hint="sparse_categorical_crossentropy if the targets are class numbers"
            if name != "binary_crossentropy"
            else "targets shaped like the output: one column for one unit",
        )


def _more_than_one_class(name: str, y_pred: Array, axis: int) -> None:
    if y_pred.ndim and y_pred.shape[axis] == 1:
        warnings.warn(
            f"{name}: the output has a single class, shape {y_pred.shape}, so the loss teaches nothing. "
            "For two classes in one unit use binary_crossentropy.",
            SyntaxWarning,
            stacklevel=4,
        )


def _binary_terms(y_true: Array, y_pred: Array, from_logits: bool) -> Array:
    """Minus the log-likelihood of each element."""
    if from_logits:
        return -(y_true * jax.nn.log_sigmoid(y_pred) + (1 - y_true) * jax.nn.log_sigmoid(-y_pred))
    y_pred = _clipped(y_pred)
    return -(y_true * jnp.log(y_pred) + (1 - y_true) * jnp.log1p(-y_pred))


@loss_function()
def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Minus the log-likelihood of 0/1 targets, the mean over `axis`.

    Args:
        y_true: 0 or 1, or probabilities.
        y_pred: probabilities, clipped to [epsilon, 1 - epsilon], or logits; of the same shape.
        from_logits: `y_pred` is what a sigmoid would be applied to.
        label_smoothing: how far targets are drawn towards 0.5, in [0, 1].
        axis: the axis of the mean.

    Raises:
        ShapeError: the shapes differ.
    """
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    _equal_shapes("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    terms = _binary_terms(y_true, y_pred, from_logits)
    return jnp.mean(terms, axis=axis) if terms.ndim else terms


@loss_function()
def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Binary crossentropy times `(1 - p)**gamma`, p the probability of the target (Lin et al., 2018).

    Args:
        y_true: 0 or 1, or probabilities.
        y_pred: probabilities or logits, of the same shape.
        apply_class_balancing: weigh class 1 by `alpha` and class 0 by `1 - alpha`.
        alpha: the weight of class 1.
        gamma: how much less the easy ones count.
        from_logits: `y_pred` is what a sigmoid would be applied to.
        label_smoothing: how far targets are drawn towards 0.5, in [0, 1].
        axis: the axis of the mean.

    Raises:
        ShapeError: the shapes differ.
    """
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    _equal_shapes("binary_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = jax.nn.sigmoid(y_pred)
    likely = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    terms = _raised(1 - likely, gamma) * _binary_terms(y_true, y_pred, from_logits=False)
    if apply_class_balancing:
        terms = terms * (y_true * alpha + (1 - y_true) * (1 - alpha))
    return jnp.mean(terms, axis=axis)


def _raised(x: Array, power: float) -> Array:
    """`x**power`; whole powers as products, whose gradient at 0 is finite."""
    return x ** int(power) if power == int(power) else x**power


@loss_function()
def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Minus the sum of `y_true * log(y_pred)` over the classes.

    Args:
        y_true: one-hot, or probabilities.
        y_pred: logits, or probabilities, brought to a sum of 1 and clipped to [epsilon, 1 - epsilon]; same shape.
        from_logits: `y_pred` is what a softmax would be applied to.
        label_smoothing: how much of each target is spread over all classes, in [0, 1].
        axis: the axis of the classes; it goes.

    Raises:
        ShapeError: the shapes differ.
    """
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    _more_than_one_class("categorical_crossentropy", y_pred, axis)
    _equal_shapes("categorical_crossentropy", y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing)
    return -jnp.sum(y_true * _log_probabilities(y_pred, from_logits, axis), axis=axis)


def _smoothed(y_true: Array, label_smoothing: float) -> Array:
    if not label_smoothing:
        return y_true
    return y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[-1]


def _log_probabilities(y_pred: Array, from_logits: bool, axis: int) -> Array:
    if from_logits:
        return jax.nn.log_softmax(y_pred, axis=axis)
    return jnp.log(_clipped(y_pred / jnp.sum(y_pred, axis=axis, keepdims=True)))


@loss_function()
def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Categorical crossentropy, each class times `alpha * (1 - p)**gamma`, p its probability (Lin et al., 2018).

    Args:
        y_true: one-hot, or probabilities.
        y_pred: probabilities or logits, of the same shape.
        alpha: a weight, or one for each class.
        gamma: how much less the easy ones count.
        from_logits: `y_pred` is what a softmax would be applied to.
        label_smoothing: how much of each target is spread over all classes, in [0, 1].
        axis: the axis of the classes; it goes.
    """
    y_pred = floats(y_pred)
    y_true = targets_like(y_true, y_pred)
    _more_than_one_class("categorical_focal_crossentropy", y_pred, axis)
    y_true = _smoothed(y_true, label_smoothing)
    if from_logits:
        y_pred = jax.nn.softmax(y_pred, axis=axis)
    p = _clipped(y_pred / jnp.sum(y_pred, axis=axis, keepdims=True))
    return jnp.sum(jnp.asarray(alpha, p.dtype) * _raised(1 - p, gamma) * -(y_true * jnp.log(p)), axis=axis)


def _not_ignored(y_true: Array, values: Array, ignore_class: int | None = None, **options: Any) -> Array | None:
    return None if ignore_class is None else y_true.astype(jnp.int32).reshape(values.shape) != ignore_class


@loss_function(elementwise=False, takes_labels=True, counted=_not_ignored)
def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """Minus the log of the probability of the target class.

    Args:
        y_true: class numbers, the shape of `y_pred` without `axis`; a last axis of size 1 may stay.
            A number that is not a class gives 0.
        y_pred: probabilities, brought to a sum of 1 and clipped to [epsilon, 1 - epsilon], or logits.
        from_logits: `y_pred` is what a softmax would be applied to.
        ignore_class: elements of this class give 0 and are left out of means, as if masked.
        axis: the axis of the classes; it goes.

    Raises:
        ShapeError: targets that do not fit the output.
    """
    y_pred = floats(y_pred)
    labels = jnp.asarray(plain(y_true)).astype(jnp.int32)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    rest = list(y_pred.shape)
    classes = rest.pop(axis) if rest else 0
    if not y_pred.ndim or labels.shape != tuple(rest):
        raise ShapeError(
            "sparse_categorical_crossentropy",
            got=f"targets of shape {jnp.shape(y_true)} for outputs of shape {y_pred.shape}",
            expected=f"one class number for each distribution: shape {tuple(rest)}",
            hint="categorical_crossentropy if the targets are one-hot",
        )
    valid = None if ignore_class is None else labels != ignore_class
    if valid is not None:
        labels = jnp.where(valid, labels, 0)
    # A comparison, not a gather: it fuses with the logarithm, and its gradient is no scatter.
    hit = jax.nn.one_hot(labels, classes, dtype=bool, axis=axis)
    out = -jnp.sum(jnp.where(hit, _log_probabilities(y_pred, from_logits, axis), 0), axis=axis)
    if valid is not None:
        out = jnp.where(valid, out, 0)
        set_mask(out, valid)
    return out


@loss_function(elementwise=False, takes_labels=True)
def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> Array:
    """`(1 - p**q) / q`, p the probability of the target class: robust to wrong labels (Zhang and Sabuncu, 2018).

    Args:
        y_true: class numbers.
        y_pred: probabilities, (batch, ..., classes).
        q: in (0, 1): near 0 like the crossentropy, at 1 the mean absolute error.
    """
    y_pred = floats(y_pred)
    labels = jnp.asarray(plain(y_true)).astype(jnp.int32)
    hit = jax.nn.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
    p = jnp.sum(hit * y_pred, axis=-1)
    return (1 - p**q) / q


class BinaryCrossentropy(FunctionLoss):
    """`binary_crossentropy`, reduced.

    Args:
        from_logits, label_smoothing, axis: see `binary_crossentropy`.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class BinaryFocalCrossentropy(FunctionLoss):
    """`binary_focal_crossentropy`, reduced.

    Args:
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis: see `binary_focal_crossentropy`.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalCrossentropy(FunctionLoss):
    """`categorical_crossentropy`, reduced.

    Args:
        from_logits, label_smoothing, axis: see `categorical_crossentropy`.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalFocalCrossentropy(FunctionLoss):
    """`categorical_focal_crossentropy`, reduced.

    Args:
        alpha, gamma, from_logits, label_smoothing, axis: see `categorical_focal_crossentropy`.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class SparseCategoricalCrossentropy(FunctionLoss):
    """`sparse_categorical_crossentropy`, reduced.

    Args:
        from_logits, ignore_class, axis: see `sparse_categorical_crossentropy`.
        reduction, name, dtype: see `Loss`.
    """

    unwritten = {"axis": -1}

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )


class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """`categorical_generalized_cross_entropy`, reduced.

    Args:
        q: in (0, 1).
        reduction, name, dtype: see `Loss`.

    Raises:
        ArgumentError: `q` outside of (0, 1).
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ArgumentError("CategoricalGeneralizedCrossEntropy", got=f"q={q}", expected="q in the interval (0, 1)")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
