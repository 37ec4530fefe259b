"""Views read in order: at once, or ahead by Grain's threads; and streams read ahead by one thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .._prefetch import Prefetched
from .base import ENDLESS, INFINITE, Pass, Stage, Stream, View

__all__ = ["AUTOTUNE", "Ahead", "Indexed", "Reader", "ThreadedReader", "thread_count"]

AUTOTUNE = -1


def thread_count(parallel: int | None) -> int:
    """How many threads `num_parallel_calls` stands for: 0 for None, a few for each core for AUTOTUNE."""
    if parallel is None:
        return 0
    return max(4, min(16, 2 * (os.cpu_count() or 1))) if parallel == AUTOTUNE else max(1, int(parallel))


class Reader(Stream):
    """A view from the first element to the last."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.at = 0

    def __next__(self) -> Any:
        if self.at >= self.view.size:
            raise StopIteration
        self.at += 1
        return self.view[self.at - 1]

    def get_state(self) -> int:
        return self.at

    def set_state(self, state: int) -> None:
        self.at = state


class ThreadedReader(Reader):
    """The same, read ahead by threads of Grain.

    Args:
        view: what to read.
        threads: how many.
        ahead: the most elements that are ready or being read.
    """

    def __init__(self, view: View, threads: int, ahead: int) -> None:
        super().__init__(view)
        self.threads, self.ahead = threads, max(threads, ahead)
        self._elements: Any = None

    def __next__(self) -> Any:
        if self.at >= self.view.size:
            raise StopIteration
        if self._elements is None:
            self._elements = self._begun()
        element = next(self._elements)
        self.at += 1
        return element

    def _begun(self) -> Any:
        import grain  # a second to import: only for those who asked for threads

        options = grain.ReadOptions(num_threads=self.threads, prefetch_buffer_size=self.ahead)
        elements = iter(grain.MapDataset.source(self.view).to_iter_dataset(options))
        elements.set_state({"next_index": self.at})
        return elements

    def set_state(self, state: int) -> None:
        self.close()
        super().set_state(state)

    def close(self) -> None:
        if self._elements is not None:
            self._elements.close()
            self._elements = None


class Ahead(Stream):
    """A stream read ahead by a thread.

    Args:
        child: what to read.
        depth: how many elements wait ready.
    """

    def __init__(self, child: Stream, depth: int) -> None:
        super().__init__(child)
        self.child, self.depth = child, depth
        self._items: Prefetched | None = None
        self._state: Any = None

    def __next__(self) -> Any:
        if self._items is None:
            self._items = Prefetched(_with_states(self.child), self.depth)
        element, self._state = next(self._items)
        return element

    def get_state(self) -> Any:
        return self.child.get_state() if self._items is None else self._state

    def set_state(self, state: Any) -> None:
        if self._items is not None:
            self._items.close()
            self._items = None
        self.child.set_state(state)

    def close(self) -> None:
        if self._items is not None:
            self._items.close()
        super().close()


def _with_states(child: Stream) -> Iterator[tuple[Any, Any]]:
    for element in child:
        yield element, child.get_state()


class Indexed(Stage):
    """A stage that knows its elements by number wherever its inputs do."""

    @property
    def indexed(self) -> bool:  # type: ignore[override]
        return all(stage.indexed for stage in self.inputs)

    def stream(self, run: Pass) -> Stream:
        if not self.indexed:
            return self.in_order(run)
        view = self.view(run)
        threads = 0 if view.gathers else self.threads
        return ThreadedReader(view, threads, 2) if threads else Reader(view)

    def in_order(self, run: Pass) -> Stream:
        """The stream where some input has no view."""
        raise NotImplementedError


def size_of(cardinality: int) -> int:
    """The size of a view of so many elements."""
    return ENDLESS if cardinality == INFINITE else cardinality
