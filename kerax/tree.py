"""Maps over nested lists, tuples and dicts, in the order Keras walks them.

`None` is a leaf here, as in Keras; plain `jax.tree` drops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
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


def map_structure(func: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """`func` of the leaves, in a structure like the first one.

    Args:
        func: takes a leaf of each structure.
        structures: nested alike.
        none_is_leaf: whether `func` is called on None too.

    Raises:
        TypeError: `func` is no function.
        ValueError: no structures, or some that differ.
    """
    if not callable(func):
        raise TypeError(f"map_structure: got {func!r}, expected a function first.")
    if not structures:
        raise ValueError("map_structure: got no structure, expected at least one.")
    if not is_nested(structures[0]):
        return func(*structures)
    if not none_is_leaf:
        return jax.tree.map(func, *structures, is_leaf=lambda x: not isinstance(x, (list, tuple, dict, type(None))))
    return jax.tree.map(func, *structures, is_leaf=_opaque)


def map_structure_up_to(shallow_structure: Any, func: Callable, *structures: Any) -> Any:
    """`func` of what the structures hold where `shallow_structure` has leaves, in a structure like it.

    Raises:
        TypeError: `func` is no function.
        ValueError: no structures, or one that is not nested as deep.
    """
    if not callable(func):
        raise TypeError(f"map_structure_up_to: got {func!r}, expected a function second.")
    if not structures:
        raise ValueError("map_structure_up_to: got no structure, expected at least one.")
    return jax.tree.map(lambda _, *parts: func(*parts), shallow_structure, *structures, is_leaf=_opaque)


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """`func` of the shapes in a structure: of every list or tuple of integers and Nones.

    Raises:
        TypeError: `func` is no function.
    """
    if not callable(func):
        raise TypeError(f"map_shape_structure: got {func!r}, expected a function first.")
    if isinstance(structure, (list, tuple)) and all(size is None or isinstance(size, int) for size in structure):
        return func(structure)
    if isinstance(structure, dict):
        return type(structure)((key, map_shape_structure(func, value)) for key, value in structure.items())
    if isinstance(structure, (list, tuple)):
        return _like(structure, [map_shape_structure(func, item) for item in structure])
    raise ValueError(f"map_shape_structure: got {structure!r}, expected shapes.")


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples in place of lists."""
    if isinstance(structure, dict):
        return {key: lists_to_tuples(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        items = [lists_to_tuples(item) for item in structure]
        return tuple(items) if isinstance(structure, list) else _like(structure, items)
    return structure


def _like(structure: Any, items: list) -> Any:
    """The items in a list, a tuple or a named tuple."""
    return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)


def structure_of(structure: Any) -> Any:
    """What `pack_sequence_as` and comparisons need to know."""
    return jax.tree.structure(structure, is_leaf=_opaque)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """The leaves `flat_sequence` in the structure of `structure`."""
    return jax.tree.unflatten(structure_of(structure), list(flat_sequence))


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise ValueError unless both are nested alike; `check_types` has no effect, as in Keras."""
    if structure_of(a) != structure_of(b):
        raise ValueError(f"The structures differ: {structure_of(a)} and {structure_of(b)}.")


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless both have leaves at the same keys and indices, whatever the containers."""
    paths = [set(_paths(structure)) for structure in (a, b)]
    if paths[0] != paths[1]:
        raise ValueError(
            f"The paths differ: only the first has {sorted(map(str, paths[0] - paths[1]))}, "
            f"only the second {sorted(map(str, paths[1] - paths[0]))}."
        )


def _paths(structure: Any, path: tuple = ()) -> Iterator[tuple]:
    if not is_nested(structure):
        yield path
        return
    for key, value in structure.items() if isinstance(structure, dict) else enumerate(structure):
        yield from _paths(value, (*path, key))


class MAP_TO_NONE:
    """What the function of `traverse` returns to put None in a place."""


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """`func` of every node; where it returns None the walk goes on inside.

    Args:
        func: gives what takes the place of a node: None to keep it, `MAP_TO_NONE` for None.
        structure: any.
        top_down: whether a node comes before what it holds.

    Raises:
        TypeError: `func` is no function.
    """
    if not callable(func):
        raise TypeError(f"traverse: got {func!r}, expected a function first.")
    if top_down:
        result = func(structure)
        if result is not None:
            return None if result is MAP_TO_NONE else result
    if isinstance(structure, dict):
        inner: Any = {key: traverse(func, value, top_down) for key, value in structure.items()}
    elif isinstance(structure, (list, tuple)):
        inner = _like(structure, [traverse(func, value, top_down) for value in structure])
    else:
        inner = structure
    if not top_down:
        result = func(inner)
        if result is not None:
            return None if result is MAP_TO_NONE else result
    return inner
