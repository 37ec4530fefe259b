"""Arrays before training: one-hot labels, unit vectors."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import ArgumentError


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows for integer labels.

    Args:
        x: integers from 0 to `num_classes - 1`, of any shape; a last axis of size 1 is dropped.
        num_classes: default the largest label plus one.

    Returns:
        float32 of shape (..., num_classes): a JAX array for a JAX array, else NumPy.

    Raises:
        ArgumentError: a label outside the range.
    """
    on_device = isinstance(x, jax.Array)
    labels = np.asarray(x).astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        raise ArgumentError(
            "to_categorical",
            got=f"labels from {labels.min()} to {labels.max()}",
            expected=f"labels from 0 to {num_classes - 1}",
        )
    rows = np.zeros((labels.size, num_classes), "float32")
    rows[np.arange(labels.size), labels.ravel()] = 1.0
    rows = rows.reshape((*labels.shape, num_classes))
    return jnp.asarray(rows) if on_device else rows


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """`x` divided by its norms of that order along an axis; zero vectors stay zero."""
    x = np.asarray(x) if not isinstance(x, jax.Array) else x
    xp = jnp if isinstance(x, jax.Array) else np
    norms = xp.atleast_1d(xp.linalg.norm(x, order, axis))
    norms = xp.where(norms == 0, 1, norms)
    return x / xp.expand_dims(norms, axis)
