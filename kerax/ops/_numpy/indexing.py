"""Parts of arrays, by position and by condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..._errors import ArgumentError, StateError
from ..._types import Array, ArrayLike
from .._arrays import array, arrays
from .._op import op

__all__ = [
    "diag",
    "diagflat",
    "diagonal",
    "get_item",
    "nonzero",
    "select",
    "take",
    "take_along_axis",
    "tril",
    "triu",
    "unravel_index",
    "where",
]


@op
def take(x: ArrayLike, indices: ArrayLike, axis: int | None = None) -> Array:
    """The slices of `x` at `indices` along `axis`.

    Args:
        x: any array.
        indices: integers; negative ones count from the end, those out of range give NaN or the least integer.
        axis: one axis, or None for the flattened array.

    Returns:
        The shape of `x`, that of `indices` in place of `axis`.
    """
    return jnp.take(array(x), array(indices), axis)


@op
def take_along_axis(x: ArrayLike, indices: ArrayLike, axis: int | None = None) -> Array:
    """One element of `x` per index: at the index along `axis`, at the same place along the others.

    Args:
        x: any array.
        indices: integers, as many axes as `x`, broadcast against it on the others.
        axis: one axis, or None for the flattened array.
    """
    return jnp.take_along_axis(array(x), array(indices), axis)


@op
def get_item(x: ArrayLike, key: Any) -> Array:
    """`x[key]`: integers, slices, `None`, `...` and arrays of integers or booleans."""
    return array(x)[tuple(key) if isinstance(key, list) and any(isinstance(k, slice) for k in key) else key]


@op(rowwise=True)
def where(condition: ArrayLike, x1: ArrayLike | None = None, x2: ArrayLike | None = None) -> Any:
    """`x1` where `condition` holds, else `x2`; without them the positions where it holds.

    Args:
        condition: booleans.
        x1: broadcasts against the others.
        x2: broadcasts against the others.

    Returns:
        An array, or a tuple of arrays of positions, one per axis.

    Raises:
        ArgumentError: one of `x1` and `x2` without the other.
    """
    if x1 is None and x2 is None:
        return _positions("where", condition)
    if x1 is None or x2 is None:
        raise ArgumentError("where", got="one of x1 and x2", expected="both or neither")
    return jnp.where(array(condition), *arrays(x1, x2))


@op
def select(condlist: Sequence[ArrayLike], choicelist: Sequence[ArrayLike], default: ArrayLike = 0) -> Array:
    """From each place the first choice whose condition holds there.

    Args:
        condlist: arrays of booleans.
        choicelist: an array per condition.
        default: where none holds.
    """
    return jnp.select(list(arrays(*condlist)), list(arrays(*choicelist)), default)


@op
def nonzero(x: ArrayLike) -> tuple[Array, ...]:
    """The positions of elements that are not 0, one array per axis.

    Raises:
        StateError: inside compiled code, where sizes cannot depend on values.
    """
    return _positions("nonzero", x)


def _positions(where: str, x: ArrayLike) -> tuple[Array, ...]:
    x = array(x)
    if isinstance(x, jax.core.Tracer):
        raise StateError(
            f"{where} inside compiled code",
            got="a result whose size depends on values",
            hint="where(condition, x, y), which keeps the size, or call it outside",
        )
    return jnp.nonzero(x)


@op
def diag(x: ArrayLike, k: int = 0) -> Array:
    """The `k`-th diagonal of a matrix, or the matrix with a vector as its `k`-th diagonal."""
    return jnp.diag(array(x), k)


@op
def diagflat(x: ArrayLike, k: int = 0) -> Array:
    """The matrix with the elements of `x` as its `k`-th diagonal."""
    return jnp.diagflat(array(x), k)


@op
def diagonal(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Diagonals over two axes, as the last axis of the result.

    Args:
        x: at least two axes.
        offset: which diagonal: 0 the main one.
        axis1: the first axis.
        axis2: the second axis.
    """
    return jnp.diagonal(array(x), offset, axis1, axis2)


@op
def tril(x: ArrayLike, k: int = 0) -> Array:
    """`x` with zeros above the `k`-th diagonal of its last two axes."""
    return jnp.tril(array(x), k)


@op
def triu(x: ArrayLike, k: int = 0) -> Array:
    """`x` with zeros below the `k`-th diagonal of its last two axes."""
    return jnp.triu(array(x), k)


@op
def unravel_index(indices: ArrayLike, shape: Sequence[int]) -> tuple[Array, ...]:
    """Positions, one array per axis of `shape`, of `indices` into the flattened array."""
    return jnp.unravel_index(array(indices), tuple(shape))
