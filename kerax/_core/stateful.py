"""Stateful code as a pure function of its Variables, in place (design decision D2).

`pure(fn, carried)` swaps the given arrays, usually tracers, into the very Variables that `fn` reads
and writes. A Variable that `fn` touches and that is not carried is never frozen in silence: the
trace ends with `Undeclared`, and `discover` carries it too and traces again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
from flax import nnx

from . import nnx_private, turns
from .context import flow, here, setting


class Carried:
    """The Variables that a compiled function carries in and out, in order, each once."""

    def __init__(self, variables: Iterable[nnx.Variable] = ()) -> None:
        self.variables: list[nnx.Variable] = []
        self._known: set[int] = set()
        self.births_seen = False  # variables made by the call were carried once; newer ones are local to it
        self.add(variables)

    def add(self, variables: Iterable[nnx.Variable]) -> None:
        """Carry these too."""
        for variable in variables:
            if id(variable) not in self._known:
                self._known.add(id(variable))
                self.variables.append(variable)

    def __contains__(self, variable: nnx.Variable) -> bool:
        return id(variable) in self._known

    def __len__(self) -> int:
        return len(self.variables)

    def values(self) -> list[Any]:
        """What the Variables hold now."""
        return nnx_private.raw_all(self.variables)

    def put(self, values: Sequence[Any]) -> None:
        """Make the Variables hold `values`, all or none."""
        nnx_private.put_all(self.variables, values)


class Undeclared(Exception):
    """Variables were touched that the trace does not carry."""

    def __init__(self, variables: list[nnx.Variable]) -> None:
        super().__init__(f"{len(variables)} variables were not declared")
        self.variables = variables


def pure(fn: Callable, carried: Carried, check: bool = True, check_reads: bool = True) -> Callable:
    """`fn(*args)` as `f(values, *args) -> (out, new_values)`, without side effects on Variables.

    Args:
        fn: reads and writes Variables.
        carried: those it may touch.
        check: raise `Undeclared` where it touches others; without it, others are constants and
            writing them is an error.
        check_reads: with `check`, whether reading others counts; without it they are constants until written.
    """

    def run(values: Sequence[Any], *args: Any, **kwargs: Any) -> tuple[Any, list[Any]]:
        return turns.taking(None, run_now, values, args, kwargs)

    def run_now(values: Sequence[Any], args: tuple, kwargs: dict[str, Any]) -> tuple[Any, list[Any]]:
        held = nnx_private.Held(carried.variables, values)
        unknown: dict[int, nnx.Variable] = {}
        born: set[int] = set()

        def touched(variable: nnx.Variable) -> None:
            if variable not in carried and id(variable) not in unknown and not nnx_private.passing(variable):
                unknown[id(variable)] = variable
                held.adopt(variable)

        watch = {"read": (*here.read, touched), "write": (*here.write, touched)} if check else {}
        if not check_reads:
            watch.pop("read", None)
        try:
            with setting(created=(*here.created, lambda v: born.add(id(v))), **watch), held:
                out = fn(*args, **kwargs)
        except Exception as error:  # what a stray tracer does is no error of the user's: carry the variable first
            if unknown and not (carried.births_seen and all(key in born for key in unknown)):
                raise Undeclared(list(unknown.values())) from error
            raise
        if unknown and not (carried.births_seen and all(key in born for key in unknown)):
            raise Undeclared(list(unknown.values()))
        return out, held.values[: len(carried)]

    return run


def discover(attempt: Callable[[], Any], carried: Carried, limit: int = 20) -> Any:
    """`attempt()`, again with more Variables carried for as long as it ends in `Undeclared`.

    Where Python wants to know a value that is traced, as in `if tensor > 0`, once more with the user's code converted.
    """
    for _ in range(limit):
        try:
            return attempt()
        except jax.errors.ConcretizationTypeError:
            if here.convert is not None or flow.convert is None:
                raise
            with setting(convert=flow.convert):
                return discover(attempt, carried, limit)
        except Undeclared as found:
            before = len(carried)
            carried.add(found.variables)
            carried.births_seen = carried.births_seen or len(carried) > before
    raise RuntimeError("Every trace touches variables that no trace touched before. Create them once, outside.")


def abstractly(fn: Callable, carried: Carried, *args: Any) -> Any:
    """The shapes and dtypes that `fn(*args)` gives; every Variable stays as it was."""
    carried = Carried(carried.variables)  # and what else it writes: the global random state, counters outside

    def attempt() -> Any:
        run = pure(fn, carried, check_reads=False)
        return jax.eval_shape(lambda values, *args: run(values, *args)[0], carried.values(), *args)

    return discover(attempt, carried)
