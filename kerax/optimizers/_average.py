"""The moving average of the weights (Polyak & Juditsky, 1992)."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from flax import nnx

from .._core.variable import Variable
from .._types import Array
from ._state import read, write

__all__ = ["follow"]


def follow(
    averages: Sequence[Variable],
    variables: Sequence[nnx.Variable],
    momentum: float,
    step: Array,
    overwrite_every: int | None,
) -> None:
    """Move each average towards its weight, `a = momentum * a + (1 - momentum) * w`; at step 0 onto it.

    Where `overwrite_every` divides the number of steps, the weight is then set to its average.
    """
    weights = read(variables)
    kept = jnp.where(step == 0, 0.0, momentum)
    means = [w + kept.astype(w.dtype) * (a - w) for a, w in zip(read(averages), weights, strict=True)]
    write(averages, means)
    if overwrite_every:
        due = (step + 1) % overwrite_every == 0
        write(variables, [jnp.where(due, a, w) for a, w in zip(means, weights, strict=True)])
