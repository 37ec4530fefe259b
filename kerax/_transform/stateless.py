"""StatelessScope: Variables read and written aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx

from .._core import nnx_private
from .._core.context import here, setting
from .._core.variable import Variable
from .._errors import ArgumentError


class StatelessScope:
    """Within the block Variables hold other values, and what is assigned is only noted.

    Args:
        state_mapping: pairs of a Variable and the value it has in the block.
        collect_losses: whether `add_loss` of layers is noted in `losses`.
        initialize_variables: kept for compatibility; Variables made in the block hold their values at once.

    Raises:
        ArgumentError: a key that is no Variable, or a value of another shape.

    Examples:
        >>> v = Variable(1.0)
        >>> with StatelessScope([(v, jnp.asarray(2.0))]) as scope:
        ...     _ = v.assign(v.value + 3)
        >>> float(v.value), float(scope.get_current_value(v))
        (1.0, 5.0)
    """

    def __init__(
        self,
        state_mapping: Sequence[tuple[Any, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self._variables: list[nnx.Variable] = []
        self._values: list[Any] = []
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ArgumentError("StatelessScope", got=f"the key {variable!r}", expected="a Variable")
            held = jnp.asarray(value, variable.dtype)
            if held.shape != tuple(variable.shape):
                raise ArgumentError(
                    "StatelessScope",
                    got=f"a value of shape {held.shape} for {variable.path!r}",
                    expected=f"shape {tuple(variable.shape)}",
                )
            self._variables.append(variable)
            self._values.append(held)
        self._known = {id(variable) for variable in self._variables}
        self._after: dict[int, Any] = {}

    def __enter__(self) -> StatelessScope:
        self._held = nnx_private.Held(self._variables, self._values)
        losses = self.losses if self.collect_losses else here.losses
        self._setting = setting(write=(*here.write, self._written), losses=losses)
        self._held.__enter__()
        self._setting.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._setting.__exit__(*exc)
        self._held.__exit__()
        self._after = {id(v): value for v, value in zip(self._held.variables, self._held.values, strict=True)}

    def _written(self, variable: nnx.Variable) -> None:
        if id(variable) not in self._known:
            self._known.add(id(variable))
            self._held.adopt(variable)

    def get_current_value(self, variable: Any) -> Any:
        """The value it has in the block, or had at its end; None where the block neither set nor assigned it."""
        if id(variable) not in self._known:
            return None
        return self._after[id(variable)] if id(variable) in self._after else nnx_private.raw(variable)

    def add_update(self, update: tuple[Any, Any]) -> None:
        """Note a (Variable, value) pair, as if it were assigned in the block."""
        variable, value = update
        variable.assign(value)

    def add_loss(self, loss: Any) -> None:
        """Note a loss."""
        self.losses.append(loss)
