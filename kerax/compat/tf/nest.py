"""tf.nest: structures of lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import tree
from ._missing import absent

__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]

is_nested = tree.is_nested


def flatten(structure: Any, expand_composites: bool = False) -> list:
    """The leaves, in order; dicts by sorted key."""
    return tree.flatten(structure)


def map_structure(func: Callable, *structure: Any, **kwargs: Any) -> Any:
    """`func` of the leaves, in a structure like the first one."""
    kwargs.pop("check_types", None)
    kwargs.pop("expand_composites", None)
    return tree.map_structure(lambda *leaves: func(*leaves, **kwargs), *structure)


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """The leaves in a structure like this one."""
    return tree.pack_sequence_as(structure, list(flat_sequence))


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """ValueError where two structures differ."""
    tree.assert_same_structure(nest1, nest2)


__getattr__ = absent(__name__)
