"""The default writer, step and condition of the thread, for summaries that do not name them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import jax

from .._core.context import changes, here, summaries
from .._transform.tape import tracing

__all__ = ["Channel", "default", "defaults", "settle"]

_numbers = itertools.count(1)


class Channel:
    """What compiled code holds in place of a writer: the default writer of one thread, whichever that is by now."""

    def __init__(self, writer: Any = None) -> None:
        self.number = next(_numbers)
        self.writer = writer


class _Default(threading.local):
    writer: Any = None  # an EventWriter, a NoopWriter or None
    step: Any = None  # an int, an array, a Variable, or a function that gives one
    recorded: bool | Callable[[], Any] = True
    variant: Hashable = None  # tells conditions apart that compiled code must not mix up
    fixed: bool = False  # whether the writer was set within the code that is traced
    holder: Any = None  # the callback that took their place for a fit

    def __init__(self) -> None:
        self.channel = Channel()

    def set(self, **values: Any) -> None:
        """Set attributes; compiled code that holds summaries is told."""
        for name, value in values.items():
            setattr(self, name, value)
        dropped = self.writer is None or self.writer.drops or self.recorded is False
        before, here.summaries = here.summaries, None if dropped else (self.channel.number, self.variant)
        if here.summaries != before and summaries.met:
            changes.count += 1
        target = None if dropped else self.writer
        if not self.fixed and self.channel.writer is not target:
            settle()  # what runs by now was meant for the writer before
            self.channel.writer = target


default = _Default()


@contextmanager
def defaults(**values: Any) -> Iterator[None]:
    """Set attributes of `default` within the block."""
    if "writer" in values:
        values["fixed"] = tracing()
    before = {name: getattr(default, name) for name in values}
    default.set(**values)
    try:
        yield
    finally:
        default.set(**before)


def settle() -> None:
    """Wait for the summaries that the compiled code of this thread has still to record."""
    if summaries.met:
        jax.effects_barrier()
