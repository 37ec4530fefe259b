"""UpSampling: each step, pixel or voxel several times, or interpolated between."""

from __future__ import annotations

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from ... import config
from ..._types import Array, Shape
from .._arguments import one_of, sizes
from .._layer import InputSpec, LayerOptions
from .shape import Rearranging

# Keras's names, and those of jax.image.
_METHODS = {
    "nearest": "nearest",
    "bilinear": "bilinear",
    "bicubic": "bicubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


class _UpSampling(Rearranging):
    rank = 0
    data_format: str = "channels_last"

    def __init__(self, size: Any, **common: Any) -> None:
        super().__init__(**common)
        self._factors = sizes(size, self.rank, "size", f"{type(self).__name__} {self.name!r}")
        self.size: Any = self._factors
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _spatial(self) -> range:
        return range(1, self.rank + 1) if self.data_format == "channels_last" else range(2, self.rank + 2)

    def call(self, inputs: Array) -> Array:
        """`inputs`, larger by `size`."""
        for axis, factor in zip(self._spatial(), self._factors, strict=True):
            inputs = jnp.repeat(inputs, factor, axis=axis)
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Spatial sizes times `size`."""
        shape = list(input_shape)
        for axis, factor in zip(self._spatial(), self._factors, strict=True):
            size = shape[axis]
            if size is not None:
                shape[axis] = size * factor
        return tuple(shape)


class UpSampling1D(_UpSampling):
    """Repeat each step of (batch, steps, channels).

    Args:
        size: how many times.
    """

    rank = 1

    def __init__(self, size: int = 2, **common: Unpack[LayerOptions]) -> None:
        super().__init__(size, **common)
        self.size = self._factors[0]


class UpSampling2D(_UpSampling):
    """Enlarge images.

    Args:
        size: factor, or one for rows and one for columns.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
    """

    rank = 2

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(size, **common)
        self.data_format = config.standardize_data_format(data_format)
        self.interpolation = one_of(interpolation, tuple(_METHODS), "interpolation", f"UpSampling2D {self.name!r}")

    def call(self, inputs: Array) -> Array:
        """`inputs`, larger by `size`."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        shape = self.compute_output_shape(inputs.shape)
        return jax.image.resize(inputs, shape, _METHODS[self.interpolation]).astype(inputs.dtype)


class UpSampling3D(_UpSampling):
    """Repeat each voxel.

    Args:
        size: factor, or three.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 3

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(size, **common)
        self.data_format = config.standardize_data_format(data_format)
