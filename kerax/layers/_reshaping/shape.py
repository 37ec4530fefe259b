"""Flatten, Reshape, Permute, RepeatVector: the same elements in another shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import jax.numpy as jnp

from ... import config
from ..._errors import ArgumentError, ShapeError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .._arguments import like_input, positive, product
from .._layer import InputSpec, Layer, LayerOptions


class Rearranging(Layer):
    """Moves elements: built from the start, integers stay integers."""

    def __init__(self, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.built = True

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        return like_input(self, self.compute_output_shape(inputs.shape), inputs)


class Flatten(Rearranging):
    """Each row as one vector: (batch, a, b, …) -> (batch, a * b * …); (batch,) -> (batch, 1).

    Args:
        data_format: with `"channels_first"` the channels are moved last before flattening, so that the
            weights of a layer that follows do not depend on the layout.
    """

    def __init__(self, data_format: str | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Array) -> Array:
        """(batch, …) -> (batch, size of a row)."""
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = jnp.moveaxis(inputs, 1, -1)
        return inputs.reshape(inputs.shape[0], product(inputs.shape[1:]))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, …) -> (batch, size of a row)."""
        return (input_shape[0], product(input_shape[1:]))


class Reshape(Rearranging):
    """Give each row the shape `target_shape`.

    Args:
        target_shape: sizes without the batch; one may be -1, which follows from the others.

    Raises:
        ShapeError: rows that do not have that many elements.
    """

    def __init__(self, target_shape: int | tuple[int, ...] | list[int], **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        given = target_shape if isinstance(target_shape, (list, tuple)) else (target_shape,)
        self.target_shape = tuple(map(int, given))
        if sum(size == -1 for size in self.target_shape) > 1:
            raise ArgumentError(
                f"Reshape {self.name!r}", got=f"target_shape={self.target_shape}", expected="at most one -1"
            )

    def call(self, inputs: Array) -> Array:
        """(batch, …) -> (batch, *target_shape)."""
        self._rows(inputs.shape)
        return inputs.reshape(inputs.shape[0], *self._rows(inputs.shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, …) -> (batch, *target_shape)."""
        return (input_shape[0], *self._rows(input_shape))

    def _rows(self, input_shape: Shape) -> Shape:
        size = product(input_shape[1:])
        known = product(s for s in self.target_shape if s != -1)
        fits = size is None or (known == size if -1 not in self.target_shape else known and size % known == 0)
        if not fits:
            raise ShapeError(
                f"Reshape {self.name!r}",
                got=f"inputs of shape {input_shape}, {size} elements a row",
                expected=f"rows that fit target_shape={self.target_shape}",
            )
        rest = None if size is None else size // known if known else 0
        return tuple(rest if s == -1 else s for s in self.target_shape)


class Permute(Rearranging):
    """Reorder the axes of each row.

    Args:
        dims: the axes in their new order, counted from 1: the batch axis stays.

    Raises:
        ArgumentError: not every number from 1 to their count.
    """

    def __init__(self, dims: Sequence[int], **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                f"Permute {self.name!r}",
                got=f"dims={dims}",
                expected=f"each of the numbers 1 to {len(self.dims)} once (the batch axis 0 stays)",
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Array) -> Array:
        """The transposed inputs."""
        return jnp.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The sizes in the new order."""
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class RepeatVector(Rearranging):
    """Repeat each row: (batch, size) -> (batch, n, size).

    Args:
        n: how many times, positive.
    """

    def __init__(self, n: int, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        if not isinstance(n, int):
            raise TypeError(f"RepeatVector {self.name!r}: got n={n!r}, expected an integer.")
        self.n = positive(n, "n", f"RepeatVector {self.name!r}")
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Array) -> Array:
        """(batch, size) -> (batch, n, size)."""
        return jnp.broadcast_to(inputs[:, None, :], (inputs.shape[0], self.n, inputs.shape[1]))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(batch, size) -> (batch, n, size)."""
        return (input_shape[0], self.n, input_shape[1])
