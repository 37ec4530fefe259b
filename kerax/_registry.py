"""Names and the objects behind them, one list per family (layers, losses, …).

A family makes its `Registry` in its own `__init__`; the public module name it is saved under
(`keras.layers`) finds it again, loading that family on first look-up. Nothing else is ever
imported because data named it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ._errors import ArgumentError, near_misses

__all__ = ["FAMILIES", "Registry", "family", "snake_case"]

FAMILIES = (
    "activations",
    "callbacks",
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "optimizers.schedules",
    "random",
    "regularizers",
    "utils",
)

_registries: dict[str, Registry] = {}


def snake_case(name: str) -> str:
    """`LayerNormalization` -> `layer_normalization`, `Conv2DTranspose` -> `conv2d_transpose`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class Registry:
    """The objects of one family by public name, saved name and alias.

    Args:
        kind: the word an error uses: `"loss"`.
        name: the family, one of `FAMILIES`.
        objects: its classes and functions.
        aliases: other name -> public name.
        exclude: public names that an identifier must not resolve to (bases).
    """

    def __init__(
        self,
        kind: str,
        name: str,
        objects: Iterable[Any],
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.name = name
        self.objects: dict[str, Any] = {obj.__name__: obj for obj in objects}
        self._names = dict(self.objects)
        for key, obj in self.objects.items():
            if inspect.isclass(obj):
                self._names.setdefault(snake_case(key), obj)
                self._names.setdefault(key.lower(), obj)
        for alias, target in (aliases or {}).items():
            self._names[alias] = self._names[target]
        self._saved = {id(obj): key for key, obj in reversed(list(self.objects.items()))}
        _registries[name] = self

    @property
    def module(self) -> str:
        """The module name written into configs: Keras's."""
        return "keras" if self.name == "dtype_policies" else f"keras.{self.name}"

    def find(self, name: str) -> Any:
        """The class or function called `name`.

        Raises:
            ArgumentError: nothing is called so; the message lists near matches.
        """
        try:
            return self._names[name]
        except KeyError:
            raise ArgumentError(f"Unknown {self.kind} {name!r}", hint=near_misses(name, self._names)) from None

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def saved_name(self, obj: Any) -> str | None:
        """The public name of `obj` if it is one of this family."""
        return self._saved.get(id(obj))


def family(name: str) -> Registry:
    """The registry of a family, loading its package on first use."""
    if name not in _registries:
        importlib.import_module(f"{__package__}.{name}")
    return _registries[name]


def owner(obj: Any) -> tuple[Registry, str] | None:
    """The loaded registry that holds this class or function, and its public name there."""
    for registry in _registries.values():
        name = registry.saved_name(obj)
        if name is not None:
            return registry, name
    return None
