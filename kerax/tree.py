"""Maps over nested lists, tuples and dicts, in the order Keras walks them.

`None` is a leaf here, as in Keras; plain `jax.tree` drops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax

__all__ = [
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "map_structure",
    "pack_sequence_as",
    "traverse",
]


def _opaque(x: Any) -> bool:
    return x is None or not isinstance(x, (list, tuple, dict))


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a list, a tuple or a dict."""
    return isinstance(structure, (list, tuple, dict))


def flatten(structure: Any) -> list:
    """The leaves, in order; dicts by sorted key."""
    if not is_nested(structure):
        return [structure]
    return jax.tree.leaves(structure, is_leaf=_opaque)


def flatten_with_path(structure: Any) -> list[tuple[tuple, Any]]:
    """(path, leaf) pairs; a path is a tuple of keys and indices."""
    pairs = jax.tree_util.tree_flatten_with_path(structure, is_leaf=_opaque)[0]
    return [(tuple(_step(key) for key in path), leaf) for path, leaf in pairs]


def _step(key: Any) -> Any:
    for attribute in ("key", "idx", "name"):
        if hasattr(key, attribute):
            return getattr(key, attribute)
    return str(key)


def map_structure(fn: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """`fn` of the leaves, in a structure like the first one."""
    if not is_nested(structures[0]):
        return fn(*structures)
    if not none_is_leaf:
        return jax.tree.map(fn, *structures, is_leaf=lambda x: not isinstance(x, (list, tuple, dict, type(None))))
    return jax.tree.map(fn, *structures, is_leaf=_opaque)


def structure_of(structure: Any) -> Any:
    """What `pack_sequence_as` and comparisons need to know."""
    return jax.tree.structure(structure, is_leaf=_opaque)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """The leaves `flat_sequence` in the structure of `structure`."""
    return jax.tree.unflatten(structure_of(structure), list(flat_sequence))


def assert_same_structure(a: Any, b: Any) -> None:
    """Raise ValueError unless both are nested alike."""
    if structure_of(a) != structure_of(b):
        raise ValueError(f"The structures differ: {structure_of(a)} and {structure_of(b)}.")


def traverse(fn: Callable, structure: Any, top_down: bool = True) -> Any:
    """`fn` of every node; where it returns None the walk goes on inside."""
    if top_down:
        result = fn(structure)
        if result is not None:
            return result
    if isinstance(structure, dict):
        inner: Any = {key: traverse(fn, value, top_down) for key, value in structure.items()}
    elif isinstance(structure, (list, tuple)):
        values = [traverse(fn, value, top_down) for value in structure]
        inner = type(structure)(*values) if hasattr(structure, "_fields") else type(structure)(values)
    else:
        inner = structure
    if not top_down:
        result = fn(inner)
        return inner if result is None else result
    return inner
