"""Convolutions and poolings: what slides over the spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from ... import config
from ..._errors import ArgumentError, ShapeError
from ..._types import Array, ArrayLike
from .._arrays import array, floats
from .._kernels import convolution, pooling
from .._op import op

__all__ = [
    "adaptive_average_pool",
    "adaptive_max_pool",
    "average_pool",
    "conv",
    "conv_transpose",
    "depth_to_space",
    "depthwise_conv",
    "fold",
    "max_pool",
    "separable_conv",
    "space_to_depth",
    "unfold",
]


Sizes = int | Sequence[int]


@op(theme="nn")
def max_pool(
    inputs: ArrayLike,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The greatest value of each window.

    Args:
        inputs: (batch, *spatial, channels), or channels second; one to three spatial axes.
        pool_size: of the window, one number or one per spatial axis.
        strides: how far it moves, `pool_size` by default.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: another padding, or sizes that do not match the axes.
    """
    x, window, steps, padding, last = _pooling("max_pool", inputs, pool_size, strides, padding, data_format)
    return pooling.max_pool(x, window, steps, padding, last)


@op(theme="nn")
def average_pool(
    inputs: ArrayLike,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The mean of each window, padding left out.

    Args:
        inputs: (batch, *spatial, channels), or channels second; one to three spatial axes.
        pool_size: of the window, one number or one per spatial axis.
        strides: how far it moves, `pool_size` by default.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: another padding, or sizes that do not match the axes.
    """
    x, window, steps, padding, last = _pooling("average_pool", inputs, pool_size, strides, padding, data_format)
    return pooling.average_pool(floats(x), window, steps, padding, last)


def _pooling(
    where: str, inputs: ArrayLike, pool_size: Sizes, strides: Sizes | None, padding: str, data_format: str | None
) -> tuple[Array, tuple[int, ...], tuple[int, ...], str, bool]:
    x = array(inputs)
    window = _per_axis(where, "pool_size", pool_size, x.ndim - 2)
    steps = window if strides is None else _per_axis(where, "strides", strides, x.ndim - 2)
    return x, window, steps, _padding(where, padding), _channels_last(data_format)


def _per_axis(where: str, name: str, value: Sizes, count: int) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * count
    if len(value) != count:
        raise ArgumentError(
            where, got=f"{name}={value!r} for {count} spatial axes", expected=f"{count} numbers, or one"
        )
    return tuple(value)


def _padding(where: str, padding: str, known: tuple[str, ...] = ("valid", "same")) -> str:
    lowered = str(padding).lower()
    if lowered not in known:
        raise ArgumentError(where, got=f"padding={padding!r}", expected=f"one of {known}")
    return lowered


def _channels_last(data_format: str | None) -> bool:
    return config.standardize_data_format(data_format) == "channels_last"


@op(theme="nn")
def adaptive_average_pool(inputs: ArrayLike, output_size: Sizes, data_format: str | None = None) -> Array:
    """The means of as many windows, of about equal size, as the output has positions.

    Args:
        inputs: (batch, *spatial, channels), or channels second.
        output_size: of each spatial axis, one number or one per axis.
        data_format: "channels_last" or "channels_first", the global setting by default.
    """
    return _adaptive("adaptive_average_pool", jnp.mean, floats(inputs), output_size, data_format)


@op(theme="nn")
def adaptive_max_pool(inputs: ArrayLike, output_size: Sizes, data_format: str | None = None) -> Array:
    """The greatest values of as many windows, of about equal size, as the output has positions.

    Args:
        inputs: (batch, *spatial, channels), or channels second.
        output_size: of each spatial axis, one number or one per axis.
        data_format: "channels_last" or "channels_first", the global setting by default.
    """
    return _adaptive("adaptive_max_pool", jnp.max, array(inputs), output_size, data_format)


def _adaptive(where: str, reduce: Callable, x: Array, output_size: Sizes, data_format: str | None) -> Array:
    first = 1 if _channels_last(data_format) else 2
    for i, size in enumerate(_per_axis(where, "output_size", output_size, x.ndim - 2)):
        axis, n = first + i, x.shape[first + i]
        parts = [
            reduce(jax.lax.slice_in_dim(x, p * n // size, -(-(p + 1) * n // size), axis=axis), axis=axis)
            for p in range(size)
        ]
        x = jnp.stack(parts, axis)
    return x


@op(theme="nn")
def conv(
    inputs: ArrayLike,
    kernel: ArrayLike,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """Slide `kernel` over the spatial axes (a cross-correlation).

    Args:
        inputs: (batch, *spatial, channels), or channels second; one to three spatial axes.
        kernel: (*window, channels / groups, filters); more channels than it takes make groups.
        strides: how far it moves, one number or one per axis.
        padding: "valid" or "same"; "causal" with one spatial axis.
        data_format: "channels_last" or "channels_first", the global setting by default.
        dilation_rate: the distance of the kernel's taps, one number or one per axis.

    Returns:
        (batch, *positions, filters), or channels second as `inputs`.

    Raises:
        ShapeError: channels that the kernel's do not divide.
        ArgumentError: another padding, or sizes that do not match the axes.
    """
    return _conv("conv", inputs, kernel, strides, padding, data_format, dilation_rate)


def _conv(where, inputs, kernel, strides, padding, data_format, dilation_rate):
    x, kernel = _promoted(inputs, kernel)
    count, last = x.ndim - 2, _channels_last(data_format)
    if kernel.ndim != x.ndim:
        raise ShapeError(where, got=f"a kernel of shape {kernel.shape}", expected=f"{x.ndim} axes, as the inputs have")
    channels = x.shape[-1 if last else 1]
    if channels % kernel.shape[-2]:
        raise ShapeError(
            where, got=f"{channels} input channels", expected=f"a multiple of {kernel.shape[-2]}, the kernel's"
        )
    groups = channels // kernel.shape[-2]
    if kernel.shape[-1] % groups:
        raise ShapeError(where, got=f"{kernel.shape[-1]} filters in {groups} groups", expected="as many in each group")
    strides = _per_axis(where, "strides", strides, count)
    dilation = _per_axis(where, "dilation_rate", dilation_rate, count)
    padding = _padding(where, padding, ("valid", "same", "causal") if count == 1 else ("valid", "same"))
    return convolution.conv(x, kernel, strides, padding, dilation, groups, last)


def _promoted(inputs: ArrayLike, kernel: ArrayLike) -> tuple[Array, Array]:
    x, kernel = array(inputs), array(kernel)
    dtype = jnp.promote_types(x.dtype, kernel.dtype)
    return x.astype(dtype), kernel.astype(dtype)


@op(theme="nn")
def depthwise_conv(
    inputs: ArrayLike,
    kernel: ArrayLike,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """A convolution of each channel by itself.

    Args:
        inputs: (batch, *spatial, channels), or channels second.
        kernel: (*window, channels, multiplier).
        strides: how far it moves, one number or one per axis.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first", the global setting by default.
        dilation_rate: the distance of the kernel's taps, one number or one per axis.

    Returns:
        (batch, *positions, channels * multiplier), or channels second as `inputs`.
    """
    kernel = array(kernel)
    kernel = kernel.reshape(*kernel.shape[:-2], 1, kernel.shape[-2] * kernel.shape[-1])
    return _conv("depthwise_conv", inputs, kernel, strides, padding, data_format, dilation_rate)


@op(theme="nn")
def separable_conv(
    inputs: ArrayLike,
    depthwise_kernel: ArrayLike,
    pointwise_kernel: ArrayLike,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """`depthwise_conv`, then a convolution of size 1 that mixes the channels.

    Args:
        inputs: (batch, *spatial, channels), or channels second.
        depthwise_kernel: (*window, channels, multiplier).
        pointwise_kernel: (*ones, channels * multiplier, filters).
        strides: how far the first moves, one number or one per axis.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first", the global setting by default.
        dilation_rate: the distance of the first kernel's taps, one number or one per axis.
    """
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return _conv("separable_conv", x, pointwise_kernel, 1, "valid", data_format, 1)


@op(theme="nn")
def conv_transpose(
    inputs: ArrayLike,
    kernel: ArrayLike,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """The transpose of `conv`: its strides spread the inputs apart.

    Args:
        inputs: (batch, *spatial, channels), or channels second.
        kernel: (*window, filters, channels).
        strides: one number or one per axis.
        padding: "valid" gives (n - 1) * stride + max(window, stride) positions, "same" n * stride.
        output_padding: positions added at the end, in place of those counts; below the stride.
        data_format: "channels_last" or "channels_first", the global setting by default.
        dilation_rate: the distance of the kernel's taps, one number or one per axis.
    """
    where = "conv_transpose"
    x, kernel = _promoted(inputs, kernel)
    count = x.ndim - 2
    strides = _per_axis(where, "strides", strides, count)
    dilation = _per_axis(where, "dilation_rate", dilation_rate, count)
    extra = (None,) * count if output_padding is None else _per_axis(where, "output_padding", output_padding, count)
    same = _padding(where, padding) == "same"
    pads = [
        _transposed_padding((size - 1) * step + 1, stride, same, more)
        for size, step, stride, more in zip(kernel.shape, dilation, strides, extra, strict=False)
    ]
    axes = "DHW"[3 - count :]
    layout = f"N{axes}C" if _channels_last(data_format) else f"NC{axes}"
    return jax.lax.conv_general_dilated(
        x,
        jnp.flip(kernel, tuple(range(count))),
        window_strides=(1,) * count,
        padding=pads,
        lhs_dilation=strides,
        rhs_dilation=dilation,
        dimension_numbers=(layout, f"{axes}OI", layout),
    )


def _transposed_padding(reach: int, stride: int, same: bool, extra: int | None) -> tuple[int, int]:
    """(before, after) the spread inputs; positions are then (n - 1) * stride + 2 - reach + before + after."""
    if not same:
        return reach - 1, (max(reach, stride) if extra is None else reach + extra) - 1
    total = reach + stride - 2 if extra is None else reach + reach % 2 - 2 + extra
    before = min(total - total // 2, reach - 1)
    return before, total - before


@op(theme="nn")
def unfold(x: ArrayLike, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Array:
    """All windows of an image, as columns.

    Args:
        x: (batch, channels, height, width).
        kernel_size: of the window, one number or two.
        dilation: the distance of its elements.
        padding: zeros before and after each spatial axis.
        stride: how far it moves.

    Returns:
        (batch, channels * elements of a window, windows).
    """
    return _unfold(array(x), *_geometry("unfold", kernel_size, dilation, padding, stride))


@op(theme="nn")
def fold(
    x: ArrayLike,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """The image whose elements are the sums of those that `unfold` took from them.

    Args:
        x: (batch, channels * elements of a window, windows).
        output_size: of the image, one number or two.
        kernel_size: of the window, one number or two.
        dilation: the distance of its elements.
        padding: what `unfold` padded, cut off.
        stride: how far it moves.

    Returns:
        (batch, channels, height, width).
    """
    x = array(x)
    geometry = _geometry("fold", kernel_size, dilation, padding, stride)
    rows, columns = geometry[0]
    image = (x.shape[0], x.shape[1] // (rows * columns), *_per_axis("fold", "output_size", output_size, 2))
    spread = jax.linear_transpose(lambda image: _unfold(image, *geometry), jax.ShapeDtypeStruct(image, x.dtype))
    return spread(x)[0]


Pair = tuple[int, ...]


def _geometry(where: str, *sizes: Sizes) -> list[Pair]:
    names = ("kernel_size", "dilation", "padding", "stride")
    return [_per_axis(where, name, size, 2) for name, size in zip(names, sizes, strict=True)]


def _unfold(x: Array, window: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Array:
    x = jnp.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    counts = [(x.shape[2 + i] - dilation[i] * (window[i] - 1) - 1) // stride[i] + 1 for i in (0, 1)]
    views = [
        x[
            :,
            :,
            r * dilation[0] : r * dilation[0] + (counts[0] - 1) * stride[0] + 1 : stride[0],
            c * dilation[1] : c * dilation[1] + (counts[1] - 1) * stride[1] + 1 : stride[1],
        ]
        for r in range(window[0])
        for c in range(window[1])
    ]
    return jnp.stack(views, axis=2).reshape(x.shape[0], -1, counts[0] * counts[1])


@op(theme="nn")
def depth_to_space(x: ArrayLike, block_size: int, data_format: str = "channels_last") -> Array:
    """Lay channels out as blocks of pixels: (b, h, w, c * s * s) to (b, h * s, w * s, c).

    Args:
        x: images.
        block_size: s, the side of a block.
        data_format: "channels_last" or "channels_first".
    """
    x, s = array(x), block_size
    if _channels_last(data_format):
        b, h, w, c = x.shape
        x = x.reshape(b, h, w, s, s, c // (s * s)).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(b, h * s, w * s, c // (s * s))
    b, c, h, w = x.shape
    x = x.reshape(b, c // (s * s), s, s, h, w).transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(b, c // (s * s), h * s, w * s)


@op(theme="nn")
def space_to_depth(x: ArrayLike, block_size: int, data_format: str = "channels_last") -> Array:
    """Lay blocks of pixels out as channels: (b, h * s, w * s, c) to (b, h, w, c * s * s).

    Args:
        x: images.
        block_size: s, the side of a block.
        data_format: "channels_last" or "channels_first".
    """
    x, s = array(x), block_size
    if _channels_last(data_format):
        b, h, w, c = x.shape
        return x.reshape(b, h // s, s, w // s, s, c).transpose(0, 1, 3, 2, 4, 5).reshape(b, h // s, w // s, c * s * s)
    b, c, h, w = x.shape
    return x.reshape(b, c, h // s, s, w // s, s).transpose(0, 1, 3, 5, 2, 4).reshape(b, c * s * s, h // s, w // s)
