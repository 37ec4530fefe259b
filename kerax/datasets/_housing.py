"""What the two sets of house prices share: one table, shuffled by a seed and cut in two."""

from __future__ import annotations

import numpy as np

from .._errors import ArgumentError
from ._content import AnyArray, Split

__all__ = ["check_split", "split"]


def check_split(where: str, test_split: float) -> None:
    if not 0 <= test_split < 1:
        raise ArgumentError(where, got=f"test_split={test_split!r}", expected="a fraction from 0 up to, but not 1")


def split(x: AnyArray, y: AnyArray, test_split: float, seed: int) -> Split:
    """Shuffle the rows as Keras does, with NumPy's first generator, and take the tail for testing."""
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    cut = int(len(x) * (1 - test_split))
    return (x[order[:cut]], y[order[:cut]]), (x[order[cut:]], y[order[cut:]])
