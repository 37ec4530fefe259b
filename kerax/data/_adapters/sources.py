"""Where a stream's batches come from: one small class for each way of being asked for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from .._workers import Pool, ProcessPool, ThreadPool
from ..pydataset import PyDataset
from .arrays import check_count

__all__ = ["IndexedSource", "IterableSource", "IteratorSource", "Source"]


class Source(Protocol):
    """Gives batches, as the user made them."""

    kind: str
    steps: int | None

    def read(self, rng: np.random.Generator | None, steps: int | None, going_on: bool = False) -> Iterator[Any]:
        """The next `steps` batches of the pass in progress, fewer where it ends; all of it for None.

        Where the pass before ended a new one begins, unless `going_on`: this epoch had batches of it.
        """

    def on_epoch_begin(self) -> None:
        """Before the first batch of an epoch is read."""

    def on_epoch_end(self) -> None:
        """After the last batch of an epoch was used."""

    def interrupt(self) -> None:
        """Let a `read` in another thread end soon."""

    def close(self) -> None:
        """End what reads ahead."""


class IteratorSource:
    """A generator or iterator: it goes on where it stopped, and never begins again."""

    kind = "generator"
    steps: int | None = None

    def __init__(self, iterator: Iterator) -> None:
        self.iterator = iterator

    def read(self, rng: np.random.Generator | None, steps: int | None, going_on: bool = False) -> Iterator[Any]:
        given = 0
        while steps is None or given < steps:  # `for` would take one item too many
            try:
                item = next(self.iterator)
            except StopIteration:
                return
            given += 1
            yield item

    def on_epoch_begin(self) -> None:
        pass

    def on_epoch_end(self) -> None:
        pass

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


class IterableSource(IteratorSource):
    """A dataset that can be iterated again: of kerax, Grain, torch or tf.data, or any iterable."""

    kind = "dataset"

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable
        self.steps = _length(iterable)
        self._pass: IteratorSource | None = None

    def read(self, rng: np.random.Generator | None, steps: int | None, going_on: bool = False) -> Iterator[Any]:
        given = 0
        for item in self._rest(rng, steps):
            given += 1
            yield item
        if given or going_on:
            return
        numpy = getattr(self.iterable, "as_numpy_iterator", None)  # the pass in progress was over
        self._pass = IteratorSource(iter(self.iterable) if numpy is None else iter(numpy()))
        yield from self._rest(rng, steps)

    def _rest(self, rng: np.random.Generator | None, steps: int | None) -> Iterator[Any]:
        given = 0
        for item in () if self._pass is None else self._pass.read(rng, steps):
            given += 1
            yield item
        if steps is None or given < steps:
            self._pass = None

    def close(self) -> None:
        self._pass = None


class IndexedSource:
    """A PyDataset, or what has `__getitem__` and a length: batches by index, perhaps by several workers."""

    kind = "PyDataset"

    def __init__(self, dataset: Any, shuffle: bool | str) -> None:
        self.dataset, self.shuffle = dataset, bool(shuffle)
        self.steps = self._count()
        self._order: np.ndarray | None = None  # the batches of the pass in progress
        self._place = 0
        self._pool: Pool | None = None

    def _count(self) -> int | None:
        count = self.dataset.num_batches if hasattr(self.dataset, "num_batches") else len(self.dataset)
        return None if count is None or count >= sys.maxsize else int(count)

    def read(self, rng: np.random.Generator | None, steps: int | None, going_on: bool = False) -> Iterator[Any]:
        indices = self._next(rng, steps, going_on)
        workers = int(getattr(self.dataset, "workers", 1) or 0)
        processes = bool(getattr(self.dataset, "use_multiprocessing", False))
        if len(indices) == 0 or (workers <= 1 and not processes):
            for index in indices:
                yield self.dataset[int(index)]
        else:
            yield from self._workers(max(1, workers), processes).read(indices)

    def _next(self, rng: np.random.Generator | None, steps: int | None, going_on: bool) -> Any:
        count = self._count()
        if count is None:
            start, self._place = self._place, self._place + (steps or 0)
            return range(start, sys.maxsize if steps is None else self._place)
        if self._order is None:
            if going_on:
                return ()
            self._order, self._place = np.arange(count), 0
            if self.shuffle:
                (rng or np.random.default_rng(np.random.randint(2**31))).shuffle(self._order)
        start, end = self._place, count if steps is None else min(count, self._place + steps)
        indices, self._place = self._order[start:end], end
        if end >= count:
            self._order = None
        return indices

    def _workers(self, workers: int, processes: bool) -> Pool:
        if self._pool is None:
            ahead = check_count(getattr(self.dataset, "max_queue_size", 10), "PyDataset: max_queue_size") or 10
            if processes:
                kind = type(self.dataset)
                hooks = [getattr(kind, name, None) for name in ("on_epoch_begin", "on_epoch_end")]
                changes = hooks != [PyDataset.on_epoch_begin, PyDataset.on_epoch_end]
                self._pool = ProcessPool(self.dataset, workers, ahead, refresh=changes)
            else:
                self._pool = ThreadPool(self.dataset, workers, ahead)
        return self._pool

    def on_epoch_begin(self) -> None:
        self._hook("on_epoch_begin")

    def on_epoch_end(self) -> None:
        self._hook("on_epoch_end")

    def _hook(self, name: str) -> None:
        hook = getattr(self.dataset, name, None)
        if hook is not None:
            hook()

    def interrupt(self) -> None:
        if self._pool is not None:
            self._pool.interrupt()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None


def _length(iterable: Any) -> int | None:
    """How many batches an iterable says it has; None where it does not know or they never end."""
    try:
        count = len(iterable)
    except (TypeError, NotImplementedError, AttributeError):
        return None
    return None if count >= sys.maxsize else int(count)
