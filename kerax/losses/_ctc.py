"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import optax

from .._core.variable import plain
from .._errors import ShapeError
from .._types import Array, ArrayLike
from ._align import floats
from ._base import FunctionLoss
from ._functions import loss_function

__all__ = ["CTC", "ctc"]


@loss_function(elementwise=False, takes_labels=True)
def ctc(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Minus the log-likelihood of label sequences, summed over their alignments (Graves et al., 2006).

    Args:
        y_true: class numbers, (batch, labels); 0 is the blank, and pads.
        y_pred: logits, (batch, steps, classes).

    Returns:
        (batch,).

    Raises:
        ShapeError: other ranks.
    """
    y_pred = floats(y_pred)
    labels = jnp.asarray(plain(y_true)).astype(jnp.int32)
    if y_pred.ndim != 3 or labels.ndim != 2:
        raise ShapeError(
            "ctc",
            got=f"labels of shape {labels.shape} and logits of shape {y_pred.shape}",
            expected="labels (batch, max_label_length) and logits (batch, max_length, num_classes)",
        )
    padding = (labels == 0).astype(y_pred.dtype)
    return optax.ctc_loss(y_pred, jnp.zeros(y_pred.shape[:2], y_pred.dtype), labels, padding, blank_id=0)


class CTC(FunctionLoss):
    """`ctc`, reduced.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "ctc", dtype: Any = None
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)
