"""Conv1D, Conv2D, Conv3D."""

from __future__ import annotations

from typing import Any, Unpack

from ... import constraints, initializers, regularizers
from ..._errors import ArgumentError
from ..._types import Array, Shape
from ...ops._kernels.convolution import conv
from .._arguments import computing
from .._layer import CommonOptions
from .base import Convolution, checked_filters, conv_sizes


class BaseConv(Convolution):
    """Slide a kernel over the spatial axes; arguments as `Conv2D`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
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
        self.filters = checked_filters(self, filters, groups)
        self.groups = groups
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` (*window, channels / groups, filters) and `bias` (filters,)."""
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ArgumentError(
                self._where, got=f"{channels} input channels and groups={self.groups}", expected="a multiple of groups"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)
        self.compute_output_shape(input_shape)

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *positions, filters)."""
        x = computing(self, inputs)
        batch = x.shape[: -self.rank - 1]
        if len(batch) > 1:  # more axes than one before the spatial ones: all are batch
            x = x.reshape(-1, *x.shape[-self.rank - 1 :])
        y = conv(x, self.kernel.value, self.strides, self.padding, self.dilation_rate, self.groups, self._channels_last)
        y = self._finish(y)
        return y if len(batch) == 1 else y.reshape(*batch, *y.shape[1:])

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, *spatial, channels) -> (batch, *positions, filters)."""
        positions = conv_sizes(
            self._spatial(input_shape), self.kernel_size, self.strides, self.padding, self.dilation_rate, self._where
        )
        return self._shape(input_shape, positions, self.filters)


class Conv1D(BaseConv):
    """Convolution over the steps of a sequence.

    Takes the arguments of `Conv2D`, with one spatial axis; `padding` may also be `"causal"`: a step of the
    output depends on that step of the input and earlier ones only.
    """

    rank = 1
    _paddings = ("valid", "same", "causal")


class Conv2D(BaseConv):
    """Convolution over images.

    Args:
        filters: channels of the output.
        kernel_size: height and width of the window, or one integer for both.
        strides: its step down and across.
        padding: `"valid"`: only whole windows; `"same"`: zeros around, so that strides of 1 keep the size.
        data_format: `"channels_last"` (batch, height, width, channels) or `"channels_first"`, default the global one.
        dilation_rate: distance between the window's pixels.
        groups: inputs and filters are cut in so many parts that do not see each other.
        activation: name or function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: functions of the weights giving a loss.
        activity_regularizer: function of the output giving a loss.
        kernel_constraint, bias_constraint: functions applied to the weights after each step.

    Raises:
        ArgumentError: a size that is not positive, strides together with dilation, filters that are no
            multiple of `groups`.
        ShapeError: inputs of another rank or number of channels.
    """

    rank = 2


class Conv3D(BaseConv):
    """Convolution over volumes; takes the arguments of `Conv2D`, with three spatial axes."""

    rank = 3
