"""The order in which Keras walks over a model's attributes: it names what is in a weights file.

An object's attributes come in alphabetical order, those that begin with an underscore last; of a model whose
graph is known `layers` comes first. What is in a list, tuple or dict is named after its class and counted. An
object is met once, at the first place it is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flax import nnx

from .._core.module import Module
from .._registry import snake_case
from ..random import SeedGenerator

_OURS = ("kerax", "flax", "builtins", "abc", "typing")
_BOOKKEEPING = frozenset(("by_name",))  # of functional models: their layers by name


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Every object with values of its own, by its path in the file; the root's is ""."""
    seen: dict[int, Any] = {}  # keeps what properties made for us: ids of the dead are given again

    def visit(path: str, thing: Any) -> Iterator[tuple[str, Any]]:
        if id(thing) in seen:
            return
        seen[id(thing)] = thing
        yield path, thing
        for name, held in _attributes(thing):
            yield from enter(f"{path}/{name}" if path else name, held)

    def enter(path: str, held: Any) -> Iterator[tuple[str, Any]]:
        if is_kept(held):
            yield from visit(path, held)
        elif isinstance(held, (list, tuple, dict)) and id(held) not in seen:
            seen[id(held)] = held
            used: dict[str, int] = {}
            for item in list(held.values()) if isinstance(held, dict) else held:
                name = (
                    "container"
                    if isinstance(item, (list, tuple, dict))
                    else snake_case(getattr(item, "_filed_as", type(item).__name__))
                )
                if name != "container" and not is_kept(item):
                    continue
                count = used[name] = used.get(name, -1) + 1
                yield from enter(f"{path}/{name}_{count}" if count else f"{path}/{name}", item)

    return visit("", root)


def is_kept(thing: Any) -> bool:
    """Whether it has values that a file holds: layers, optimizers, random states, modules of Flax."""
    if isinstance(thing, (nnx.Variable, type)) or not isinstance(thing, nnx.Module):
        return False
    return hasattr(thing, "save_own_variables") or isinstance(thing, SeedGenerator) or not isinstance(thing, Module)


def _attributes(thing: Any) -> list[tuple[str, Any]]:
    """What it holds, in the order of the walk."""
    if not isinstance(thing, Module) or isinstance(thing, SeedGenerator):
        return []
    saved_layers = getattr(thing, "_saved_layers", None)
    reserved = _reserved(type(thing))
    names = {name for base in _foreign_bases(type(thing)) for name in vars(base)} | set(vars(thing))
    names = {name for name in names if name not in reserved and not name.startswith("__")}
    if saved_layers is None:
        return [(name, _value(thing, name)) for name in sorted(names, key=_public_first)]
    layers, first = saved_layers()
    found = {name: _value(thing, name) for name in names}
    found["layers"], found["optimizer"] = layers, thing.optimizer
    return sorted(found.items(), key=lambda item: (first and item[0] != "layers", *_public_first(item[0])))


def _public_first(name: str) -> tuple[bool, str]:
    return name.startswith("_"), name


def _foreign_bases(cls: type) -> list[type]:
    return [base for base in cls.__mro__ if base.__module__.split(".")[0] not in _OURS]


def _reserved(cls: type) -> set[str]:
    """Names that belong to kerax's own classes."""
    ours = {name for base in cls.__mro__ if base.__module__.split(".")[0] in _OURS for name in vars(base)}
    return ours | _BOOKKEEPING


def _value(thing: Any, name: str) -> Any:
    try:
        return getattr(thing, name)
    except Exception:  # a property of the user's may raise anything at this moment; Keras passes over it too
        return None
