"""A step, from gradients to weights, in terms of Variables.

Gradients are unscaled, accumulated and clipped; weights decay, move by the rule, are averaged and
constrained. A subclass gives the rule, or takes a part's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jax
from flax import nnx

from .._core.module import Opaque, name_of
from .._core.variable import Variable, plain
from .._errors import ArgumentError, Unsupported
from .._types import Array
from . import _gradients
from ._accumulation import accumulate
from ._average import follow
from ._decay import Exempt, decayed
from ._rate import rate_at
from ._rule import Rule
from ._slots import Slots
from ._state import describe, exactly, own_name, read, write
from ._variables import VariableOwner

__all__ = ["Stepper"]


class Stepper(VariableOwner):
    """Makes slots and steps; `Optimizer` is what the user sees of it."""

    slots_apart: tuple[str, ...] = ()
    """Fields of the rule's state whose slots stand after all others, field by field."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    decay: float | None
    _iterations: Variable
    _learning_rate: Any

    def __init__(self) -> None:
        super().__init__()
        self.built = False
        self._slots = Slots()
        self._exempt = Opaque(Exempt())

    # -- what a subclass defines -------------------------------------------------------------

    def rule(self) -> Rule:
        """The optax transformation that makes a step of gradients."""
        raise Unsupported(
            f"{type(self).__name__}.rule",
            hint="define rule(self), returning an optax transformation, or build and update_step as in Keras",
        )

    def update_step(self, gradient: Array, variable: nnx.Variable, learning_rate: Array) -> None:
        """Move one variable; for subclasses written as in Keras.

        Args:
            gradient: in the variable's shape and dtype.
            variable: to be assigned.
            learning_rate: a scalar.
        """
        raise Unsupported(f"{type(self).__name__}.update_step", hint="define it, or rule()")

    def first_state(self, variables: Sequence[nnx.Variable], params: Sequence[Any]) -> Any:
        """The rule's state before the first step; `params` are values, or shapes and dtypes under a foreign jit."""
        return self.rule().init(params)

    def slot_name(self, field: str, variable: str) -> str:
        """The name of the slot that a state's field makes for a variable."""
        return f"{variable}_{field}"

    def decay_of(self, variable: nnx.Variable) -> float | None:
        """The weight decay of a variable that is not excluded from it."""
        return self.weight_decay

    def _has_rule(self) -> bool:
        return type(self).update_step is Stepper.update_step

    def _get_variable_index(self, variable: nnx.Variable) -> int:
        """The position of a model's variable among those the optimizer was built for."""
        return self._slots.place(variable)

    @property
    def _trainable_variables(self) -> list[nnx.Variable]:
        return self._slots.variables

    # -- building ----------------------------------------------------------------------------

    def build(self, variables: Iterable[nnx.Variable]) -> None:
        """Make the slots of these variables, and of no variable twice.

        Args:
            variables: the model's trainable variables; the slots of those met before stay as they are.

        Raises:
            ArgumentError: something that is not a Variable; new ones without those of earlier calls, where
                an option counts calls.
        """
        variables = _gradients.variables_only(f"{self.name}.build", variables)
        new = self._slots.unknown(variables)
        if not new and self.built:
            return
        known = {id(variable) for variable in variables} - {id(variable) for variable in new}
        if self.built and len(known) < len(self._slots.variables):
            self._refuse_to_count_apart(new[0])
        if self.use_ema:
            self._slots.extend("average", [self._add_average(variable) for variable in new])
        if self.gradient_accumulation_steps:
            self._slots.extend("gradient_accumulator", self.add_optimizer_variables(new, "gradient_accumulator"))
        if self._has_rule():
            self._build_slots(new)
        self._slots.meet(new)
        self.built = True
        self._take_waiting()

    def _refuse_to_count_apart(self, new: nnx.Variable) -> None:
        """Models stepped in turn would take the calls of the others for their own."""
        for key in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
            if getattr(self, key) and (self.use_ema or not key.startswith("ema")):
                raise ArgumentError(
                    f"{self.name} with {key}",
                    got=f"{name_of(new)!r}, without the variables of earlier calls",
                    expected=f"the same variables in every call, since {key} counts calls",
                    hint="an optimizer for each model",
                )

    def _add_average(self, variable: nnx.Variable) -> Variable:
        """An average that starts at the weight, so that one met late does not rise from zero."""
        start = describe(variable)
        if isinstance(start, jax.ShapeDtypeStruct):
            return self.add_variable_from_reference(variable, "average")
        return self.add_variable_from_reference(variable, "average", exactly(start))

    def _build_slots(self, variables: list[nnx.Variable]) -> None:
        """The rule's first state as Variables: a variable's slots side by side, those `slots_apart` after them."""
        params = [describe(variable) for variable in variables]
        with jax.ensure_compile_time_eval():
            state = self.first_state(variables, params)._asdict()
        lists = {key: value for key, value in state.items() if isinstance(value, list)}
        beside = [key for key in lists if key not in self.slots_apart]
        for group in (beside, *([key] for key in lists if key in self.slots_apart)):
            made: dict[str, list[Variable | None]] = {key: [] for key in group}
            for i, variable in enumerate(variables):
                for key in group:
                    value = lists[key][i]
                    name = self.slot_name(key, own_name(variable))
                    slot = None if value is None else self._add_slot(variable, name, exactly(value), value)
                    made[key].append(slot)
            for key in group:
                self._slots.extend(key, made[key])
        for key, value in state.items():
            if value is not None and key not in lists and key not in self._slots.fields:
                self._slots.fields[key] = self.add_variable(value.shape, exactly(value), value.dtype, name=key)

    # -- stepping ----------------------------------------------------------------------------

    def _apply(
        self,
        grads: Sequence[Any],
        variables: list[nnx.Variable],
        given: list[nnx.Variable],
        rate: Array | None = None,
    ) -> None:
        """One step.

        Args:
            grads: one for each of `variables`, shaped like it.
            variables: those that have a gradient.
            given: those of the call.
            rate: what `learning_rate` gave; None: ask it.
        """
        grads = _gradients.in_dtype_of(variables, grads)
        if self.loss_scale_factor:
            grads = [grad / self.loss_scale_factor for grad in grads]
        rate = self._rate_now() if rate is None else self._rate_after_decay(rate)
        if self.gradient_accumulation_steps:
            accumulate(
                self._slots.of("gradient_accumulator", variables),
                grads,
                read([self._iterations])[0],
                self.gradient_accumulation_steps,
                lambda mean: self._update(mean, variables, rate),
                [*self._written(variables), *variables],
            )
        else:
            self._update(grads, variables, rate)
        if self.use_ema:
            averages = self._slots.of("average", given)
            follow(averages, given, self.ema_momentum, self._steps_done(), self.ema_overwrite_frequency)
        held = [v for v in variables if getattr(v, "constraint", None) is not None]
        write(held, [v.constraint(w) for v, w in zip(held, read(held), strict=True)])
        write([self._iterations], [read([self._iterations])[0] + 1])

    def _update(self, grads: list[Array], variables: list[nnx.Variable], rate: Array) -> None:
        """Clip, decay, and step."""
        grads = _gradients.clipped(grads, self.clipnorm, self.global_clipnorm, self.clipvalue)
        values = decayed(read(variables), variables, rate, self.decay_of, self._exempt.value)
        if self._has_rule():
            self._step(grads, variables, values, rate)
            return
        write(variables, values)
        for grad, variable in zip(grads, variables, strict=True):
            self.update_step(grad, variable, rate)

    def _step(self, grads: list[Array], variables: list[nnx.Variable], values: list[Array], rate: Array) -> None:
        """Let the rule move the variables, which hold `values`, and its slots."""
        rule = self.rule()
        state = self._slots.state(type(rule.init([])), variables)
        steps, state = rule.update(grads, state, values, learning_rate=rate, step=self._steps_done())
        write(variables, [w + s for w, s in zip(values, steps, strict=True)])
        self._slots.hold(state, variables)

    def _steps_done(self) -> Array:
        """How many steps came before, a scalar: calls, unless gradients are accumulated."""
        calls = read([self._iterations])[0]
        return calls // self.gradient_accumulation_steps if self.gradient_accumulation_steps else calls

    def _rate_now(self) -> Array:
        """The learning rate of the next step, a scalar of dtype `floatx()`."""
        return self._rate_after_decay(rate_at(self._learning_rate, self._iterations))

    def _rate_after_decay(self, rate: Array) -> Array:
        return rate if self.decay is None else rate / (1 + self.decay * self._steps_done())

    def _own_used_by(self, variables: Sequence[nnx.Variable]) -> list[Variable]:
        """The optimizer's variables that a step of these touches, as far as known."""
        if not self._has_rule():  # which slot belongs to which variable, only `update_step` knows
            return list(self._variables)
        rate = [self._learning_rate] if isinstance(self._learning_rate, Variable) else []
        return [self._iterations, *rate, *self._slots.used_by(variables)]

    def _written(self, variables: Sequence[nnx.Variable]) -> list[Variable]:
        """The optimizer's variables that `_update` writes."""
        return self._slots.used_by(variables) if self._has_rule() else self._variables

    # -- around the steps --------------------------------------------------------------------

    def exclude_from_weight_decay(
        self, var_list: Sequence[nnx.Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Name variables that do not decay. Call it before the optimizer is built.

        Args:
            var_list: the variables themselves.
            var_names: regular expressions, looked for in names of variables: ["bias"].

        Raises:
            ArgumentError: the optimizer is built.
        """
        if self.built:
            raise ArgumentError(
                f"{self.name}.exclude_from_weight_decay", got="a built optimizer", expected="a call before that"
            )
        self._exempt.value = Exempt(var_list or (), var_names or ())

    def finalize_variable_values(self, var_list: Sequence[nnx.Variable]) -> None:
        """Set the variables to their moving averages, where `use_ema`.

        Raises:
            ArgumentError: other variables than the optimizer was built for.
        """
        if not self.use_ema:
            return
        self._met_only("finalize_variable_values", var_list)
        write(var_list, read(self._slots.of("average", var_list)))

    def _averages(self, variables: Sequence[nnx.Variable]) -> list[tuple[nnx.Variable, Variable]]:
        """Each variable that has a moving average, beside it."""
        if not self.use_ema or self._slots.unknown(variables):
            return []
        return list(zip(variables, self._slots.of("average", variables), strict=True))

    def _met_only(self, method: str, variables: Sequence[nnx.Variable]) -> None:
        unknown = self._slots.unknown(variables)
        if unknown:
            raise ArgumentError(
                f"{self.name}.{method}",
                got=f"{name_of(unknown[0])!r}, which it keeps no average of",
                expected="variables it has stepped",
            )

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`, where there is one."""
        return loss if self.loss_scale_factor is None else plain(loss) * self.loss_scale_factor
