"""Module: what layers, metrics, optimizers and seed generators share.

A Flax NNX module that is not a pytree, so plain lists and dicts of layers may be attributes.
What is found inside, and in which order, is read off the attributes when asked, in the order
they were first set; nothing is registered twice.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import numpy as np
from flax import nnx

from .variable import Variable


class _Private:
    """A place for the values of `Owned` attributes: what is in no `__dict__`, NNX does not see."""

    __slots__ = ("_kerax_owned",)


del _Private.__slots__  # the place stays; flax refuses classes that name one


class Module(_Private, nnx.Module, pytree=False):  # type: ignore[call-arg]  # NNX's keyword, not _Private's
    """Holds Variables and other modules in attributes, lists, tuples and dicts.

    `_untracked`: names of attributes whose content belongs to someone else; neither this class nor
    NNX looks into them.
    """

    _order: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        kwargs.setdefault("pytree", False)  # flax does not inherit it
        super().__init_subclass__(**kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        # Not NNX's: it refuses attributes set while tracing, which is when layers build.
        if name not in vars(self) and holds(value):
            object.__setattr__(self, "_order", (*self._order, name))
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        packed = {}
        for name, value in getattr(self, "_kerax_owned", {}).items():
            pack = getattr(type(self), name).pack
            if pack is not None:
                packed[name] = pack(value)
        return {**vars(self), "_kerax_owned": packed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        packed = state.pop("_kerax_owned")
        self.__dict__.update(state)
        for name, value in packed.items():
            owned = getattr(type(self), name)
            owned.__set__(self, owned.unpack(self, value))

    def __deepcopy__(self, memo: dict) -> Any:
        new = memo[id(self)] = object.__new__(type(self))
        new.__setstate__({name: copy.deepcopy(value, memo) for name, value in self.__getstate__().items()})
        return new

    def _own(self) -> Iterator[Any]:
        """The Variables and modules held directly, each once, in creation order."""
        seen: set[int] = set()
        attributes = vars(self)
        first = [name for name in self._order if name in attributes]
        for name in (*first, *(name for name in attributes if name not in first)):
            value = attributes[name]
            if type(value) not in _PLAIN and not name.startswith("_pytree__"):
                yield from leaves(value, seen)


class Opaque:
    """Holds a value out of sight of NNX: `nnx.split` carries it along unseen and unchanged."""

    __slots__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def __deepcopy__(self, memo: dict) -> Opaque:
        return self


class Owned:
    """An attribute whose value belongs to one object, out of sight of NNX.

    NNX hands the plain attributes of a module to its copies as they are. A copy makes a value of its own
    here when it is first asked for.

    Args:
        make: gives the value for an object that has none.
        pack: what a pickle or a deep copy takes along; without it nothing.
        unpack: the value, of the object and what `pack` gave.
    """

    def __init__(
        self,
        make: Callable[[Any], Any],
        pack: Callable[[Any], Any] | None = None,
        unpack: Callable[[Any, Any], Any] = lambda holder, packed: packed,
    ) -> None:
        self.make, self.pack, self.unpack = make, pack, unpack

    def __set_name__(self, cls: type, name: str) -> None:
        self.name = name

    def __get__(self, holder: Any, cls: type | None = None) -> Any:
        if holder is None:
            return self
        try:
            return holder._kerax_owned[self.name]
        except (AttributeError, KeyError):
            value = self.make(holder)
            self.__set__(holder, value)
            return value

    def __set__(self, holder: Any, value: Any) -> None:
        try:
            holder._kerax_owned[self.name] = value
        except AttributeError:
            object.__setattr__(holder, "_kerax_owned", {self.name: value})


# What holds neither Variables nor modules, told by a look: to ask NNX whether a value is one takes a microsecond.
_PLAIN = frozenset((type(None), bool, int, float, str, bytes, np.ndarray, FunctionType))


def holds(value: Any) -> bool:
    """Whether a value is, or may come to hold, Variables or modules."""
    return isinstance(value, (nnx.Variable, nnx.Module, list, tuple, dict))


def leaves(value: Any, seen: set[int]) -> Iterator[Any]:
    """The Variables and modules in a value and in its lists, tuples and dicts, each once."""
    if isinstance(value, (nnx.Variable, nnx.Module)):
        if id(value) not in seen:
            seen.add(id(value))
            yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item, seen)
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves(item, seen)


def foreign_variables(module: nnx.Module) -> list[nnx.Variable]:
    """The Variables of a module that is not ours."""
    return [v for _, v in nnx.iter_graph(module, graph=True) if isinstance(v, nnx.Variable)]


def walk(value: Any, enter: Callable[[nnx.Module], bool] = lambda module: True) -> Iterator[Any]:
    """Every Variable and module inside a value, depth first, each once.

    `enter` tells whether to look inside a module of ours; modules of others are always looked into.
    """
    seen: set[int] = set()

    def visit(value: Any) -> Iterator[Any]:
        for item in leaves(value, seen):
            yield item
            if isinstance(item, Module):
                if enter(item):
                    for inner in item._own():
                        yield from visit(inner)
            elif isinstance(item, nnx.Module):
                for variable in foreign_variables(item):
                    if id(variable) not in seen:
                        seen.add(id(variable))
                        yield variable

    return visit(value)


def variables_of(*objects: Any) -> list[nnx.Variable]:
    """All Variables inside the objects, each once, in creation order."""
    return [item for item in walk(list(objects)) if isinstance(item, nnx.Variable)]


def name_of(variable: nnx.Variable) -> str:
    """A Variable's path, or what there is of one for a Variable that is not ours."""
    return variable.path if isinstance(variable, Variable) else type(variable).__name__
