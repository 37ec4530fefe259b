"""Variables, values and functions of a graph, under the names of the old backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import config, ops, tree
from .._core.context import here
from .._core.variable import Variable
from .._errors import ArgumentError, Unsupported
from .._graph.tensor import is_symbolic
from .._transform.printing import print as _print
from .._types import Array, ArrayLike
from ..layers import Input
from ..models import Model

__all__ = [
    "batch_get_value",
    "batch_set_value",
    "constant",
    "count_params",
    "dtype",
    "eval",
    "function",
    "get_value",
    "gradients",
    "in_test_phase",
    "in_train_phase",
    "is_sparse",
    "learning_phase",
    "moving_average_update",
    "ones",
    "placeholder",
    "print_tensor",
    "set_value",
    "stop_gradient",
    "to_dense",
    "update",
    "update_add",
    "update_sub",
    "variable",
    "zeros",
]


# -- values --------------------------------------------------------------------------------------


def variable(value: ArrayLike, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A Variable that holds `value`, in `floatx()` by default."""
    return Variable(ops.convert_to_tensor(value, dtype or config.floatx()), name=name, constraint=constraint)


def constant(value: ArrayLike, dtype: Any = None, shape: Sequence[int] | None = None, name: str | None = None) -> Array:
    """An array of `value`, in `floatx()` by default; of one number, as often as `shape` asks."""
    array = ops.convert_to_tensor(value, dtype or config.floatx())
    return array if shape is None else ops.reshape(ops.broadcast_to(array, shape) if array.size == 1 else array, shape)


def zeros(shape: Sequence[int], dtype: Any = None, name: str | None = None) -> Variable:
    """A Variable of zeros."""
    return Variable(ops.zeros(shape, dtype or config.floatx()), name=name)


def ones(shape: Sequence[int], dtype: Any = None, name: str | None = None) -> Variable:
    """A Variable of ones."""
    return Variable(ops.ones(shape, dtype or config.floatx()), name=name)


def placeholder(
    shape: Sequence[int | None] | None = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> Any:
    """A symbolic tensor: `Input(batch_shape=shape)`.

    Args:
        shape: the batch included; or only `ndim`, the number of axes.
        sparse, ragged: must be False.

    Raises:
        ArgumentError: neither `shape` nor `ndim`.
    """
    if sparse or ragged:
        raise Unsupported("backend.placeholder", got="sparse or ragged tensors", expected="dense ones")
    if shape is None and ndim is None:
        raise ArgumentError("backend.placeholder", got="neither shape nor ndim", expected="one of them")
    return Input(batch_shape=(None,) * (ndim or 0) if shape is None else tuple(shape), dtype=dtype, name=name)


def eval(x: ArrayLike) -> np.ndarray:
    """The value, as a NumPy array."""
    return np.asarray(ops.convert_to_numpy(x))


get_value = eval


def batch_get_value(tensors: Sequence[ArrayLike]) -> list[np.ndarray]:
    """The values, as NumPy arrays."""
    return [eval(x) for x in tensors]


def set_value(x: Variable, value: ArrayLike) -> None:
    """`x.assign(value)`."""
    x.assign(value)


def batch_set_value(tuples: Sequence[tuple[Variable, ArrayLike]]) -> None:
    """Assign each value to its Variable."""
    for x, value in tuples:
        x.assign(value)


def update(x: Variable, new_x: ArrayLike) -> Any:
    """`x.assign(new_x)`."""
    return x.assign(new_x)


def update_add(x: Variable, increment: ArrayLike) -> Any:
    """`x.assign_add(increment)`."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: ArrayLike) -> Any:
    """`x.assign_sub(decrement)`."""
    return x.assign_sub(decrement)


def moving_average_update(x: Variable, value: ArrayLike, momentum: float) -> Any:
    """`x = momentum * x + (1 - momentum) * value`."""
    return x.assign(ops.add(ops.multiply(x, momentum), ops.multiply(value, 1.0 - momentum)))


def count_params(x: ArrayLike) -> int:
    """The number of elements."""
    return ops.convert_to_tensor(x).size


def dtype(x: Any) -> str:
    """The dtype, by name."""
    return str(x.dtype)


def is_sparse(tensor: Any) -> bool:
    """Whether it is one of JAX's sparse arrays."""
    return hasattr(tensor, "todense")


def to_dense(tensor: Any) -> Any:
    """A sparse array made dense; all else as it is."""
    return tensor.todense() if is_sparse(tensor) else tensor


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print a message and a tensor when its value is known; gives the tensor."""
    _print(message, x, summarize=summarize)
    return x


def stop_gradient(variables: Any) -> Any:
    """A tensor, or a list of them, that gradients take for constant."""
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(x) for x in variables]
    return ops.stop_gradient(variables)


def gradients(loss: Any, variables: Any) -> Any:
    """Not here: there is no graph of what was computed.

    Raises:
        Unsupported: always.
    """
    raise Unsupported(
        "backend.gradients: gradients of a value computed before",
        hint="compute the loss inside `with kerax.GradientTape() as tape:` and ask tape.gradient(loss, variables)",
    )


# -- training or not -----------------------------------------------------------------------------


def learning_phase() -> int:
    """1 within a call that trains, else 0."""
    return int(here.call is not None and bool(here.call.training))


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` while training, else `alt`; both may be functions. `training` defaults to `learning_phase()`."""
    chosen = x if (learning_phase() if training is None else training) else alt
    return chosen() if callable(chosen) and not hasattr(chosen, "dtype") else chosen


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`alt` while training, else `x`."""
    return in_train_phase(alt, x, training)


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None) -> Callable[[Any], Any]:
    """What computes some symbolic tensors of a model from others, on NumPy arrays.

    Args:
        inputs: symbolic tensors; `learning_phase()` may stand last, and the flag in its place then tells whether
            layers train.
        outputs: a symbolic tensor, or a structure of them.
        updates: must be None: assign in `call` instead.
        name: kept for compatibility.

    Returns:
        A function of the values, in the structure of `inputs`, that gives NumPy arrays in that of `outputs`.
    """
    if updates:
        raise Unsupported("backend.function", got="updates", hint="assign to Variables in a layer's call")
    flagged = isinstance(inputs, (list, tuple)) and len(inputs) > 0 and not is_symbolic(inputs[-1])
    model = Model(list(inputs[:-1]) if flagged else inputs, outputs)

    def run(values: Any) -> Any:
        training = bool(values[-1]) if flagged else False
        given = tree.map_structure(ops.convert_to_tensor, list(values[:-1]) if flagged else values)
        return tree.map_structure(np.asarray, model(given, training=training))

    return run
