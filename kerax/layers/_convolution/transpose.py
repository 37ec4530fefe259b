"""Transposed convolutions: the shapes of a convolution the other way round."""

from __future__ import annotations

from typing import Any, Unpack

from jax import lax

from ... import constraints, initializers, regularizers
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._arguments import computing, sizes
from .._layer import CommonOptions
from .base import Convolution, checked_filters


class BaseConvTranspose(Convolution):
    """The transpose of a convolution, with the arguments of `Conv2DTranspose`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        self.filters = checked_filters(self, filters)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = sizes(output_padding, self.rank, "output_padding", self._where, allow_zero=True)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise ArgumentError(
                    self._where,
                    got=f"output_padding={output_padding} with strides={self.strides}",
                    expected="less than the strides",
                )

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` (*window, filters, channels) and `bias` (filters,)."""
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *larger, filters)."""
        spatial = "DHW"[-self.rank :]
        layout = f"N{spatial}C" if self._channels_last else f"NC{spatial}"
        y = lax.conv_transpose(
            computing(self, inputs),
            self.kernel.value,
            self.strides,
            self._pads(),
            rhs_dilation=self.dilation_rate,
            dimension_numbers=(layout, f"{spatial}IO", layout),
            transpose_kernel=True,
        )
        return self._finish(y)

    def _ends(self) -> list[tuple[int, int]]:
        """For each spatial axis: what the forward convolution pads before it, and the output's size beyond
        `(n - 1) * stride` for n entries of the input."""
        ends = []
        for size, stride, step, extra in zip(
            self.kernel_size, self.strides, self.dilation_rate, self.output_padding or (None,) * self.rank, strict=True
        ):
            reach = (size - 1) * step + 1
            if extra is not None:
                cut = 2 * (reach // 2) - extra if self.padding == "same" else -extra
                ends.append((max(cut, 0) // 2, reach - cut))
            elif self.padding == "same":
                ends.append((max(reach - stride, 0) // 2, stride))
            else:
                ends.append((0, max(reach, stride)))
        return ends

    def _pads(self) -> list[tuple[int, int]]:
        """What surrounds the input once its entries stand `strides` apart."""
        pads = []
        for size, step, (cut, beyond) in zip(self.kernel_size, self.dilation_rate, self._ends(), strict=True):
            before = (size - 1) * step - cut
            pads.append((before, beyond - 1 + (size - 1) * step - before))
        return pads

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, *spatial, channels) -> (batch, *larger, filters)."""
        spatial = [
            None if n is None else (n - 1) * stride + beyond
            for n, stride, (_, beyond) in zip(self._spatial(input_shape), self.strides, self._ends(), strict=True)
        ]
        return self._shape(input_shape, spatial, self.filters)


class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution over steps; arguments as `Conv2DTranspose`."""

    rank = 1


class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution over images: what undoes the shapes of a `Conv2D`.

    Args:
        filters: channels of the output.
        kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: as for `Conv2D`.
        output_padding: what is added to one side of the output, less than the strides; None: as much as the
            padding asks for.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: functions of the weights giving a loss.
        activity_regularizer: function of the output giving a loss.
        kernel_constraint, bias_constraint: functions applied to the weights after each step.
    """

    rank = 2


class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution over volumes; as `Conv2DTranspose`, with `data_format` before `output_padding`."""

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = 1,
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
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **common,
        )
