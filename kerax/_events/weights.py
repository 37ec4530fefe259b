"""Weights as TensorBoard shows them: their tags, and pictures of them."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["picture_of", "tags_of"]


def tags_of(model: Any) -> list[tuple[str, Any]]:
    """(tag, weight) for each weight of a model: its path, with a number where two weights share one."""
    found: list[tuple[str, Any]] = []
    seen: dict[str, int] = {}
    for weight in model.weights:
        tag = getattr(weight, "path", None) or weight.name
        number = seen[tag] = seen.get(tag, 0) + 1
        found.append((tag if number == 1 else f"{tag}_{number}", weight))
    return found


def picture_of(weight: np.ndarray) -> np.ndarray | None:
    """A weight as gray pictures (number, height, width, 1) of floats from 0, its least value, to 1; None for a scalar.

    A matrix lies on its long side; of a kernel of a convolution each filter is a picture of its input channels, side by
    side.
    """
    array = np.squeeze(np.asarray(weight, "float32"))
    finite = array[np.isfinite(array)]
    if array.ndim == 0 or array.ndim > 5 or finite.size == 0:
        return None
    low, high = finite.min(), finite.max()
    levels = np.nan_to_num((array - low) / (high - low if high > low else 1.0), nan=0.0, posinf=1.0, neginf=0.0)
    if levels.ndim == 1:
        levels = levels[None, :]
    if levels.ndim == 2:
        return (levels.T if levels.shape[0] > levels.shape[1] else levels)[None, :, :, None]
    filters = np.moveaxis(levels, -1, 0)  # (filters, …, channels) or, where an axis of 1 went, (filters, …)
    height = filters.shape[1]
    return filters.reshape(filters.shape[0], height, -1)[..., None]
