"""One dispatch of a compiled step: the state goes from the Variables to the device and back, in place.

The memory of the old state is reused for the new one (donated), as a hand-written loop has it, so a
model needs room for one copy of its weights and slots. Nothing is ever lost for it:

- An array that anyone else holds (a callback that kept `variable.value`, `nnx.state(model)`) is copied
  first, and stays readable. Who holds it is told by its reference count.
- A dispatch is one call into C that also stores what comes out: no signal is handled in between, so
  Ctrl-C finds the Variables before a step or after it. Only while JAX compiles does Python run in
  between; the first calls keep the state on the host until theirs is safe.
- A step that calls back into Python may fail on its way: it reuses nothing, and is waited for.
- Other threads that read the Variables wait until the dispatch is under way, and find what it gives.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._core import nnx_private, turns

_COMPILING = 2  # calls that may compile: the first, and the second, which sees what the first gave


class Program:
    """A compiled function whose state lives in Variables.

    Args:
        run: `run(moving, still, *args) -> (outs, moved)`: lists of arrays; pure.
        moving: the Variables that it changes, which hold `moved` afterwards.
        still: those that it only reads.
        reuse: whether the memory of `moving` may be reused; False where running it can fail half-way.
    """

    def __init__(self, run: Callable, moving: Sequence[Any], still: Sequence[Any], reuse: bool = True) -> None:
        def flat(moving: list[Any], still: list[Any], *args: Any) -> list[Any]:
            outs, moved = run(moving, still, *args)
            return [*moved, *outs]

        self._run = jax.jit(flat, donate_argnums=0) if reuse else jax.jit(flat)
        self._moving, self._still = list(moving), list(still)
        self._hands = frozenset(map(id, self._moving))
        self._reuse = reuse
        self._calls = 0

    def __call__(self, *args: Any) -> list[Any]:
        """Run it on what the Variables hold; the outputs."""
        if self._reuse:
            return turns.taking(self._hands, self._run_in_place, args)
        still = nnx_private.raw_all(self._still)
        flat = jax.block_until_ready(self._run(nnx_private.raw_all(self._moving), still, *args))
        return nnx_private.put_from(self._moving, iter(flat))

    def _run_in_place(self, args: tuple) -> list[Any]:
        still = nnx_private.raw_all(self._still)
        moving = nnx_private.raw_all(self._moving)
        counts = list(map(sys.getrefcount, moving))
        if moving and max(counts) > _ALONE:
            moving = [jnp.copy(x) if n > _ALONE else x for x, n in zip(moving, counts, strict=True)]
        if self._calls < _COMPILING:
            return self._keeping(moving, still, args)
        return nnx_private.put_from_call(self._moving, self._run, moving, still, *args)

    def _keeping(self, moving: list[Any], still: list[Any], args: tuple) -> list[Any]:
        """The same, with the state kept on the host until the new one is stored."""
        kept = [_on_host(x) for x in moving]
        try:
            outs = nnx_private.put_from_call(self._moving, self._run, moving, still, *args)
        except BaseException:
            for variable, array, copy in zip(self._moving, moving, kept, strict=True):
                if nnx_private.raw(variable) is array and array.is_deleted():
                    nnx_private.put(variable, jax.device_put(copy, array.sharding))
            raise
        self._calls += 1
        return outs


def _on_host(x: jax.Array) -> Any:
    return jnp.copy(x) if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key) else np.asarray(x)


def _references_when_alone() -> int:
    """What `sys.getrefcount` says, mapped over a list, of an array that only the list and a Variable hold."""

    class Slot:
        held = object()

    return next(map(sys.getrefcount, [Slot.held]))


_ALONE = _references_when_alone()

__all__ = ["Program"]
