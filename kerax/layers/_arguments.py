"""Checks that many constructors and `call`s share."""

from __future__ import annotations

import operator
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._core.dtypes import is_float, real_dtype
from .._errors import ArgumentError
from .._graph.tensor import KerasTensor
from .._types import Array, Shape


def sizes(value: Any, rank: int, name: str, where: str, allow_zero: bool = False) -> tuple[int, ...]:
    """`value` as a tuple of `rank` integers; one integer stands for all.

    Raises:
        ArgumentError: another number of them, or one that is not positive (zero where allowed).
    """
    one = whole(value)
    given = value if one is None else (one,) * rank
    least = 0 if allow_zero else 1
    try:
        found = tuple(int(size) for size in given)
    except (TypeError, ValueError):
        found = ()
    if len(found) != rank or any(size < least for size in found):
        raise ArgumentError(
            where,
            got=f"{name}={value!r}",
            expected=f"{'a' if least else 'an'} {'non-negative' if allow_zero else 'positive'} integer"
            + (f" or a tuple of {rank}" if rank > 1 else ""),
        )
    return found


def one_of(value: Any, allowed: tuple, name: str, where: str) -> str:
    """`value` in lower case, one of `allowed`.

    Raises:
        ArgumentError: something else.
    """
    lowered = value.lower() if isinstance(value, str) else value
    if lowered not in allowed:
        raise ArgumentError(where, got=f"{name}={value!r}", expected=f"one of {allowed}")
    return lowered


def positive(value: Any, name: str, where: str) -> int:
    """`value`, a positive integer.

    Raises:
        ArgumentError: anything else.
    """
    found = whole(value)
    if found is None or found <= 0:
        raise ArgumentError(where, got=f"{name}={value!r}", expected="a positive integer")
    return found


def whole(value: Any) -> int | None:
    """An integer of any library, as `np.prod(shape)` gives it; None for anything else."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        return None
    try:
        return operator.index(value)
    except TypeError:  # an array that is no integer scalar
        return None


def rate_of(value: Any, where: str, name: str = "rate") -> float:
    """`value`, a number from 0 to 1.

    Raises:
        ArgumentError: anything else.
    """
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ArgumentError(where, got=f"{name}={value!r}", expected="a number from 0 to 1")
    return value


def computing(layer: Any, x: Array) -> Array:
    """`x` in the compute dtype of a layer: integers too."""
    return jnp.asarray(x, real_dtype(layer.compute_dtype))


def like_input(layer: Any, shape: Shape, tensor: KerasTensor) -> KerasTensor:
    """A symbolic output of that shape that keeps the dtype of an input of integers."""
    return KerasTensor(shape, layer.compute_dtype if layer.autocast and is_float(tensor.dtype) else tensor.dtype)


def statistics_dtype(x: Array) -> Any:
    """The dtype in which sums over `x` are taken: float32 at least."""
    return jnp.promote_types(x.dtype, jnp.float32)


def product(sizes: Any) -> int | None:
    """The product of sizes, None where one is unknown."""
    total = 1
    for size in sizes:
        if size is None:
            return None
        total *= size
    return total
