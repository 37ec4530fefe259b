"""Optimizer: Keras's arguments, the learning rate and the config, on top of what steps.

It stands on three bases, each with one job: `VariableOwner` makes, lists and saves Variables, `Stepper`
makes a step of gradients, `Applier` takes them from the user.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._core.context import changes
from .._core.naming import auto_name
from .._core.variable import Variable, plain
from .._errors import ArgumentError, DTypeError
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Config
from ._applier import Applier
from ._arguments import IGNORED, Options, Rate, check, older_names, show_options
from ._rate import computed, is_number

__all__ = ["Optimizer", "Options", "Rate"]

_NOT_COMPILED_IN = frozenset(("built", "iterations", "learning_rate", "lr"))


class Optimizer(Applier):
    """Base of all optimizers.

    A subclass keeps its arguments in attributes of their names and defines `rule()`, an optax
    transformation (see `_rule`); or, as in Keras, `build(variables)`, making its own variables with
    `add_variable_from_reference`, and `update_step(gradient, variable, learning_rate)`.

    One optimizer may step several models in turn, and layers added later: variables it meets get slots,
    and those it met before keep theirs. `iterations`, by which schedules and bias corrections go, counts
    all its steps.

    Args:
        learning_rate: a float, a Variable, a schedule, or a function without arguments, which is asked
            before every step, and once more where a step is compiled.
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
        kwargs: older names: `lr`, which is `learning_rate`; `decay`, which divides it by
            `1 + decay * iterations`; `jit_compile`, which changes nothing.

    Raises:
        ArgumentError: an argument out of its range, more than one kind of clipping, an unknown argument.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        show_options(cls, inspect.signature(Optimizer.__init__).parameters)

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
        super().__init__()
        cls = type(self).__name__
        learning_rate, self.decay = older_names(cls, learning_rate, kwargs)
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
        check(cls, vars(self))
        self._iterations = self.add_variable((), "zeros", "int", "only_first_replica", name="iteration")
        self._learning_rate = self._as_rate(learning_rate)

    def _as_rate(self, rate: Any) -> Any:
        if isinstance(rate, Variable):
            self._variables.append(rate)
            return rate
        if computed(rate):
            return rate
        if is_number(rate):
            return self.add_variable(
                (), lambda shape, dtype: jnp.full(shape, rate, dtype), None, "only_first_replica", name="learning_rate"
            )
        raise ArgumentError(
            f"{type(self).__name__} learning_rate",
            got=repr(rate),
            expected="a float, a learning rate schedule, or a function without arguments",
        )

    def __setattr__(self, name: str, value: Any) -> None:
        changed = name in vars(self) and vars(self)[name] is not value
        super().__setattr__(name, value)
        if changed and not name.startswith("_") and name not in _NOT_COMPILED_IN:
            self._recompile()  # a hyperparameter is compiled in

    def _recompile(self) -> None:
        """Drop the compiled steps: an optimizer cannot know which models, and other optimizers, use it."""
        Applier.revision += 1
        changes.count += 1

    # -- counts and rates ----------------------------------------------------------------------

    @property
    def iterations(self) -> Any:
        """How many steps were done: a Variable, or an array where gradients are accumulated."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @iterations.setter
    def iterations(self, value: Any) -> None:
        self._iterations.assign(jnp.asarray(plain(value)) * (self.gradient_accumulation_steps or 1))

    @property
    def learning_rate(self) -> Any:
        """A Variable, which can be assigned at any time; or, of a schedule or function, its value now."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._rate_now()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        old = self._learning_rate
        if computed(value):
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

    # -- config and copies -----------------------------------------------------------------------

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
        config = {key: value for key, value in config.items() if key not in IGNORED}
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


_BASE = frozenset(inspect.signature(Optimizer.__init__).parameters)


def _revive(cls: type[Optimizer], config: Config, state: dict[str, np.ndarray]) -> Optimizer:
    optimizer = cls.from_config(config)
    if len(state) == len(optimizer.variables):  # it was not built either
        optimizer.load_own_variables(state)
    else:
        optimizer._waiting.value = state
        optimizer._take_waiting()
    return optimizer
