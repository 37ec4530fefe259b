"""Iterators of datasets: what they give, where they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._errors import ArgumentError
from ._stages.base import Pass, Stream, drawn_seed, walk
from ._stages.keeping import without_prefetch

__all__ = ["DatasetIterator", "base_seed"]


class DatasetIterator:
    """One pass through a dataset.

    Its threads end with the pass, with `close`, or when nobody holds it any more.

    Args:
        dataset: what is iterated.
        present: what makes of an element what is given.
        read_ahead: whether a `prefetch` at the end of the dataset has a thread; not where its user has one.
    """

    def __init__(self, dataset: Any, present: Callable[[Any], Any] | None = None, *, read_ahead: bool = True) -> None:
        self._dataset, self._present = dataset, present
        self._number = dataset._passes
        dataset._passes += 1
        self._stage = dataset._stage if read_ahead else without_prefetch(dataset._stage)
        self._stream: Stream | None = None

    def __iter__(self) -> DatasetIterator:
        return self

    def __next__(self) -> Any:
        """The next element."""
        try:
            element = next(self._opened())
        except StopIteration:
            self._opened().close()
            raise
        return element if self._present is None else self._present(element)

    get_next = __next__

    def _opened(self) -> Stream:
        if self._stream is None:
            self._stream = self._stage.stream(Pass(base_seed(self._dataset), (self._number,)))
        return self._stream

    def get_state(self) -> dict[str, Any]:
        """The place before the next element, with the seeds that the order follows from: values that JSON takes.

        What it costs to go there: for arrays, files and whatever is known by number, nothing. A generator is called
        again, and what it gave is left out; `scan`, a `shuffle` through a buffer and a `cache` that is not full
        read the pass again up to the place.
        """
        opened = self._opened()
        kept = [stage.kept() for stage in walk(self._dataset._stage)]
        return {"seed": base_seed(self._dataset), "pass": self._number, "kept": kept, "at": opened.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a place that `get_state` gave for the same dataset, made anew or not; so do the passes after it.

        Raises:
            ArgumentError: the state of another dataset.
        """
        stages = list(walk(self._dataset._stage))
        if not isinstance(state, dict) or len(state.get("kept", ())) != len(stages):
            raise ArgumentError(
                "The state of a Dataset's iterator",
                got="a state of another dataset",
                expected=f"one of {self._dataset!r}",
            )
        self.close()
        for stage, kept in zip(stages, state["kept"], strict=True):
            stage.keep(kept)
        self._dataset._base, self._number = state["seed"], state["pass"]
        self._dataset._passes = self._number + 1
        self._opened().set_state(state["at"])

    def close(self) -> None:
        """End what reads ahead."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def __del__(self) -> None:
        if getattr(self, "_stream", None) is not None:  # dropped in the middle of a pass
            self.close()

    def __enter__(self) -> DatasetIterator:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def base_seed(dataset: Any) -> int:
    """The seed of what was given none: drawn once, from NumPy's global generator, and only where it is needed."""
    if dataset._base is None:
        dataset._base = drawn_seed() if dataset._stage.draws else 0
    return dataset._base
