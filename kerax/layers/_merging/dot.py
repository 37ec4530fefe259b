"""Dot: products summed along an axis of each of two inputs."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp
from jax import lax

from ..._errors import ArgumentError, ShapeError
from ..._types import Array, Shape
from .._layer import LayerOptions
from .base import Merge


class Dot(Merge):
    """Products of two inputs summed along an axis of each, row by row.

    Args:
        axes: the axis, or (axis of the first, axis of the second).
        normalize: scale both to length 1 along them first: cosine proximity.

    Raises:
        ArgumentError: axes that are no integers.
        ShapeError: sizes along them that differ.
    """

    def __init__(self, axes: Any, normalize: bool = False, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        pair = axes if isinstance(axes, (list, tuple)) else (axes, axes)
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            kind = ArgumentError if isinstance(axes, (list, tuple)) else TypeError
            raise kind(f"Dot {self.name!r}: got axes={axes!r}, expected an integer or a pair of them")
        self.axes = axes
        self.normalize = normalize
        self.supports_masking = True

    def _pair(self, shapes: list[Shape]) -> tuple[int, int]:
        a, b = self.axes if isinstance(self.axes, (list, tuple)) else (self.axes, self.axes)
        return a % len(shapes[0]), b % len(shapes[1])

    def call(self, inputs: Any) -> Array:
        """The products, summed."""
        x, y = inputs
        a, b = self._pair([x.shape, y.shape])
        if self.normalize:
            x, y = _unit(x, a), _unit(y, b)
        out = lax.dot_general(x, y, (((a,), (b,)), ((0,), (0,))))
        return out[:, None] if out.ndim == 1 else out

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The axes left of the first input, then those of the second."""
        shapes = self._checked(input_shape)
        if len(shapes) != 2:
            raise ArgumentError(self._where, got=f"{len(shapes)} inputs", expected="exactly 2")
        a, b = self._pair(shapes)
        first, second = shapes
        if first[a] is not None and second[b] is not None and first[a] != second[b]:
            raise ShapeError(
                self._where,
                got=f"inputs of shapes {shapes}",
                expected=f"the same size along axis {a} of the first and axis {b} of the second",
            )
        rest = [size for axis, size in enumerate(first) if axis != a]
        rest += [size for axis, size in enumerate(second) if axis not in (0, b)]
        return tuple(rest) if len(rest) > 1 else (*rest, 1)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: what a mask speaks of is summed up."""
        return


def _unit(x: Array, axis: int) -> Array:
    return x * lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), axis, keepdims=True), 1e-12))


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """Products of two inputs, summed: `Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)
