"""The default writer, step and condition of the thread, for summaries that do not name them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .._core.context import changes, here, summaries

__all__ = ["default", "defaults"]


class _Default(threading.local):
    writer: Any = None  # an EventWriter, a NoopWriter or None
    step: Any = None  # an int, an array, a Variable, or a function that gives one
    recorded: bool | Callable[[], Any] = True
    holder: Any = None  # the callback that took their place for a fit

    def set(self, **values: Any) -> None:
        """Set attributes; compiled code that holds summaries is told."""
        for name, value in values.items():
            setattr(self, name, value)
        before = here.summaries
        here.summaries = 0 if self.writer is None or self.recorded is False else self.writer.number
        if here.summaries != before and summaries.met:
            changes.count += 1


default = _Default()


@contextmanager
def defaults(**values: Any) -> Iterator[None]:
    """Set attributes of `default` within the block."""
    before = {name: getattr(default, name) for name in values}
    default.set(**values)
    try:
        yield
    finally:
        default.set(**before)
