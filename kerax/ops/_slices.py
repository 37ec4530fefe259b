"""Parts of arrays read and replaced by position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ._arrays import array
from ._op import op

__all__ = [
    "scatter",
    "scatter_update",
    "slice",
    "slice_update",
    "unstack",
]


@op(theme="core")
def unstack(x: ArrayLike, num: int | None = None, axis: int = 0) -> list[Array]:
    """The slices along `axis`, one array each.

    Args:
        x: any array.
        num: how many there are; read off `x` where it knows.
        axis: the axis that goes.
    """
    x = array(x)
    if num is not None and num != x.shape[axis]:
        raise ShapeError("unstack", got=f"num={num}", expected=f"{x.shape[axis]}, the size along axis {axis}")
    return [jax.lax.index_in_dim(x, i, axis, keepdims=False) for i in range(x.shape[axis])]


@op(theme="core")
def slice(inputs: ArrayLike, start_indices: Sequence[int] | ArrayLike, shape: Sequence[int]) -> Array:
    """The part of this shape that starts at `start_indices`.

    Args:
        inputs: any array.
        start_indices: one per axis; arrays are allowed, also inside compiled code.
        shape: the size along each axis; -1: all that is left, from a start that is no array.
    """
    x = array(inputs)
    sizes = [int(x.shape[i] - start_indices[i]) if size == -1 else size for i, size in enumerate(shape)]
    return jax.lax.dynamic_slice(x, _starts(start_indices), sizes)


@op(theme="core")
def slice_update(inputs: ArrayLike, start_indices: Sequence[int] | ArrayLike, updates: ArrayLike) -> Array:
    """`inputs` with the part that starts at `start_indices` replaced by `updates`.

    Args:
        inputs: any array.
        start_indices: one per axis.
        updates: as many axes as `inputs`.
    """
    x = array(inputs)
    return jax.lax.dynamic_update_slice(x, array(updates).astype(x.dtype), _starts(start_indices))


def _starts(indices: Any) -> list[Any]:
    return [jnp.asarray(index, "int32") for index in indices]


@op(theme="core")
def scatter(indices: ArrayLike, values: ArrayLike, shape: Sequence[int]) -> Array:
    """Zeros of this shape, with `values` added in at `indices`.

    Args:
        indices: (..., k): positions on the first k axes.
        values: (..., *shape[k:]).
        shape: of the result.
    """
    indices, values = array(indices), array(values)
    return jnp.zeros(tuple(shape), values.dtype).at[tuple(jnp.moveaxis(indices, -1, 0))].add(values)


@op(theme="core")
def scatter_update(inputs: ArrayLike, indices: ArrayLike, updates: ArrayLike, reduction: str | None = None) -> Array:
    """`inputs` with the elements at `indices` replaced by, or combined with, `updates`.

    Args:
        inputs: any array.
        indices: (n, k): positions on the first k axes.
        updates: (n, *inputs.shape[k:]).
        reduction: None replaces; "add", "mul", "max" or "min" combine with what is there.

    Raises:
        ArgumentError: another reduction.
    """
    x, indices = array(inputs), array(indices)
    place = x.at[tuple(jnp.moveaxis(indices, -1, 0))]
    known = {None: place.set, "add": place.add, "mul": place.multiply, "max": place.max, "min": place.min}
    if reduction not in known:
        raise ArgumentError(
            "scatter_update", got=f"reduction={reduction!r}", expected="None, 'add', 'mul', 'max' or 'min'"
        )
    return known[reduction](array(updates).astype(x.dtype))
