"""TensorSpec: the shape and dtype that a function wants of an argument."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import config
from .._core.dtypes import real_dtype, standardize_dtype
from .._core.variable import Variable
from .._errors import ArgumentError, DTypeError, ShapeError
from .._types import DType, Shape


class TensorSpec:
    """A shape, where None is any size, and a dtype.

    Args:
        shape: sizes, None where any will do; None: any shape.
        dtype: default `floatx()`.
        name: for messages.

    Examples:
        >>> TensorSpec([None, 3], "int32")
        TensorSpec(shape=(None, 3), dtype='int32', name=None)
    """

    def __init__(self, shape: Any = None, dtype: DType | None = None, name: str | None = None) -> None:
        self.shape: Shape | None = None if shape is None else tuple(None if n is None else int(n) for n in shape)
        self.dtype = standardize_dtype(dtype or config.floatx())
        self.name = name

    @classmethod
    def of(cls, like: Any) -> TensorSpec:
        """The spec of an array, a Variable, a symbolic tensor, an `InputSpec` or another spec.

        Raises:
            ArgumentError: something without a shape.
        """
        if isinstance(like, TensorSpec):
            return like
        if not hasattr(like, "shape"):
            raise ArgumentError("TensorSpec", got=repr(like), expected="something with a shape and a dtype")
        dtype = getattr(like, "dtype", None)
        return cls(
            like.shape,
            None if dtype is None else np.dtype(real_dtype(standardize_dtype(dtype))).name,
            getattr(like, "name", None),
        )

    @property
    def rank(self) -> int | None:
        """The number of axes, None where any will do."""
        return None if self.shape is None else len(self.shape)

    def is_compatible_with(self, value: Any) -> bool:
        """Whether an array, or another spec, has this dtype and fits this shape."""
        other = TensorSpec.of(value)
        return other.dtype == self.dtype and self._takes(other.shape)

    def _takes(self, shape: Any) -> bool:
        if self.shape is None or shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            a is None or b is None or a == b for a, b in zip(self.shape, shape, strict=True)
        )

    def convert(self, value: Any, where: str) -> Any:
        """A value as an array of this dtype; arrays must have it, Python and NumPy values are cast.

        Raises:
            DTypeError: an array of another dtype, or values that this dtype cannot hold.
            ShapeError: a shape that does not fit.
        """
        if isinstance(value, Variable):
            value = value.value
        if isinstance(value, jax.Array):
            if value.dtype.name != self.dtype and not (
                value.weak_type and np.can_cast(value.dtype, self.dtype, "same_kind")
            ):
                raise DTypeError(where, got=f"{value.dtype.name}", expected=self.dtype, hint=f"cast it to {self.dtype}")
            out = jax.lax.convert_element_type(value, real_dtype(self.dtype))
        else:
            try:
                given = np.asarray(value)
            except ValueError as error:
                raise DTypeError(where, got=repr(value), expected=f"a tensor of {self.dtype}") from error
            if given.dtype.kind not in "biufcV" or not np.can_cast(given.dtype, real_dtype(self.dtype), "same_kind"):
                raise DTypeError(where, got=f"{given.dtype.name}", expected=self.dtype, hint=f"cast it to {self.dtype}")
            out = jnp.asarray(given, real_dtype(self.dtype))
        if not self._takes(out.shape):
            raise ShapeError(where, got=f"the shape {tuple(out.shape)}", expected=f"{self.shape}")
        return out

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"
