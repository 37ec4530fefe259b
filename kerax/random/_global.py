"""The generator behind `seed=None`: made when first needed, one for the process."""

from __future__ import annotations

import random

import numpy as np

from ._generator import SeedGenerator, checked_seed, make_default_seed

__all__ = ["global_seed_generator", "make_default_seed", "reset_global_seed_generator", "set_global_seed"]

_global: SeedGenerator | None = None


def global_seed_generator() -> SeedGenerator:
    """The generator that samplers use when they get no seed."""
    global _global
    if _global is None:
        _global = SeedGenerator()
    return _global


def current() -> SeedGenerator | None:
    """The global generator, if it was needed yet."""
    return _global


def reset_global_seed_generator() -> None:
    """Forget the global generator; the next one starts from a seed drawn from Python's `random`."""
    global _global
    _global = None


def set_global_seed(seed: int) -> None:
    """Seed Python's and NumPy's generators, and with them every seed drawn by default from now on.

    Raises:
        ArgumentError: not an integer from 0 to 2**32 - 1.
    """
    seed = checked_seed("set_random_seed", seed)
    random.seed(seed)
    np.random.seed(seed)
    reset_global_seed_generator()
