"""Labels and tokens outside their range, found before training: one look at the smallest and the largest.

Only data on the host is looked at; JAX arrays would have to be waited for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import DataError
from .._types import Shape

__all__ = ["check_labels", "check_tokens"]


def check_labels(
    y: Any,
    loss_name: str,
    output_shape: Shape,
    *,
    ignore_class: int | None = None,
    sample_weight: Any = None,
    name: str = "y",
) -> None:
    """Check the labels that a crossentropy is about to take.

    Args:
        y: targets of one output.
        loss_name: the loss's snake_case name; others than `sparse_categorical_crossentropy`,
            `binary_crossentropy` and `binary_focal_crossentropy` are not checked.
        output_shape: shape of the output; its last size is the number of classes.
        ignore_class: a label that the loss leaves out, wherever it lies.
        sample_weight: labels that weigh 0 may be anything.
        name: what the user calls the targets.
    Raises:
        DataError: a label outside [0, classes), or a binary target outside [0, 1].
    """
    if not isinstance(y, np.ndarray) or y.size == 0 or y.dtype.kind not in "iuf" or not output_shape:
        return
    if loss_name == "sparse_categorical_crossentropy":
        classes = output_shape[-1]
        if classes is None or (y.dtype.kind == "f" and y.ndim == len(output_shape) and y.shape[-1] == classes > 1):
            return  # a dense target; the loss says so itself
        low, high = _range(y, 0, classes - 1, ignore_class, sample_weight)
        if low is not None:
            raise DataError(
                name,
                got=f"labels that run from {low:g} to {high:g}",
                expected=f"0 to {classes - 1} for an output of {classes} classes",
                hint=_label_hint(low, high, classes),
            )
    elif loss_name in ("binary_crossentropy", "binary_focal_crossentropy"):
        low, high = _range(y, 0, 1, ignore_class, sample_weight)
        if low is not None:
            raise DataError(
                name,
                got=f"targets that run from {low:g} to {high:g}",
                expected=f"0 to 1 for {loss_name}",
                hint="(y + 1) / 2" if (low, high) == (-1, 1) else "sparse_categorical_crossentropy for several classes",
            )


def check_tokens(x: Any, input_dim: int, layer_name: str) -> None:
    """Check the ids that an Embedding is about to look up.

    Args:
        x: the layer's input; anything but a NumPy array of numbers is not checked.
        input_dim: the layer's number of rows.
        layer_name: the layer as the user knows it.
    Raises:
        DataError: an id outside [0, input_dim).
    """
    if not isinstance(x, np.ndarray) or x.size == 0 or x.dtype.kind not in "iuf":
        return
    low, high = _range(x, 0, input_dim - 1)
    if low is not None:
        raise DataError(
            f"Embedding {layer_name!r}",
            got=f"token ids that run from {low:g} to {high:g}",
            expected=f"0 to {input_dim - 1} for input_dim={input_dim}",
            hint="ids from 0 up: negative ones find no row"
            if low < 0
            else f"input_dim={int(high) + 1}, or a smaller vocabulary (num_words, max_tokens)",
        )


def _range(
    values: np.ndarray, least: int, most: int, ignored: int | None = None, weights: Any = None
) -> tuple[Any, Any]:
    """The smallest and the largest value where one of them lies outside; else (None, None). NaN is no concern here."""
    low, high = values.min(), values.max()
    if not (low < least or high > most):
        return None, None
    counted = np.ones(values.shape, bool) if ignored is None else values != ignored
    if isinstance(weights, np.ndarray):
        if weights.ndim < values.ndim:
            weights = weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
        elif weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
            weights = weights[..., 0]
        if weights.shape[0] == values.shape[0] and weights.ndim == values.ndim:
            counted = counted & (weights != 0)
    if not counted.any():
        return None, None
    low, high = values[counted].min(), values[counted].max()
    return (low, high) if low < least or high > most else (None, None)


def _label_hint(low: Any, high: Any, classes: int) -> str:
    if low >= 1 and high == classes:
        return "subtract 1"
    if low < 0:
        return "count classes from 0; ignore_class of the loss, or a sample_weight of 0, leaves labels out"
    return f"a last layer of {int(high) + 1} units, or fewer labels"
