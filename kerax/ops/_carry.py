"""Control flow of JAX whose branches and bodies may assign Variables.

JAX's control flow traces functions that must not have side effects. Here the Variables that such a
function assigns are found out, carried through it as one more value, and assigned outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._core import nnx_private
from .._core.context import here, setting
from .._core.stateful import Carried, Undeclared, discover


def with_assignments(attempt: Callable[[Carried], tuple[Any, list[Any]]]) -> Any:
    """`attempt(carried)`, again for as long as it assigns Variables that it does not carry.

    Args:
        attempt: gives its result and the final values of the carried Variables; it hands functions
            made by `carrying` to JAX.
    """
    carried = Carried()
    out, values = discover(lambda: attempt(carried), carried)
    for variable, value in zip(carried.variables, values, strict=True):
        variable.assign(value)
    return out


def carrying(fn: Callable, carried: Carried) -> Callable:
    """`fn(*args)` as `f(values, *args) -> (out, new values)` of the carried Variables."""

    def run(values: Any, *args: Any) -> tuple[Any, list[Any]]:
        def written(variable: Any) -> None:
            if variable not in carried and not nnx_private.belongs_here(variable):
                raise Undeclared([variable])

        held = nnx_private.Held(carried.variables, list(values))
        with setting(write=(*here.write, written)), held:
            out = fn(*args)
        return out, held.values

    return run
