"""tf.Variable: kerax's, made from TensorFlow's arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from ... import ops
from ..._core.variable import Parameter, plain
from ..._core.variable import Variable as KeraxVariable
from ..._errors import ArgumentError, DTypeError
from ._creation import convert_to_tensor
from ._types import HostArray


class _Kind(type(KeraxVariable)):  # type: ignore[misc]
    """Lets `isinstance(weight, tf.Variable)` hold for the weights of layers."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, KeraxVariable) if cls is Variable else type.__instancecheck__(cls, instance)


class Variable(KeraxVariable, metaclass=_Kind):
    """A named array that can be assigned.

    Args:
        initial_value: the first value, or a function without arguments that makes it.
        trainable: whether an optimizer changes it; None: floats are, integers and booleans are not.
        validate_shape: must be True.
        caching_device: kept for compatibility.
        name: slashes in it become underscores; default counts.
        variable_def: must be None.
        dtype: that of the value by default, float32 for Python floats.
        import_scope: kept for compatibility.
        constraint: function applied after each optimizer step.
        synchronization: kept for compatibility.
        aggregation: kept for compatibility.
        shape: of the value; it never changes.

    Raises:
        ArgumentError: no value, or an argument that belongs to graphs.
    """

    def __new__(cls, initial_value: Any = None, trainable: bool | None = None, *args: Any, **kwargs: Any) -> Variable:
        return object.__new__(cls if trainable is False or cls is not Variable else _Trainable)

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: str | None = None,
        constraint: Callable | None = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        if initial_value is None:
            raise ArgumentError("tf.Variable", got="no initial_value", expected="a value, or a function that makes it")
        if variable_def is not None or not validate_shape:
            raise ArgumentError("tf.Variable", got="variable_def or validate_shape=False", expected="neither")
        made = callable(initial_value) and not hasattr(initial_value, "dtype")
        value = convert_to_tensor(plain(initial_value() if made else initial_value), dtype)
        if isinstance(value, HostArray):
            raise DTypeError("tf.Variable", got="strings", expected="numbers", hint="keep strings in a NumPy array")
        if trainable is None:
            trainable = jnp.issubdtype(value.dtype, jnp.inexact)
        super().__init__(
            value,
            shape=None if shape is None else tuple(shape),
            trainable=bool(trainable),
            name=None if name is None else name.replace("/", "_"),
            constraint=constraint,
        )

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Assign `updates` at `indices`, see `tf.tensor_scatter_nd_update`."""
        return self.assign(ops.scatter_update(self.value, indices, updates))

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Add `updates` at `indices`, see `tf.tensor_scatter_nd_add`."""
        return self.assign(ops.scatter_update(self.value, indices, updates, "add"))

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtract `updates` at `indices`, see `tf.tensor_scatter_nd_sub`."""
        return self.assign(ops.scatter_update(self.value, indices, ops.negative(updates), "add"))


class _Trainable(Variable, Parameter):
    """One that is not `trainable=False`: an `nnx.Param`, as the weights of layers are."""
