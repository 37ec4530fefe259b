"""The same elements in another arrangement."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ..._errors import ArgumentError
from ..._types import Array, ArrayLike, DType
from .._arrays import array, arrays, optional_dtype
from .._arrays import array as as_array
from .._arrays import axes as axes_of
from .._op import op

__all__ = [
    "append",
    "array_split",
    "broadcast_to",
    "concatenate",
    "copy",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "moveaxis",
    "ndim",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "size",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "transpose",
    "view",
    "vsplit",
    "vstack",
]


@op
def reshape(x: ArrayLike, newshape: int | Sequence[int | None]) -> Array:
    """The elements of `x`, in order, in another shape.

    Args:
        x: any array.
        newshape: sizes; one may be -1, the size that is left. None, an unknown size read off a symbolic
            tensor, is that of the same axis of `x` where more than one size is open, else the size left.
    """
    x = array(x)
    sizes = [newshape] if not isinstance(newshape, (list, tuple)) else list(newshape)
    for i, size in enumerate(sizes):
        if size is None:
            several = sum(other is None or other == -1 for other in sizes) > 1
            sizes[i] = x.shape[i] if several and i < x.ndim else -1
    return jnp.reshape(x, tuple(sizes))


@op
def ravel(x: ArrayLike) -> Array:
    """All elements along one axis."""
    return jnp.ravel(array(x))


@op
def transpose(x: ArrayLike, axes: Sequence[int] | None = None) -> Array:
    """Put the axes in the order `axes`, reversed for None."""
    return jnp.transpose(array(x), axes)


@op
def moveaxis(x: ArrayLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """Move the axes `source` to the places `destination`; the others keep their order."""
    return jnp.moveaxis(array(x), source, destination)


@op
def swapaxes(x: ArrayLike, axis1: int, axis2: int) -> Array:
    """Exchange two axes."""
    return jnp.swapaxes(array(x), axis1, axis2)


@op
def expand_dims(x: ArrayLike, axis: int | Sequence[int]) -> Array:
    """Insert axes of size 1, at the places `axis` of the result."""
    return jnp.expand_dims(array(x), axes_of(axis))


@op
def squeeze(x: ArrayLike, axis: int | Sequence[int] | None = None) -> Array:
    """Remove axes of size 1: those named, or all for None."""
    return jnp.squeeze(array(x), axes_of(axis))


@op
def broadcast_to(x: ArrayLike, shape: Sequence[int]) -> Array:
    """Repeat `x` along new axes and axes of size 1 until it has this shape."""
    return jnp.broadcast_to(array(x), tuple(shape))


@op
def flip(x: ArrayLike, axis: int | Sequence[int] | None = None) -> Array:
    """Reverse the order along `axis`, along all axes for None."""
    return jnp.flip(array(x), axes_of(axis))


@op
def fliplr(x: ArrayLike) -> Array:
    """Reverse the order along the second axis."""
    return jnp.fliplr(array(x))


@op
def flipud(x: ArrayLike) -> Array:
    """Reverse the order along the first axis."""
    return jnp.flipud(array(x))


@op
def rot90(array: ArrayLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """Turn by 90 degrees `k` times, from the first of `axes` towards the second."""
    return jnp.rot90(as_array(array), k, tuple(axes))


@op
def roll(x: ArrayLike, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Array:
    """Move elements `shift` places along `axis`; those that leave at the end come in at the start.

    Args:
        x: any array.
        shift: places, one number or one per axis.
        axis: one axis, several, or None for the flattened array.
    """
    return jnp.roll(array(x), shift, axes_of(axis))


@op
def repeat(x: ArrayLike, repeats: int | ArrayLike, axis: int | None = None) -> Array:
    """Repeat each element.

    Args:
        x: any array.
        repeats: how many times, one number or one per element along `axis`.
        axis: along which; None for the flattened array.
    """
    # As NumPy's, unless it is JAX's already: inside compiled code its values must be known.
    repeats = repeats if isinstance(repeats, (int, jax.Array)) else np.asarray(repeats)
    return jnp.repeat(array(x), repeats, axis)


@op
def tile(x: ArrayLike, repeats: int | Sequence[int]) -> Array:
    """Lay `x` out `repeats` times along each axis."""
    return jnp.tile(array(x), repeats)


@op
def pad(
    x: ArrayLike,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: str = "constant",
    constant_values: ArrayLike | None = None,
) -> Array:
    """Add elements at the edges.

    Args:
        x: any array.
        pad_width: (before, after) per axis, or one pair or number for all.
        mode: "constant", "reflect", "symmetric", "edge" and the others of `numpy.pad`.
        constant_values: what is added in mode "constant", 0 by default.

    Raises:
        ArgumentError: `constant_values` in another mode.
    """
    if mode == "constant":
        return jnp.pad(array(x), pad_width, mode, constant_values=0 if constant_values is None else constant_values)
    if constant_values is not None:
        raise ArgumentError("pad", got=f"constant_values with mode={mode!r}", expected="mode='constant'")
    return jnp.pad(array(x), pad_width, mode)


@op
def concatenate(xs: Sequence[ArrayLike], axis: int = 0) -> Array:
    """Join arrays along an axis they have."""
    return jnp.concatenate(arrays(*xs), axis)


@op
def stack(x: Sequence[ArrayLike], axis: int = 0) -> Array:
    """Join arrays of one shape along a new axis."""
    return jnp.stack(arrays(*x), axis)


@op
def vstack(xs: Sequence[ArrayLike]) -> Array:
    """Join arrays along the first axis, vectors as rows."""
    return jnp.vstack(arrays(*xs))


@op
def hstack(xs: Sequence[ArrayLike]) -> Array:
    """Join arrays along the second axis, vectors along their only one."""
    return jnp.hstack(arrays(*xs))


@op
def dstack(xs: Sequence[ArrayLike]) -> Array:
    """Join arrays along the third axis."""
    return jnp.dstack(arrays(*xs))


@op
def append(x1: ArrayLike, x2: ArrayLike, axis: int | None = None) -> Array:
    """Join two arrays along `axis`, flattened for None."""
    return jnp.append(*arrays(x1, x2), axis=axis)


@op
def split(x: ArrayLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Cut along `axis`.

    Args:
        x: any array.
        indices_or_sections: the number of equal parts, or where to cut.
        axis: the axis to cut.

    Returns:
        A list of arrays.
    """
    return list(jnp.split(array(x), indices_or_sections, axis))


@op
def array_split(x: ArrayLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Cut along `axis` into parts that may differ by one in size.

    Args:
        x: any array.
        indices_or_sections: the number of parts, or where to cut.
        axis: the axis to cut.

    Returns:
        A list of arrays.
    """
    return list(jnp.array_split(array(x), indices_or_sections, axis))


@op
def hsplit(x: ArrayLike, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """`split` along the second axis, along the first of a vector."""
    return list(jnp.hsplit(array(x), indices_or_sections))


@op
def vsplit(x: ArrayLike, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """`split` along the first axis."""
    return list(jnp.vsplit(array(x), indices_or_sections))


@op
def dsplit(x: ArrayLike, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """`split` along the third axis."""
    return list(jnp.dsplit(array(x), indices_or_sections))


@op(rowwise=True)
def copy(x: ArrayLike) -> Array:
    """A new array with the elements of `x`."""
    return jnp.array(array(x), copy=True)


@op
def view(x: ArrayLike, dtype: DType | None = None) -> Array:
    """The same bits as another dtype; the last axis grows or shrinks with its size.

    Args:
        x: any array.
        dtype: how to read them.
    """
    return array(x).view(optional_dtype(dtype))


def ndim(x: ArrayLike) -> int:
    """The number of axes."""
    return len(x.shape) if hasattr(x, "shape") else array(x).ndim


@op
def size(x: ArrayLike) -> int | Array:
    """The number of elements: an int, or a scalar of a symbolic tensor."""
    return array(x).size
