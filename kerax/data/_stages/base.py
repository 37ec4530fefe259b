"""What a stage of a dataset is, and the two ways to read one.

A stage that knows its elements by number gives a `View`: any element, in any order, from any thread.
Shuffling, repeating, batching and mapping keep that, so a place in the data is a number, and rows of
arrays are gathered a batch at a time. Other stages give a `Stream`, which says where it stands in plain
values and goes there again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._element import spec_of

__all__ = ["ENDLESS", "INFINITE", "UNKNOWN", "Kept", "Made", "Pass", "Stage", "Stream", "View", "drawn_seed", "walk"]

INFINITE, UNKNOWN = -1, -2
ENDLESS = sys.maxsize  # the size of a view without end


class Pass(NamedTuple):
    """One run through a dataset: what every random order in it follows from.

    Attributes:
        base: the seed where the user gave none.
        key: the number of the pass, then those of the passes inside it that repeat, zip and flat_map begin.
        looking: whether somebody only looks at an element: a cache keeps nothing of it.
    """

    base: int
    key: tuple[int, ...]
    looking: bool = False

    def inner(self, number: int) -> Pass:
        """The pass of this number inside this one."""
        return Pass(self.base, (*self.key, number), self.looking)

    def rng(self, seed: int | None) -> np.random.Generator:
        """Random numbers of this pass."""
        return np.random.default_rng([self.base if seed is None else int(seed) % 2**63, *self.key])


class View:
    """Elements by number. Reading one changes nothing, so threads may share a view.

    Attributes:
        size: how many; `ENDLESS` without end.
        gathers: whether `gather` works: no Python runs for a single element.
        stacks: whether `stacked` works: many elements are made together faster than one by one.
        source: the arrays whose rows the elements are, where they are that, numbered by `rows`.
    """

    size: int
    gathers = False
    stacks = False
    source: Any = None

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def gather(self, indices: np.ndarray) -> Any:
        """Elements stacked, made at once."""
        raise NotImplementedError

    def stacked(self, indices: Sequence[int]) -> Any:
        """Elements stacked."""
        raise NotImplementedError

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """The rows of `source` that these elements are."""
        raise NotImplementedError


class Stream:
    """Elements in order, from a place that can be asked for and set."""

    def __init__(self, *children: Stream) -> None:
        self.children = children

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        raise NotImplementedError

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def get_state(self) -> Any:
        """The place before the next element, as plain values."""
        raise NotImplementedError

    def set_state(self, state: Any) -> None:
        """Go on from a place that `get_state` of such a stream gave."""
        raise NotImplementedError

    def close(self) -> None:
        """End what reads ahead; the stream is not used any more."""
        for child in self.children:
            child.close()


class Stage:
    """One step of a dataset: a description that never changes, read by `view` or `stream`.

    Args:
        inputs: the stages that it takes elements from.

    Attributes:
        indexed: whether `view` works.
        threads: how many threads the user asked for, in it or below it.
        draws: whether an order in it, or below it, is random without a seed.
    """

    indexed = False

    def __init__(self, *inputs: Stage) -> None:
        self.inputs = inputs

    @property
    def threads(self) -> int:
        return max((stage.threads for stage in self.inputs), default=0)

    @property
    def draws(self) -> bool:
        return any(stage.draws for stage in self.inputs)

    def cardinality(self) -> int:
        """How many elements; INFINITE or UNKNOWN."""
        raise NotImplementedError

    def spec(self) -> Any:
        """Shapes and dtypes of an element."""
        raise NotImplementedError

    def view(self, run: Pass) -> View:
        """The elements of a pass by number; only where `indexed`."""
        raise NotImplementedError

    def stream(self, run: Pass) -> Stream:
        """The elements of a pass in order."""
        raise NotImplementedError

    def kept(self) -> Any:
        """What the stage itself remembers from pass to pass, as plain values; None for nothing."""
        return None

    def keep(self, kept: Any) -> None:
        """Remember what `kept` gave in another process."""


class Kept(Stage):
    """A stage whose elements are of the same kind as those of its only input."""

    @property
    def input(self) -> Stage:
        return self.inputs[0]

    def cardinality(self) -> int:
        return self.input.cardinality()

    def spec(self) -> Any:
        return self.input.spec()


class Made(Stage):
    """A stage whose elements functions of the user make: what they look like is seen on the first one."""

    def spec(self) -> Any:
        run = Pass(0, (0,), looking=True)
        if self.indexed:
            view = self.view(run)
            return spec_of(view[0]) if view.size else None
        with self.stream(run) as stream:
            for element in stream:
                return spec_of(element)
        return None


def walk(stage: Stage) -> Iterator[Stage]:
    """The stage and all below it, always in the same order."""
    yield stage
    for below in stage.inputs:
        yield from walk(below)


def drawn_seed() -> int:
    """A seed for what was given none, from NumPy's global generator."""
    return int(np.random.randint(2**31))
