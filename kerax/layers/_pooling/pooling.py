"""Max and average pooling over windows."""

from __future__ import annotations

from typing import Any, Unpack

from ... import config
from ..._types import Array, Shape
from ...ops._kernels.pooling import average_pool, max_pool
from .._arguments import computing, one_of, sizes
from .._convolution.base import conv_sizes
from .._layer import InputSpec, Layer, UnnamedOptions


class _Options(UnnamedOptions, total=False):
    activity_regularizer: Any


class _Pooling(Layer):
    rank = 0

    def __init__(self, pool_size: Any, strides: Any, padding: str, data_format: str | None, **common: Any) -> None:
        super().__init__(**common)
        where = self._where
        self.pool_size = sizes(pool_size, self.rank, "pool_size", where)
        self.strides = self.pool_size if strides is None else sizes(strides, self.rank, "strides", where)
        self.padding = one_of(padding, ("valid", "same"), "padding", where)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True

    @property
    def _where(self) -> str:
        return f"{type(self).__name__} {self.name!r}"

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Spatial sizes shrink to the number of windows."""
        last = self.data_format == "channels_last"
        spatial = input_shape[1:-1] if last else input_shape[2:]
        found = conv_sizes(spatial, self.pool_size, self.strides, self.padding, (1,) * self.rank, self._where)
        return (input_shape[0], *found, input_shape[-1]) if last else (*input_shape[:2], *found)


class _MaxPooling(_Pooling):
    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **common: Unpack[_Options],
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **common)

    def call(self, inputs: Array) -> Array:
        """The largest value of every window."""
        return max_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format == "channels_last")


class _AveragePooling(_Pooling):
    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **common: Unpack[_Options],
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **common)

    def call(self, inputs: Array) -> Array:
        """The mean of every window."""
        last = self.data_format == "channels_last"
        return average_pool(computing(self, inputs), self.pool_size, self.strides, self.padding, last)


class MaxPooling1D(_MaxPooling):
    """The largest value of every window of steps; arguments as `MaxPooling2D`."""

    rank = 1


class MaxPooling2D(_MaxPooling):
    """The largest value of every window of an image, channel by channel.

    Args:
        pool_size: height and width of the window, or one integer for both.
        strides: its step; default the window itself, so that windows do not overlap.
        padding: `"valid"`: only whole windows; `"same"`: also windows that reach over the border.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 2


class MaxPooling3D(_MaxPooling):
    """The largest value of every window of a volume; arguments as `MaxPooling2D`."""

    rank = 3


class AveragePooling1D(_AveragePooling):
    """The mean of every window of steps; arguments as `AveragePooling2D`."""

    rank = 1


class AveragePooling2D(_AveragePooling):
    """The mean of every window of an image, channel by channel.

    Args:
        pool_size: height and width of the window, or one integer for both.
        strides: its step; default the window itself.
        padding: `"valid"`: only whole windows; `"same"`: also the inner part of windows that reach over the border.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 2


class AveragePooling3D(_AveragePooling):
    """The mean of every window of a volume; arguments as `AveragePooling2D`."""

    rank = 3
