"""flat_map, interleave, window: datasets made of elements, and elements made of datasets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import DTypeError
from .._element import each, stack
from .base import ENDLESS, INFINITE, UNKNOWN, Kept, Made, Pass, Stage, Stream, View
from .mapping import called
from .reading import Ahead, Indexed, thread_count
from .sources import Rows

__all__ = ["Interleave", "Window"]


class Interleave(Made, Kept):
    """Elements of the datasets that a function makes of elements, taken in turn.

    Args:
        fn: element -> Dataset.
        cycle: how many datasets are open at a time.
        block: how many elements each gives in its turn.
        parallel: as `num_parallel_calls`: whether each open dataset is read ahead by a thread.
    """

    def __init__(self, input: Stage, fn: Callable, cycle: int = 1, block: int = 1, parallel: int | None = None) -> None:
        super().__init__(input)
        self.fn, self.cycle, self.block = fn, cycle, block
        self.ahead = thread_count(parallel)
        self.where = "Dataset.flat_map" if cycle == 1 else "Dataset.interleave"

    def cardinality(self) -> int:
        return 0 if self.input.cardinality() == 0 else UNKNOWN

    def opened(self, element: Any, run: Pass) -> Stream:
        """The dataset of one element, from its beginning."""
        made = called(self.fn, element, self.where)
        if not hasattr(made, "_stage"):
            raise DTypeError(
                self.where, got=f"a {type(made).__name__} from the function", expected="a Dataset",
                hint="Dataset.map for functions that give elements",
            )  # fmt: skip
        stream = made._stage.stream(run)
        return Ahead(stream, self.block) if self.ahead else stream

    def stream(self, run: Pass) -> Stream:
        return _InterleaveStream(self, run)


class _Open:
    """An open dataset: the place before the element that it was made of, that element's number, the rest of it."""

    def __init__(self, before: Any, number: int, stream: Stream) -> None:
        self.before, self.number, self.stream = before, number, stream


class _InterleaveStream(Stream):
    def __init__(self, stage: Interleave, run: Pass) -> None:
        self.child = stage.input.stream(run.inner(0))
        super().__init__(self.child)
        self.stage, self.run = stage, run.inner(1)
        self.slots: list[_Open | None] = [None] * stage.cycle
        self.slot = self.given = self.number = 0  # given: of the block; number: of elements taken
        self.over = False

    def __next__(self) -> Any:
        while not self.over or any(self.slots):
            slot = self.slots[self.slot]
            if slot is None:
                if self.over or not self._open():
                    self._turn()
                continue
            try:
                element = next(slot.stream)
            except StopIteration:
                slot.stream.close()
                self.slots[self.slot] = None
                self._turn()
                continue
            self.given += 1
            if self.given == self.stage.block:
                self._turn()
            return element
        raise StopIteration

    def _turn(self) -> None:
        self.slot, self.given = (self.slot + 1) % self.stage.cycle, 0

    def _open(self) -> bool:
        before = self.child.get_state()
        try:
            element = next(self.child)
        except StopIteration:
            self.over = True
            return False
        stream = self.stage.opened(element, self.run.inner(self.number))
        self.slots[self.slot] = _Open(before, self.number, stream)
        self.number += 1
        return True

    def get_state(self) -> Any:
        slots = [
            None if slot is None else {"before": slot.before, "number": slot.number, "at": slot.stream.get_state()}
            for slot in self.slots
        ]
        here = {"slot": self.slot, "given": self.given, "number": self.number, "over": self.over}
        return {**here, "slots": slots, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self._close_slots()
        for place, slot in enumerate(state["slots"]):
            if slot is not None:
                self.child.set_state(slot["before"])
                stream = self.stage.opened(next(self.child), self.run.inner(slot["number"]))
                stream.set_state(slot["at"])
                self.slots[place] = _Open(slot["before"], slot["number"], stream)
        self.child.set_state(state["child"])
        self.slot, self.given, self.number, self.over = (state[key] for key in ("slot", "given", "number", "over"))

    def _close_slots(self) -> None:
        for slot in self.slots:
            if slot is not None:
                slot.stream.close()
        self.slots = [None] * self.stage.cycle

    def close(self) -> None:
        self._close_slots()
        super().close()


class Window(Indexed, Kept):
    """Neighbours as datasets of their own, one for each array of an element.

    Args:
        size: elements in a window.
        shift: from the first of one window to the first of the next.
        stride: from one element of a window to the next.
        drop_remainder: whether windows with fewer elements are left out.
        dataset: what makes a dataset of a stage.
    """

    def __init__(
        self, input: Stage, size: int, shift: int, stride: int, drop_remainder: bool, dataset: Callable[[Stage], Any]
    ) -> None:
        super().__init__(input)
        self.size, self.shift, self.stride, self.drop_remainder = size, shift, stride, bool(drop_remainder)
        self.dataset = dataset
        self.span = (size - 1) * stride + 1

    def cardinality(self) -> int:
        count = self.input.cardinality()
        if count < 0:
            return count
        if self.drop_remainder:
            return 0 if count < self.span else (count - self.span) // self.shift + 1
        return -(-count // self.shift)

    def spec(self) -> Any:
        return each(lambda one: one, self.input.spec())

    def of(self, rows: Any, count: int) -> Any:
        """A window of stacked elements."""
        return each(lambda array: self.dataset(Rows(array, count)), rows)

    def view(self, run: Pass) -> View:
        return _WindowView(self, self.input.view(run))

    def in_order(self, run: Pass) -> Stream:
        return _WindowStream(self, self.input.stream(run))


class _WindowView(View):
    def __init__(self, stage: Window, child: View) -> None:
        self.stage, self.child = stage, child
        count = stage.cardinality()
        self.size = ENDLESS if count == INFINITE else count

    def __getitem__(self, index: int) -> Any:
        start = index * self.stage.shift
        indices = np.arange(start, min(start + self.stage.span, self.child.size), self.stage.stride)
        if self.child.gathers:
            return self.stage.of(self.child.gather(indices), len(indices))
        return self.stage.of(stack([self.child[int(i)] for i in indices], "Dataset.window"), len(indices))


class _WindowStream(Stream):
    """A window holds elements; its place is that before its first one, which are then read again."""

    def __init__(self, stage: Window, child: Stream) -> None:
        super().__init__(child)
        self.stage, self.child = stage, child
        self.buffer: deque = deque()  # (place before, element)
        self.missing = 0  # elements to leave out before the next window, where shift is more than a window

    def __next__(self) -> Any:
        stage = self.stage
        while len(self.buffer) < stage.span and self._read():
            pass
        if not self.buffer or (stage.drop_remainder and len(self.buffer) < stage.span):
            raise StopIteration
        elements = [element for _, element in self.buffer][:: stage.stride]
        for _ in range(stage.shift):
            if self.buffer:
                self.buffer.popleft()
            else:
                self.missing += 1
        return stage.of(stack(elements, "Dataset.window"), len(elements))

    def _read(self) -> bool:
        try:
            while self.missing:
                next(self.child)
                self.missing -= 1
            before = self.child.get_state()
            self.buffer.append((before, next(self.child)))
        except StopIteration:
            return False
        return True

    def get_state(self) -> Any:
        child = self.buffer[0][0] if self.buffer else self.child.get_state()
        return {"missing": 0 if self.buffer else self.missing, "child": child}

    def set_state(self, state: Any) -> None:
        self.buffer.clear()
        self.missing = state["missing"]
        self.child.set_state(state["child"])
