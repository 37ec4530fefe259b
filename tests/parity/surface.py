"""Keras's public names by module, and what kerax has under them."""

from __future__ import annotations

import functools
import importlib
import inspect
import types
import warnings
from typing import Any

import keras

import kerax

# Keras's own inside, which no program names.
_HIDDEN = ("src",)


@functools.cache
def modules() -> dict[str, list[str]]:
    """Module of Keras, without "keras" in front ("" for the top) -> its public names."""
    found: dict[str, list[str]] = {}

    def walk(module: types.ModuleType, path: str) -> None:
        names = found[path] = []
        for name in sorted(dir(module)):
            value = getattr(module, name)
            if name.startswith("_") or name in _HIDDEN:
                continue
            names.append(name)
            if isinstance(value, types.ModuleType) and value.__name__.startswith("keras."):
                walk(value, f"{path}.{name}".lstrip("."))

    walk(keras, "")
    return {path: names for path, names in found.items() if names}


def resolve(library: Any, path: str) -> Any:
    """What stands at a dotted path of a library, or None."""
    value = library
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in path.split(".") if path else ():
            if not hasattr(value, name):
                if not isinstance(value, types.ModuleType):
                    return None
                try:
                    value = importlib.import_module(f"{value.__name__}.{name}")
                except ModuleNotFoundError:
                    return None
            else:
                value = getattr(value, name)
    return value


@functools.cache
def missing() -> dict[str, list[str]]:
    """Module of Keras -> names that kerax lacks; a module that kerax lacks stands in the one above alone."""
    lacking = {}
    for path, names in modules().items():
        ours = resolve(kerax, path)
        if ours is None:
            continue
        absent = [name for name in names if resolve(ours, name) is None]
        if absent:
            lacking[path] = absent
    return lacking


def parameters(obj: Any) -> list[tuple[str, str, Any]] | None:
    """(name, kind, default) of each parameter, or None where nothing tells."""
    try:
        signature = inspect.signature(obj.__init__ if inspect.isclass(obj) else obj)
    except (TypeError, ValueError):
        return None
    return [
        (p.name, "*" if p.kind is p.VAR_POSITIONAL else "", p.default)
        for p in signature.parameters.values()
        if p.name != "self" and p.kind is not p.VAR_KEYWORD
    ]


def pairs() -> list[tuple[str, Any, Any]]:
    """(dotted name, Keras's, ours) of every public class and function that both have, each once."""
    found, seen = [], set()
    for path, names in modules().items():
        ours = resolve(kerax, path)
        for name in names if ours is not None else ():
            theirs, mine = resolve(resolve(keras, path), name), resolve(ours, name)
            if mine is None or isinstance(theirs, types.ModuleType) or not callable(theirs) or id(theirs) in seen:
                continue
            seen.add(id(theirs))
            found.append((f"{path}.{name}".lstrip("."), theirs, mine))
    return found
