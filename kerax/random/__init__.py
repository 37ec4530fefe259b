"""Random numbers: samplers, and `SeedGenerator`, the state they draw from."""

from .._registry import Registry
from ._generator import SeedGenerator
from ._samplers import (
    beta,
    binomial,
    categorical,
    dropout,
    gamma,
    normal,
    randint,
    shuffle,
    truncated_normal,
    uniform,
)

registry = Registry("random generator", "random", [SeedGenerator])

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]
