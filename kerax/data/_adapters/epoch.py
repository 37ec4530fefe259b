"""One epoch of batches, read ahead by a thread, cleaned up however it ends."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .._prefetch import Prefetched
from .arrays import ArrayAdapter
from .streams import StreamAdapter

__all__ = ["Epoch"]


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

    def __enter__(self) -> Epoch:
        self.adapter.on_epoch_begin()
        self._before = self.adapter.done
        batches = self.adapter.marked(*self._arguments)
        if self._depth > 0:
            self._ahead = Prefetched(batches, self._depth, self._transformed, on_close=self.adapter.interrupt)
            self._batches = self._ahead
        else:
            self._batches = map(self._transformed, batches)
        return self

    def _transformed(self, pair: tuple) -> tuple:
        batch, mark = pair
        return (batch if self._transform is None else self._transform(batch)), mark

    def __iter__(self) -> Epoch:
        return self

    def __next__(self) -> Any:
        try:
            batch, mark = next(self._batches)
        except StopIteration:
            self._ended()
            raise
        self.given += 1
        self.adapter.consumed(self._before + self.given, mark)
        return batch

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
