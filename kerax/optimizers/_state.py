"""Reading and writing many Variables at once, in every place an optimizer runs: eagerly, traced, in a loop's body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from .._core import nnx_private
from .._core.context import here
from .._core.module import name_of
from .._errors import StateError
from .._types import Array


def read(variables: Sequence[nnx.Variable]) -> list[Array]:
    """What the Variables hold, without autocast."""
    if here.read:
        for variable in variables:
            for notice in here.read:
                notice(variable)
    return [v._raw_value for v in variables]


def write(variables: Sequence[nnx.Variable], values: Sequence[Any]) -> None:
    """Make the Variables hold `values`, in their own dtypes.

    Raises:
        StateError: inside a function compiled with plain `jax.jit`.
    """
    for variable, value in zip(variables, values, strict=True):
        for notice in here.write:
            notice(variable)
        if not nnx_private.belongs_here(variable):
            raise StateError(
                f"Variable {name_of(variable)!r} was updated by an optimizer inside a function compiled with jax.jit",
                hint="compile it with kerax.function, or use optimizer.stateless_apply",
            )
        nnx_private.put(variable, jnp.asarray(value, variable._raw_value.dtype))


def run_if(condition: Array, fn: Callable[[], None], variables: Sequence[nnx.Variable]) -> None:
    """`fn()`, which writes no Variables but these, where `condition` holds; nothing where it does not."""

    def branch(values: list[Array]) -> list[Array]:
        with nnx_private.Held(variables, values) as held:
            fn()
        return held.values

    write(variables, jax.lax.cond(condition, branch, lambda values: values, read(variables)))


def own_name(variable: nnx.Variable) -> str:
    """What slots of this Variable are named after: its path with "/" as "_"."""
    return name_of(variable).replace("/", "_")


def describe(variable: nnx.Variable) -> Any:
    """The value, in a trace the one from before it; where a foreign trace hides it, its shape and dtype."""
    value = nnx_private.outside(variable)
    return jax.ShapeDtypeStruct(value.shape, value.dtype) if isinstance(value, jax.core.Tracer) else value


def exactly(value: Array) -> Callable:
    """An initializer that gives this value."""
    return lambda shape, dtype: value


def start(variable: nnx.Variable, value: Any) -> None:
    """Let a new Variable start from `value`: no assignment, so that a trace given up does not take it back."""
    with jax.ensure_compile_time_eval():
        nnx_private.put_for_good(variable, jnp.asarray(value, nnx_private.raw(variable).dtype))


def concrete(values: Sequence[Any]) -> bool:
    """Whether none of them is being traced."""
    return not any(isinstance(value, jax.core.Tracer) for value in values)
