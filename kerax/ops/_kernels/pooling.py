"""Max and average pooling, in a form that XLA compiles well where it runs.

On the CPU the gradient of a `lax.reduce_window` maximum takes four to twenty times as long as that
of the form used here: a window is taken apart: one axis after another, the positions within the window become an axis
of their own (windows that do not overlap: a reshape) or shifted views (windows that do).
Elsewhere the accelerator's own window reduction is kept.

Both forms give the same numbers. When several values of a window tie for the maximum, which after
a ReLU is the rule, the first in row-major order wins and takes the whole gradient.
"""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..._types import Array
from .platform import on_cpu

# A chain of views grows the program with the window; past this one reduction is cheaper to compile.
_LONGEST_CHAIN = 16

Pairs = tuple[tuple[int, int], ...]


def max_pool(
    x: Array,
    window: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    channels_last: bool = True,
) -> Array:
    """The largest value of every window.

    Args:
        x: (batch, *spatial, channels), or (batch, channels, *spatial) when not `channels_last`;
            1 to 3 spatial axes.
        window: the window's size along each spatial axis.
        strides: the step between windows along each spatial axis.
        padding: `"valid"` or `"same"`; what is padded never wins.
        channels_last: where the channels are.
    Returns:
        An array of x's dtype, its spatial axes one entry per window.
    """
    axes = _spatial_axes(x, channels_last)
    pads = window_padding([x.shape[a] for a in axes], window, strides, padding)
    lowest = _lowest(x.dtype)
    if not on_cpu() or max(window) > _LONGEST_CHAIN:
        return _reduce_window(x, lowest, lax.max, axes, window, strides, pads)
    x = _pad(x, axes, pads, lowest)
    # The last axis first: then "first winner, axis by axis" is "first in row-major order".
    for axis, size, stride in reversed(list(zip(axes, window, strides, strict=True))):
        x = _max_along(x, axis, size, stride)
    return x


def average_pool(
    x: Array,
    window: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    channels_last: bool = True,
) -> Array:
    """The mean of every window; with `"same"` padding, of the part that lies within `x`.

    Arguments and shapes are those of `max_pool`.
    """
    axes = _spatial_axes(x, channels_last)
    sizes = [x.shape[a] for a in axes]
    pads = window_padding(sizes, window, strides, padding)
    zero = np.zeros((), x.dtype)
    if not on_cpu() or max(window) > _LONGEST_CHAIN:
        total = _reduce_window(x, zero, lax.add, axes, window, strides, pads)
    else:
        total = _pad(x, axes, pads, zero)
        for axis, size, stride in zip(axes, window, strides, strict=True):
            total = _sum_along(total, axis, size, stride)
    if not any(map(any, pads)):
        return total / math.prod(window)
    # How many entries of x each window holds is known now: a constant, an outer product over the axes.
    counts = np.ones((1,) * x.ndim, total.dtype)
    for axis, n, size, stride, (low, _) in zip(axes, sizes, window, strides, pads, strict=True):
        starts = np.arange(total.shape[axis]) * stride - low
        inside = np.minimum(starts + size, n) - np.maximum(starts, 0)
        counts = counts * inside.reshape([-1 if a == axis else 1 for a in range(x.ndim)]).astype(total.dtype)
    return total / counts


def window_padding(sizes: list[int], window: tuple[int, ...], strides: tuple[int, ...], padding: str) -> Pairs:
    """What `"valid"` and `"same"` put before and after each spatial axis."""
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    pairs = []
    for n, size, stride in zip(sizes, window, strides, strict=True):
        missing = max((-(-n // stride) - 1) * stride + size - n, 0)
        pairs.append((missing // 2, missing - missing // 2))
    return tuple(pairs)


@partial(jax.custom_jvp, nondiff_argnums=(1, 2, 3))
def _max_along(x: Array, axis: int, size: int, stride: int) -> Array:
    return _winner(x, axis, size, stride)[0]


@_max_along.defjvp
def _max_along_jvp(axis: int, size: int, stride: int, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    # Kept for the backward pass is the winner's place, a byte per window; the transpose of
    # "pick by place" is a select that every entry of x makes on its own, and no scatter.
    (x,), (dx,) = primals, tangents
    value, place = _winner(x, axis, size, stride)
    if stride >= size:
        blocks = _blocks(dx, axis, size, stride)
        places = lax.broadcasted_iota(jnp.uint8, (1,) * (axis + 1) + (size,) + (1,) * (dx.ndim - axis - 1), axis + 1)
        chosen = jnp.where(jnp.expand_dims(place, axis + 1) == places, blocks, 0).sum(axis + 1)
        return value, chosen.astype(dx.dtype)
    first, *others = _views(dx, axis, size, stride)
    for number, view in enumerate(others, 1):
        first = jnp.where(place == number, view, first)
    return value, first


def _winner(x: Array, axis: int, size: int, stride: int) -> tuple[Array, Array]:
    best, *others = _views(x, axis, size, stride)
    place = jnp.zeros(best.shape, jnp.uint8)
    for number, view in enumerate(others, 1):
        better = (view > best) | (view != view)  # NaN wins, as it does in lax.max
        best = jnp.where(better, view, best)
        place = jnp.where(better, jnp.uint8(number), place)
    return best, place


@partial(jax.custom_jvp, nondiff_argnums=(1, 2, 3))
def _sum_along(x: Array, axis: int, size: int, stride: int) -> Array:
    first, *others = _views(x, axis, size, stride)
    for view in others:
        first = first + view
    return first


@_sum_along.defjvp
def _sum_along_jvp(axis: int, size: int, stride: int, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    # Adding views is the fastest sum, but its transpose is a chain of padded arrays; that of a sum
    # over an axis of its own is one broadcast.
    (x,), (dx,) = primals, tangents
    value = _sum_along(x, axis, size, stride)
    if stride >= size:
        return value, _blocks(dx, axis, size, stride).sum(axis + 1)
    return value, _sum_along(dx, axis, size, stride)


def _views(x: Array, axis: int, size: int, stride: int) -> list[Array]:
    """For each place in the window, the entries at that place, window by window."""
    if stride >= size:
        blocks = _blocks(x, axis, size, stride)
        return [lax.index_in_dim(blocks, i, axis + 1, keepdims=False) for i in range(size)]
    span = (x.shape[axis] - size) // stride * stride + 1
    return [lax.slice_in_dim(x, i, i + span, stride, axis) for i in range(size)]


def _blocks(x: Array, axis: int, size: int, stride: int) -> Array:
    """x with `axis` split in two: which window, and the place in it."""
    n = x.shape[axis]
    count = (n - size) // stride + 1
    if n < count * stride:  # the last window may end before its stride does
        x = _pad(x, [axis], ((0, count * stride - n),), np.zeros((), x.dtype))
    x = lax.slice_in_dim(x, 0, count * stride, axis=axis)
    x = x.reshape(*x.shape[:axis], count, stride, *x.shape[axis + 1 :])
    return lax.slice_in_dim(x, 0, size, axis=axis + 1)


def _reduce_window(x, start, combine, axes, window, strides, pads) -> Array:
    size, step, pad = [1] * x.ndim, [1] * x.ndim, [(0, 0)] * x.ndim
    for axis, s, t, p in zip(axes, window, strides, pads, strict=True):
        size[axis], step[axis], pad[axis] = s, t, p
    return lax.reduce_window(x, start, combine, size, step, pad)


def _pad(x: Array, axes: list[int], pads: Pairs, value: np.ndarray) -> Array:
    if not any(map(any, pads)):
        return x
    config = [(0, 0, 0)] * x.ndim
    for axis, (low, high) in zip(axes, pads, strict=True):
        config[axis] = (low, high, 0)
    return lax.pad(x, value, config)


def _lowest(dtype: np.dtype) -> np.ndarray:
    if jnp.issubdtype(dtype, jnp.floating):
        return np.array(-np.inf, dtype)
    if jnp.issubdtype(dtype, jnp.bool_):
        return np.array(False)
    return np.array(jnp.iinfo(dtype).min, dtype)


def _spatial_axes(x: Array, channels_last: bool) -> list[int]:
    return list(range(1, x.ndim - 1)) if channels_last else list(range(2, x.ndim))


__all__ = ["average_pool", "max_pool", "window_padding"]
