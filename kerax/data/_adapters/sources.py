"""Where a stream's batches come from: one small class for each way of being asked for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from ..._errors import StateError
from .._workers import Pool, ProcessPool, ThreadPool
from ..pydataset import PyDataset
from .arrays import check_count

__all__ = ["GrainSource", "IndexedSource", "IterableSource", "IteratorSource", "Source"]


class Source(Protocol):
    """Gives batches, as the user made them.

    Attributes:
        kind: what the user would call it.
        steps: batches in a pass, None where that is not known or they never end.
        resumable: whether `go_to` can go to any place.
    """

    kind: str
    steps: int | None
    resumable: bool

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

    def place(self) -> Any:
        """The place after the last batch given: plain values; None where there is nothing to say."""

    def go_to(self, place: Any) -> None:
        """Go on from `place`."""

    def close(self) -> None:
        """End what reads ahead."""


class IteratorSource:
    """A generator or iterator: it goes on where it stopped, and never begins again."""

    kind = "generator"
    steps: int | None = None
    resumable = False

    def __init__(self, iterator: Iterator) -> None:
        self.iterator = iterator
        if hasattr(iterator, "get_state") and hasattr(iterator, "set_state"):
            self.kind, self.resumable = "iterator", True

    def read(self, rng: np.random.Generator | None, steps: int | None, going_on: bool = False) -> Iterator[Any]:
        given = 0
        while steps is None or given < steps:  # `for` would take one item too many
            try:
                item = next(self.iterator)
            except StopIteration:
                return
            given += 1
            yield item

    def place(self) -> Any:
        return {"iterator": _plain(self.iterator.get_state())} if self.resumable else None  # type: ignore[attr-defined]

    def go_to(self, place: Any) -> None:
        if not self.resumable:
            raise StateError(
                f"The place in a {self.kind}",
                got="a source that goes on where it stopped, and cannot be sent elsewhere",
                hint="kerax.data.Dataset.from_generator, which calls the function again",
            )
        self.iterator.set_state(_given(place["iterator"]))  # type: ignore[attr-defined]

    def on_epoch_begin(self) -> None:
        pass

    def on_epoch_end(self) -> None:
        pass

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


class IterableSource(IteratorSource):
    """A dataset that can be iterated again: of torch or tf.data, or any iterable.

    It cannot be sent to a place in the middle of a pass; a new pass begins with what is there.
    """

    kind = "dataset"
    resumable = False

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
        self._pass = self._begun()  # the pass in progress was over
        yield from self._rest(rng, steps)

    def _rest(self, rng: np.random.Generator | None, steps: int | None) -> Iterator[Any]:
        given = 0
        for item in () if self._pass is None else self._pass.read(rng, steps):
            given += 1
            yield item
        if steps is None or given < steps:
            self._pass = None

    def _begun(self) -> IteratorSource:
        """A new pass."""
        numpy = getattr(self.iterable, "as_numpy_iterator", None)
        return IteratorSource(iter(self.iterable) if numpy is None else iter(numpy()))

    def place(self) -> Any:
        return None

    def go_to(self, place: Any) -> None:
        if place is not None:
            raise StateError(
                f"The place in a {type(self.iterable).__name__}",
                got="a place in the middle",
                expected="the beginning: this kind of dataset cannot be read from the middle on",
                hint="the dataset that the state was taken from",
            )
        self._pass = None

    def close(self) -> None:
        if self._pass is not None:
            self._pass.close()
        self._pass = None


class GrainSource(IterableSource):
    """A MapDataset, IterDataset or DataLoader of Grain, whose iterators say where they stand."""

    kind = "Grain dataset"
    resumable = True

    def _begun(self) -> IteratorSource:
        return _Closing(iter(self.iterable))

    def place(self) -> Any:
        return {"pass": None} if self._pass is None else {"pass": self._pass.place()}

    def go_to(self, place: Any) -> None:
        self.close()
        if place["pass"] is not None:
            self._pass = self._begun()
            self._pass.go_to(place["pass"])


class _Closing(IteratorSource):
    """An iterator of Grain, whose threads end with it."""

    def close(self) -> None:
        if hasattr(self.iterator, "close"):
            self.iterator.close()


class IndexedSource:
    """A PyDataset, or what has `__getitem__` and a length: batches by index, perhaps by several workers."""

    kind = "PyDataset"
    resumable = True

    def __init__(self, dataset: Any, shuffle: bool | str) -> None:
        self.dataset, self.shuffle = dataset, bool(shuffle)
        self.steps = self._count()
        self._order: np.ndarray | None = None  # the batches of the pass in progress
        self._base: int | None = None  # seeds the order of every pass
        self._pass = 0  # the number of the pass in progress
        self._given = 0  # batches of it
        self._pool: Pool | None = None

    def _count(self) -> int | None:
        count = self.dataset.num_batches if hasattr(self.dataset, "num_batches") else len(self.dataset)
        return None if count is None or count >= sys.maxsize else int(count)

    def read(self, rng: np.random.Generator | None, steps: int | None, going_on: bool = False) -> Iterator[Any]:
        indices, ends = self._next(rng, steps, going_on)
        workers = int(getattr(self.dataset, "workers", 1) or 0)
        processes = bool(getattr(self.dataset, "use_multiprocessing", False))
        items: Any
        if len(indices) == 0 or (workers <= 1 and not processes):
            items = (self.dataset[int(index)] for index in indices)
        else:
            items = self._workers(max(1, workers), processes).read(indices)
        left = len(indices)
        for item in items:
            left -= 1
            self._given += 1
            if ends and left == 0:
                self._order, self._given, self._pass = None, 0, self._pass + 1
            yield item

    def _next(self, rng: np.random.Generator | None, steps: int | None, going_on: bool) -> tuple[Any, bool]:
        """The batches to read, and whether the pass ends with them."""
        count, start = self._count(), self._given
        if count is None:
            return range(start, sys.maxsize if steps is None else start + steps), False
        if self._order is None:
            if going_on and not start:
                return (), False
            self._order = np.arange(count)
            if self.shuffle:
                (rng or np.random.default_rng([self._seed(), self._pass])).shuffle(self._order)
        end = count if steps is None else min(count, start + steps)
        return self._order[start:end], end >= count

    def _seed(self) -> int:
        if self._base is None:
            self._base = int(np.random.randint(2**31)) if self.shuffle else 0
        return self._base

    def place(self) -> Any:
        return {"seed": self._seed(), "pass": self._pass, "batch": self._given}

    def go_to(self, place: Any) -> None:
        self._base, self._pass, self._given = place["seed"], place["pass"], place["batch"]
        self._order = None

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


def _plain(state: Any) -> Any:
    """The state of an iterator as JSON has it: Grain's DataLoader gives bytes."""
    return {"bytes": state.decode()} if isinstance(state, bytes) else state


def _given(state: Any) -> Any:
    """What `_plain` was given."""
    return state["bytes"].encode() if isinstance(state, dict) and set(state) == {"bytes"} else state
