"""State of the whole process: names, seeds."""

from __future__ import annotations

from .._core import naming
from ..random import _global


def clear_session(free_memory: bool = True) -> None:
    """Count automatic names anew and forget the global seed generator."""
    naming.reset()
    _global.reset_global_seed_generator()


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and kerax: initial weights, shuffling, dropout and so the results of `fit` repeat.

    Raises:
        ArgumentError: not an integer from 0 to 2**32 - 1.
    """
    _global.set_global_seed(seed)
