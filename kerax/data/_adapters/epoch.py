"""One epoch of batches, read ahead by a thread, cleaned up however it ends."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from .._prefetch import Prefetched
from .arrays import ArrayAdapter
from .streams import StreamAdapter

__all__ = ["Epoch", "GroupedEpoch"]


class Epoch:
    """The batches of the next epoch of an adapter. Use it in a `with`.

    Exactly the epoch's batches are read ahead, none of the next epoch: nothing is lost between two. After
    `adapter.set_state` they are those that the epoch has left. The adapter is told of each batch handed out, so
    that `adapter.get_state` counts those alone.

    Args:
        adapter: what gives the batches.
        rng: shuffles, where that was asked for.
        steps: batches; None for what the adapter was asked, or a whole pass.
        depth: how many batches are made ready ahead; 0 for none, and no thread.
        transform: applied to each batch where it is read ahead, such as a transfer to the device.

    Attributes:
        given: batches given so far, those before `adapter.set_state` left out.
        exhausted: whether the adapter had fewer than asked for, or none. A warning said so.
    """

    def __init__(
        self,
        adapter: ArrayAdapter | StreamAdapter,
        *,
        rng: np.random.Generator | None = None,
        steps: int | None = None,
        depth: int = 2,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self.adapter = adapter
        self.steps = steps or adapter.asked
        self.given = 0
        self.exhausted = False
        self._arguments = (rng, self.steps)
        self._depth, self._transform = depth, transform
        self._before = 0  # batches of this epoch that were used before a state was set
        self._batches: Any = None
        self._ahead: Prefetched | None = None

    def __enter__(self) -> Self:
        self.adapter.on_epoch_begin()
        self._before = self.adapter.done
        self._read(self.adapter.marked(*self._arguments))
        return self

    def _read(self, batches: Any) -> None:
        if self._depth > 0:
            self._ahead = Prefetched(batches, self._depth, self._transformed, on_close=self.adapter.interrupt)
            self._batches = self._ahead
        else:
            self._batches = map(self._transformed, batches)

    def _transformed(self, pair: tuple) -> tuple:
        batch, mark = self.adapter.prepared(pair[0]), pair[1]
        return (batch if self._transform is None else self._transform(batch)), mark

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            batch, mark = next(self._batches)
        except StopIteration:
            self._ended()
            raise
        self._used(1, mark)
        return batch

    def _used(self, count: int, mark: Any) -> None:
        self.given += count
        self.adapter.consumed(self._before + self.given, mark)

    def _ended(self) -> None:
        given = self._before + self.given
        if self.exhausted or (given >= self.steps if self.steps else given):
            return
        self.exhausted = True
        wanted = f"{self.steps} batches" if self.steps else "batches"
        warnings.warn(
            f"{self.adapter.where}: the data ran out: {wanted} were asked for, {given} came. "
            "Give a generator steps_per_epoch × epochs batches, or let the dataset repeat.",
            UserWarning,
            stacklevel=4,
        )

    def __exit__(self, kind: type | None, *rest: object) -> None:
        if self._ahead is not None:
            self._ahead.close()
        self._batches = None
        if kind is None:
            self.adapter.on_epoch_end()


class Several(Protocol):
    """Batches in one piece."""

    @property
    def count(self) -> int:
        """How many they are."""


Piece = TypeVar("Piece", bound=Several)


class GroupedEpoch(Epoch, Generic[Piece]):
    """The same for a step that takes several batches at once: as many as came while the ones before were used.

    Args:
        adapter: what gives the batches.
        most: batches in one piece.
        own: makes a batch its own, before the next one is read: a source may fill the same arrays again.
        join: makes pieces of batches in a row that are not `adapter.prepared` yet.
    """

    def __init__(
        self,
        adapter: ArrayAdapter | StreamAdapter,
        most: int,
        own: Callable[[tuple], tuple],
        join: Callable[[list[tuple]], Sequence[Piece]],
    ) -> None:
        super().__init__(adapter, depth=1)
        self._most, self._own, self._join = most, own, join
        self._pieces: deque[Piece] = deque()
        self._marks: deque[Any] = deque()  # of the batches in pieces that are not used yet

    def _read(self, batches: Any) -> None:
        owned = ((self._own(batch), mark) for batch, mark in batches)
        self._ahead = self._batches = Prefetched(
            owned, self._depth, self._joined, on_close=self.adapter.interrupt, gather=self._most
        )

    def _joined(self, pairs: list[tuple]) -> tuple:
        return self._join([batch for batch, _ in pairs]), [mark for _, mark in pairs]

    def __next__(self) -> Piece:
        """The next piece; tell `used` of its batches."""
        if not self._pieces:
            try:
                pieces, marks = next(self._batches)
            except StopIteration:
                self._ended()
                raise
            self._pieces.extend(pieces)
            self._marks.extend(marks)
        return self._pieces.popleft()

    def used(self, count: int) -> None:
        """Say that the step has used the next `count` batches."""
        mark = [self._marks.popleft() for _ in range(count)][-1]
        self._used(count, mark)
