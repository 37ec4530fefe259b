"""Depthwise and separable convolutions: each channel on its own, then perhaps a mix of them."""

from __future__ import annotations

from typing import Any, Unpack

from ... import constraints, initializers, regularizers
from ..._types import Array, Shape
from ...ops._kernels.convolution import conv
from .._arguments import computing, positive
from .._layer import CommonOptions
from .base import Convolution, checked_filters, conv_sizes


class BaseDepthwiseConv(Convolution):
    """Convolve each channel with `depth_multiplier` windows of its own; arguments as `DepthwiseConv2D`."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[CommonOptions],
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            activity_regularizer,
            bias_constraint,
            **common,
        )
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", self._where)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` (*window, channels, depth_multiplier) and `bias`."""
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *positions, channels * depth_multiplier)."""
        return self._finish(depthwise(self, computing(self, inputs), self.kernel.value))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, *spatial, channels) -> (batch, *positions, channels * depth_multiplier)."""
        channels: Any = input_shape[self._channel_axis]
        return self._shape(input_shape, depthwise_sizes(self, input_shape), channels * self.depth_multiplier)


def depthwise(layer: Any, x: Array, kernel: Array) -> Array:
    """Convolve each channel of `x` with its part of `kernel` (*window, channels, multiplier)."""
    *window, channels, multiplier = kernel.shape
    return conv(
        x,
        kernel.reshape(*window, 1, channels * multiplier),
        layer.strides,
        layer.padding,
        layer.dilation_rate,
        channels,
        layer._channels_last,
    )


def depthwise_sizes(layer: Any, input_shape: Shape) -> Shape:
    """Positions of the window along each spatial axis."""
    return conv_sizes(
        layer._spatial(input_shape), layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate, layer._where
    )


class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolve each channel of a sequence on its own; arguments as `DepthwiseConv2D`."""

    rank = 1
    _paddings = ("valid", "same", "causal")


class DepthwiseConv2D(BaseDepthwiseConv):
    """Convolve each channel of images on its own.

    Args:
        kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: as for `Conv2D`.
        depth_multiplier: output channels for each input channel.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the kernel.
        bias_initializer, bias_regularizer, bias_constraint: of the bias.
        activity_regularizer: function of the output giving a loss.
    """

    rank = 2


class BaseSeparableConv(Convolution):
    """A depthwise convolution, then a mix of the channels; arguments as `SeparableConv2D`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[CommonOptions],
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            activity_regularizer,
            bias_constraint,
            **common,
        )
        self.filters = checked_filters(self, filters)
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", self._where)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make `depthwise_kernel`, `pointwise_kernel` and `bias`."""
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias(self.filters)

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *positions, filters)."""
        x = depthwise(self, computing(self, inputs), self.depthwise_kernel.value)
        ones = (1,) * self.rank
        y = conv(x, self.pointwise_kernel.value, ones, "valid", ones, 1, self._channels_last)
        return self._finish(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, *spatial, channels) -> (batch, *positions, filters)."""
        return self._shape(input_shape, depthwise_sizes(self, input_shape), self.filters)


class SeparableConv1D(BaseSeparableConv):
    """A depthwise convolution over steps, then a mix of the channels; arguments as `SeparableConv2D`."""

    rank = 1
    _paddings = ("valid", "same", "causal")


class SeparableConv2D(BaseSeparableConv):
    """A depthwise convolution over images, then a mix of the channels.

    Args:
        filters: channels of the output.
        kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: as for `Conv2D`.
        depth_multiplier: channels between the two steps, for each input channel.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the depthwise kernel.
        pointwise_initializer, pointwise_regularizer, pointwise_constraint: of the mixing kernel.
        bias_initializer, bias_regularizer, bias_constraint: of the bias.
        activity_regularizer: function of the output giving a loss.
    """

    rank = 2
