"""The ways to take a step: by gradients, by a loss, on Variables or on plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from .. import config as settings
from .._core import nnx_private
from .._core.context import here, setting
from .._core.module import Opaque, name_of
from .._core.variable import Variable, plain
from .._errors import ArgumentError, NotBuiltError
from .._transform.gradient_tape import GradientTape, unrecorded
from .._types import Array
from . import _gradients
from ._programs import Programs
from ._rate import ask
from ._state import concrete
from ._stepper import Stepper
from .schedules import LearningRateSchedule

__all__ = ["Applier"]


class Applier(Stepper):
    """Takes gradients or a loss, checks them, and steps."""

    revision = 0
    """Counts what makes a step compiled with any optimizer out of date."""

    def __init__(self) -> None:
        super().__init__()
        self._programs = Opaque(Programs())

    def apply_gradients(
        self,
        grads_and_vars: Iterable[tuple[Any, nnx.Variable]],
        name: str | None = None,
        skip_gradients_aggregation: bool = False,
        experimental_aggregate_gradients: bool = True,
    ) -> Any:
        """One step.

        Args:
            grads_and_vars: (gradient, variable) pairs; a gradient may be None.
            name: kept for compatibility.
            skip_gradients_aggregation: kept for compatibility; gradients come aggregated.
            experimental_aggregate_gradients: likewise.

        Returns:
            The iteration count.

        Raises:
            ArgumentError: no pairs, something else than a pair, no gradient in any, a variable twice.
            ShapeError: a gradient shaped otherwise than its variable.
        """
        self.apply(*_gradients.pairs_only(f"{self.name}.apply_gradients", grads_and_vars))
        return self.iterations

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[nnx.Variable] | None = None) -> None:
        """One step. Variables not met before get their slots; those not given stay as they are.

        Args:
            grads: a gradient for each variable; None where there is none.
            trainable_variables: default: those the optimizer was built for.

        Raises:
            ArgumentError: no gradient at all, another number of them than of variables, a variable twice.
            ShapeError: a gradient shaped otherwise than its variable.
        """
        grads = list(grads)
        if not grads:
            return
        where = f"{self.name}.apply"
        given = self._given(where, grads, trainable_variables)
        grads, variables = _gradients.present(where, grads, given)
        with unrecorded():
            self._meet(where, given)
            alone = not here.read and not here.write and nnx_private.belongs_here(self._iterations)
            if alone and concrete([nnx_private.raw(self._iterations), *grads, *nnx_private.raw_all(variables)]):
                programs, rate = self._programs.value.at(self.revision), self._python_rate()
                programs.run(self._apply, lambda: self._own_used_by(variables), grads, variables, given, rate)
            else:
                self._apply(grads, variables, given)

    def _given(self, where: str, grads: list, variables: Iterable[nnx.Variable] | None) -> list[nnx.Variable]:
        """The variables of a call."""
        if variables is None:
            known = self._slots.variables
            if not self.built:
                raise NotBuiltError(
                    where,
                    got="gradients without variables, and an optimizer that is not built",
                    hint="give the variables, or call build(variables) first",
                )
            if len(grads) != len(known):
                raise ArgumentError(
                    where,
                    got=f"{len(grads)} gradients without variables",
                    expected=f"{len(known)}, one for each variable it was built for",
                )
            return list(known)
        given = _gradients.variables_only(where, variables)
        if len(grads) != len(given):
            raise ArgumentError(where, got=f"{len(grads)} gradients for {len(given)} variables", expected="as many")
        _gradients.each_once(where, given)
        return given

    def _meet(self, where: str, given: list[nnx.Variable]) -> None:
        """Make slots for the variables that are new."""
        new = self._slots.unknown(given)
        if self.built and not new:
            return
        if self.built and not self._has_rule():
            raise ArgumentError(
                where,
                got=f"{name_of(new[0])!r}, which it was not built for",
                expected="the variables of the first call: build() of this class runs once",
                hint="make another optimizer for them",
            )
        self.build(given)
        self.built = True

    def _python_rate(self) -> Array | None:
        """What a function of Python's gives as learning rate, asked outside of the program."""
        rate = self._learning_rate
        if isinstance(rate, (Variable, LearningRateSchedule)):
            return None
        return jnp.asarray(ask(rate), settings.floatx())

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Array], list[Array]]:
        """One step as a function of values; no Variable changes.

        Args:
            optimizer_variables: values of `variables`, in that order.
            grads: a gradient for each trainable variable, or None.
            trainable_variables: values of the variables the optimizer was built for, in that order.

        Returns:
            New values of the trainable variables and of the optimizer's.

        Raises:
            NotBuiltError: the optimizer has no slots yet.
            ArgumentError: another number of values, no gradient at all.
            ShapeError: a gradient shaped otherwise than its variable.
        """
        where = f"{self.name}.stateless_apply"
        own, model = self.variables, self._slots.variables
        if not self.built:
            raise NotBuiltError(where, got="an optimizer that is not built", hint="call build(variables) first")
        for key, values, expected in (
            ("optimizer_variables", optimizer_variables, own),
            ("grads", grads, model),
            ("trainable_variables", trainable_variables, model),
        ):
            if len(values) != len(expected):
                raise ArgumentError(where, got=f"{len(values)} {key}", expected=len(expected))
        values = [jnp.asarray(plain(x)) for x in (*optimizer_variables, *trainable_variables)]
        kept, variables = _gradients.present(where, grads, model)
        with setting(read=(), write=()), nnx_private.Held([*own, *model], values) as held:
            self._apply(kept, variables, model)
        return held.values[len(own) :], held.values[: len(own)]

    def compute_gradients(
        self, loss: Any, var_list: Sequence[nnx.Variable], tape: Any = None
    ) -> list[tuple[Any, nnx.Variable]]:
        """The gradients of a loss.

        Args:
            loss: what a tape recorded; or a function without arguments that gives a scalar.
            var_list: the variables to differentiate by, or a function that gives them.
            tape: the gradient tape that recorded `loss`; not needed for a function.

        Returns:
            (gradient, variable) pairs; a gradient is None where the loss does not depend on the variable.

        Raises:
            ArgumentError: neither a tape nor a function.
        """
        function = callable(loss) and not isinstance(loss, (Variable, jax.Array))
        if not function and tape is None:
            raise ArgumentError(
                f"{self.name}.minimize",
                got=f"a {type(loss).__name__} and no tape",
                expected="the tape that recorded it, or a function that computes it",
                hint="minimize(lambda: loss, variables)",
            )
        tape = GradientTape() if tape is None else tape
        if function:
            with tape:
                loss = loss()
        variables = list(var_list() if callable(var_list) else var_list)
        return list(zip(tape.gradient(loss, variables), variables, strict=True))

    def minimize(self, loss: Any, var_list: Sequence[nnx.Variable], tape: Any = None) -> Any:
        """One step down a loss.

        Args:
            loss: what a tape recorded; or a function without arguments that gives a scalar.
            var_list: the variables to move, or a function that gives them.
            tape: the gradient tape that recorded `loss`; not needed for a function.

        Returns:
            The iteration count.

        Raises:
            ArgumentError: neither a tape nor a function; no gradient for any variable.
        """
        return self.apply_gradients(self.compute_gradients(loss, var_list, tape))
