"""cache and prefetch."""

from __future__ import annotations

import threading
from typing import Any

from .._element import locked
from .base import Kept, Pass, Stage, Stream, View
from .reading import Ahead, Indexed, ThreadedReader

__all__ = ["Cache", "Prefetch", "without_prefetch"]


class Cache(Indexed, Kept):
    """What the first pass gave, kept in memory for all later ones."""

    def __init__(self, input: Stage) -> None:
        super().__init__(input)
        self.lock = threading.Lock()
        self.first: Pass | None = None  # the pass whose elements are kept
        self.by_number: dict[int, Any] = {}
        self.in_a_row: list | None = None

    def kept(self) -> Any:
        return None if self.first is None else {"base": self.first.base, "key": list(self.first.key)}

    def keep(self, kept: Any) -> None:
        first = None if kept is None else Pass(kept["base"], tuple(kept["key"]))
        with self.lock:
            if first != self.first:
                self.first, self.by_number, self.in_a_row = first, {}, None

    def pass_of(self, run: Pass) -> Pass:
        """The pass whose elements are given in the place of those of `run`."""
        with self.lock:
            if self.first is None:
                self.first = run
            return self.first

    def view(self, run: Pass) -> View:
        if run.looking:
            return self.input.view(run)
        child = self.input.view(self.pass_of(run))
        return child if child.gathers else _CacheView(child, self.by_number)

    def in_order(self, run: Pass) -> Stream:
        return self.input.stream(run) if run.looking else _CacheStream(self, self.pass_of(run))


class _CacheView(View):
    def __init__(self, child: View, kept: dict[int, Any]) -> None:
        self.child, self.kept, self.size = child, kept, child.size

    def __getitem__(self, index: int) -> Any:
        if index not in self.kept:
            self.kept[index] = locked(self.child[index])
        return self.kept[index]


class _CacheStream(Stream):
    """Fills the cache with a whole pass, or reads the full cache. A place in a pass that fills is gone to by reading
    the pass from its beginning."""

    def __init__(self, stage: Cache, run: Pass) -> None:
        super().__init__()
        self.stage, self.run = stage, run
        self._restart()

    def _restart(self) -> None:
        super().close()
        self.at = 0
        self.elements = self.stage.in_a_row
        self.filling: list = []
        self.children = () if self.elements is not None else (self.stage.input.stream(self.run),)

    def __next__(self) -> Any:
        if self.elements is not None:
            if self.at >= len(self.elements):
                raise StopIteration
            element = self.elements[self.at]
        else:
            try:
                element = next(self.children[0])
            except StopIteration:
                self.stage.in_a_row = self.elements = self.filling
                raise
            element = locked(element)
            self.filling.append(element)
        self.at += 1
        return element

    def get_state(self) -> Any:
        return self.at

    def set_state(self, state: Any) -> None:
        self._restart()
        if self.elements is not None:
            self.at = state
            return
        for _ in range(state):
            next(self)


class Prefetch(Indexed, Kept):
    """The next elements made ready by a thread."""

    def __init__(self, input: Stage, depth: int) -> None:
        super().__init__(input)
        self.depth = depth

    def view(self, run: Pass) -> View:
        return self.input.view(run)

    def stream(self, run: Pass) -> Stream:
        if self.indexed:
            view = self.view(run)
            if self.threads and not view.gathers:
                return ThreadedReader(view, self.threads, self.depth)
        return self.input.stream(run) if run.looking else Ahead(self.input.stream(run), self.depth)


def without_prefetch(stage: Stage) -> Stage:
    """The stage that a prefetch at the end reads ahead."""
    while isinstance(stage, Prefetch):
        stage = stage.input
    return stage
