"""tf.Module: an object that finds the Variables in its attributes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from ..._core.context import name_scope
from ..._core.module import Module as KeraxModule
from ..._core.variable import Variable


class Module(KeraxModule):
    """Holds Variables, layers and other modules in attributes.

    Args:
        name: default is that of the class, in small letters.
    """

    def __init__(self, name: str | None = None) -> None:
        self._name = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def name_scope(self) -> Any:
        """A block in which the paths of variables begin with the name."""
        return name_scope(self._name)

    @classmethod
    def with_name_scope(cls, method: Callable) -> Callable:
        """A method that runs in `name_scope`."""

        @functools.wraps(method)
        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            with name_scope(self.name):
                return method(self, *args, **kwargs)

        return run

    @property
    def variables(self) -> tuple[Any, ...]:
        """The Variables of this module and those in it, by the sorted names of attributes."""
        return tuple(one for one in _inside(self, set()) if isinstance(one, Variable))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those of them that are trainable."""
        return tuple(one for one in self.variables if one.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Any, ...]:
        """Those of them that are not."""
        return tuple(one for one in self.variables if not one.trainable)

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The modules and layers in this one, at any depth."""
        return tuple(one for one in _inside(self, set()) if isinstance(one, KeraxModule))


def _inside(holder: Any, seen: set[int]) -> Iterator[Any]:
    """Variables and modules held by a module: those of its own attributes first, then those further in."""
    found: list[Any] = []
    for name in sorted(vars(holder)):
        found += _leaves(vars(holder)[name], seen)
    yield from found
    for one in found:
        if isinstance(one, Module):
            yield from _inside(one, seen)
        elif hasattr(one, "variables") and isinstance(one, KeraxModule):
            for variable in one.variables:
                if id(variable) not in seen:
                    seen.add(id(variable))
                    yield variable


def _leaves(value: Any, seen: set[int]) -> Iterator[Any]:
    if isinstance(value, (Variable, KeraxModule)):
        if id(value) not in seen:
            seen.add(id(value))
            yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item, seen)
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _leaves(value[key], seen)
