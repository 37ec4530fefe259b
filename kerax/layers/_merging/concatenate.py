"""Concatenate: inputs one after the other along an axis."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import tree
from ..._errors import ArgumentError, ShapeError
from ..._types import Array, Shape
from .._layer import LayerOptions
from .base import Merge


class Concatenate(Merge):
    """Inputs one after the other along `axis`.

    Args:
        axis: the axis along which sizes add up; all others must agree.

    Raises:
        ShapeError: other sizes differ.
    """

    def __init__(self, axis: int = -1, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.axis = axis
        if axis == 0:
            self._mixes_rows = True

    def call(self, inputs: Any) -> Array:
        """The inputs, joined."""
        if not isinstance(inputs, (list, tuple)):
            raise ArgumentError(self._where, got="one input", expected="a list of inputs")
        return jnp.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Sizes along `axis` add up."""
        shapes = self._checked(input_shape)
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank <= self.axis < rank:
            raise ShapeError(
                self._where, got=f"inputs of shapes {shapes}", expected=f"one rank, with an axis {self.axis}"
            )
        along = self.axis % rank
        out: list[int | None] = []
        for axis in range(rank):
            found = [shape[axis] for shape in shapes]
            known = {size for size in found if size is not None}
            if axis == along:
                out.append(None if None in found else sum(found))  # type: ignore[arg-type]
            elif len(known) > 1:
                raise ShapeError(
                    self._where,
                    got=f"inputs of shapes {shapes}",
                    expected=f"the same sizes except along axis {self.axis}",
                )
            else:
                out.append(known.pop() if known else None)
        return tuple(out)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The masks joined; True for inputs without one; None where no input has one."""
        if previous_mask is None:
            return None
        masks = tree.flatten(previous_mask)
        if all(mask is None for mask in masks):
            return None
        axis = self.axis % inputs[0].ndim
        filled = []
        for x, mask in zip(inputs, masks, strict=True):
            whole = jnp.ones(x.shape, bool) if mask is None else mask.astype(bool)
            filled.append(jnp.broadcast_to(whole.reshape(*whole.shape, *(1,) * (x.ndim - whole.ndim)), x.shape))
        joined = jnp.concatenate(filled, axis=axis)
        return jnp.any(joined, axis=-1)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Inputs one after the other: `Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
