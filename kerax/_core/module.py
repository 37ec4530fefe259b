"""Module: what layers, metrics, optimizers and seed generators share.

A Flax NNX module that is not a pytree, so plain lists and dicts of layers may be attributes.
What is found inside, and in which order, is read off the attributes when asked, in the order
they were first set; nothing is registered twice.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from flax import nnx

from .variable import Variable


class Module(nnx.Module, pytree=False):
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
        return {
            name: getattr(type(self), name.removesuffix("_of")).packed(self) if isinstance(value, _Shelf) else value
            for name, value in vars(self).items()
        }

    def __deepcopy__(self, memo: dict) -> Any:
        new = memo[id(self)] = object.__new__(type(self))
        vars(new).update({name: copy.deepcopy(value, memo) for name, value in self.__getstate__().items()})
        return new

    def _own(self) -> Iterator[Any]:
        """The Variables and modules held directly, each once, in creation order."""
        seen: set[int] = set()
        attributes = vars(self)
        first = [name for name in self._order if name in attributes]
        for name in (*first, *(name for name in attributes if name not in first)):
            if not name.startswith("_pytree__"):
                yield from leaves(attributes[name], seen)


class Opaque:
    """Holds a value out of sight of NNX: `nnx.split` carries it along unseen and unchanged."""

    __slots__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def __deepcopy__(self, memo: dict) -> Opaque:
        return self


class Owned:
    """An attribute whose value belongs to one object, out of sight of NNX.

    NNX hands the plain attributes of a module to its copies as they are. A copy gets a value of its own
    here, made when it is first asked for: `remake(copy, value)`.

    Args:
        remake: gives a copy's value, from the value of the original or from what `pack` made of it.
        pack: what a pickle or a deep copy takes along; default nothing, as None.
    """

    def __init__(self, remake: Callable[[Any, Any], Any], pack: Callable[[Any], Any] = lambda value: None) -> None:
        self.remake, self.pack = remake, pack

    def __set_name__(self, cls: type, name: str) -> None:
        self.slot = f"{name}_of"

    def __get__(self, holder: Any, cls: type | None = None) -> Any:
        if holder is None:
            return self
        try:
            shelf = holder.__dict__[self.slot]
        except KeyError:
            raise AttributeError(self.slot) from None
        entry = shelf.values.get(id(holder))
        if entry is None:
            shelf.put(holder, self.remake(holder, shelf.first))
            entry = shelf.values[id(holder)]
        return entry[1]

    def __set__(self, holder: Any, value: Any) -> None:
        shelf = holder.__dict__.get(self.slot)
        if shelf is None:
            shelf = holder.__dict__[self.slot] = _Shelf()
        shelf.first = value
        shelf.put(holder, value)

    def packed(self, holder: Any) -> _Shelf:
        """A shelf that holds what a copy of the holder takes along."""
        return _Shelf(self.pack(self.__get__(holder)))


class _Shelf:
    """The values of an `Owned` attribute, one for each object among the copies."""

    __slots__ = ("first", "values")

    def __init__(self, first: Any = None) -> None:
        self.first = first  # what copies are made from
        self.values: dict[int, tuple[weakref.ref, Any]] = {}  # id of the holder -> its value, for as long as it lives

    def put(self, holder: Any, value: Any) -> None:
        """Keep the value of a holder."""
        key, values = id(holder), self.values
        values[key] = (weakref.ref(holder, lambda _: values.pop(key, None)), value)

    def __reduce__(self) -> tuple:
        return _Shelf, (self.first,)

    def __deepcopy__(self, memo: dict) -> _Shelf:
        return _Shelf(copy.deepcopy(self.first, memo))


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
