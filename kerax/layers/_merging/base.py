"""What layers that join several inputs share."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import tree
from ..._core.dtypes import real_dtype
from ..._errors import ArgumentError, ShapeError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .._arguments import like_input
from .._layer import Layer, LayerOptions


class Merge(Layer):
    """Joins a list of at least two inputs."""

    def __init__(self, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.supports_masking = True

    @property
    def _where(self) -> str:
        return f"{type(self).__name__} {self.name!r}"

    def _checked(self, input_shape: Any) -> list[Shape]:
        """The shapes of a list of inputs.

        Raises:
            ArgumentError: no list, or an empty one.
        """
        if (
            not isinstance(input_shape, (list, tuple))
            or not input_shape
            or not isinstance(input_shape[0], (list, tuple))
        ):
            raise ArgumentError(
                self._where,
                got=f"an input of shape {input_shape}",
                expected="a list of inputs",
                hint=f"{type(self).__name__}()([a, b])",
            )
        return [tuple(shape) for shape in input_shape]

    def build(self, input_shape: Any) -> None:
        """Check that the inputs fit together."""
        self.compute_output_shape(self._checked(input_shape))

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbolic output for symbolic inputs."""
        if not isinstance(inputs, (list, tuple)):
            raise ArgumentError(
                self._where, got=f"{inputs!r}", expected="a list of inputs", hint=f"{type(self).__name__}()([a, b])"
            )
        shape = self.compute_output_shape([tuple(x.shape) for x in inputs])
        kinds = [real_dtype(like_input(self, (), x).dtype) for x in inputs]
        return KerasTensor(shape, jnp.result_type(*kinds).name)


class ElementwiseMerge(Merge):
    """Combines inputs element by element; sizes of 1 and missing leading axes stretch."""

    _pair = False

    def call(self, inputs: Any) -> Array:
        """The inputs, combined."""
        if not isinstance(inputs, (list, tuple)):
            raise ArgumentError(
                self._where, got="one input", expected="a list of inputs", hint=f"{type(self).__name__}()([a, b])"
            )
        return self._combine(_aligned(inputs))

    def _combine(self, inputs: list[Array]) -> Array:
        raise NotImplementedError

    def _checked(self, input_shape: Any) -> list[Shape]:
        shapes = super()._checked(input_shape)
        if len(shapes) < (2 if self._pair else 1) or (self._pair and len(shapes) != 2):
            raise ArgumentError(
                self._where, got=f"{len(shapes)} inputs", expected="exactly 2" if self._pair else "at least 1"
            )
        batches = {shape[0] for shape in shapes if shape and shape[0] is not None}
        if len(batches) > 1:
            raise ShapeError(self._where, got=f"inputs of shapes {shapes}", expected="one batch size")
        return shapes

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape all inputs stretch to.

        Raises:
            ShapeError: they cannot stretch to one shape.
        """
        shapes = self._checked(input_shape)
        rows: Shape = shapes[0][1:]
        for shape in shapes[1:]:
            rows = self._stretched(rows, shape[1:], shapes)
        batches = {shape[0] for shape in shapes}
        return (batches.pop() if len(batches) == 1 else None, *rows)

    def _stretched(self, a: Shape, b: Shape, shapes: list[Shape]) -> Shape:
        if len(a) < len(b):
            a, b = b, a
        out = list(a[: len(a) - len(b)])
        for m, n in zip(a[len(a) - len(b) :], b, strict=True):
            if m is None or n is None:
                out.append(None if 1 in (m, n) or m == n else m if n is None else n)
            elif m == n or n == 1:
                out.append(m)
            elif m == 1:
                out.append(n)
            else:
                raise ShapeError(
                    self._where,
                    got=f"inputs of shapes {shapes}",
                    expected="shapes that are equal, or 1 where not",
                    hint="project one of them to the size of the other first",
                )
        return tuple(out)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """True where any input's mask is; None unless every input has one."""
        if previous_mask is None:
            return None
        masks = tree.flatten(previous_mask)
        if any(mask is None for mask in masks):
            return None
        found = masks[0]
        for mask in masks[1:]:
            found = jnp.logical_or(found, mask)
        return found


def _aligned(inputs: Any) -> list[Array]:
    """Inputs of one rank: axes are added after the batch."""
    rank = max(x.ndim for x in inputs)
    return [x if x.ndim == rank else x.reshape(x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:]) for x in inputs]
