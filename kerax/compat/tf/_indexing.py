"""Elements taken, placed, chosen, sorted and searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ... import ops
from ..._core.dtypes import is_string
from ..._core.variable import plain
from ..._errors import ArgumentError
from ..._types import Array, ArrayLike
from ._creation import cast
from ._static import eager, integer, integers, symbolic
from ._types import HostArray, as_dtype, int32, on_host

__all__ = [
    "argsort",
    "boolean_mask",
    "dynamic_partition",
    "dynamic_stitch",
    "gather",
    "gather_nd",
    "scatter_nd",
    "searchsorted",
    "slice",
    "sort",
    "strided_slice",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "top_k",
    "unique",
    "unique_with_counts",
    "where",
]


def where(condition: ArrayLike, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """`x` where `condition` holds, else `y`; without them the positions where it holds: (found, axes).

    Raises:
        StateError: positions are asked for inside compiled code, where sizes cannot depend on values.
        ArgumentError: one of `x` and `y` without the other.
    """
    if (x is None) != (y is None):
        raise ArgumentError("tf.where", got="one of x and y", expected="both or neither")
    if x is not None:
        return ops.where(condition, x, y)
    eager("tf.where(condition)", "tf.where(condition, x, y), which keeps the size, or call it outside", condition)
    return jnp.argwhere(jnp.asarray(plain(condition))).astype("int32")


def boolean_mask(tensor: ArrayLike, mask: ArrayLike, axis: int | None = None, name: str = "boolean_mask") -> Any:
    """The elements for which `mask` holds; its axes stand for as many of `tensor`, from `axis` on.

    Raises:
        StateError: inside compiled code, where sizes cannot depend on values.
    """
    eager("tf.boolean_mask", "tf.where(mask, x, 0), which keeps the size, or call it outside", tensor, mask)
    chosen, values = np.asarray(plain(mask), bool), plain(tensor)
    values = on_host(values) if is_string(values) else jnp.asarray(values)
    return values[(np.s_[:],) * ((axis or 0) % max(values.ndim, 1)) + (chosen,)]


@symbolic
def _gather_batched(params: ArrayLike, indices: ArrayLike, axis: int, batch_dims: int) -> Array:
    def take(p: Array, i: Array) -> Array:
        return jnp.take(p, i, axis=axis - batch_dims)

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(jnp.asarray(params), jnp.asarray(indices))


def gather(
    params: ArrayLike,
    indices: ArrayLike,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """The slices of `params` at `indices`.

    Args:
        params: any tensor.
        indices: integers of any shape.
        validate_indices: kept for compatibility.
        axis: along which slices are taken, `batch_dims` by default.
        batch_dims: so many first axes of both belong together, one by one.

    Returns:
        params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]. An index out of range gives
        NaN, or the least integer: compiled code cannot raise.
    """
    if isinstance(params, HostArray):
        return on_host(np.take(params, np.asarray(indices), axis or 0))
    rank = len(ops.shape(plain(params)))
    batch = batch_dims + len(ops.shape(plain(indices))) if batch_dims < 0 else batch_dims
    along = batch if axis is None else integer("tf.gather", axis) % rank
    if not batch:
        return ops.take(params, indices, along)
    if along < batch:
        raise ArgumentError("tf.gather", got=f"axis={along}, batch_dims={batch}", expected="axis >= batch_dims")
    return _gather_batched(params, indices, along, batch)


@symbolic
def _gather_nd(params: ArrayLike, indices: ArrayLike, batch_dims: int) -> Array:
    def take(p: Array, i: Array) -> Array:
        return p[tuple(jnp.moveaxis(i, -1, 0))]

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(jnp.asarray(params), jnp.asarray(indices))


def gather_nd(params: ArrayLike, indices: ArrayLike, batch_dims: int = 0, name: str | None = None) -> Any:
    """The slices of `params` at positions: indices (..., k) name a place on the first k axes."""
    return _gather_nd(params, indices, batch_dims)


def scatter_nd(indices: ArrayLike, updates: ArrayLike, shape: Any, name: str | None = None) -> Any:
    """Zeros of this shape with `updates` added in at `indices`."""
    return ops.scatter(indices, updates, integers("tf.scatter_nd", shape))


def tensor_scatter_nd_update(tensor: ArrayLike, indices: ArrayLike, updates: ArrayLike, name: str | None = None) -> Any:
    """`tensor` with the slices at `indices`, (..., k), replaced."""
    return ops.scatter_update(tensor, indices, updates)


def tensor_scatter_nd_add(tensor: ArrayLike, indices: ArrayLike, updates: ArrayLike, name: str | None = None) -> Any:
    """`tensor` with `updates` added at `indices`."""
    return ops.scatter_update(tensor, indices, updates, "add")


def tensor_scatter_nd_sub(tensor: ArrayLike, indices: ArrayLike, updates: ArrayLike, name: str | None = None) -> Any:
    """`tensor` with `updates` taken off at `indices`."""
    return ops.scatter_update(tensor, indices, ops.negative(updates), "add")


def tensor_scatter_nd_max(tensor: ArrayLike, indices: ArrayLike, updates: ArrayLike, name: str | None = None) -> Any:
    """`tensor` with the greater of each and its update at `indices`."""
    return ops.scatter_update(tensor, indices, updates, "max")


def tensor_scatter_nd_min(tensor: ArrayLike, indices: ArrayLike, updates: ArrayLike, name: str | None = None) -> Any:
    """`tensor` with the lesser of each and its update at `indices`."""
    return ops.scatter_update(tensor, indices, updates, "min")


def slice(input_: ArrayLike, begin: Any, size: Any, name: str | None = None) -> Any:
    """The part that starts at `begin` and has these sizes; -1: all that is left."""
    sizes = integers("tf.slice", size)
    begin = plain(begin)
    starts = begin if isinstance(begin, (list, tuple)) else [begin[i] for i in range(len(sizes))]
    if any(isinstance(plain(start), jax.core.Tracer) for start in starts):
        return ops.slice(input_, starts, sizes)
    known = integers("tf.slice", starts)
    ends = [None if n == -1 else start + n for start, n in zip(known, sizes, strict=True)]
    shape = ops.shape(plain(input_))
    for start, end, have in zip(known, ends, shape, strict=True):
        if have is not None and not 0 <= start <= (start if end is None else end) <= have:
            raise ArgumentError(
                "tf.slice", got=f"begin={known}, size={sizes} of shape {shape}", expected="a part of it"
            )
    return _part(input_, tuple(np.s_[start:end] for start, end in zip(known, ends, strict=True)))


def _part(x: ArrayLike, key: tuple) -> Any:
    return x[key] if isinstance(x, HostArray) else ops.get_item(x, key)


def strided_slice(
    input_: ArrayLike,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Any:
    """`input_[begin:end:strides]` along each axis.

    Args:
        input_: any tensor.
        begin: the first place on each axis.
        end: the place after the last.
        strides: the distance of two places, 1 by default.
        begin_mask: bit i: begin[i] does not count.
        end_mask: bit i: end[i] does not count.
        ellipsis_mask: bit i: `...` stands there.
        new_axis_mask: bit i: a new axis of size 1 stands there.
        shrink_axis_mask: bit i: only the element at begin[i] is taken, and the axis goes.
        var: must be None.
    """
    if var is not None:
        raise ArgumentError("tf.strided_slice", got="var", expected="None", hint="variable[...] = value")
    first, last = integers("tf.strided_slice", begin), integers("tf.strided_slice", end)
    steps = (1,) * len(first) if strides is None else integers("tf.strided_slice", strides)
    key: list[Any] = []
    for i, (start, stop, step) in enumerate(zip(first, last, steps, strict=True)):
        bit = 1 << i
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            key.append(start)
        else:
            key.append(np.s_[None if begin_mask & bit else start : None if end_mask & bit else stop : step])
    return _part(input_, tuple(key))


def _falling(where: str, direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ArgumentError(where, got=f"direction={direction!r}", expected="'ASCENDING' or 'DESCENDING'")
    return direction == "DESCENDING"


def sort(values: ArrayLike, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """The elements along `axis` in rising or falling order."""
    x = ops.sort(values, axis)
    return ops.flip(x, axis) if _falling("tf.sort", direction) else x


@symbolic
def _argsort(values: ArrayLike, axis: int, falling: bool) -> Array:
    return jnp.argsort(jnp.asarray(values), axis=axis, stable=True, descending=falling).astype("int32")


def argsort(
    values: ArrayLike, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Any:
    """The places of the elements along `axis` in rising or falling order; equal ones keep their order."""
    return _argsort(values, axis, _falling("tf.argsort", direction))


class TopK(NamedTuple):
    """What `top_k` gives."""

    values: Any
    indices: Any


def top_k(input: ArrayLike, k: Any = 1, sorted: bool = True, index_type: Any = int32, name: str | None = None) -> TopK:
    """The `k` greatest elements along the last axis, in falling order, and their places."""
    return TopK(*ops.top_k(input, integer("tf.math.top_k", k), sorted))


class Unique(NamedTuple):
    """What `unique` gives."""

    y: Any
    idx: Any


class UniqueWithCounts(NamedTuple):
    """What `unique_with_counts` gives."""

    y: Any
    idx: Any
    count: Any


def unique_with_counts(x: ArrayLike, out_idx: Any = int32, name: str | None = None) -> UniqueWithCounts:
    """The different elements of a vector in the order they come, the place of each in that list, how often each comes.

    Raises:
        StateError: inside compiled code, where sizes cannot depend on values.
    """
    eager("tf.unique", "kerax.ops.unique(size=...), or call it outside", x)
    found, first, places, counts = np.unique(
        np.asarray(plain(x)), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    new = np.empty_like(order)
    new[order] = np.arange(len(order))
    values = found[order]
    y = on_host(values) if is_string(values) else jnp.asarray(values)
    return UniqueWithCounts(y, jnp.asarray(new[places], "int32"), jnp.asarray(counts[order], "int32"))


def unique(x: ArrayLike, out_idx: Any = int32, name: str | None = None) -> Unique:
    """The different elements of a vector, in the order they come, and the place of each in that list.

    Raises:
        StateError: inside compiled code, where sizes cannot depend on values.
    """
    return Unique(*unique_with_counts(x)[:2])


@symbolic
def _searchsorted(sorted_sequence: ArrayLike, values: ArrayLike, side: str) -> Array:
    rows, wanted = jnp.asarray(sorted_sequence), jnp.asarray(values)
    if rows.ndim == 1:
        return jnp.searchsorted(rows, wanted, side)
    flat = jax.vmap(lambda row, v: jnp.searchsorted(row, v, side))(
        rows.reshape(-1, rows.shape[-1]), wanted.reshape(-1, wanted.shape[-1])
    )
    return flat.reshape(wanted.shape)


def searchsorted(
    sorted_sequence: ArrayLike, values: ArrayLike, side: str = "left", out_type: Any = int32, name: str | None = None
) -> Any:
    """Where each value belongs in the rising order along the last axis; the axes before it go in step."""
    return cast(_searchsorted(sorted_sequence, values, side), as_dtype(out_type))


def dynamic_partition(data: ArrayLike, partitions: ArrayLike, num_partitions: int, name: str | None = None) -> list:
    """The rows of `data` by the number of their part.

    Raises:
        StateError: inside compiled code, where sizes cannot depend on values.
    """
    return [boolean_mask(data, np.equal(np.asarray(plain(partitions)), i)) for i in range(num_partitions)]


def dynamic_stitch(indices: Sequence[ArrayLike], data: Sequence[ArrayLike], name: str | None = None) -> Array:
    """One tensor of rows given in several, each with its place; later ones win.

    Raises:
        StateError: inside compiled code, where sizes cannot depend on values.
    """
    eager("tf.dynamic_stitch", "tf.tensor_scatter_nd_update, or call it outside", list(indices))
    places = [np.asarray(plain(one)) for one in indices]
    count = max(int(one.max()) for one in places if one.size) + 1
    first = jnp.asarray(plain(data[0]))
    out = jnp.zeros((count, *first.shape[places[0].ndim :]), first.dtype)
    for place, rows in zip(places, data, strict=True):
        out = out.at[place].set(plain(rows))
    return out
