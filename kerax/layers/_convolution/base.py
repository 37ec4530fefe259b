"""What all convolutions share: their arguments, checked and kept."""

from __future__ import annotations

from typing import Any

from ... import activations, config, constraints, initializers, regularizers
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._arguments import one_of, positive, sizes
from .._layer import InputSpec, Layer


class Convolution(Layer):
    """Arguments of every convolution; `rank` is the number of spatial axes."""

    rank = 0
    _config_skip = ()
    _paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        bias_constraint: Any,
        **common: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **common)
        where = self._where
        self.kernel_size = sizes(kernel_size, self.rank, "kernel_size", where)
        self.strides = sizes(strides, self.rank, "strides", where)
        self.dilation_rate = sizes(dilation_rate, self.rank, "dilation_rate", where)
        self.padding = one_of(padding, self._paddings, "padding", where)
        self.data_format = config.standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                where,
                got=f"strides={self.strides} and dilation_rate={self.dilation_rate}",
                expected="one of the two to be 1",
            )

    @property
    def _where(self) -> str:
        return f"{type(self).__name__} {self.name!r}"

    @property
    def _channels_last(self) -> bool:
        return self.data_format == "channels_last"

    @property
    def _channel_axis(self) -> int:
        return -1 if self._channels_last else 1

    def _channels(self, input_shape: Shape) -> int:
        """The number of input channels, from now on the only one taken."""
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ArgumentError(
                self._where, got=f"inputs of shape {input_shape}", expected="a known number of channels"
            )
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={self._channel_axis: channels})
        return channels

    def _add_bias(self, filters: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _finish(self, y: Array) -> Array:
        """Add the bias, then the activation."""
        if self.use_bias:
            bias = self.bias.value
            y = y + (bias if self._channels_last else bias.reshape(-1, *(1,) * self.rank))
        return self.activation(y)

    def _spatial(self, input_shape: Shape) -> Shape:
        """The spatial sizes of an input."""
        return input_shape[-self.rank - 1 : -1] if self._channels_last else input_shape[-self.rank :]

    def _shape(self, input_shape: Shape, spatial: Any, filters: int) -> Shape:
        """An output shape: the batch axes of the input, then these."""
        batch = input_shape[: -self.rank - 1]
        return (*batch, *spatial, filters) if self._channels_last else (*batch, filters, *spatial)


def conv_sizes(spatial: Any, window: Any, strides: Any, padding: str, dilation: Any, where: str) -> Shape:
    """The number of positions of the window along each axis.

    Raises:
        ArgumentError: an axis too short for the window.
    """
    found: list[int | None] = []
    for n, size, stride, step in zip(spatial, window, strides, dilation, strict=True):
        if n is None:
            found.append(None)
            continue
        reach = (size - 1) * step + 1
        positions = -(-n // stride) if padding in ("same", "causal") else (n - reach) // stride + 1
        if positions <= 0:
            raise ArgumentError(
                where,
                got=f"inputs of spatial shape {tuple(spatial)}",
                expected=f"at least {reach} where a window reaches so far",
                hint="use padding='same', a smaller window, or fewer layers that shrink the input",
            )
        found.append(positions)
    return tuple(found)


def checked_filters(layer: Convolution, filters: Any, groups: int = 1) -> int:
    """`filters`, positive and a multiple of `groups`.

    Raises:
        ArgumentError: otherwise.
    """
    where = f"{type(layer).__name__} {layer.name!r}"
    positive(filters, "filters", where)
    positive(groups, "groups", where)
    if filters % groups:
        raise ArgumentError(where, got=f"filters={filters} and groups={groups}", expected="a multiple of groups")
    return filters
