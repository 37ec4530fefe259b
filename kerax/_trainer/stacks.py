"""Batches that come from outside, several in one dispatch.

A step on a small batch takes less time than Python takes for one dispatch, or computes on the very cores that Python
needs. So the thread that reads ahead puts small batches into one array, and prepares their text in one go; the device
runs through them in a loop. Where the device is the faster one nothing is waited for: each batch is used as it comes.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .. import tree
from .._core import placement
from .._host.aligned import aligned
from .._types import Logs
from ..callbacks import CallbackList
from ..data._adapters import GroupedEpoch
from .feed import filled_up, leaves_of
from .pace import Lagging
from .programs import fill
from .runners import BatchRunner

MOST = 32  # batches in a stack: then even the smallest ones pay little of a dispatch, and not much is read ahead
BYTES = 1 << 20  # of a stack, and of its texts: of larger batches fewer, or none, since they take long themselves


@dataclasses.dataclass(frozen=True)
class Stack:
    """Batches of one shape, one behind the other.

    Attributes:
        count: how many there are.
        leaves: arrays (most, batch, ...) on the device, with any content behind the first `count`.
        rows: (most,), how many rows of each batch count.
        spec: the shapes and dtypes of one batch, nested like it.
    """

    count: int
    leaves: list[jax.Array]
    rows: np.ndarray
    spec: Any


class Stacker:
    """Makes stacks of batches.

    Args:
        most: batches in a stack.
        size: rows that a batch is filled up to at least; 0 where batches must not be filled up.
        prepare: what their inputs go through; None for nothing.
        rowwise: whether `prepare` treats every row by itself, so that all batches of a stack may be one for it.
    """

    def __init__(self, most: int, size: int, prepare: Callable[[Any], Any] | None, rowwise: bool = True) -> None:
        self.most, self.size, self.prepare, self.rowwise = most, size, prepare, rowwise

    def __call__(self, batches: list[tuple]) -> list[Stack]:
        """Stacks of batches in a row; one ends where the shape changes."""
        if self.prepare is not None and not self.rowwise:
            batches = [(self.prepare(batch[0]), *batch[1:]) for batch in batches]
        return [self._stack(list(alike)) for _, alike in itertools.groupby(batches, self._shape)]

    def _shape(self, batch: tuple) -> tuple:
        leaves = leaves_of(batch)
        return tuple((leaf.shape[1:] if self.size else leaf.shape, _kind(leaf.dtype)) for leaf in leaves)

    def _stack(self, batches: list[tuple]) -> Stack:
        if self.prepare is not None and self.rowwise:
            batches = self._prepared(batches)
        parts = [leaves_of(batch) for batch in batches]
        lengths = [len(leaves[0]) for leaves in parts]
        size = lengths[0]
        if self.size:
            size = self.size = max(self.size, filled_up(max(lengths)))
        leaves = [self._joined(column, size) for column in zip(*parts, strict=True)]
        spec = fill(batches[0], [jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype) for leaf in leaves])
        rows = np.zeros(self.most, np.int32)
        rows[: len(lengths)] = lengths
        return Stack(len(batches), placement.batch_columns(leaves), rows, spec)

    def _prepared(self, batches: list[tuple]) -> list[tuple]:
        """The batches with their inputs prepared, as if they were one."""
        assert self.prepare is not None
        whole = self.prepare(tree.map_structure(_concatenated, *(batch[0] for batch in batches)))
        stops = np.cumsum([len(leaves_of(batch)[0]) for batch in batches]).tolist()
        return [
            (tree.map_structure(functools.partial(_rows, start, stop), whole), *batch[1:])
            for batch, start, stop in zip(batches, [0, *stops], stops, strict=False)
        ]

    def _joined(self, parts: tuple[np.ndarray, ...], size: int) -> np.ndarray:
        shape, dtype = parts[0].shape[1:], jax.dtypes.canonicalize_dtype(parts[0].dtype)
        whole = aligned((self.most, size, *shape), np.dtype(dtype))
        for place, part in zip(whole, parts, strict=False):
            place[: len(part)] = part
            place[len(part) :] = part[0]
        return whole


def _concatenated(*parts: Any) -> Any:
    return None if parts[0] is None else np.concatenate(parts)


def _rows(start: int, stop: int, leaf: Any) -> Any:
    return None if leaf is None else leaf[start:stop]


def _kind(dtype: np.dtype) -> Any:
    """What dtypes of one stack share: text has one of its own for each length."""
    return dtype.kind if dtype.kind in "OUST" else dtype


def _bytes(batch: tuple) -> int:
    """What a batch takes on the host, its texts included."""
    return sum(
        sum(map(len, leaf.ravel().tolist())) if leaf.dtype.kind == "O" else leaf.nbytes for leaf in leaves_of(batch)
    )


def own(batch: tuple) -> tuple:
    """A batch on the host that shares nothing with its source."""
    return jax.tree.map(np.array, batch)


class StackRunner(BatchRunner):
    """Runs epochs over batches that come from outside, as many in one dispatch as are there and listeners allow.

    Large batches, such as stay on a device, and those that a callback listens to are run one by one.
    """

    def __init__(self, model: Any, adapter: Any, mode: str, listeners: CallbackList) -> None:
        super().__init__(model, adapter, mode, listeners)
        self._first = adapter.peek()
        self._bytes = max(_bytes(self._first), _bytes(adapter.peek(raw=True)))
        self._most: int | None = None

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        if self._most is None:
            self._most, self._first = self._at_once(self._first), None
        self.fuses = self._most > 1 and not self.listeners.wants_batches(self.mode)
        return self._stacks(self._most) if self.fuses else super().epoch()

    def _at_once(self, batch: tuple) -> int:
        """How many batches like this one may be stacked."""
        if not all(isinstance(leaf, np.ndarray) for leaf in leaves_of(batch)):
            return 1
        most = min(MOST, BYTES // max(1, self._bytes), self.adapter.steps or MOST)
        if most <= 1:
            return 1
        self.engine.refresh()
        step = self.engine.step(self.mode, *self._spec(batch))
        return most if self.engine.loops(step) else 1

    def _stacks(self, most: int) -> Logs:
        self.engine.refresh()
        padded = self.engine.rowwise(self.mode)
        part = self.model._host_part()
        rowwise = part is None or part.rowwise
        stacker = Stacker(most, max(self.size, 1) if padded else 0, self.adapter.prepare, rowwise)
        told = Lagging(self)
        with GroupedEpoch(self.adapter, most, own, stacker) as stacks:
            for stack in stacks:
                if not self._goes_through(stack, stacks, told, padded):
                    break
            told.finish()
            self.exhausted = stacks.exhausted
        self.seen, self.at = self.at, 0
        return self._ended()

    def _goes_through(self, stack: Stack, source: GroupedEpoch[Stack], told: Lagging, padded: bool) -> bool:
        """Run the batches of a stack; whether the epoch goes on then."""
        done = 0
        while done < stack.count:
            self.begin(self.at)
            self.engine.refresh()
            step = self.engine.step(self.mode, stack.spec, padded)
            stop = min(done + told.stride(step), stack.count)
            outs = self.engine.program("stacked", step, self.custom)(stack.leaves, stack.rows, done, stop)
            self.last = step.report, outs
            if padded:
                self.size = step.rows
            source.used(stop - done)
            before, now, done = self.at, self.at + stop - done, stop
            told.dispatched(now)
            self._steps_done(before, now)
            if self.model.stop_training and self.mode == "train":
                return False
        return True


__all__ = ["StackRunner"]
