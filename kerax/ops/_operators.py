"""Gives symbolic tensors Python's operators and slicing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._errors import DTypeError
from .._graph.tensor import KerasTensor
from ._numpy import arithmetic, elementwise, indexing, logic, products, shaping

_BINARY: dict[str, Callable] = {
    "add": arithmetic.add,
    "and": logic.logical_and,
    "floordiv": arithmetic.floor_divide,
    "matmul": products.matmul,
    "mod": arithmetic.mod,
    "mul": arithmetic.multiply,
    "or": logic.logical_or,
    "pow": arithmetic.power,
    "sub": arithmetic.subtract,
    "truediv": arithmetic.divide,
    "xor": logic.logical_xor,
}
_COMPARISONS: dict[str, Callable] = {  # not `==` and `!=`: those compare identity, as in Keras
    "ge": logic.greater_equal,
    "gt": logic.greater,
    "le": logic.less_equal,
    "lt": logic.less,
}


def _forward(fn: Callable) -> Callable:
    return lambda self, other: fn(self, other)


def _reflected(fn: Callable) -> Callable:
    return lambda self, other: fn(other, self)


def _reshape(self: KerasTensor, *newshape: Any) -> Any:
    """The elements in another shape: `x.reshape(2, -1)` or `x.reshape((2, -1))`."""
    sizes = newshape[0] if len(newshape) == 1 and isinstance(newshape[0], (tuple, list)) else newshape
    return shaping.reshape(self, sizes)


def _squeeze(self: KerasTensor, axis: int | None = None) -> Any:
    """Without axes of size 1, see `ops.squeeze`."""
    return shaping.squeeze(self, axis)


class _Symbol:
    """What JAX gets when it asks a symbolic tensor for an array.

    JAX's operators take it for a stranger and leave the operation to the symbolic tensor; its functions
    ask it for values, and get the error.
    """

    def __init__(self, tensor: KerasTensor) -> None:
        self.tensor = tensor

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise DTypeError(
            "A symbolic tensor has no values yet, so jax.numpy cannot use it",
            got=repr(self.tensor),
            expected="an array",
            hint="kerax.ops instead of jax.numpy, or a layer whose call() does the computing",
        )


_METHODS: dict[str, Callable] = {
    "__abs__": lambda self: elementwise.absolute(self),
    "__getitem__": lambda self, key: indexing.get_item(self, key),
    "__invert__": lambda self: logic.logical_not(self),
    "__jax_array__": lambda self: _Symbol(self),
    "__neg__": lambda self: elementwise.negative(self),
    "__pos__": lambda self: self,
    "__round__": lambda self, ndigits=None: elementwise.round(self, ndigits or 0),
    "reshape": _reshape,
    "squeeze": _squeeze,
}


def install() -> None:
    """Set the operators on KerasTensor."""
    for name, fn in _BINARY.items():
        setattr(KerasTensor, f"__{name}__", _forward(fn))
        setattr(KerasTensor, f"__r{name}__", _reflected(fn))
    for name, fn in _COMPARISONS.items():
        setattr(KerasTensor, f"__{name}__", _forward(fn))
    for name, fn in _METHODS.items():
        setattr(KerasTensor, name, fn)
