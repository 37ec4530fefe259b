"""Where elements come from when they lie in memory: rows of arrays, numbers in a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._errors import ArgumentError, DataError
from ..._transform.spec import TensorSpec
from .._adapters.leaves import is_column, path_name
from .._element import each, leaves, locked, spec_of, tensor_of
from .base import ENDLESS, INFINITE, Pass, View
from .reading import Indexed

__all__ = ["Listed", "Numbers", "Rows", "rows_of", "single"]


class Rows(Indexed):
    """The rows of arrays of one length.

    Args:
        arrays: nested in tuples and dicts. They are not copied, and nobody is let write on them.
    """

    def __init__(self, arrays: Any, size: int) -> None:
        super().__init__()
        self.arrays, self.size = locked(arrays), size

    def cardinality(self) -> int:
        return self.size

    def spec(self) -> Any:
        return each(_row_spec, self.arrays)

    def view(self, run: Pass) -> View:
        return _RowView(self.arrays, self.size)


def _row_spec(array: Any) -> Any:
    whole = spec_of(array)
    return None if whole is None else TensorSpec(whole.shape[1:], whole.dtype)


class _RowView(View):
    gathers = True

    def __init__(self, arrays: Any, size: int) -> None:
        self.source, self.size = arrays, size

    def __getitem__(self, index: int) -> Any:
        return each(lambda array: None if array is None else array[index], self.source)

    def gather(self, indices: np.ndarray) -> Any:
        first, count = int(indices[0]), len(indices)
        if int(indices[-1]) - first == count - 1 and (count < 3 or bool((np.diff(indices) == 1).all())):
            return each(lambda array: None if array is None else array[first : first + count], self.source)
        return each(lambda array: None if array is None else _taken(array, indices), self.source)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return indices


def _taken(array: Any, indices: np.ndarray) -> Any:
    # take is faster, and copies an array that is not contiguous as a whole
    return array.take(indices, axis=0) if array.flags.c_contiguous else array[indices]


class Listed(Indexed):
    """Elements that were made before."""

    def __init__(self, elements: list) -> None:
        super().__init__()
        self.elements = [locked(element) for element in elements]

    def cardinality(self) -> int:
        return len(self.elements)

    def spec(self) -> Any:
        return spec_of(self.elements[0]) if self.elements else None

    def view(self, run: Pass) -> View:
        return _ListView(self.elements)


class _ListView(View):
    def __init__(self, elements: list) -> None:
        self.elements, self.size = elements, len(elements)

    def __getitem__(self, index: int) -> Any:
        return self.elements[index]


def rows_of(tensors: Any, where: str) -> Rows:
    """The rows of what a user calls tensors.

    Raises:
        DataError: they differ in length, have none, or are no tensors.
    """
    arrays = _structure(tensors, where, ())
    counts = []
    for path, array in leaves(arrays):
        if array is None:
            continue
        if array.ndim == 0:
            raise DataError(
                f"{where}: {path_name('tensors', path)}", got="a single value", expected="an array with rows",
                hint="from_tensors makes one element of it",
            )  # fmt: skip
        counts.append((path_name("tensors", path), len(array)))
    if not counts:
        raise DataError(where, got="no array", expected="at least one")
    if len({count for _, count in counts}) > 1:
        got = ", ".join(f"{name}: {count} rows" for name, count in counts)
        raise DataError(where, got=got, expected="as many rows in every array")
    return Rows(arrays, counts[0][1])


def _structure(tensors: Any, where: str, path: tuple) -> Any:
    if tensors is None:
        return None
    if isinstance(tensors, Mapping):
        return {key: _structure(value, where, (*path, key)) for key, value in tensors.items()}
    if isinstance(tensors, tuple):
        parts = [_structure(value, where, (*path, index)) for index, value in enumerate(tensors)]
        return type(tensors)(*parts) if hasattr(tensors, "_fields") else tuple(parts)
    if is_column(tensors) and getattr(tensors.dtype, "name", "") == "category":
        tensors = tensors.astype(tensors.cat.categories.dtype)
    return tensor_of(tensors, f"{where}: {path_name('tensors', path)}")


def single(tensors: Any, where: str) -> Rows:
    """One element."""
    return Rows(each(lambda array: None if array is None else array[None], _structure(tensors, where, ())), 1)


class Numbers(Indexed):
    """start, start + step, … before stop.

    Args:
        start, step: the numbers.
        size: how many, ENDLESS without end.
        dtype: of an element.
    """

    def __init__(self, start: int, step: int, size: int, dtype: Any = "int64") -> None:
        super().__init__()
        self.start, self.step, self.size, self.dtype = start, step, size, np.dtype(dtype)

    @classmethod
    def upto(cls, *bounds: Any, dtype: Any = "int64") -> Numbers:
        """Those of Python's `range`."""
        if not 1 <= len(bounds) <= 3:
            raise ArgumentError("Dataset.range", got=f"{len(bounds)} numbers", expected="stop, or start, stop and step")
        numbers = range(*(int(bound) for bound in bounds))
        return cls(numbers.start, numbers.step, len(numbers), dtype)

    def cardinality(self) -> int:
        return INFINITE if self.size == ENDLESS else self.size

    def spec(self) -> Any:
        return TensorSpec((), self.dtype.name)

    def view(self, run: Pass) -> View:
        return _NumberView(self)


class _NumberView(View):
    gathers = True

    def __init__(self, numbers: Numbers) -> None:
        self.numbers, self.size = numbers, numbers.size

    def __getitem__(self, index: int) -> Any:
        return self.numbers.dtype.type(self.numbers.start + index * self.numbers.step)

    def gather(self, indices: np.ndarray) -> Any:
        return (self.numbers.start + indices.astype(np.int64) * self.numbers.step).astype(self.numbers.dtype)
