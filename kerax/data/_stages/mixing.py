"""sample_from_datasets and choose_from_datasets: elements of several datasets in a drawn or given order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import ArgumentError
from .base import UNKNOWN, Kept, Pass, Stage, Stream

__all__ = ["Choose", "Sample"]


class Choose(Kept):
    """The next element of the dataset whose number the first input gives.

    Args:
        parts: the datasets.
        stop_on_empty: whether the first dataset that ends, ends it; else those that ended are left out.
    """

    def __init__(self, choice: Stage, parts: list[Stage], stop_on_empty: bool) -> None:
        super().__init__(choice, *parts)
        self.stop_on_empty = stop_on_empty

    def cardinality(self) -> int:
        return UNKNOWN

    def spec(self) -> Any:
        return self.inputs[1].spec()

    def stream(self, run: Pass) -> Stream:
        return _ChooseStream(self, [stage.stream(run.inner(i)) for i, stage in enumerate(self.inputs)])


class _ChooseStream(Stream):
    def __init__(self, stage: Stage, streams: list[Stream]) -> None:
        super().__init__(*streams)
        self.stage = stage
        self.choice, *self.parts = streams
        self.over = False
        self.ended: set[int] = set()

    def __next__(self) -> Any:
        while not self.over and len(self.ended) < len(self.parts):
            number = int(next(self.choice))
            if not 0 <= number < len(self.parts):
                raise ArgumentError(
                    "choose_from_datasets", got=f"the number {number}", expected=f"one from 0 to {len(self.parts) - 1}"
                )
            if number in self.ended:
                continue
            try:
                return next(self.parts[number])
            except StopIteration:
                self.ended.add(number)
                self.over = self.stage.stop_on_empty  # type: ignore[attr-defined]
        raise StopIteration

    def get_state(self) -> Any:
        children = [child.get_state() for child in self.children]
        return {"over": self.over, "ended": sorted(self.ended), "children": children}

    def set_state(self, state: Any) -> None:
        self.over, self.ended = state["over"], set(state["ended"])
        for child, place in zip(self.children, state["children"], strict=True):
            child.set_state(place)


class Sample(Stage):
    """Numbers of datasets, drawn with weights: the first input of a `Choose`."""

    def __init__(self, weights: list[float], seed: int | None) -> None:
        super().__init__()
        self.edges, self.seed = np.cumsum(weights) / np.sum(weights), seed

    @property
    def draws(self) -> bool:
        return self.seed is None

    def cardinality(self) -> int:
        return -1

    def stream(self, run: Pass) -> Stream:
        return _SampleStream(self, run)


class _SampleStream(Stream):
    """A place is how many numbers were drawn; going there draws them again."""

    def __init__(self, stage: Sample, run: Pass) -> None:
        super().__init__()
        self.stage, self.run = stage, run
        self.set_state(0)

    def __next__(self) -> Any:
        self.drawn += 1
        found = int(np.searchsorted(self.stage.edges, self.rng.random(), side="right"))
        return np.int64(min(found, len(self.stage.edges) - 1))

    def get_state(self) -> Any:
        return self.drawn

    def set_state(self, state: Any) -> None:
        self.rng = self.run.rng(self.stage.seed)
        self.rng.random(state)
        self.drawn = state
