"""Optimizer: Keras's arguments and variables around a rule.

`apply` unscales, accumulates and clips the gradients, decays the weights, asks the rule for the step,
averages, and constrains. It is written once, in terms of the Variables: traced by a trainer it runs in
line; called by hand it runs as one compiled program for each set of variables.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .. import config as settings
from .._core import nnx_private, placement
from .._core.context import changes, here, name_scope, setting
from .._core.module import Module, Opaque, name_of
from .._core.naming import auto_name
from .._core.stateful import Carried, discover, pure
from .._core.variable import Variable, plain
from .._errors import ArgumentError, DTypeError, NotBuiltError, ShapeError, Unsupported
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Array, ArrayLike, Config
from . import _gradients
from ._rule import Rule
from ._state import concrete, describe, own_name, read, run_if, write
from .schedules import LearningRateSchedule

__all__ = ["Optimizer", "Options", "Rate"]

Rate: TypeAlias = float | Variable | LearningRateSchedule | Callable[[], Any]


class Options(TypedDict, total=False):
    """What every optimizer takes after its own arguments."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


_NOT_COMPILED_IN = frozenset(("built", "iterations", "learning_rate", "lr"))


class Optimizer(Module):
    """Base of all optimizers.

    A subclass keeps its arguments in attributes of their names and defines `rule()`, an optax
    transformation (see `_rule`); or, as in Keras, `build(variables)`, making its own variables with
    `add_variable_from_reference`, and `update_step(gradient, variable, learning_rate)`.

    Args:
        learning_rate: a float, a Variable, a schedule, or a function without arguments.
        weight_decay: the weights shrink by `learning_rate * weight_decay` of themselves at each step.
        clipnorm: the most that the norm of each gradient may be.
        clipvalue: the most that each element of a gradient may be, in size.
        global_clipnorm: the most that the norm of all gradients together may be.
        use_ema: keep a moving average of the weights.
        ema_momentum: the share of the old average that is kept at each step, in [0, 1].
        ema_overwrite_frequency: steps after which the weights are set to their average; None: never.
        loss_scale_factor: what `scale_loss` multiplies by and gradients are divided by.
        gradient_accumulation_steps: calls of `apply` whose mean gradient makes one step, 2 or more.
        name: default counts the class.
        kwargs: `lr`, an old name of `learning_rate`; `decay`, which divides it by `1 + decay * iterations`.

    Raises:
        ArgumentError: an argument out of its range, more than one kind of clipping, an unknown argument.
    """

    revision = 0
    """Counts what makes a step compiled with this optimizer out of date."""

    slots_apart: tuple[str, ...] = ()
    """Fields of the rule's state whose slots stand after all others, field by field."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _show_all_options(cls)

    def __init__(
        self,
        learning_rate: Rate | None = None,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        cls = type(self).__name__
        if kwargs.get("lr") is not None:
            warnings.warn(f"{cls}: `lr` is an old name; write `learning_rate`.", stacklevel=3)
            learning_rate = kwargs["lr"]
        self.decay = kwargs.get("decay") or None
        if self.decay is not None:
            warnings.warn(
                f"{cls}: `decay` is an old argument, applied as learning_rate / (1 + decay * iterations); "
                "schedules.InverseTimeDecay is the same.",
                stacklevel=3,
            )
        unknown = sorted(set(kwargs) - {"lr", "decay"})
        if unknown:
            raise ArgumentError(cls, got=f"the arguments {unknown}, which are not recognized")
        if gradient_accumulation_steps and not gradient_accumulation_steps >= 2:
            raise ArgumentError(
                f"{cls} gradient_accumulation_steps", got=gradient_accumulation_steps, expected="2 or more, or None"
            )
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ArgumentError(f"{cls} ema_momentum", got=ema_momentum, expected="a number from 0 to 1")
        if use_ema and ema_overwrite_frequency and not _is_count(ema_overwrite_frequency):
            raise ArgumentError(
                f"{cls} ema_overwrite_frequency", got=ema_overwrite_frequency, expected="a whole number of steps"
            )
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if sum(value is not None for value in clips.values()) > 1:
            raise ArgumentError(cls, got=", ".join(f"{k}={v}" for k, v in clips.items()), expected="one of the three")
        self.name = auto_name(cls) if name is None else name
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.global_clipnorm = global_clipnorm
        self.clipvalue = clipvalue
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables: list[Variable] = []
        self._slots: dict[str, Any] = {}  # field -> one Variable or None for each trainable variable, or one for all
        self._model = Opaque(_Known())  # the model's variables are the model's, not ours
        self._programs = Opaque({})
        self._excluded = Opaque((set(), None))
        self._waiting = Opaque(None)  # values of a pickled optimizer, until it is built
        self._iterations = self.add_variable((), "zeros", "int", "only_first_replica", name="iteration")
        self._learning_rate = self._as_rate(learning_rate)

    def _as_rate(self, rate: Any) -> Any:
        if isinstance(rate, Variable):
            self._variables.append(rate)
            return rate
        if isinstance(rate, LearningRateSchedule):
            return rate
        number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
        if number or (isinstance(rate, (np.ndarray, jax.Array)) and np.ndim(rate) == 0):
            return self.add_variable(
                (), lambda shape, dtype: jnp.full(shape, rate, dtype), None, "only_first_replica", name="learning_rate"
            )
        if callable(rate):
            return rate
        raise ArgumentError(
            f"{type(self).__name__} learning_rate",
            got=repr(rate),
            expected="a float, a learning rate schedule, or a function without arguments",
        )

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if not name.startswith("_") and name not in _NOT_COMPILED_IN and "_programs" in vars(self):
            self._recompile()  # a hyperparameter is compiled in

    def _recompile(self) -> None:
        """Drop the compiled steps, here and in models that use this optimizer."""
        self._programs.value.clear()
        object.__setattr__(self, "revision", self.revision + 1)
        changes.count += 1

    # -- its variables ---------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """The iteration count, the learning rate unless it is computed, then the slots, in Keras's order."""
        return list(self._variables)

    @property
    def iterations(self) -> Any:
        """How many steps were done: a Variable, or an array where gradients are accumulated."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """A Variable, which can be assigned at any time; or, of a schedule or function, its value now."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._rate_now()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        old = self._learning_rate
        if isinstance(value, LearningRateSchedule) or (callable(value) and not isinstance(value, Variable)):
            self._variables[:] = [v for v in self._variables if v is not old]
            self._learning_rate = value
            self._recompile()
        elif isinstance(old, Variable):
            old.assign(value)
        else:
            raise DTypeError(
                f"{self.name}.learning_rate",
                got=f"{value!r}, while a {type(old).__name__} computes the rate",
                expected="another schedule",
                hint="make the optimizer with a float, which can be assigned",
            )

    @property
    def lr(self) -> Any:
        """An old name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

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
            nnx_private.put(variable, jax.device_put(variable._raw_value, layout))
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: nnx.Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A new variable with the shape, dtype and placement of a model's, named after it."""
        return self._add_slot(reference_variable, own_name(reference_variable) + f"_{name or 'var'}", initializer)

    def _add_slot(self, of: nnx.Variable, name: str, initializer: Any, like: Any = None) -> Variable:
        value = of._raw_value
        like = value if like is None else like
        slot = self.add_variable(like.shape, initializer, like.dtype, name=name)
        if placement.current is not None and like.shape == value.shape and concrete([value]):
            nnx_private.put(slot, jax.device_put(slot._raw_value, value.sharding))
        return slot

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

    # -- building --------------------------------------------------------------------------

    def build(self, variables: Iterable[nnx.Variable]) -> None:
        """Make the slots for these variables, and for no variable twice.

        Args:
            variables: the model's trainable variables.
        """
        new = self._model.value.unknown(variables)
        if not new and self.built:
            return
        if self.use_ema:
            self._extend("average", self.add_optimizer_variables(new, "average"))
        if self.gradient_accumulation_steps:
            self._extend("gradient_accumulator", self.add_optimizer_variables(new, "gradient_accumulator"))
        if self._has_rule():
            self._build_slots(new)
        self._model.value.add(new)
        self.built = True
        if self._waiting.value is not None:
            values, self._waiting.value = self._waiting.value, None
            self.load_own_variables(values)

    def _extend(self, field: str, slots: list) -> None:
        self._slots.setdefault(field, []).extend(slots)
        object.__setattr__(self, "_slots", {**self._slots})

    def _has_rule(self) -> bool:
        return type(self).update_step is Optimizer.update_step

    def _build_slots(self, variables: list[nnx.Variable]) -> None:
        """The rule's first state as Variables."""
        params = [describe(v) for v in variables]
        with jax.ensure_compile_time_eval():
            state = self.first_state(variables, params)
        fields = {key: value for key, value in state._asdict().items() if value is not None}
        lists = {key: value for key, value in fields.items() if isinstance(value, list)}
        apart = [key for key in self.slots_apart if key in lists]
        for group in ([key for key in lists if key not in apart], *([key] for key in apart)):
            made: dict[str, list] = {key: [] for key in group}
            for i, variable in enumerate(variables):
                for key in group:
                    value = lists[key][i]
                    name = self.slot_name(key, own_name(variable))
                    slot = None if value is None else self._add_slot(variable, name, _exactly(value), value)
                    made[key].append(slot)
            for key in group:
                self._extend(key, made[key])
        for key in fields:
            if key not in lists and key not in self._slots:
                value = fields[key]
                self._slots[key] = self.add_variable(value.shape, _exactly(value), value.dtype, name=key)

    def first_state(self, variables: Sequence[nnx.Variable], params: Sequence[Any]) -> Any:
        """The rule's state before the first step; `params` are values, or shapes and dtypes while tracing."""
        return self.rule().init(params)

    def slot_name(self, field: str, variable: str) -> str:
        """The name of the slot that a state's field makes for a variable."""
        return f"{variable}_{field}"

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

    def _get_variable_index(self, variable: nnx.Variable) -> int:
        """The position of a model's variable among those the optimizer was built for."""
        return self._model.value.index[id(variable)]

    @property
    def _trainable_variables(self) -> list[nnx.Variable]:
        return self._model.value.variables

    def assign(self, variable: Variable, value: ArrayLike) -> None:
        """`variable.assign(value)`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: ArrayLike) -> None:
        """`variable.assign_add(value)`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: ArrayLike) -> None:
        """`variable.assign_sub(value)`."""
        variable.assign_sub(value)

    # -- stepping --------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, nnx.Variable]]) -> Any:
        """One step.

        Args:
            grads_and_vars: (gradient, variable) pairs; a gradient may be None.

        Returns:
            The iteration count.

        Raises:
            ArgumentError: no pairs, or no gradient in any.
        """
        pairs = list(grads_and_vars)
        if not pairs:
            raise ArgumentError(f"{self.name}.apply_gradients", got="no pairs", expected="(gradient, variable) pairs")
        self.apply([grad for grad, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[nnx.Variable] | None = None) -> None:
        """One step. Variables not met before get their slots; those not given stay as they are.

        Args:
            grads: a gradient for each variable; None where there is none.
            trainable_variables: default: those the optimizer was built for.

        Raises:
            ArgumentError: no gradient at all, or another number of them than of variables.
            ShapeError: a gradient shaped otherwise than its variable.
        """
        grads = list(grads)
        if not grads:
            return
        given = self._given(grads, trainable_variables)
        grads, variables = _gradients.present(grads, given)
        alone = not here.read and not here.write and nnx_private.belongs_here(self._iterations)
        if alone and concrete([self._iterations._raw_value, *grads, *[v._raw_value for v in variables]]):
            self._apply_compiled(grads, variables, given)
        else:
            self._apply(grads, variables, given)

    def _given(self, grads: list, variables: Iterable[nnx.Variable] | None) -> list[nnx.Variable]:
        """The variables of a call, slots made for the new ones."""
        if variables is None:
            known = self._model.value.variables
            if len(grads) != len(known):
                raise ArgumentError(
                    f"{self.name}.apply",
                    got=f"{len(grads)} gradients without variables",
                    expected=f"{len(known)}, one for each variable it was built for",
                )
            return known
        variables = list(variables)
        if len(grads) != len(variables):
            raise ArgumentError(
                f"{self.name}.apply", got=f"{len(grads)} gradients for {len(variables)} variables", expected="as many"
            )
        new = self._model.value.unknown(variables)
        if new and self.built and not self._has_rule():
            raise ArgumentError(
                f"{self.name}.apply",
                got=f"{name_of(new[0])!r}, which it was not built for",
                expected="the variables of the first call: build() of this class runs once",
                hint="make another optimizer for them",
            )
        if new or not self.built:
            self.build(variables)
            self.built = True
        return variables

    def _apply_compiled(self, grads: list, variables: list[nnx.Variable], given: list[nnx.Variable]) -> None:
        """The same step as one program, kept for the next call with these variables."""
        key = tuple(map(id, variables))
        found = self._programs.value.get(key)
        rate = None
        if not isinstance(self._learning_rate, (Variable, LearningRateSchedule)):
            rate = jnp.asarray(plain(self._learning_rate()), settings.floatx())  # Python, and free to change
        if found is None:
            carried = Carried([*self._used_by(variables), *variables])
            run = pure(functools.partial(self._apply, variables=variables, given=given), carried)
            program = jax.jit(lambda values, grads, rate: run(values, grads, rate=rate)[1])
            new = discover(lambda: program(carried.values(), grads, rate), carried)
            self._programs.value[key] = carried, program
        else:
            carried, program = found
            new = program(carried.values(), grads, rate)
        carried.put(new)

    def _used_by(self, variables: list[nnx.Variable]) -> list[Variable]:
        """The optimizer's variables that a step of these touches, as far as known."""
        used = [v for v in (self._iterations, self._learning_rate) if isinstance(v, Variable)]
        places = [self._model.value.index[id(v)] for v in variables]
        for slots in self._slots.values():
            used += [slots[i] for i in places if slots[i] is not None] if isinstance(slots, list) else [slots]
        return used

    def _apply(
        self,
        grads: list,
        variables: list[nnx.Variable],
        given: list[nnx.Variable],
        rate: Array | None = None,
    ) -> None:
        """What `apply` does, in terms of the Variables."""
        grads = _gradients.fitting(grads, [v._raw_value for v in variables], variables)
        if self.loss_scale_factor:
            grads = [g / self.loss_scale_factor for g in grads]
        steps = self.gradient_accumulation_steps
        if steps:
            sums = self._slots_of("gradient_accumulator", variables)
            total = [a + g for a, g in zip(read(sums), grads, strict=True)]
            due = (read([self._iterations])[0] + 1) % steps == 0
            mean = [t / steps for t in total]
            touched = [*self._touched(variables), *variables]
            run_if(due, lambda: self._update(mean, variables, rate), touched)
            write(sums, [jnp.where(due, 0, t) for t in total])
        else:
            self._update(grads, variables, rate)
        if self.use_ema:
            self._average(given)
        held = [v for v in variables if getattr(v, "constraint", None) is not None]
        if held:
            write(held, [v.constraint(x) for v, x in zip(held, read(held), strict=True)])
        write([self._iterations], [read([self._iterations])[0] + 1])

    def _touched(self, variables: list[nnx.Variable]) -> list[Variable]:
        """The optimizer's variables that `_update` writes."""
        if not self._has_rule():
            return self._variables
        apart = (self._iterations, self._learning_rate)
        return [v for v in self._used_by(variables) if not any(v is other for other in apart)]

    def _update(self, grads: list[Array], variables: list[nnx.Variable], rate: Array | None) -> None:
        """Clip, decay, and step by the rule."""
        rate = self._rate_now() if rate is None else self._decayed(rate)
        grads = self._clipped(grads)
        values = self._shrunk(read(variables), variables, rate)
        if self._has_rule():
            self._step(grads, variables, values, rate)
            return
        write(variables, values)
        for grad, variable in zip(grads, variables, strict=True):
            self.update_step(grad, variable, rate)

    def _step(self, grads: list[Array], variables: list[nnx.Variable], values: list[Array], rate: Array) -> None:
        """Let the rule move the variables, which hold `values`, and its slots."""
        own = {key: slots for key, slots in self._slots.items() if key not in ("average", "gradient_accumulator")}
        places = [self._model.value.index[id(v)] for v in variables]
        slots = {key: [s[i] for i in places] if isinstance(s, list) else s for key, s in own.items()}
        rule, kind = self._rule_and_state()
        state = kind(**{key: _values(slots.get(key)) for key in kind._fields})
        steps, new = rule.update(grads, state, values, learning_rate=rate, step=plain(self.iterations))
        write(variables, [w + s for w, s in zip(values, steps, strict=True)])
        for key, held in slots.items():
            after = getattr(new, key)
            if isinstance(held, list):
                pairs = [(s, x) for s, x in zip(held, after, strict=True) if s is not None]
                write([s for s, _ in pairs], [x for _, x in pairs])
            else:
                write([held], [after])

    def _rule_and_state(self) -> tuple[Rule, Any]:
        rule = self.rule()
        return rule, type(rule.init([]))

    def _slots_of(self, field: str, variables: Sequence[nnx.Variable]) -> list[Variable]:
        slots, index = self._slots[field], self._model.value.index
        return [slots[index[id(v)]] for v in variables]

    def _rate_now(self) -> Array:
        """The learning rate of the next step, a scalar of dtype `floatx()`."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            value = read([rate])[0]
        elif isinstance(rate, LearningRateSchedule):
            value = rate(read([self._iterations])[0])
        else:
            value = rate()
        return self._decayed(jnp.asarray(plain(value), settings.floatx()))

    def _decayed(self, rate: Array) -> Array:
        return rate if self.decay is None else rate / (1 + self.decay * plain(self.iterations))

    def _clipped(self, grads: list[Array]) -> list[Array]:
        if self.clipnorm and self.clipnorm > 0:
            return _gradients.clip_each_norm(grads, self.clipnorm)
        if self.global_clipnorm and self.global_clipnorm > 0:
            return _gradients.clip_global_norm(grads, self.global_clipnorm)
        if self.clipvalue and self.clipvalue > 0:
            return _gradients.clip_values(grads, self.clipvalue)
        return grads

    # -- weight decay and averages -----------------------------------------------------------

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
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._excluded.value = {id(v) for v in var_list or ()}, pattern

    def decay_of(self, variable: nnx.Variable) -> float | None:
        """The weight decay of a variable that is not excluded from it."""
        return self.weight_decay

    def _shrunk(self, values: list[Array], variables: list[nnx.Variable], rate: Array) -> list[Array]:
        ids, pattern = self._excluded.value

        def one(value: Array, variable: nnx.Variable) -> Array:
            decay = self.decay_of(variable)
            if decay is None or id(variable) in ids:
                return value
            if pattern is not None and pattern.search(name_of(variable).rsplit("/", 1)[-1]):
                return value
            return value - value * (jnp.asarray(decay, value.dtype) * rate.astype(value.dtype))

        return [one(value, variable) for value, variable in zip(values, variables, strict=True)]

    def _average(self, given: list[nnx.Variable]) -> None:
        """Move the averages towards the weights, and the weights onto them where it is time."""
        averages = self._slots_of("average", given)
        done = plain(self.iterations)
        values = read(given)
        keep = jnp.where(done == 0, 0.0, self.ema_momentum)
        mean = [keep.astype(a.dtype) * (a - w) + w for a, w in zip(read(averages), values, strict=True)]
        write(averages, mean)
        if self.ema_overwrite_frequency:
            due = (done + 1) % self.ema_overwrite_frequency == 0
            write(given, [jnp.where(due, a, w) for a, w in zip(mean, values, strict=True)])

    def finalize_variable_values(self, var_list: Sequence[nnx.Variable]) -> None:
        """Set the variables to their moving averages, where `use_ema`.

        Raises:
            ArgumentError: other variables than the optimizer was built for.
        """
        if not self.use_ema:
            return
        var_list = list(var_list)
        unknown = self._model.value.unknown(var_list)
        if unknown:
            raise ArgumentError(
                f"{self.name}.finalize_variable_values",
                got=f"{name_of(unknown[0])!r}, which it keeps no average of",
                expected="variables it has stepped",
            )
        write(var_list, read(self._slots_of("average", var_list)))

    # -- other ways to step ------------------------------------------------------------------

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
            ArgumentError: not built, or other numbers of values.
        """
        own, model = self.variables, self._model.value.variables
        if not self.built:
            raise NotBuiltError(
                f"{self.name}.stateless_apply", got="an optimizer that is not built", hint="call build(variables) first"
            )
        for key, values, expected in (
            ("optimizer_variables", optimizer_variables, own),
            ("trainable_variables", trainable_variables, model),
        ):
            if len(values) != len(expected):
                raise ArgumentError(f"{self.name}.stateless_apply", got=f"{len(values)} {key}", expected=len(expected))
        values = [jnp.asarray(plain(x)) for x in (*optimizer_variables, *trainable_variables)]
        kept, variables = _gradients.present(grads, model)
        with setting(read=(), write=()), nnx_private.Held([*own, *model], values) as held:
            self._apply(kept, variables, model)
        return held.values[len(own) :], held.values[: len(own)]

    def minimize(self, loss: Any, var_list: Sequence[nnx.Variable], tape: Any = None) -> Any:
        """One step down a loss.

        Args:
            loss: what a tape recorded; or a function without arguments that gives a scalar.
            var_list: the variables to move.
            tape: the gradient tape that recorded `loss`; not needed for a function.

        Returns:
            The iteration count.

        Raises:
            ArgumentError: neither a tape nor a function.
        """
        var_list = list(var_list)
        if tape is not None:
            if callable(loss) and not isinstance(loss, (Variable, jax.Array)):
                with tape:
                    loss = loss()
            grads = tape.gradient(loss, var_list)
        elif callable(loss) and not isinstance(loss, Variable):
            grads = _gradients_of(loss, var_list)
        else:
            raise ArgumentError(
                f"{self.name}.minimize",
                got=f"a {type(loss).__name__} and no tape",
                expected="the tape that recorded it, or a function that computes it",
                hint="minimize(lambda: loss, variables)",
            )
        return self.apply_gradients(zip(grads, var_list, strict=True))

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`, where there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # -- saving ------------------------------------------------------------------------------

    def save_own_variables(self, store: Any) -> None:
        """Put the values of `variables` into `store`, under "0", "1", …"""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

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

    def get_config(self) -> Config:
        """The constructor's arguments, by name; the learning rate as it is now."""
        rate = self._learning_rate
        config = {
            "name": self.name,
            "learning_rate": float(rate.numpy()) if isinstance(rate, Variable) else serialize_keras_object(rate),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
        if self.decay is not None:
            config["decay"] = self.decay
        own = (key for key in inspect.signature(type(self).__init__).parameters if key not in _BASE)
        config.update({key: getattr(self, key) for key in own if hasattr(self, key)})
        return config

    @classmethod
    def from_config(cls, config: Config, custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
        """The optimizer that `get_config` describes, without its state."""
        config = {key: value for key, value in config.items() if key not in ("is_legacy_optimizer", "jit_compile")}
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_keras_object(config["learning_rate"], custom_objects)
        return cls(**config)

    def __reduce__(self) -> tuple:
        config = self.get_config()
        if not isinstance(self._learning_rate, Variable):
            config["learning_rate"] = self._learning_rate
        state: dict[str, np.ndarray] = {}
        self.save_own_variables(state)
        return _revive, (type(self), config, state)

    def __deepcopy__(self, memo: dict) -> Optimizer:
        make, arguments = self.__reduce__()
        return make(*arguments)


class _Known:
    """The model's variables that have slots, and where."""

    def __init__(self) -> None:
        self.variables: list[nnx.Variable] = []
        self.index: dict[int, int] = {}

    def unknown(self, variables: Iterable[nnx.Variable]) -> list[nnx.Variable]:
        """Those of them without slots, each once."""
        return list({id(v): v for v in variables if id(v) not in self.index}.values())

    def add(self, variables: Iterable[nnx.Variable]) -> None:
        """Slots were made for these."""
        for variable in variables:
            self.index[id(variable)] = len(self.variables)
            self.variables.append(variable)


def _show_all_options(cls: Any) -> None:
    """Let `inspect` and `help` show the options of `Optimizer` in place of `*options, **named`."""
    init = vars(cls).get("__init__")
    if init is None:
        return
    signature = inspect.signature(init)
    parameters = list(signature.parameters.values())
    if any(p.name == "options" and p.kind is p.VAR_POSITIONAL for p in parameters):
        own = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        names = {p.name for p in own}
        base = inspect.signature(Optimizer.__init__).parameters.values()
        parameters = [*own, *(p for p in base if p.name not in names)]
        init.__signature__ = signature.replace(parameters=parameters)
    cls.__signature__ = signature.replace(parameters=parameters[1:])


_BASE = frozenset(inspect.signature(Optimizer.__init__).parameters)


def _revive(cls: type[Optimizer], config: Config, state: dict[str, np.ndarray]) -> Optimizer:
    optimizer = cls.from_config(config)
    if len(state) == len(optimizer.variables):
        optimizer.load_own_variables(state)
    else:
        optimizer._waiting.value = state
    return optimizer


def _gradients_of(loss: Callable[[], Any], variables: list[nnx.Variable]) -> list[Array]:
    """The gradients of a function that reads the variables; what else it writes is written."""
    carried = Carried(variables)
    count = len(variables)

    def attempt() -> tuple[list[Array], list[Array]]:
        run = pure(loss, carried)
        values = carried.values()

        def scalar(moved: list[Array]) -> tuple[Array, list[Array]]:
            out, after = run([*moved, *values[count:]])
            return jnp.asarray(plain(out)), after

        return jax.grad(scalar, has_aux=True)(values[:count])

    grads, after = discover(attempt, carried)
    carried.put(after)
    return grads


def _values(slots: Any) -> Any:
    """What slots hold: a list, one value, or None."""
    if slots is None:
        return None
    if isinstance(slots, list):
        held = [s for s in slots if s is not None]
        values = iter(read(held))
        return [None if s is None else next(values) for s in slots]
    return read([slots])[0]


def _exactly(value: Array) -> Callable:
    return lambda shape, dtype: value


def _filled(value: float, shape: Sequence[int], dtype: Any) -> Array:
    return jnp.full(shape, value, dtype)


def _is_count(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and int(value) >= 1
