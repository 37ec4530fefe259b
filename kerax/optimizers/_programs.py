"""A step taken by hand, as one compiled program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from flax import nnx

from .._core.stateful import Carried, discover, pure
from .._types import Array

__all__ = ["Programs"]


class Programs:
    """The compiled steps of an optimizer, one for each set of variables."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[Carried, Any]] = {}
        self._revision: Any = None

    def at(self, revision: Any) -> Programs:
        """These, without what was compiled at another revision."""
        if revision != self._revision:
            self._kept.clear()
            self._revision = revision
        return self

    def run(
        self,
        step: Callable[..., None],
        used: Callable[[], Sequence[nnx.Variable]],
        grads: list[Any],
        variables: list[nnx.Variable],
        given: list[nnx.Variable],
        rate: Array | None,
    ) -> None:
        """`step(grads, variables, given, rate)`, compiled the first time that it sees these variables.

        Args:
            step: reads and writes Variables.
            used: those it touches beside `variables`, as far as known.
            grads: one for each of `variables`.
            variables: those that have a gradient.
            given: those of the call.
            rate: a learning rate that comes from outside, or None.
        """
        key = tuple(map(id, given)), tuple(map(id, variables)), rate is None
        if key in self._kept:
            carried, program = self._kept[key]
            new = program(carried.values(), grads, rate)
        else:
            carried = Carried([*used(), *variables, *given])
            run = pure(lambda grads, rate: step(grads, variables, given, rate), carried)
            program = jax.jit(lambda values, grads, rate: run(values, grads, rate)[1])
            new = discover(lambda: program(carried.values(), grads, rate), carried)
            self._kept[key] = carried, program
        carried.put(new)
