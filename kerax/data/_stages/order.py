"""shuffle, take, skip, shard, repeat: the same elements in another order or number."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .._element import each
from .base import ENDLESS, INFINITE, UNKNOWN, Kept, Pass, Stage, Stream, View, drawn_seed
from .reading import Indexed, size_of

__all__ = ["Repeat", "Shard", "Shuffle", "Skip", "Take"]


class Picked(View):
    """Elements of another view, numbered anew by `at`."""

    def __init__(self, child: View, size: int) -> None:
        self.child, self.size = child, size
        self.gathers, self.source = child.gathers, child.source

    def at(self, index: Any) -> Any:
        """The number in `child` of one element, or of an array of them."""
        raise NotImplementedError

    def __getitem__(self, index: int) -> Any:
        return self.child[int(self.at(index))]

    def gather(self, indices: np.ndarray) -> Any:
        return self.child.gather(self.at(indices))

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return self.child.rows(self.at(indices))


class _Part(Picked):
    """first, first + step, …"""

    def __init__(self, child: View, size: int, first: int = 0, step: int = 1) -> None:
        super().__init__(child, size)
        self.first, self.step = first, step

    def at(self, index: Any) -> Any:
        return self.first + index * self.step


class _Shuffled(Picked):
    def __init__(self, child: View, order: np.ndarray) -> None:
        super().__init__(child, child.size)
        self.order = order

    def at(self, index: Any) -> Any:
        return self.order[index]


class Take(Indexed, Kept):
    """The first `count` elements."""

    def __init__(self, input: Stage, count: int) -> None:
        super().__init__(input)
        self.count = count

    def cardinality(self) -> int:
        known = self.input.cardinality()
        if self.count < 0:
            return known
        return self.count if known == INFINITE else UNKNOWN if known == UNKNOWN else min(known, self.count)

    def view(self, run: Pass) -> View:
        child = self.input.view(run)
        return child if self.count < 0 else _Part(child, min(self.count, child.size))

    def in_order(self, run: Pass) -> Stream:
        return _TakeStream(self.input.stream(run), self.count)


class _TakeStream(Stream):
    def __init__(self, child: Stream, count: int) -> None:
        super().__init__(child)
        self.child, self.count, self.given = child, count, 0

    def __next__(self) -> Any:
        if self.given == self.count:
            raise StopIteration
        element = next(self.child)
        self.given += 1
        return element

    def get_state(self) -> Any:
        return {"given": self.given, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self.given = state["given"]
        self.child.set_state(state["child"])


class Skip(Indexed, Kept):
    """All but the first `count` elements; none for -1."""

    def __init__(self, input: Stage, count: int) -> None:
        super().__init__(input)
        self.count = count

    def cardinality(self) -> int:
        known = self.input.cardinality()
        return 0 if self.count < 0 else known if known < 0 else max(0, known - self.count)

    def view(self, run: Pass) -> View:
        child = self.input.view(run)
        if self.count < 0:
            return _Part(child, 0)
        return _Part(child, ENDLESS if child.size == ENDLESS else max(0, child.size - self.count), self.count)

    def in_order(self, run: Pass) -> Stream:
        return _SkipStream(self.input.stream(run), self.count)


class _SkipStream(Stream):
    def __init__(self, child: Stream, count: int) -> None:
        super().__init__(child)
        self.child, self.count, self.skipped = child, count, False

    def __next__(self) -> Any:
        if not self.skipped:
            if self.count < 0:
                raise StopIteration
            for _ in range(self.count):
                next(self.child)
            self.skipped = True
        return next(self.child)

    def get_state(self) -> Any:
        return {"skipped": self.skipped, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self.skipped = state["skipped"]
        self.child.set_state(state["child"])


class Shard(Indexed, Kept):
    """Every `count`-th element, from number `index` on."""

    def __init__(self, input: Stage, count: int, index: int) -> None:
        super().__init__(input)
        self.count, self.index = count, index

    def cardinality(self) -> int:
        known = self.input.cardinality()
        return known if known < 0 else max(0, -(-(known - self.index) // self.count))

    def view(self, run: Pass) -> View:
        return _Part(self.input.view(run), size_of(self.cardinality()), self.index, self.count)

    def in_order(self, run: Pass) -> Stream:
        return _ShardStream(self.input.stream(run), self.count, self.index)


class _ShardStream(Stream):
    def __init__(self, child: Stream, count: int, index: int) -> None:
        super().__init__(child)
        self.child, self.count, self.index, self.at = child, count, index, 0

    def __next__(self) -> Any:
        while True:
            element = next(self.child)
            self.at += 1
            if (self.at - 1) % self.count == self.index:
                return element

    def get_state(self) -> Any:
        return {"at": self.at, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self.at = state["at"]
        self.child.set_state(state["child"])


class Shuffle(Indexed, Kept):
    """A random order: of all elements where they are known by number, else through a buffer.

    Args:
        buffer: how many elements the buffer holds; where all are shuffled, only whether it is more than one.
        seed: what the order follows from; None: from a seed of the dataset's, drawn from NumPy's.
        each_pass: whether every pass has an order of its own.
    """

    def __init__(self, input: Stage, buffer: int | None, seed: int | None, each_pass: bool) -> None:
        super().__init__(input)
        self.buffer, self.seed, self.each_pass = buffer, seed, each_pass
        self.fixed = seed
        if not each_pass and seed is None:
            self.fixed = drawn_seed()

    @property
    def indexed(self) -> bool:  # type: ignore[override]
        return self.input.indexed and self.input.cardinality() >= 0

    @property
    def draws(self) -> bool:
        return (self.each_pass and self.seed is None) or self.input.draws

    def kept(self) -> Any:
        return None if self.each_pass else self.fixed

    def keep(self, kept: Any) -> None:
        self.fixed = kept

    def rng(self, run: Pass) -> np.random.Generator:
        """What the order of a pass is drawn with."""
        return run.inner(0).rng(self.seed) if self.each_pass else Pass(0, ()).rng(self.fixed)

    def inner(self, run: Pass) -> Pass:
        """The pass of the input: of its own, so that two shuffles in a row differ."""
        return run.inner(1) if self.each_pass else run

    def view(self, run: Pass) -> View:
        child = self.input.view(self.inner(run))
        if self.buffer == 1:
            return child
        kind = np.int32 if child.size < 2**31 else np.int64
        order = np.arange(child.size, dtype=kind)
        self.rng(run).shuffle(order)
        return _Shuffled(child, order)

    def in_order(self, run: Pass) -> Stream:
        return _BufferStream(self, run)


class _BufferStream(Stream):
    """A buffer out of which elements are picked at random.

    The elements that a buffer holds are not plain values, so a place is how many elements were given: going
    there reads the input again from the beginning of the pass.
    """

    def __init__(self, stage: Shuffle, run: Pass) -> None:
        super().__init__()
        self.stage, self.run = stage, run
        self._restart()

    def _restart(self) -> None:
        super().close()
        self.child = self.stage.input.stream(self.stage.inner(self.run))
        self.children = (self.child,)
        self.rng = self.stage.rng(self.run)
        self.buffer: list = []
        self.given = 0

    def __next__(self) -> Any:
        most = self.stage.buffer
        while most is None or len(self.buffer) < most:
            try:
                self.buffer.append(next(self.child))
            except StopIteration:
                break
        if not self.buffer:
            raise StopIteration
        place = int(self.rng.integers(len(self.buffer)))
        self.buffer[place], self.buffer[-1] = self.buffer[-1], self.buffer[place]
        self.given += 1
        return self.buffer.pop()

    def get_state(self) -> Any:
        return self.given

    def set_state(self, state: Any) -> None:
        self._restart()
        for _ in range(state):
            next(self)


class Repeat(Indexed, Kept):
    """The input again and again, each time a pass of its own: a shuffle in it is drawn anew.

    Args:
        count: how often; None or negative without end.
    """

    def __init__(self, input: Stage, count: int | None) -> None:
        super().__init__(input)
        self.count = None if count is None or count < 0 else count

    def cardinality(self) -> int:
        known = self.input.cardinality()
        if known == 0 or self.count == 0:
            return 0
        if self.count is None or known == INFINITE:
            return INFINITE
        return UNKNOWN if known == UNKNOWN else known * self.count

    def view(self, run: Pass) -> View:
        return _RepeatView(self, run)

    def in_order(self, run: Pass) -> Stream:
        return _RepeatStream(self, run)


class _RepeatView(View):
    def __init__(self, stage: Repeat, run: Pass) -> None:
        self.child = functools.lru_cache(maxsize=8)(lambda number: stage.input.view(run.inner(number)))
        first = self.child(0)
        self.each = first.size
        self.size = size_of(stage.cardinality())
        self.gathers, self.source = first.gathers, first.source

    def __getitem__(self, index: int) -> Any:
        return self.child(index // self.each)[index % self.each]

    def _parts(self, indices: np.ndarray, name: str) -> list:
        rounds, places = np.divmod(indices, self.each)
        if rounds[0] == rounds[-1] and (rounds == rounds[0]).all():
            return [getattr(self.child(int(rounds[0])), name)(places)]
        if (np.diff(rounds) < 0).any():
            return [getattr(self.child(int(r)), name)(places[i : i + 1]) for i, r in enumerate(rounds)]
        return [getattr(self.child(int(r)), name)(places[rounds == r]) for r in np.unique(rounds)]

    def gather(self, indices: np.ndarray) -> Any:
        parts = self._parts(indices, "gather")
        return parts[0] if len(parts) == 1 else joined(parts)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return np.concatenate(self._parts(indices, "rows"))


def joined(batches: list) -> Any:
    """Gathered batches one after the other."""
    return each(lambda *parts: None if parts[0] is None else np.concatenate(parts), *batches)


class _RepeatStream(Stream):
    def __init__(self, stage: Repeat, run: Pass) -> None:
        super().__init__()
        self.stage, self.run = stage, run
        self._begin(0)

    def _begin(self, number: int) -> None:
        super().close()
        self.number, self.some = number, False
        self.child = self.stage.input.stream(self.run.inner(number))
        self.children = (self.child,)

    def __next__(self) -> Any:
        while self.stage.count is None or self.number < self.stage.count:
            try:
                element = next(self.child)
            except StopIteration:
                if not self.some:
                    break  # an input of nothing, again and again, would never end
                self._begin(self.number + 1)
                continue
            self.some = True
            return element
        raise StopIteration

    def get_state(self) -> Any:
        return {"round": self.number, "some": self.some, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self._begin(state["round"])
        self.some = state["some"]
        self.child.set_state(state["child"])
