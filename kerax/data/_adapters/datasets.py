"""A `kerax.data.Dataset` of batches: read as it is, or, where it only picks rows of arrays, by their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import DataError
from ..._types import Nested
from .._element import each, leaves
from .._iterator import DatasetIterator, base_seed
from .._stages.base import Pass, Stage, View, walk
from .._stages.batching import Batch
from .._stages.keeping import Prefetch, without_prefetch
from .._stages.order import Repeat, Shard, Shuffle, Skip, Take
from .._stages.reading import size_of
from .._stages.sources import Rows
from .arrays import ArrayAdapter
from .batch import unpack_x_y_sample_weight
from .sources import IterableSource, IteratorSource

__all__ = ["DatasetRows", "DatasetSource", "batched_rows", "neighbours"]

_PICKS = (Prefetch, Repeat, Shard, Shuffle, Skip, Take)


class DatasetSource(IterableSource):
    """The batches of a Dataset, one pass after the other."""

    kind = "Dataset"
    resumable = True

    def _begun(self) -> IteratorSource:
        return _DatasetPass(DatasetIterator(self.iterable, read_ahead=False))

    def place(self) -> Any:
        if self._pass is None:
            return {"seed": base_seed(self.iterable), "pass": self.iterable._passes, "kept": _kept(self.iterable)}
        return self._pass.place()["iterator"]

    def go_to(self, place: Any) -> None:
        self.close()
        if "at" in place:
            self._pass = self._begun()
            self._pass.go_to({"iterator": place})
            return
        _keep(self.iterable, place)
        self.iterable._passes = place["pass"]


class _DatasetPass(IteratorSource):
    def close(self) -> None:
        self.iterator.close()  # type: ignore[attr-defined]


def _kept(dataset: Any) -> list:
    return [stage.kept() for stage in walk(dataset._stage)]


def _keep(dataset: Any, place: dict[str, Any]) -> None:
    dataset._base = place["seed"]
    for stage, kept in zip(walk(dataset._stage), place["kept"], strict=True):
        stage.keep(kept)


def batched_rows(dataset: Any) -> Any:
    """The arrays of numbers whose rows make up the batches of a dataset; None where something else does."""
    stage = without_prefetch(dataset._stage)
    if type(stage) is not Batch or stage.collate is not None:
        return None
    below: Stage = stage.input
    while isinstance(below, _PICKS):
        below = below.input
    if type(below) is not Rows or not below.size or not stage.input.indexed:
        return None
    found = [leaf for _, leaf in leaves(below.arrays) if leaf is not None]
    plain = all(leaf.dtype.kind in "biufcV" and leaf.flags.c_contiguous for leaf in found)  # windows stay views
    return below.arrays if found and plain else None


def _batch(dataset: Any) -> Batch:
    stage = without_prefetch(dataset._stage)
    assert isinstance(stage, Batch)
    return stage


def neighbours(dataset: Any) -> Any:
    """`batched_rows`, cut to what the batches hold, where they hold it in the given order; else None."""
    arrays, stage = batched_rows(dataset), _batch(dataset)
    count = stage.input.cardinality()
    if count < 0 or any(isinstance(below, (Shuffle, Repeat)) for below in walk(stage)):
        return None
    if stage.drop_remainder:
        count -= count % stage.size
    rows = stage.input.view(Pass(0, (0,))).rows(np.arange(count))
    if not count or int(rows[-1]) - int(rows[0]) != count - 1:  # without a shuffle they rise evenly
        return None
    first = int(rows[0])
    return each(lambda leaf: None if leaf is None else leaf[first : first + count], arrays)


class DatasetRows(ArrayAdapter):
    """The rows of arrays in the order that a Dataset has them, so that whole epochs may run on the device.

    Args:
        dataset: one for which `batched_rows` finds arrays.
        steps: batches in an epoch; None for a whole pass.
        where: what the user called, for errors.
    """

    _kind = "Dataset"

    def __init__(self, dataset: Any, *, steps: int | None = None, where: str = "fit", **weights: Any) -> None:
        stage = _batch(dataset)
        parts: Nested = unpack_x_y_sample_weight(batched_rows(dataset))
        super().__init__(*parts, batch_size=stage.size, steps=steps, shuffle=True, where=where, **weights)
        self.dataset, self.stage = dataset, stage
        count = size_of(stage.input.cardinality())
        self.rows = count - count % stage.size if stage.drop_remainder else count
        if not self.rows:
            raise DataError(where, got="a Dataset of no batches", expected="at least one batch")
        self.passes = -(-self.rows // stage.size)
        self.steps = self.asked or self.passes
        self._view: View | None = None
        self._number: int | None = None  # of the pass in progress, where it is known

    def epoch_rows(self, rng: np.random.Generator | None = None, steps: int | None = None) -> np.ndarray:
        """The rows of the next epoch, int32; see `ArrayAdapter`."""
        steps = steps or self.asked
        if steps is not None:
            steps = max(0, steps - self.done)
        if self._view is None and self.done and not self._place:
            return np.zeros(0, np.int32)
        if self._view is None:
            self._begin()
        assert self._view is not None
        self._from = self._pass, self._place, self.done
        end = self.rows if steps is None else min(self.rows, self._place + steps * self.batch_size)
        rows = np.zeros(0, np.int32)
        if end > self._place:
            rows = self._view.rows(np.arange(self._place, end)).astype(np.int32)
        self._place = end
        if end == self.rows:
            self._next_pass()
        return rows

    def _begin(self) -> None:
        if self._number is None:
            self._number = self.dataset._passes
            self.dataset._passes += 1
        self._pass = self._number
        self._view = self.stage.input.view(Pass(base_seed(self.dataset), (self._pass,)))

    def _next_pass(self) -> None:
        self._view, self._number, self._place = None, None, 0

    def _place_now(self) -> dict[str, Any]:
        number = self.dataset._passes if self._number is None else self._number
        place = self._place
        if self.done and self._from is not None:
            number, first, before = self._from
            place = first + (self.done - before) * self.batch_size
            if place >= self.rows:
                number, place = number + 1, 0
        seed = base_seed(self.dataset)
        return {"seed": seed, "pass": number, "kept": _kept(self.dataset), "row": place}

    def _go_to(self, place: dict[str, Any]) -> None:
        _keep(self.dataset, place)
        self._view, self._from = None, None
        self._number, self._place = place["pass"], place["row"]
        self.dataset._passes = place["pass"] + 1

    def close(self) -> None:
        """Forget the pass in progress."""
        if self._view is not None:
            self._next_pass()
