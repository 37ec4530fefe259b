"""The Variables an optimizer owns: making, listing, saving and loading them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .._core import nnx_private, placement
from .._core.context import name_scope
from .._core.module import Module, Opaque
from .._core.variable import Variable, plain
from .._errors import ArgumentError, NotBuiltError, ShapeError
from .._types import Array, ArrayLike
from ._state import describe, own_name, start

__all__ = ["VariableOwner"]


class VariableOwner(Module):
    """Owns Variables, in the order they were made; the base of `Optimizer`."""

    name: str
    built: bool
    _begins_complete = True  # whether what it has before it is built stands first in `variables` ever after

    def __init__(self) -> None:
        self._variables: list[Variable] = []
        self._waiting = Opaque({})  # values of a copied optimizer, by position, until the Variables exist

    @property
    def variables(self) -> list[Variable]:
        """The iteration count, the learning rate unless it is computed, then the slots, in Keras's order.

        Slots of variables met later stand after all others.
        """
        return list(self._variables)

    @property
    def weights(self) -> list[Variable]:
        """An old name of `variables`."""
        return self.variables

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the optimizer.

        Args:
            shape: all sizes known.
            initializer: "zeros", "ones", or a function of shape and dtype.
            dtype: default `floatx()`.
            aggregation: kept for compatibility.
            layout: a sharding to place it by.
            name: default counts.

        Returns:
            The Variable, listed in `variables`.

        Raises:
            ArgumentError: another word as initializer.
        """
        if isinstance(initializer, str):
            if initializer not in ("zeros", "ones"):
                raise ArgumentError(
                    f"{self.name}.add_variable", got=repr(initializer), expected='"zeros", "ones" or an initializer'
                )
            initializer = functools.partial(_filled, 0 if initializer == "zeros" else 1)
        with name_scope(self.name):
            variable = Variable(initializer, shape, dtype, False, aggregation=aggregation, name=name)
        if layout is not None:
            _place(variable, layout)
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: nnx.Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A new variable with the shape, dtype and placement of a model's, named after it."""
        return self._add_slot(reference_variable, own_name(reference_variable) + f"_{name or 'var'}", initializer)

    def add_optimizer_variables(
        self,
        trainable_variables: Sequence[nnx.Variable],
        name: str | Sequence[str],
        initializer: Any = "zeros",
    ) -> Any:
        """One new variable for each of the model's; a tuple of such lists where `name` is several names."""
        if isinstance(name, str):
            return [self.add_variable_from_reference(v, name, initializer) for v in trainable_variables]
        initializers = [initializer] * len(name) if isinstance(initializer, str) else list(initializer)
        lists: tuple[list[Variable], ...] = tuple([] for _ in name)
        for variable in trainable_variables:
            for out, each, made_by in zip(lists, name, initializers, strict=True):
                out.append(self.add_variable_from_reference(variable, each, made_by))
        return lists

    def _add_slot(self, of: nnx.Variable, name: str, initializer: Any, like: Any = None) -> Variable:
        """A variable shaped like `of`, or like a value that starts it."""
        value = describe(of)
        like = value if like is None else like
        slot = self.add_variable(like.shape, initializer, like.dtype, name=name)
        if placement.current is not None and like.shape == value.shape and isinstance(value, jax.Array):
            _place(slot, value.sharding)
        return slot

    def assign(self, variable: Variable, value: ArrayLike) -> None:
        """`variable.assign(value)`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: ArrayLike) -> None:
        """`variable.assign_add(value)`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: ArrayLike) -> None:
        """`variable.assign_sub(value)`."""
        variable.assign_sub(value)

    # -- saving ------------------------------------------------------------------------------

    def save_own_variables(self, store: Any) -> None:
        """Put the values of `variables` into `store`, under "0", "1", …; also those a copy has no slots for yet."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()
        for key, value in self._waiting.value.items():
            store[key] = value

    def load_own_variables(self, store: Any) -> None:
        """Take the values of `variables` from `store`; warn, and take none, where their number differs."""
        variables = self.variables
        if len(store.keys()) != len(variables):
            warnings.warn(
                f"The optimizer {self.name!r} keeps its state: it has {len(variables)} variables and the saved one "
                f"{len(store.keys())}.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(variables):
            variable.assign(np.asarray(store[str(i)]))

    def _take_waiting(self) -> None:
        """Give the Variables that exist the values that wait for them."""
        if not (self.built or self._begins_complete):
            return
        waiting = self._waiting.value
        for i, variable in enumerate(self.variables if waiting else ()):
            if str(i) in waiting:
                value = waiting.pop(str(i))
                if value.shape != variable.shape:
                    raise ShapeError(
                        f"The copied optimizer {self.name!r}",
                        got=f"shape {value.shape} for {variable.path!r}",
                        expected=f"{variable.shape}; a copy meets the variables in the order the original met them",
                    )
                start(variable, value)

    def get_weights(self) -> list[np.ndarray]:
        """The values of `variables`."""
        return [variable.numpy() for variable in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the values of `variables`.

        Raises:
            NotBuiltError: the optimizer has no slots yet.
            ArgumentError: another number of values.
            ShapeError: a value of another shape.
        """
        if not self.built:
            raise NotBuiltError(f"{self.name}.set_weights", got="an optimizer that is not built", hint="build it first")
        variables = self.variables
        if len(weights) != len(variables):
            raise ArgumentError(f"{self.name}.set_weights", got=f"{len(weights)} values", expected=len(variables))
        for variable, value in zip(variables, weights, strict=True):
            if np.shape(plain(value)) != variable.shape:
                raise ShapeError(
                    f"{self.name}.set_weights",
                    got=f"shape {np.shape(plain(value))} for {variable.path!r}",
                    expected=variable.shape,
                )
            variable.assign(value)


def _filled(value: float, shape: Sequence[int], dtype: Any) -> Array:
    return jnp.full(shape, value, dtype)


def _place(variable: Variable, sharding: Any) -> None:
    with jax.ensure_compile_time_eval():
        nnx_private.put(variable, jax.device_put(variable._raw_value, sharding))
