"""Gradient accumulation: a step of the mean gradient of several calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax.numpy as jnp
from flax import nnx

from .._core.variable import Variable
from .._types import Array
from ._state import read, run_if, write

__all__ = ["accumulate"]


def accumulate(
    sums: Sequence[Variable],
    grads: Sequence[Array],
    call: Array,
    steps: int,
    update: Callable[[list[Array]], None],
    touched: Sequence[nnx.Variable],
) -> None:
    """Add the gradients to the sums; at every `steps`-th call step by the mean and start again.

    Args:
        sums: one for each gradient.
        grads: those of this call.
        call: how many calls came before.
        steps: calls to a step.
        update: steps by gradients; writes no Variables but `touched`.
        touched: what `update` writes.
    """
    totals = [s + g for s, g in zip(read(sums), grads, strict=True)]
    due = (call + 1) % steps == 0
    run_if(due, lambda: update([total / steps for total in totals]), touched)
    write(sums, [jnp.where(due, 0, total) for total in totals])
