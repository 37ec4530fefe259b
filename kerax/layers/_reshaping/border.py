"""Zero padding and cropping of the spatial axes."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import config
from ..._errors import ArgumentError, ShapeError
from ..._types import Array, Shape
from .._layer import InputSpec, LayerOptions
from .shape import Rearranging


def borders(value: Any, rank: int, name: str, where: str) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis, from one integer, one per axis, or pairs.

    Raises:
        ArgumentError: anything else, or something negative.
    """

    def wrong() -> ArgumentError:
        forms = "an integer, a pair" if rank == 1 else f"an integer, {rank} integers or {rank} pairs"
        return ArgumentError(where, got=f"{name}={value!r}", expected=f"{forms} of non-negative integers")

    def pair(item: Any) -> tuple[int, int]:
        found = (item, item) if isinstance(item, int) else tuple(item) if isinstance(item, (list, tuple)) else ()
        if len(found) != 2 or not all(isinstance(size, int) and size >= 0 for size in found):
            raise wrong()
        return found

    if isinstance(value, int):
        return (pair(value),) * rank
    if rank == 1:
        return (pair(value),)
    if not isinstance(value, (list, tuple)) or len(value) != rank:
        raise wrong()
    return tuple(pair(item) for item in value)


class _Border(Rearranging):
    """What padding and cropping share."""

    rank = 0
    data_format: str = "channels_last"

    def _spatial(self, ndim: int) -> range:
        return range(1, ndim - 1) if self.data_format == "channels_last" else range(2, ndim)


class _ZeroPadding(_Border):
    def __init__(self, padding: Any, data_format: str | None, **common: Any) -> None:
        super().__init__(**common)
        self.data_format = config.standardize_data_format(data_format)
        self._pairs = borders(padding, self.rank, "padding", f"{type(self).__name__} {self.name!r}")
        self.padding = self._pairs[0] if self.rank == 1 else self._pairs
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Array) -> Array:
        """`inputs` with zeros around."""
        widths = [(0, 0)] * inputs.ndim
        for axis, pair in zip(self._spatial(inputs.ndim), self._pairs, strict=True):
            widths[axis] = pair
        return jnp.pad(inputs, widths)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Larger by the padding."""
        shape = list(input_shape)
        for axis, (before, after) in zip(self._spatial(len(shape)), self._pairs, strict=True):
            size = shape[axis]
            if size is not None:
                shape[axis] = size + before + after
        return tuple(shape)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after the steps of (batch, steps, channels).

    Args:
        padding: an integer for both ends, or (before, after).
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(padding, data_format, **common)


class ZeroPadding2D(_ZeroPadding):
    """Zeros around images.

    Args:
        padding: an integer, (rows, columns), or ((top, bottom), (left, right)).
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(padding, data_format, **common)


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes.

    Args:
        padding: an integer, three integers, or three pairs.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 3

    def __init__(
        self,
        padding: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(padding, data_format, **common)


class _Cropping(_Border):
    def __init__(self, cropping: Any, **common: Any) -> None:
        super().__init__(**common)
        self._pairs = borders(cropping, self.rank, "cropping", f"{type(self).__name__} {self.name!r}")
        self.cropping = self._pairs[0] if self.rank == 1 else self._pairs
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Array) -> Array:
        """`inputs` without their border."""
        self.compute_output_shape(inputs.shape)
        index: list[Any] = [slice(None)] * inputs.ndim
        for axis, (before, after) in zip(self._spatial(inputs.ndim), self._pairs, strict=True):
            index[axis] = slice(before, inputs.shape[axis] - after)
        return inputs[tuple(index)]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Smaller by the cropping.

        Raises:
            ShapeError: nothing would be left.
        """
        shape = list(input_shape)
        for axis, (before, after) in zip(self._spatial(len(shape)), self._pairs, strict=True):
            size = shape[axis]
            if size is not None:
                shape[axis] = size - before - after
                if size <= before + after:
                    raise ShapeError(
                        f"{type(self).__name__} {self.name!r}",
                        got=f"inputs of shape {input_shape}",
                        expected=f"more than {before + after} along axis {axis}, as cropping={self.cropping}",
                    )
        return tuple(shape)


class Cropping1D(_Cropping):
    """Cut steps off both ends of (batch, steps, channels).

    Args:
        cropping: an integer for both ends, or (before, after).
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **common: Unpack[LayerOptions]) -> None:
        super().__init__(cropping, **common)


class Cropping2D(_Cropping):
    """Cut the border off images.

    Args:
        cropping: an integer, (rows, columns), or ((top, bottom), (left, right)).
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 2

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(cropping, **common)
        self.data_format = config.standardize_data_format(data_format)


class Cropping3D(_Cropping):
    """Cut the border off volumes.

    Args:
        cropping: an integer, three integers, or three pairs.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
    """

    rank = 3

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(cropping, **common)
        self.data_format = config.standardize_data_format(data_format)
