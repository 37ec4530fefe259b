"""The last part of the arrays, held out for validation."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ... import tree
from ..._errors import ArgumentError, DataError
from ..._types import Nested
from .arrays import normalised, row_count
from .leaves import is_array, is_rows

__all__ = ["train_validation_split"]


def train_validation_split(arrays: tuple, validation_split: float, where: str = "fit") -> tuple[tuple, tuple]:
    """Cut `(x, y, sample_weight)` in two, in the given order.

    Args:
        arrays: `(x, y, sample_weight)`, nested as in `fit`; None for what there is not.
        validation_split: the part of the rows, counted from the end, that goes to validation: of n
            rows the first floor(n * (1 - validation_split)) train.
        where: what the user called, for errors.
    Returns:
        Two triples like `arrays`, of normalised arrays; NumPy arrays are views.
    Raises:
        ArgumentError: the part is not between 0 and 1.
        DataError: the data is no array, or one of the two would be empty.
    """
    if not 0 < validation_split < 1:
        raise ArgumentError(
            f"{where}: validation_split", got=repr(validation_split), expected="a number between 0 and 1, both excluded"
        )
    for leaf in _leaves(arrays):
        if leaf is not None and not is_array(leaf) and not is_rows(leaf):
            raise DataError(
                f"{where}: validation_split",
                got=f"a {type(leaf).__name__}",
                expected="arrays, whose last rows can be held out",
                hint="pass validation_data, a second one of the same kind",
            )
    x, y, sample_weight = arrays
    triple = normalised(x, y, sample_weight, where)
    rows = row_count(triple, where)
    cut = math.floor(rows * (1.0 - validation_split))
    if cut in (0, rows):
        raise DataError(
            f"{where}: validation_split={validation_split}",
            got=f"{rows} rows, which leaves {cut} to train on and {rows - cut} to validate with",
            expected="at least one row for each",
        )
    train = tree.map_structure(lambda leaf: leaf if leaf is None else leaf[:cut], triple)
    held_out = tree.map_structure(lambda leaf: leaf if leaf is None else leaf[cut:], triple)
    return train, held_out


def _leaves(structure: Nested) -> list:
    if isinstance(structure, Mapping):
        return [leaf for value in structure.values() for leaf in _leaves(value)]
    if isinstance(structure, (list, tuple)) and not is_rows(structure):
        return [leaf for value in structure for leaf in _leaves(value)]
    return [structure]
