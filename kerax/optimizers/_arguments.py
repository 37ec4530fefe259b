"""The arguments that all optimizers share: their types, their checks, their older names."""

from __future__ import annotations

import inspect
import numbers
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypedDict

from .._core.variable import Variable
from .._errors import ArgumentError
from .schedules import LearningRateSchedule

__all__ = ["IGNORED", "Options", "Rate", "check", "older_names", "show_options"]

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


_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
IGNORED = ("is_legacy_optimizer", "jit_compile")  # what tf.keras took, and wrote into configs


def check(cls: str, options: Mapping[str, Any]) -> None:
    """Look at the options of an optimizer.

    Raises:
        ArgumentError: one out of its range, or more than one kind of clipping.
    """
    steps = options["gradient_accumulation_steps"]
    if steps and not steps >= 2:
        raise ArgumentError(f"{cls} gradient_accumulation_steps", got=steps, expected="2 or more, or None")
    if options["use_ema"]:
        if not 0 <= options["ema_momentum"] <= 1:
            raise ArgumentError(f"{cls} ema_momentum", got=options["ema_momentum"], expected="a number from 0 to 1")
        every = options["ema_overwrite_frequency"]
        if every and not (isinstance(every, numbers.Integral) and int(every) >= 1):
            raise ArgumentError(f"{cls} ema_overwrite_frequency", got=every, expected="a whole number of steps")
    clips = {key: options[key] for key in _CLIPS}
    if sum(value is not None for value in clips.values()) > 1:
        raise ArgumentError(cls, got=", ".join(f"{k}={v}" for k, v in clips.items()), expected="one of the three")


def older_names(cls: str, learning_rate: Any, named: Mapping[str, Any]) -> tuple[Any, float | None]:
    """The learning rate and the decay that arguments of older Keras ask for.

    Raises:
        ArgumentError: an argument that no Keras ever had.
    """
    unknown = sorted(set(named) - {"lr", "decay", *IGNORED})
    if unknown:
        raise ArgumentError(cls, got=f"the arguments {unknown}, which are not recognized")
    if named.get("lr") is not None:
        warnings.warn(f"{cls}: `lr` is an old name; write `learning_rate`.", stacklevel=4)
        learning_rate = named["lr"]
    decay = named.get("decay") or None
    if decay is not None:
        warnings.warn(
            f"{cls}: `decay` is an old argument, applied as learning_rate / (1 + decay * iterations); "
            "schedules.InverseTimeDecay is the same.",
            stacklevel=4,
        )
    return learning_rate, decay


def show_options(cls: Any, base: Mapping[str, inspect.Parameter]) -> None:
    """Let `inspect` and `help` show the options of the base in place of `*options, **named`."""
    init = vars(cls).get("__init__")
    if init is None:
        return
    signature = inspect.signature(init)
    parameters = list(signature.parameters.values())
    if any(p.name == "options" and p.kind is p.VAR_POSITIONAL for p in parameters):
        own = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        names = {p.name for p in own}
        parameters = [*own, *(p for p in base.values() if p.name not in names)]
        init.__signature__ = signature.replace(parameters=parameters)
    cls.__signature__ = signature.replace(parameters=parameters[1:])
