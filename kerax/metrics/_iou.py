"""Intersection over union, from a confusion matrix that adds up."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .. import config
from .._core.context import here
from .._errors import ArgumentError
from .._types import Array, ArrayLike
from ..losses._align import as_array, rows_of, safe_divide
from ._base import Metric
from ._reduction import row_weights

__all__ = ["BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"]


@functools.partial(
    jax.jit, static_argnames=("classes", "ignore", "sparse_true", "sparse_pred", "axis", "dtype"), inline=True
)
def _advance(
    matrix: Array,
    y_true: Any,
    y_pred: Any,
    weight: Any,
    rows: Any,
    classes: int,
    ignore: int | None,
    sparse_true: bool,
    sparse_pred: bool,
    axis: int,
    dtype: str,
) -> Array:
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    if not sparse_true:
        y_true = jnp.argmax(y_true, axis=axis)
    if not sparse_pred:
        y_pred = jnp.argmax(y_pred, axis=axis)
    weight = row_weights(weight, y_true.shape, rows, dtype).reshape(-1)
    y_true, y_pred = y_true.astype(jnp.int32).reshape(-1), y_pred.astype(jnp.int32).reshape(-1)
    if ignore is not None:
        weight = jnp.where(y_true == ignore, 0, weight)
    known = (y_true >= 0) & (y_true < classes) & (y_pred >= 0) & (y_pred < classes)
    cell = jnp.where(known, y_true * classes + y_pred, 0)
    counts = jnp.zeros(classes * classes, jnp.float32).at[cell].add(jnp.where(known, weight, 0).astype(jnp.float32))
    return matrix + counts.reshape(classes, classes).astype(matrix.dtype)


class _ConfusionMatrix(Metric):
    """A confusion matrix, targets by outputs."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_confusion_matrix = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Array:
        """Take in one batch.

        Args:
            y_true: class numbers, or one value a class along `axis`.
            y_pred: the same of the outputs.
            sample_weight: one weight a row, or one an element; cast to the dtype of the metric.

        Returns:
            The confusion matrix so far.
        """
        matrix = _advance(
            self.total_confusion_matrix.value,
            as_array(y_true),
            as_array(y_pred),
            as_array(sample_weight),
            None if here.rows is None else rows_of(y_pred),
            self.num_classes,
            self.ignore_class,
            self.sparse_y_true,
            self.sparse_y_pred,
            self.axis,
            self._dtype,
        )
        self.total_confusion_matrix.assign(matrix)
        return matrix


class IoU(_ConfusionMatrix):
    """The mean over chosen classes of the elements that target and output share over those that one of them has.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes averaged over.
        name, dtype: see `Metric`; the default dtype here is int32.
        ignore_class: elements of this target class do not count.
        sparse_y_true, sparse_y_pred: class numbers, not one value a class.
        axis: the axis of the classes where there is one.

    Raises:
        ArgumentError: a class that does not exist.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        for target in target_class_ids:
            if not 0 <= target < num_classes:
                raise ArgumentError(
                    f"{type(self).__name__}: Target class id {target} is out of range", expected=f"[0, {num_classes})"
                )
        super().__init__(
            num_classes=num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )
        self.target_class_ids = list(target_class_ids)

    def result(self) -> Array:
        """The mean over the classes that occur."""
        matrix = self.total_confusion_matrix.value.astype(config.floatx())
        chosen = jnp.asarray(self.target_class_ids)
        shared = jnp.diagonal(matrix)
        either = jnp.take(jnp.sum(matrix, axis=0) + jnp.sum(matrix, axis=1) - shared, chosen)
        shared = jnp.take(shared, chosen)
        return safe_divide(jnp.sum(shared / (either + config.epsilon())), jnp.sum(either > 1e-9))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


class BinaryIoU(IoU):
    """`IoU` of two classes, outputs probabilities of class 1.

    Args:
        target_class_ids: the classes averaged over.
        threshold: outputs at or above it are class 1; None: outputs are class numbers.
        name, dtype: see `Metric`; the default dtype here is int32.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float | None = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Array:
        """Take in one batch, see `IoU`."""
        y_pred = jnp.asarray(as_array(y_pred))
        if self.threshold is not None:
            y_pred = (y_pred >= self.threshold).astype(jnp.int32)
        return super().update_state(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
            "name": self.name,
            "dtype": self._dtype,
        }


class MeanIoU(IoU):
    """`IoU` over all classes.

    Args:
        num_classes: number of classes.
        name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: see `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            target_class_ids=list(range(num_classes)),
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.pop("target_class_ids")
        return config


class OneHotIoU(IoU):
    """`IoU`, targets one-hot.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            target_class_ids=target_class_ids,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.pop("sparse_y_true")
        return config


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU`, targets one-hot.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.pop("sparse_y_true")
        return config
