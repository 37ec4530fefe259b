"""map: a function of each element."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from ..._core.placement import host_ahead
from .._element import element_of
from .base import Kept, Made, Pass, Stage, Stream, View, drawn_seed
from .reading import Indexed, thread_count

__all__ = ["Map", "Stacking", "called"]

_PATIENCE = 5.0  # seconds to wait for functions of the user that do not return


def called(fn: Callable, element: Any, where: str, *more: Any) -> Any:
    """`fn` of an element; the parts of a tuple are its arguments."""
    try:
        with host_ahead():
            return fn(*element, *more) if isinstance(element, tuple) else fn(element, *more)
    except StopIteration as error:
        raise RuntimeError(f"{where}: the function raised StopIteration, which would end the dataset.") from error


class Stacking:
    """A function of one element that makes a batch of many faster than one by one."""

    def stacked(self, elements: Sequence[Any]) -> Any:
        """What it makes of each, stacked."""
        raise NotImplementedError


class Map(Indexed, Made, Kept):
    """A function of each element, called one at a time, or by several threads at once.

    Args:
        parallel: as `num_parallel_calls`.
        seed: with `seeded`, what its random numbers follow from, beside the pass and the number of the element.
        seeded: whether it takes a generator of random numbers after the element.
        each_pass: whether these are others in each pass.
    """

    def __init__(
        self,
        input: Stage,
        fn: Callable,
        parallel: int | None = None,
        seed: int | None = None,
        seeded: bool = False,
        each_pass: bool = True,
    ) -> None:
        super().__init__(input)
        self.fn, self.seeded, self.each_pass = fn, seeded, each_pass
        self.seed = seed if each_pass or seed is not None else drawn_seed()
        self.own_threads = thread_count(parallel)
        self.one_at_a_time = threading.RLock() if parallel is None else contextlib.nullcontext()

    @property
    def threads(self) -> int:
        return max(self.own_threads, self.input.threads)

    @property
    def draws(self) -> bool:
        return (self.seeded and self.seed is None) or self.input.draws

    def kept(self) -> Any:
        return None if self.each_pass else self.seed

    def keep(self, kept: Any) -> None:
        if not self.each_pass:
            self.seed = kept

    def result(self, element: Any, run: Pass, index: int) -> Any:
        """The function of one element."""
        more: tuple = ()
        if self.seeded:
            more = ((run if self.each_pass else Pass(0, ())).inner(index).rng(self.seed),)
        with self.one_at_a_time:  # threads may read for another function further on
            made = called(self.fn, element, "Dataset.map", *more)
        return element_of(made, "Dataset.map")

    def view(self, run: Pass) -> View:
        return _MapView(self, run)

    def in_order(self, run: Pass) -> Stream:
        return _MapStream(self, run)


class _MapView(View):
    def __init__(self, stage: Map, run: Pass) -> None:
        self.stage, self.run = stage, run
        self.child = stage.input.view(run)
        self.size = self.child.size
        self.stacks = isinstance(stage.fn, Stacking)

    def __getitem__(self, index: int) -> Any:
        return self.stage.result(self.child[index], self.run, index)

    def stacked(self, indices: Sequence[int]) -> Any:
        fn = self.stage.fn
        assert isinstance(fn, Stacking)
        return fn.stacked([self.child[index] for index in indices])


class _MapStream(Stream):
    def __init__(self, stage: Map, run: Pass) -> None:
        self.child = stage.input.stream(run)
        super().__init__(self.child)
        self.stage, self.run = stage, run
        self.at = 0  # elements given
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque = deque()  # (result to come, state of the child after its element)
        self._state: Any = None  # of the child, after the last element given
        self._over = False

    def __next__(self) -> Any:
        if not self.stage.own_threads:
            element = self.stage.result(next(self.child), self.run, self.at)
        else:
            self._fill()
            if not self._waiting:
                raise StopIteration
            result, self._state = self._waiting.popleft()
            element = result.result()
        self.at += 1
        return element

    def _fill(self) -> None:
        threads = self.stage.own_threads
        if self._pool is None:
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="kerax-map")
            self._state = self.child.get_state()
        while not self._over and len(self._waiting) < 2 * threads:
            try:
                element = next(self.child)
            except StopIteration:
                self._over = True
                return
            index = self.at + len(self._waiting)
            result = self._pool.submit(self.stage.result, element, self.run, index)
            self._waiting.append((result, self.child.get_state()))

    def get_state(self) -> Any:
        return {"at": self.at, "child": self.child.get_state() if self._pool is None else self._state}

    def set_state(self, state: Any) -> None:
        self._end_pool()
        self.child.set_state(state["child"])
        self.at = state["at"]

    def _end_pool(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            wait([result for result, _ in self._waiting if not result.cancelled()], _PATIENCE)
        self._pool, self._over = None, False
        self._waiting.clear()

    def close(self) -> None:
        self._end_pool()
        super().close()
