"""Tensors in another shape or order, put together and taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ops
from ..._core.dtypes import is_string
from ..._core.variable import plain
from ..._errors import ArgumentError
from ..._types import ArrayLike
from ._creation import convert_to_tensor
from ._static import axes, integer, integers, sizes, sizes_stay
from ._types import HostArray, TensorShape, on_host
from .errors import InvalidArgumentError

__all__ = [
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "concat",
    "ensure_shape",
    "expand_dims",
    "meshgrid",
    "pad",
    "repeat",
    "reshape",
    "reverse",
    "roll",
    "split",
    "squeeze",
    "stack",
    "tile",
    "transpose",
    "unstack",
]


def reshape(tensor: ArrayLike, shape: Any, name: str | None = None) -> Any:
    """The elements in another shape; one size may be -1, or None as `tf.shape` of a symbolic tensor gives it."""
    wanted = sizes("tf.reshape", shape)
    if is_string(tensor):
        return on_host(np.reshape(tensor, wanted))
    return ops.reshape(tensor, wanted)


def transpose(a: ArrayLike, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Any:
    """The axes in the order `perm`, reversed for None."""
    x = ops.transpose(a, None if perm is None else integers("tf.transpose", perm))
    return ops.conj(x) if conjugate else x


@sizes_stay(np.expand_dims)
def expand_dims(input: ArrayLike, axis: Any, name: str | None = None) -> Any:
    """A new axis of size 1, at the place `axis` of the result."""
    if is_string(input):
        return on_host(np.expand_dims(input, integer("tf.expand_dims", axis)))
    return ops.expand_dims(input, integer("tf.expand_dims", axis))


def squeeze(input: ArrayLike, axis: Any = None, name: str | None = None) -> Any:
    """Without axes of size 1: all of them, or those named.

    Raises:
        InvalidArgumentError: an axis of another size.
    """
    along = axes("tf.squeeze", axis)
    shape = ops.shape(plain(input))
    for one in () if along is None else np.atleast_1d(along).tolist():
        if not -len(shape) <= one < len(shape) or shape[one] != 1:
            raise InvalidArgumentError("tf.squeeze", got=f"axis {one} of shape {shape}", expected="an axis of size 1")
    if is_string(input):
        return on_host(np.squeeze(np.asarray(input), along))
    return ops.squeeze(input, along)


@sizes_stay(lambda values, axis=0: np.concatenate([np.atleast_1d(v) for v in values], axis))
def concat(values: Any, axis: Any, name: str = "concat") -> Any:
    """Tensors one after the other along an axis they have."""
    if not isinstance(values, (list, tuple)):
        return convert_to_tensor(values)
    if any(is_string(value) for value in values):
        return on_host(np.concatenate(values, integer("tf.concat", axis)))
    return ops.concatenate(list(values), integer("tf.concat", axis))


@sizes_stay(lambda values, axis=0: np.stack(values, axis))
def stack(values: Any, axis: Any = 0, name: str = "stack") -> Any:
    """Tensors of one shape along a new axis."""
    if isinstance(values, (list, tuple)):
        if any(is_string(value) for value in values):
            return on_host(np.stack(values, integer("tf.stack", axis)))
        return ops.stack(list(values), integer("tf.stack", axis))
    return ops.moveaxis(values, 0, integer("tf.stack", axis))


def unstack(value: ArrayLike, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Any]:
    """The slices along `axis`, one tensor each."""
    if isinstance(value, HostArray):
        return [on_host(part) for part in np.moveaxis(value, axis, 0)]
    return ops.unstack(value, num, axis)


def split(
    value: ArrayLike, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split"
) -> list[Any]:
    """Parts along `axis`.

    Args:
        value: any tensor.
        num_or_size_splits: into how many equal parts; or the sizes, one of which may be -1, what is left.
        axis: along which.
        num: kept for compatibility.

    Raises:
        InvalidArgumentError: sizes that do not make up the axis.
    """
    where, along = "tf.split", integer("tf.split", axis)
    cut = np.split if isinstance(value, HostArray) else ops.split
    total = ops.shape(plain(value))[along]
    several = isinstance(num_or_size_splits, (list, tuple)) or np.ndim(plain(num_or_size_splits)) > 0
    if not several:
        count = integer(where, num_or_size_splits)
        if total is not None and total % count:
            raise InvalidArgumentError(where, got=f"{count} parts of {total}", expected="a number that divides it")
        return list(cut(value, count, along))
    parts = list(integers(where, num_or_size_splits))
    if parts.count(-1) == 1 and total is not None:
        parts[parts.index(-1)] = total - sum(parts) - 1
    if min(parts) < 0 or (total is not None and sum(parts) != total):
        raise InvalidArgumentError(where, got=f"sizes {parts} of {total}", expected="sizes that make up the axis")
    return list(cut(value, np.cumsum(parts)[:-1].tolist(), along))


def tile(input: ArrayLike, multiples: Any, name: str | None = None) -> Any:
    """Copies side by side, a number along each axis."""
    return ops.tile(input, integers("tf.tile", multiples))


def repeat(input: ArrayLike, repeats: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Each element so many times; of the flattened tensor for `axis=None`."""
    several = isinstance(repeats, (list, tuple)) or np.ndim(plain(repeats)) > 0
    return ops.repeat(input, plain(repeats) if several else integer("tf.repeat", repeats), axis)


def broadcast_to(input: ArrayLike, shape: Any, name: str | None = None) -> Any:
    """Repeated along new axes and axes of size 1 until it has this shape."""
    return ops.broadcast_to(input, integers("tf.broadcast_to", shape))


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape that two shapes broadcast to."""
    return TensorShape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y)))


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """The shape that two shapes broadcast to."""
    x, y = integers("tf.broadcast_dynamic_shape", shape_x), integers("tf.broadcast_dynamic_shape", shape_y)
    return on_host(np.array(np.broadcast_shapes(x, y), "int32"))


def pad(
    tensor: ArrayLike, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None
) -> Any:
    """Elements added at both ends of each axis.

    Args:
        tensor: any tensor.
        paddings: (axes, 2): how many before and after.
        mode: "CONSTANT", "REFLECT" (without the edge) or "SYMMETRIC" (with it).
        constant_values: for "CONSTANT".

    Raises:
        ArgumentError: another mode.
    """
    widths = [integers("tf.pad", pair) for pair in (paddings if isinstance(paddings, list) else list(paddings))]
    if mode.upper() not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
        raise ArgumentError("tf.pad", got=f"mode={mode!r}", expected="'CONSTANT', 'REFLECT' or 'SYMMETRIC'")
    constant = constant_values if mode.upper() == "CONSTANT" else None
    return ops.pad(tensor, widths, mode.lower(), constant)


def reverse(tensor: ArrayLike, axis: Any, name: str | None = None) -> Any:
    """The other way round along these axes."""
    return ops.flip(tensor, integers("tf.reverse", axis))


def roll(input: ArrayLike, shift: Any, axis: Any, name: str | None = None) -> Any:
    """Moved along axes; what leaves at the end comes in at the start."""
    return ops.roll(input, axes("tf.roll", shift), axes("tf.roll", axis))


def meshgrid(*args: ArrayLike, indexing: str = "xy", name: str | None = None) -> list[Any]:
    """The coordinates of a grid: one tensor for each vector."""
    return list(ops.meshgrid(*args, indexing=indexing))


def ensure_shape(x: ArrayLike, shape: Any, name: str | None = None) -> Any:
    """`x`, if its shape fits; None in `shape` fits any size.

    Raises:
        InvalidArgumentError: it does not.
    """
    have = TensorShape(ops.shape(plain(x)))
    if not have.is_compatible_with(shape):
        raise InvalidArgumentError("tf.ensure_shape", got=f"shape {tuple(have)}", expected=f"{tuple(shape)}")
    return x
