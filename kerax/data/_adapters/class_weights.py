"""Weights of classes, spread over the samples that carry their labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import config
from ..._core.dtypes import real_dtype
from ..._errors import ArgumentError, DataError
from ..._types import Shape

__all__ = ["check_class_weight", "class_sample_weight"]


def check_class_weight(class_weight: Any) -> dict[int, float]:
    """`class_weight` with plain int keys and float values.

    Raises:
        ArgumentError: not a dict, a key that is no class number, a value that is no finite number.
    """
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(
            "class_weight",
            got=f"a {type(class_weight).__name__}",
            expected="a dict from class numbers to weights",
            hint="class_weight={0: 1.0, 1: 5.0}",
        )
    checked = {}
    for key, value in class_weight.items():
        if not isinstance(key, (int, float, np.number)) or isinstance(key, bool) or key != int(key) or key < 0:
            raise ArgumentError("class_weight", got=f"the key {key!r}", expected="class numbers: 0, 1, 2, …")
        if not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
            raise ArgumentError("class_weight", got=f"the weight {value!r} of class {key}", expected="a finite number")
        checked[int(key)] = float(value)
    return checked


def class_sample_weight(y: Any, class_weight: Mapping, output_shape: Shape | None = None) -> np.ndarray:
    """The weight of every label in `y`.

    Args:
        y: class numbers (batch,), (batch, 1) or (batch, time); or one number per class,
            (batch, classes) or (batch, time, classes), of which the largest is the label.
        class_weight: weights by class number; a label that it does not name weighs 1.
        output_shape: the shape of the model's output where it is known, which tells (batch, time)
            labels from one-hot rows and how many classes there are. Without it, labels of rank 2
            are one-hot rows when all of them lie between 0 and 1.
    Returns:
        Floats, (batch,) or (batch, time).
    Raises:
        ArgumentError: `class_weight` names a class that cannot occur, or is no dict of numbers.
        DataError: there is not exactly one array of targets, or the labels are no class numbers.
    """
    weights = check_class_weight(class_weight)
    if y is None or isinstance(y, (list, tuple, dict)):
        raise DataError(
            "class_weight",
            got="no targets" if y is None else f"targets in a {type(y).__name__}",
            expected="one array of class labels",
            hint=None if y is None else "pass sample_weight, one array for each output",
        )
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise DataError("class_weight", got=f"targets of dtype {y.dtype}", expected="class numbers or one-hot rows")
    labels, classes = _labels(y, output_shape)
    beyond = [] if classes is None else [key for key in weights if key >= classes]
    if beyond and classes is not None:
        raise ArgumentError(
            "class_weight",
            got=f"the key {beyond[0]}, which cannot occur",
            expected=f"keys from 0 to {classes - 1} for {classes} classes",
        )
    return _looked_up(labels, weights)


def _labels(y: np.ndarray, output_shape: Shape | None) -> tuple[np.ndarray, int | None]:
    width = y.shape[-1] if y.ndim > 1 else None
    outputs = output_shape[-1] if output_shape else None
    if width is None or width == 1:
        return _integers(y if width is None else y[..., 0]), None if outputs is None else max(outputs, 2)
    if output_shape is not None:
        per_class = len(output_shape) == y.ndim and outputs == width
    else:
        per_class = bool(y.ndim > 2 or y.size == 0 or (y.min() >= 0 and y.max() <= 1))
    if per_class:
        return y.argmax(axis=-1), width
    return _integers(y), None if outputs is None else max(outputs, 2)


def _integers(labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind == "f":
        rounded = np.rint(labels)
        if not np.isfinite(rounded).all():
            raise DataError("class_weight", got="targets with NaN or infinity", expected="class numbers")
        return rounded.astype(np.int64)
    return labels


def _looked_up(labels: np.ndarray, weights: dict[int, float]) -> np.ndarray:
    dtype = real_dtype(config.floatx())
    if not weights:
        return np.ones(labels.shape, dtype)
    table = sorted(weights)
    keys, values = np.array(table), np.array([weights[key] for key in table], dtype)
    place = np.minimum(np.searchsorted(keys, labels), len(keys) - 1)
    return np.where(keys[place] == labels, values[place], values.dtype.type(1))
