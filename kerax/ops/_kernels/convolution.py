"""Convolution with Keras's arguments, in a form that XLA compiles well where it runs.

On an accelerator that is `lax.conv_general_dilated`, and so it is on the CPU outside loops as long
as nobody differentiates. Where somebody does, it is there, at the sizes small networks have, matrix
products over shifted views of the input: forward and backward together in half to nine tenths of
the time, and, unlike XLA's own convolution, as fast inside a loop as outside one (there XLA's takes
40 to 50 times as long), so that models with convolutions can take many steps in one dispatch. Where
the views would take much memory XLA's own stays the faster one and is kept: `conv_general_dilated`
in a traced program says that it does not belong in a loop on the CPU.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from ..._core.context import here
from ..._types import Array
from .platform import on_cpu

Pairs = Sequence[tuple[int, int]]

# Up to this many columns, all taps of the kernel go into one product; above it, one product for each
# row of taps is as fast and copies a third as much.
_COLUMNS_AT_ONCE = 64
# What the shifted views may take, in bytes: beyond, fetching them costs more than the products save.
# Few filters make little of each byte fetched.
_VIEW_LIMIT = 32 * 2**20
_VIEW_LIMIT_FEW_FILTERS = 8 * 2**20
_FEW_FILTERS = 32


def conv(
    x: Array,
    kernel: Array,
    strides: tuple[int, ...],
    padding: str | Pairs,
    dilation: tuple[int, ...],
    groups: int = 1,
    channels_last: bool = True,
) -> Array:
    """Slide `kernel` over the 1 to 3 spatial axes of `x` (cross-correlation, as Keras has it).

    Args:
        x: (batch, *spatial, channels), or (batch, channels, *spatial) when not `channels_last`.
        kernel: (*window, channels / groups, filters).
        strides: the step along each spatial axis.
        padding: `"valid"`, `"same"`, `"causal"` (one spatial axis) or a (before, after) per axis.
        dilation: the distance between the kernel's taps along each spatial axis.
        groups: channels and filters are cut in so many parts that do not see each other.
        channels_last: where the channels are, in and out.
    Returns:
        (batch, *positions, filters), or channels first as `x` is.
    """
    window = kernel.shape[:-2]
    sizes = x.shape[1:-1] if channels_last else x.shape[2:]
    known = all(isinstance(size, int) for size in sizes)  # not those of a program exported for images of any size
    pads: Any = conv_padding(sizes, window, strides, padding, dilation) if known or padding != "same" else "SAME"

    def plain(x: Array, kernel: Array) -> Array:
        return _lax_conv(x, kernel, strides, pads, dilation, groups, channels_last)

    form = _cpu_form(x, kernel, strides, pads, dilation, groups, channels_last) if known and on_cpu() else None
    if form is None:
        return plain(x, kernel)

    def products(x: Array, kernel: Array) -> Array:
        if not channels_last:
            x = jnp.moveaxis(x, 1, -1)
        if any(map(any, pads)):
            x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *((low, high, 0) for low, high in pads), (0, 0, 0)])
        y = form(x, kernel, strides, dilation)
        return y if channels_last else jnp.moveaxis(y, -1, 1)

    if form is _by_tap_elementwise or here.looping:
        return products(x, kernel)
    either = jax.custom_jvp(plain)
    either.defjvp(functools.partial(_jvp_of, products), symbolic_zeros=True)
    return either(x, kernel)


def _jvp_of(fn: Callable, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    """`fn` differentiated for those arguments alone that have a tangent: images seldom have one."""
    live = [i for i, tangent in enumerate(tangents) if not isinstance(tangent, SymbolicZero)]

    def of_live(*values: Array) -> Array:
        arguments = list(primals)
        for i, value in zip(live, values, strict=True):
            arguments[i] = value
        return fn(*arguments)

    return jax.jvp(of_live, tuple(primals[i] for i in live), tuple(tangents[i] for i in live))


def conv_padding(
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: str | Pairs,
    dilation: Sequence[int],
) -> tuple[tuple[int, int], ...]:
    """The zeros before and after each spatial axis that `padding` stands for."""
    if not isinstance(padding, str):
        return tuple((int(low), int(high)) for low, high in padding)
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    reach = [(size - 1) * step for size, step in zip(window, dilation, strict=True)]
    if padding == "causal":
        return tuple((r, 0) for r in reach)
    pairs = []
    for n, r, stride in zip(sizes, reach, strides, strict=True):
        missing = max((-(-n // stride) - 1) * stride + r + 1 - n, 0)
        pairs.append((missing // 2, missing - missing // 2))
    return tuple(pairs)


def _cpu_form(x, kernel, strides, pads, dilation, groups, channels_last):
    """The form to use on the CPU, or None for XLA's own."""
    if not jnp.issubdtype(x.dtype, jnp.floating) or x.dtype != kernel.dtype:
        return None
    *window, inputs, filters = kernel.shape
    channels = inputs * groups
    depthwise = groups > 1 and inputs == 1
    if groups > 1 and not depthwise:
        return None
    sizes = x.shape[1:-1] if channels_last else x.shape[2:]
    positions = [
        (n + low + high - (size - 1) * step - 1) // stride + 1
        for n, (low, high), size, step, stride in zip(sizes, pads, window, dilation, strides, strict=True)
    ]
    if min(positions) < 1 or x.shape[0] == 0:
        return None
    if depthwise:
        return _by_tap_elementwise
    columns = math.prod(window) * channels
    limit = _VIEW_LIMIT if filters >= _FEW_FILTERS else _VIEW_LIMIT_FEW_FILTERS
    if x.shape[0] * math.prod(positions) * columns * x.dtype.itemsize > limit and math.prod(window) > 1:
        return None
    return _by_patch if columns <= _COLUMNS_AT_ONCE or math.prod(window) == 1 else _by_row


def _by_patch(x: Array, kernel: Array, strides, dilation) -> Array:
    """Every window becomes a row; one product."""
    *window, _, filters = kernel.shape
    patches = jnp.concatenate([_view(x, tap, window, strides, dilation) for tap in _taps(window)], axis=-1)
    return _matmul(patches, kernel.reshape(-1, filters))


def _by_row(x: Array, kernel: Array, strides, dilation) -> Array:
    """The taps along the last spatial axis side by side; one product for each row of taps."""
    *rows, last, _, filters = kernel.shape
    along = x.ndim - 2
    wide = jnp.concatenate(
        [_shift(x, along, i * dilation[-1], (last - 1) * dilation[-1] + 1, strides[-1]) for i in range(last)], axis=-1
    )
    total = None
    for row in _taps(rows):
        view = wide
        for axis, (place, size) in enumerate(zip(row, rows, strict=True)):
            reach = (size - 1) * dilation[axis] + 1
            view = _shift(view, axis + 1, place * dilation[axis], reach, strides[axis])
        part = _matmul(view, kernel[row].reshape(-1, filters))
        total = part if total is None else total + part
    return total


def _by_tap_elementwise(x: Array, kernel: Array, strides, dilation) -> Array:
    """Each channel on its own: a sum over taps, which the compiler fuses into one pass."""
    *window, _, filters = kernel.shape
    channels = x.shape[-1]
    total: Any = None
    for tap in _taps(window):
        view = _view(x, tap, window, strides, dilation)
        weights = kernel[tap].reshape(channels, filters // channels)
        part = view[..., None] * weights if filters > channels else view * weights[:, 0]
        total = part if total is None else total + part
    return total.reshape(*total.shape[: x.ndim - 1], filters)


def _matmul(rows: Array, matrix: Array) -> Array:
    # Flat on purpose: the gradient of a product over several axes would be transposed and copied.
    return jnp.dot(rows.reshape(-1, rows.shape[-1]), matrix).reshape(*rows.shape[:-1], matrix.shape[-1])


def _taps(window: Sequence[int]) -> list[tuple[int, ...]]:
    taps: list[tuple[int, ...]] = [()]
    for size in window:
        taps = [(*tap, i) for tap in taps for i in range(size)]
    return taps


def _view(x: Array, tap: tuple[int, ...], window: Sequence[int], strides, dilation) -> Array:
    """What lies under one tap of the kernel, at every position of the window."""
    for axis, (place, size) in enumerate(zip(tap, window, strict=True)):
        x = _shift(x, axis + 1, place * dilation[axis], (size - 1) * dilation[axis] + 1, strides[axis])
    return x


def _shift(x: Array, axis: int, start: int, reach: int, stride: int) -> Array:
    span = (x.shape[axis] - reach) // stride * stride + 1
    return lax.slice_in_dim(x, start, start + span, stride, axis)


def _lax_conv(x, kernel, strides, pads, dilation, groups, channels_last) -> Array:
    spatial = "DHW"[-(x.ndim - 2) :]
    data = f"N{spatial}C" if channels_last else f"NC{spatial}"
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        pads,
        rhs_dilation=dilation,
        dimension_numbers=(data, f"{spatial}IO", data),
        feature_group_count=groups,
    )


__all__ = ["conv", "conv_padding"]
