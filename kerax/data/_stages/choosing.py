"""filter, take_while, ignore_errors: elements left out by what they are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import ArgumentError
from .base import UNKNOWN, Kept, Pass, Stage, Stream
from .mapping import called
from .reading import Reader

__all__ = ["Filter", "IgnoreErrors", "TakeWhile"]

log = logging.getLogger("kerax")


class Filter(Kept):
    """The elements for which a function says True."""

    where = "Dataset.filter"

    def __init__(self, input: Stage, fn: Callable) -> None:
        super().__init__(input)
        self.fn = fn

    def cardinality(self) -> int:
        return 0 if self.input.cardinality() == 0 else UNKNOWN

    def stream(self, run: Pass) -> Stream:
        return _FilterStream(self, self.input.stream(run))

    def says(self, element: Any) -> bool:
        """What the function says of an element."""
        answer = np.asarray(called(self.fn, element, self.where))
        if answer.ndim or answer.dtype.kind not in "biuf":
            raise ArgumentError(
                self.where, got=f"{answer.dtype.name}{list(answer.shape)} from the function", expected="True or False"
            )
        return bool(answer)


class _FilterStream(Stream):
    def __init__(self, stage: Filter, child: Stream) -> None:
        super().__init__(child)
        self.stage, self.child = stage, child

    def __next__(self) -> Any:
        for element in self.child:
            if self.stage.says(element):
                return element
        raise StopIteration

    def get_state(self) -> Any:
        return self.child.get_state()

    def set_state(self, state: Any) -> None:
        self.child.set_state(state)


class TakeWhile(Filter):
    """The elements up to the first for which a function says False."""

    where = "Dataset.take_while"

    def stream(self, run: Pass) -> Stream:
        return _WhileStream(self, self.input.stream(run))


class _WhileStream(Stream):
    def __init__(self, stage: TakeWhile, child: Stream) -> None:
        super().__init__(child)
        self.stage, self.child, self.over = stage, child, False

    def __next__(self) -> Any:
        if not self.over:
            element = next(self.child)
            if self.stage.says(element):
                return element
            self.over = True
        raise StopIteration

    def get_state(self) -> Any:
        return {"over": self.over, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self.over = state["over"]
        self.child.set_state(state["child"])


class IgnoreErrors(Kept):
    """The elements that can be made: one that raises is left out. They are made one at a time.

    Args:
        log_warning: whether each error is logged; how many there were is logged at the end in any case.
    """

    def __init__(self, input: Stage, log_warning: bool) -> None:
        super().__init__(input)
        self.log_warning = log_warning

    def cardinality(self) -> int:
        return 0 if self.input.cardinality() == 0 else UNKNOWN

    def stream(self, run: Pass) -> Stream:
        child = Reader(self.input.view(run)) if self.input.indexed else self.input.stream(run)
        return _SafeStream(child, self.log_warning)


class _SafeStream(Stream):
    def __init__(self, child: Stream, log_warning: bool) -> None:
        super().__init__(child)
        self.child, self.log_warning, self.errors = child, log_warning, 0

    def __next__(self) -> Any:
        while True:
            try:
                return next(self.child)
            except StopIteration:
                if self.errors:
                    log.warning("Dataset.ignore_errors: %d elements were left out.", self.errors)
                self.errors = 0
                raise
            except Exception as error:  # whatever the functions of the user raise
                self.errors += 1
                if self.log_warning:
                    log.warning("Dataset.ignore_errors: %s: %s", type(error).__name__, error)

    def get_state(self) -> Any:
        return {"errors": self.errors, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self.errors = state["errors"]
        self.child.set_state(state["child"])
