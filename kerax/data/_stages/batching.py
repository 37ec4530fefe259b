"""batch, padded_batch, unbatch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..._errors import ArgumentError, DataError
from ..._transform.spec import TensorSpec
from .._adapters.leaves import path_name
from .._element import each, leaves, stack
from .base import ENDLESS, Kept, Pass, Stage, Stream, View
from .reading import Indexed

__all__ = ["Batch", "Unbatch", "padding"]


class Batch(Indexed, Kept):
    """Neighbours put together.

    Args:
        size: elements in a batch.
        drop_remainder: whether a last, smaller batch is left out.
        collate: what makes one of a list of elements; None to stack them.
        shapes: of a batch, from the spec of an element, where `collate` changes them.
    """

    def __init__(
        self,
        input: Stage,
        size: int,
        drop_remainder: bool = False,
        collate: Callable[[list], Any] | None = None,
        shapes: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(input)
        self.size, self.drop_remainder = size, bool(drop_remainder)
        self.collate, self.shapes = collate, shapes

    def cardinality(self) -> int:
        count = self.input.cardinality()
        if count < 0:
            return count
        return count // self.size if self.drop_remainder else -(-count // self.size)

    def spec(self) -> Any:
        spec = self.input.spec()
        rows = self.size if self.drop_remainder else None
        return each(lambda one: _batched_spec(one, rows), spec if self.shapes is None else self.shapes(spec))

    def joined(self, elements: list) -> Any:
        """One batch of these elements."""
        return stack(elements, "Dataset.batch") if self.collate is None else self.collate(elements)

    def view(self, run: Pass) -> View:
        return BatchView(self, self.input.view(run))

    def in_order(self, run: Pass) -> Stream:
        return _BatchStream(self, self.input.stream(run))


def _batched_spec(spec: Any, rows: int | None) -> Any:
    if not isinstance(spec, TensorSpec):
        return spec
    return TensorSpec(None if spec.shape is None else (rows, *spec.shape), spec.dtype)


class BatchView(View):
    """Batches by number.

    Attributes:
        child: the elements that they are made of.
    """

    def __init__(self, stage: Batch, child: View) -> None:
        self.stage, self.child = stage, child
        whole = child.size // stage.size
        self.size = (
            ENDLESS if child.size == ENDLESS else whole if stage.drop_remainder else -(-child.size // stage.size)
        )
        self.gathers_rows = child.gathers and stage.collate is None

    def __getitem__(self, index: int) -> Any:
        start = index * self.stage.size
        stop = min(start + self.stage.size, self.child.size)
        if self.gathers_rows:
            return self.child.gather(np.arange(start, stop))
        if self.child.stacks and self.stage.collate is None:
            return self.child.stacked(range(start, stop))
        return self.stage.joined([self.child[i] for i in range(start, stop)])


class _BatchStream(Stream):
    def __init__(self, stage: Batch, child: Stream) -> None:
        super().__init__(child)
        self.stage, self.child = stage, child

    def __next__(self) -> Any:
        elements: list = []
        for element in self.child:
            elements.append(element)
            if len(elements) == self.stage.size:
                break
        if not elements or (self.stage.drop_remainder and len(elements) < self.stage.size):
            raise StopIteration
        return self.stage.joined(elements)

    def get_state(self) -> Any:
        return self.child.get_state()

    def set_state(self, state: Any) -> None:
        self.child.set_state(state)


class Unbatch(Kept):
    """The rows of each element, one by one."""

    def cardinality(self) -> int:
        count = self.input.cardinality()
        return count if count <= 0 else -2

    def spec(self) -> Any:
        spec = self.input.spec()
        return each(lambda one: TensorSpec(None if one.shape is None else one.shape[1:], one.dtype), spec)

    def stream(self, run: Pass) -> Stream:
        return _UnbatchStream(self.input.stream(run))


class _UnbatchStream(Stream):
    def __init__(self, child: Stream) -> None:
        super().__init__(child)
        self.child = child
        self._before = child.get_state()  # the place of the batch in progress
        self._batch: Any = None
        self._row = self._rows = 0

    def __next__(self) -> Any:
        while self._row >= self._rows:
            self._take()
        self._row += 1
        return each(lambda array: None if array is None else array[self._row - 1], self._batch)

    def _take(self) -> None:
        self._before = self.child.get_state()
        self._batch, self._row, self._rows = next(self.child), 0, 0
        for path, array in leaves(self._batch):
            if array is not None and not np.ndim(array):
                raise DataError(
                    f"Dataset.unbatch: {path_name('element', path)}", got="a single value", expected="an array of rows"
                )
        counts = {len(array) for _, array in leaves(self._batch) if array is not None}
        if len(counts) != 1:
            raise DataError("Dataset.unbatch", got=f"arrays of {sorted(counts)} rows", expected="as many rows in each")
        self._rows = counts.pop()

    def get_state(self) -> Any:
        whole = self._row >= self._rows
        return {"child": self.child.get_state() if whole else self._before, "row": 0 if whole else self._row}

    def set_state(self, state: Any) -> None:
        self.child.set_state(state["child"])
        self._batch, self._row, self._rows = None, 0, 0
        if state["row"]:
            self._take()
            self._row = state["row"]


def padding(shapes: Any, values: Any) -> tuple[Callable[[list], Any], Callable[[Any], Any]]:
    """What makes a padded batch of a list of elements, and its shapes of those of an element.

    Args:
        shapes: for each part the sizes to pad to, None or -1 for those of the largest in the batch; None for all.
        values: for each part what to fill with, or one for all; None for 0, "" and False.
    """

    def join(elements: list) -> Any:
        return _padded(elements, shapes, values, ())

    def spec(one: Any) -> Any:
        return _padded_spec(one, shapes, ())

    return join, spec


_MANY = (Mapping, tuple)


def _part(structure: Any, key: Any, path: tuple, name: str, shared: bool) -> Any:
    """The part of padded_shapes or padding_values that goes with a part of the element."""
    if structure is None or (shared and not isinstance(structure, (Mapping, tuple, list))):
        return structure
    try:
        return structure[key]
    except (KeyError, IndexError, TypeError):
        raise ArgumentError(
            f"padded_batch: {name}", got=repr(structure), expected=f"a part for {path_name('element', (*path, key))}"
        ) from None


def _padded(parts: list, shapes: Any, values: Any, path: tuple) -> Any:
    first = parts[0]
    if isinstance(first, Mapping):
        return {
            key: _padded([part[key] for part in parts], *_both(shapes, values, key, path), (*path, key))
            for key in first
        }
    if isinstance(first, tuple):
        items = [
            _padded([part[i] for part in parts], *_both(shapes, values, i, path), (*path, i)) for i in range(len(first))
        ]
        return type(first)(*items) if hasattr(first, "_fields") else tuple(items)
    return _padded_leaf(parts, shapes, values, path)


def _both(shapes: Any, values: Any, key: Any, path: tuple) -> tuple[Any, Any]:
    return _part(shapes, key, path, "padded_shapes", False), _part(values, key, path, "padding_values", True)


def _padded_leaf(parts: list, shape: Any, value: Any, path: tuple) -> Any:
    where = f"padded_batch: {path_name('element', path)}"
    text = isinstance(parts[0], (str, bytes)) or np.asarray(parts[0]).dtype.kind in "SUOT"
    arrays = [np.asarray(part, object) if text else np.asarray(part) for part in parts]
    ranks = {array.ndim for array in arrays}
    if len(ranks) > 1:
        raise DataError(where, got=f"arrays of {sorted(ranks)} axes", expected="one number of axes")
    largest = [max(sizes) for sizes in zip(*[array.shape for array in arrays], strict=True)]
    wanted = [None] * len(largest) if shape is None else [None if n in (None, -1) else int(n) for n in shape]
    if len(wanted) != len(largest):
        raise DataError(where, got=f"{len(largest)} axes", expected=f"padded_shapes={tuple(wanted)}")
    for most, size in zip(largest, wanted, strict=True):
        if size is not None and most > size:
            raise DataError(
                where, got=f"an element of shape {tuple(largest)}", expected=f"at most {tuple(wanted)}",
                hint="None in padded_shapes, which pads to the longest of each batch",
            )  # fmt: skip
    full = [most if size is None else size for most, size in zip(largest, wanted, strict=True)]
    fill = ("" if text else 0) if value is None else value
    dtype = object if text else np.result_type(*arrays)
    out = np.full((len(arrays), *full), fill, dtype)
    for row, array in zip(out, arrays, strict=True) if full else ():
        row[tuple(slice(size) for size in array.shape)] = array
    if not full:
        out[:] = [array[()] for array in arrays]
    return out


def _padded_spec(spec: Any, shapes: Any, path: tuple) -> Any:
    if isinstance(spec, Mapping):
        return {
            key: _padded_spec(one, _part(shapes, key, path, "padded_shapes", False), (*path, key))
            for key, one in spec.items()
        }
    if isinstance(spec, tuple):
        return tuple(
            _padded_spec(one, _part(shapes, i, path, "padded_shapes", False), (*path, i)) for i, one in enumerate(spec)
        )
    if spec.shape is None:
        return spec
    sizes = [None] * len(spec.shape) if shapes is None else [None if n in (None, -1) else int(n) for n in shapes]
    return TensorSpec(sizes, spec.dtype)
