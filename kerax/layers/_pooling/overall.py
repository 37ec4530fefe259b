"""Global pooling: one value for each channel."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import config
from ..._types import Array, Shape
from .._arguments import computing
from .._layer import InputSpec, Layer, LayerOptions


class _GlobalPooling(Layer):
    """One value for each channel.

    Args:
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
        keepdims: keep the spatial axes, of size 1.
    """

    rank = 0

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.data_format = config.standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True

    @property
    def _axes(self) -> tuple[int, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, *spatial, channels) -> (batch, channels)."""
        if self.keepdims:
            return tuple(1 if axis in self._axes else size for axis, size in enumerate(input_shape))
        return tuple(size for axis, size in enumerate(input_shape) if axis not in self._axes)


class _GlobalMaxPooling(_GlobalPooling):
    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, channels)."""
        return jnp.max(inputs, axis=self._axes, keepdims=self.keepdims)


class _GlobalAveragePooling(_GlobalPooling):
    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, channels)."""
        return jnp.mean(computing(self, inputs), axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest value over all steps: (batch, steps, channels) -> (batch, channels).

    Args:
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
        keepdims: keep the steps' axis, of size 1.
    """

    rank = 1


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest value of each channel of an image; arguments as `GlobalMaxPooling1D`."""

    rank = 2


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """The largest value of each channel of a volume; arguments as `GlobalMaxPooling1D`."""

    rank = 3


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean over all steps, or over those that a mask leaves: (batch, steps, channels) -> (batch, channels).

    Args:
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
        keepdims: keep the steps' axis, of size 1.
    """

    rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **common: Unpack[LayerOptions]) -> None:
        super().__init__(data_format, keepdims, **common)
        self.supports_masking = True

    def call(self, inputs: Array, mask: Any = None) -> Array:
        """(batch, steps, channels) -> (batch, channels)."""
        if mask is None:
            return super().call(inputs)
        axis = self._axes[0]
        kept = jnp.expand_dims(mask.astype(bool), 3 - axis)
        total = jnp.sum(jnp.where(kept, computing(self, inputs), 0), axis=axis, keepdims=self.keepdims)
        return total / jnp.sum(kept, axis=axis, keepdims=self.keepdims).astype(total.dtype)

    def compute_mask(self, inputs: Array, previous_mask: Any = None) -> None:
        """None: the steps are gone."""
        return


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean of each channel of an image; arguments as `GlobalAveragePooling1D`."""

    rank = 2


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """The mean of each channel of a volume; arguments as `GlobalAveragePooling1D`."""

    rank = 3
