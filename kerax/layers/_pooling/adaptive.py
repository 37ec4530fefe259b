"""Adaptive pooling: windows of whatever size gives an output of the size asked for."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from ... import config
from ..._types import Array, Shape
from .._arguments import computing, sizes
from .._layer import InputSpec, Layer, LayerOptions


class _AdaptivePooling(Layer):
    """Cut each spatial axis of n entries into `output_size` windows, the i-th from floor(i n / size) to
    ceil((i + 1) n / size), and take one value of each.

    Args:
        output_size: windows along each spatial axis, or one integer for all.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 0

    def __init__(self, output_size: Any, data_format: str | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.output_size = sizes(output_size, self.rank, "output_size", f"{type(self).__name__} {self.name!r}")
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True

    @property
    def _first(self) -> int:
        return 1 if self.data_format == "channels_last" else 2

    def call(self, inputs: Array) -> Array:
        """One value of every window."""
        x = computing(self, inputs)
        for axis, size in enumerate(self.output_size, self._first):
            x = self._along(x, axis, size)
        return x

    def _along(self, x: Array, axis: int, size: int) -> Array:
        n = x.shape[axis]
        if n % size == 0:
            return self._value(x.reshape(*x.shape[:axis], size, n // size, *x.shape[axis + 1 :]), axis + 1, None)
        starts = [i * n // size for i in range(size)]
        ends = [-(-(i + 1) * n // size) for i in range(size)]
        longest = max(end - start for start, end in zip(starts, ends, strict=True))
        places = np.asarray(starts)[:, None] + np.arange(longest)
        inside = places < np.asarray(ends)[:, None]
        windows = jnp.take(x, np.minimum(places, n - 1), axis=axis)
        shape = [1] * windows.ndim
        shape[axis], shape[axis + 1] = inside.shape
        return self._value(windows, axis + 1, inside.reshape(shape))

    def _value(self, windows: Array, axis: int, inside: Any) -> Array:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Spatial sizes become `output_size`."""
        first = self._first
        return (*input_shape[:first], *self.output_size, *input_shape[first + self.rank :])


class _AdaptiveMaxPooling(_AdaptivePooling):
    def _value(self, windows: Array, axis: int, inside: Any) -> Array:
        if inside is not None:
            windows = jnp.where(inside, windows, -jnp.inf)
        return jnp.max(windows, axis)


class _AdaptiveAveragePooling(_AdaptivePooling):
    def _value(self, windows: Array, axis: int, inside: Any) -> Array:
        if inside is None:
            return jnp.mean(windows, axis)
        return jnp.sum(jnp.where(inside, windows, 0), axis) / inside.sum(axis).astype(windows.dtype)


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """The mean of as many windows of steps as asked for; arguments as `AdaptiveAveragePooling2D`."""

    rank = 1


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """The mean of as many windows of an image as asked for.

    Args:
        output_size: rows and columns of the output, or one integer for both.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 2


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """The mean of as many windows of a volume as asked for; arguments as `AdaptiveAveragePooling2D`."""

    rank = 3


class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """The largest value of as many windows of steps as asked for; arguments as `AdaptiveAveragePooling2D`."""

    rank = 1


class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """The largest value of as many windows of an image as asked for; arguments as `AdaptiveAveragePooling2D`."""

    rank = 2


class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """The largest value of as many windows of a volume as asked for; arguments as `AdaptiveAveragePooling2D`."""

    rank = 3
