"""Names that may hold no value: what Python tells at run time, staged code must tell while it is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..._errors import KeraxError


class UnboundError(KeraxError, UnboundLocalError):
    """A variable is read where it may have no value."""


class Undefined:
    """Stands for a variable without a value.

    Args:
        name: the variable.
        why: what a reader is told: where, and what to do.
    """

    def __init__(self, name: str, why: tuple[str, str] | None = None) -> None:
        self.name = name
        self._why = why

    def error(self) -> UnboundError:
        """What a read raises."""
        if self._why is None:
            return UnboundError(f"{self.name!r} is read before it has a value")
        return UnboundError(f"{self.name!r} may have no value here: {self._why[0]}", hint=self._why[1])

    def __repr__(self) -> str:
        return f"<{self.name}: no value>"


class UndefinedReturnValue:
    """What a function returns as long as no `return` ran."""


class Scope:
    """What converted code keeps for itself while a function runs; to other code it is always the same."""


def ld(value: Any) -> Any:
    """A variable that is read."""
    if isinstance(value, Undefined):
        raise value.error()
    return value


def ldu(load: Callable[[], Any], name: str) -> Any:
    """An attribute or an item, or `Undefined` where there is none yet."""
    try:
        return load()
    except (KeyError, AttributeError, NameError):
        return Undefined(name)


def missing(value: Any) -> bool:
    """Whether a variable has no value."""
    return isinstance(value, (Undefined, UndefinedReturnValue))
