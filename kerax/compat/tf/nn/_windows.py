"""What slides over the spatial axes: convolutions and poolings, with TensorFlow's strides, paddings and layouts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .... import ops
from ...._core.variable import plain
from ...._errors import ArgumentError
from ...._types import Array, ArrayLike
from .._static import integer, integers, symbolic

__all__ = [
    "atrous_conv2d",
    "avg_pool",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "conv1d",
    "conv1d_transpose",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "conv_transpose",
    "convolution",
    "depth_to_space",
    "depthwise_conv2d",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "pool",
    "separable_conv2d",
    "space_to_depth",
]


def _layout(where: str, data_format: str | None) -> str:
    """Keras's word for "NHWC" or "NCHW", whatever the number of axes."""
    if data_format is None or (data_format.startswith("N") and data_format.endswith("C")):
        return "channels_last"
    if data_format.startswith("NC"):
        return "channels_first"
    raise ArgumentError(where, got=f"data_format={data_format!r}", expected="'NHWC', 'NCHW' or their likes")


def _spatial(where: str, name: str, value: Any, count: int, layout: str) -> tuple[int, ...]:
    """One number per spatial axis, of one number, `count` of them, or one for each axis of the tensor."""
    numbers = (1,) if value is None else integers(where, value)
    if len(numbers) == 1:
        return numbers * count
    if len(numbers) == count:
        return numbers
    if len(numbers) != count + 2:
        raise ArgumentError(where, got=f"{name}={value!r}", expected=f"1, {count} or {count + 2} numbers")
    spatial = numbers[1:-1] if layout == "channels_last" else numbers[2:]
    others = {numbers[0], numbers[-1] if layout == "channels_last" else numbers[1]}
    if others != {1}:
        raise ArgumentError(where, got=f"{name}={value!r}", expected="1 for the axes of the batch and the channels")
    return spatial


def _padded(where: str, x: ArrayLike, padding: Any, count: int, value: float | None = 0.0) -> tuple[Any, str]:
    """The input and "valid" or "same"; explicit paddings are made here."""
    if isinstance(padding, str):
        return x, padding.lower()
    pairs = [integers(where, pair) for pair in padding]
    if len(pairs) != count + 2 or any(len(pair) != 2 for pair in pairs):
        raise ArgumentError(
            where, got=f"padding={padding!r}", expected=f"'SAME', 'VALID' or (before, after) of {count + 2} axes"
        )
    return ops.pad(x, pairs, constant_values=value), "valid"


def _rank(x: ArrayLike) -> int:
    return len(ops.shape(plain(x)))


def _conv(where: str, x: ArrayLike, filters: Any, strides: Any, padding: Any, data_format: Any, dilations: Any) -> Any:
    count = _rank(x) - 2
    layout = _layout(where, data_format)
    steps = _spatial(where, "strides", strides, count, layout)
    dilation = _spatial(where, "dilations", dilations, count, layout)
    x, padding = _padded(where, x, padding, count)
    return ops.conv(x, filters, steps, padding, layout, dilation)


def conv1d(
    input: ArrayLike,
    filters: ArrayLike,
    stride: Any,
    padding: Any,
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """A convolution over one axis; filters are (width, channels, filters). See `conv2d`."""
    return _conv("tf.nn.conv1d", input, filters, stride, padding, data_format, dilations)


def conv2d(
    input: ArrayLike,
    filters: ArrayLike,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """A convolution over two axes.

    Args:
        input: (batch, height, width, channels), or channels second.
        filters: (height, width, channels / groups, filters).
        strides: one number, two, or four with 1 for the batch and the channels.
        padding: "SAME", "VALID", or (before, after) of each of the four axes.
        data_format: "NHWC" or "NCHW".
        dilations: in the forms of `strides`.
    """
    return _conv("tf.nn.conv2d", input, filters, strides, padding, data_format, dilations)


def conv3d(
    input: ArrayLike,
    filters: ArrayLike,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """A convolution over three axes; filters are (depth, height, width, channels, filters). See `conv2d`."""
    return _conv("tf.nn.conv3d", input, filters, strides, padding, data_format, dilations)


def convolution(
    input: ArrayLike,
    filters: ArrayLike,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """A convolution over one to three axes. See `conv2d`."""
    return _conv("tf.nn.convolution", input, filters, strides, padding, data_format, dilations)


def atrous_conv2d(value: ArrayLike, filters: ArrayLike, rate: Any, padding: Any, name: str | None = None) -> Any:
    """`conv2d` with the filter's taps `rate` apart."""
    return _conv("tf.nn.atrous_conv2d", value, filters, 1, padding, "NHWC", rate)


def depthwise_conv2d(
    input: ArrayLike,
    filter: ArrayLike,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """A convolution of each channel by itself; `filter` is (height, width, channels, multiplier). See `conv2d`."""
    where = "tf.nn.depthwise_conv2d"
    layout = _layout(where, data_format)
    steps = _spatial(where, "strides", strides, 2, layout)
    x, padding = _padded(where, input, padding, 2)
    return ops.depthwise_conv(x, filter, steps, padding, layout, _spatial(where, "dilations", dilations, 2, layout))


def separable_conv2d(
    input: ArrayLike,
    depthwise_filter: ArrayLike,
    pointwise_filter: ArrayLike,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """`depthwise_conv2d`, then a convolution of size 1 with `pointwise_filter`, which mixes the channels."""
    x = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return ops.conv(x, pointwise_filter, 1, "valid", _layout("tf.nn.separable_conv2d", data_format))


@symbolic
def _transpose(
    x: ArrayLike, filters: ArrayLike, shape: tuple, strides: tuple, padding: Any, layout: str, dilation: tuple
) -> Array:
    x, filters = jnp.asarray(x), jnp.asarray(filters)
    count = x.ndim - 2

    def forward(image: Array) -> Array:
        image, kind = _padded("tf.nn.conv_transpose", image, padding, count)
        return ops.conv(image, filters, strides, kind, layout, dilation)

    image = jax.ShapeDtypeStruct((x.shape[0], *shape[1:]), x.dtype)
    needed = jax.eval_shape(forward, image).shape
    if needed != x.shape:
        raise ArgumentError(
            "tf.nn.conv_transpose",
            got=f"input of shape {x.shape} for output_shape={tuple(shape)}",
            expected=f"{needed}, what the convolution makes of that output",
        )
    return jax.linear_transpose(forward, image)(x)[0]


def conv_transpose(
    input: ArrayLike,
    filters: ArrayLike,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transpose of a convolution: the gradient of `convolution` by its input.

    Args:
        input: (batch, *spatial, channels), or channels second.
        filters: (*window, filters, channels).
        output_shape: of the result; one whose convolution has the shape of `input`.
        strides: of that convolution, as `padding` and `dilations` are.
        padding: "SAME", "VALID", or (before, after) of each axis.
        data_format: "NHWC", "NCHW" or their likes.
        dilations: in the forms of `strides`.

    Raises:
        ArgumentError: an `output_shape` that does not fit.
    """
    where = "tf.nn.conv_transpose"
    layout, count = _layout(where, data_format), _rank(input) - 2
    shape = tuple(1 if size is None else integer(where, size) for size in output_shape)
    steps = _spatial(where, "strides", strides, count, layout)
    return _transpose(
        input, filters, shape, steps, padding, layout, _spatial(where, "dilations", dilations, count, layout)
    )


def conv1d_transpose(
    input: ArrayLike,
    filters: ArrayLike,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transpose of `conv1d`, see `conv_transpose`."""
    return conv_transpose(input, filters, output_shape, strides, padding, data_format, dilations)


def conv2d_transpose(
    input: ArrayLike,
    filters: ArrayLike,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transpose of `conv2d`, see `conv_transpose`."""
    return conv_transpose(input, filters, output_shape, strides, padding, data_format, dilations)


def conv3d_transpose(
    input: ArrayLike,
    filters: ArrayLike,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transpose of `conv3d`, see `conv_transpose`."""
    return conv_transpose(input, filters, output_shape, strides, padding, data_format, dilations)


def _pool(where: str, mode: str, x: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: Any) -> Any:
    count, layout = _rank(x) - 2, _layout(where, data_format)
    window = _spatial(where, "ksize", ksize, count, layout)
    steps = _spatial(where, "strides", strides, count, layout)
    if mode == "MAX":
        x, padding = _padded(where, x, padding, count, -np.inf)
        return ops.max_pool(x, window, steps, padding, layout)
    if not isinstance(padding, str):
        raise ArgumentError(where, got=f"padding={padding!r}", expected="'SAME' or 'VALID'")
    return ops.average_pool(x, window, steps, padding, layout)


def max_pool(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Any:
    """The greatest element of each window, over one to three axes; arguments in the forms of `conv2d`."""
    return _pool("tf.nn.max_pool", "MAX", input, ksize, strides, padding, data_format)


def avg_pool(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Any:
    """The mean of each window, padding left out, over one to three axes; arguments in the forms of `conv2d`."""
    return _pool("tf.nn.avg_pool", "AVG", input, ksize, strides, padding, data_format)


def max_pool1d(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str = "NWC", name: str | None = None
) -> Any:
    """`max_pool` over one axis."""
    return _pool("tf.nn.max_pool1d", "MAX", input, ksize, strides, padding, data_format)


def max_pool2d(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str = "NHWC", name: str | None = None
) -> Any:
    """`max_pool` over two axes."""
    return _pool("tf.nn.max_pool2d", "MAX", input, ksize, strides, padding, data_format)


def max_pool3d(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str = "NDHWC", name: str | None = None
) -> Any:
    """`max_pool` over three axes."""
    return _pool("tf.nn.max_pool3d", "MAX", input, ksize, strides, padding, data_format)


def avg_pool1d(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str = "NWC", name: str | None = None
) -> Any:
    """`avg_pool` over one axis."""
    return _pool("tf.nn.avg_pool1d", "AVG", input, ksize, strides, padding, data_format)


def avg_pool2d(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str = "NHWC", name: str | None = None
) -> Any:
    """`avg_pool` over two axes."""
    return _pool("tf.nn.avg_pool2d", "AVG", input, ksize, strides, padding, data_format)


def avg_pool3d(
    input: ArrayLike, ksize: Any, strides: Any, padding: Any, data_format: str = "NDHWC", name: str | None = None
) -> Any:
    """`avg_pool` over three axes."""
    return _pool("tf.nn.avg_pool3d", "AVG", input, ksize, strides, padding, data_format)


def pool(
    input: ArrayLike,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """`max_pool` for `pooling_type="MAX"`, `avg_pool` for "AVG"; windows one step apart by default.

    Raises:
        ArgumentError: another type, or dilations.
    """
    if pooling_type not in ("MAX", "AVG"):
        raise ArgumentError("tf.nn.pool", got=f"pooling_type={pooling_type!r}", expected="'MAX' or 'AVG'")
    if dilations is not None and set(integers("tf.nn.pool", dilations)) != {1}:
        raise ArgumentError("tf.nn.pool", got=f"dilations={dilations!r}", expected="1")
    return _pool("tf.nn.pool", pooling_type, input, window_shape, strides, padding, data_format)


def depth_to_space(input: ArrayLike, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Channels laid out as blocks of pixels: (b, h, w, c * s * s) to (b, h * s, w * s, c)."""
    return ops.depth_to_space(input, block_size, _layout("tf.nn.depth_to_space", data_format))


def space_to_depth(input: ArrayLike, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Blocks of pixels laid out as channels: (b, h * s, w * s, c) to (b, h, w, c * s * s)."""
    return ops.space_to_depth(input, block_size, _layout("tf.nn.space_to_depth", data_format))
