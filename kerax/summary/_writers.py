"""Writers: where summaries go, and which of them are recorded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax

from .._errors import ArgumentError, StateError
from .._events.default import default, defaults, settle
from .._events.writer import EventWriter, NoopWriter

__all__ = ["SummaryWriter", "create_file_writer", "create_noop_writer", "flush", "record_if", "should_record_summaries"]


class SummaryWriter:
    """Where summaries go while it is the default; made by `create_file_writer` and `create_noop_writer`."""

    def __init__(self, events: EventWriter | NoopWriter) -> None:
        self._events = events

    def __repr__(self) -> str:
        return f"<SummaryWriter of {self._events.logdir!r}{', closed' if self._events.closed else ''}>"

    @contextmanager
    def as_default(self, step: Any = None) -> Iterator[SummaryWriter]:
        """Send the summaries of the block here; flushed when it ends.

        Args:
            step: the default step of the block.
        Raises:
            StateError: the writer is closed.
        """
        self._check_open("as_default")
        with defaults(writer=self._events, **({} if step is None else {"step": step})):
            yield self
            self.flush()

    def set_as_default(self, step: Any = None) -> None:
        """Send the summaries of this thread here, from now on.

        Args:
            step: the default step.
        Raises:
            StateError: the writer is closed.
        """
        self._check_open("set_as_default")
        default.set(writer=self._events, **({} if step is None else {"step": step}))

    def init(self) -> None:
        """Nothing: the writer is ready. Kept for code that calls it."""
        self._check_open("init")

    def flush(self) -> None:
        """Let all that was recorded reach the file, also what compiled code that still runs records."""
        settle()
        self._events.flush()

    def close(self) -> None:
        """Flush and end the file. Closing again does nothing."""
        settle()
        self._events.close()

    def _check_open(self, what: str) -> None:
        if self._events.closed:
            raise StateError(
                f"SummaryWriter.{what}",
                got=f"the writer of {self._events.logdir!r}, which is closed",
                hint="create_file_writer makes another for the same folder",
            )


def create_file_writer(
    logdir: str | os.PathLike[str],
    max_queue: int | None = None,
    flush_millis: float | None = None,
    filename_suffix: str | None = None,
    name: str | None = None,
    experimental_trackable: bool = False,
) -> SummaryWriter:
    """A writer of event files in a folder; each folder is a run for TensorBoard.

    Args:
        logdir: the folder, made where it is missing.
        max_queue: how many summaries may wait in memory; default 10.
        flush_millis: how long they may wait while others come; default two minutes.
        filename_suffix: the end of the file's name; default `".v2"`.
        name: kept for compatibility.
        experimental_trackable: the same.
    Raises:
        ArgumentError: the folder cannot be made or written to, or a negative number.

    Examples:
        >>> import tempfile
        >>> writer = create_file_writer(tempfile.mkdtemp())
        >>> with writer.as_default(step=1):
        ...     should_record_summaries()
        True
        >>> writer.close()
    """
    queue = 10 if max_queue is None else _number(max_queue)
    millis = 120_000.0 if flush_millis is None else _number(flush_millis)
    for argument, value in (("max_queue", queue), ("flush_millis", millis)):
        if value < 0:
            raise ArgumentError("create_file_writer", got=f"{argument}={value}", expected="0 or more")
    suffix = ".v2" if filename_suffix is None else str(filename_suffix)
    return SummaryWriter(EventWriter(logdir, max(int(queue), 1), millis, suffix))


def _number(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else value.item()  # tf.constant(10)


def create_noop_writer() -> SummaryWriter:
    """A writer that drops everything."""
    return SummaryWriter(NoopWriter())


def flush(writer: SummaryWriter | None = None, name: str | None = None) -> None:
    """Flush a writer.

    Args:
        writer: default: the default one, if there is any.
        name: kept for compatibility.
    """
    if writer is not None:
        writer.flush()
    elif default.writer is not None:
        settle()
        default.writer.flush()


@contextmanager
def record_if(condition: bool | Callable[[], Any]) -> Iterator[None]:
    """Record the summaries of the block only where a condition holds.

    Args:
        condition: a bool, or a function that gives one, asked for each summary. In compiled code it is asked while
            that is traced, and may give a tensor.
    """
    if not callable(condition) and not isinstance(condition, jax.core.Tracer):
        condition = bool(condition)
    with defaults(recorded=condition):
        yield


def should_record_summaries() -> Any:
    """Whether a summary here and now would be recorded: a bool, in compiled code perhaps a tensor."""
    if default.writer is None or default.writer.drops:
        return False
    return asked(default.recorded)


def asked(condition: Any) -> Any:
    """What a condition comes to: a bool or a traced one."""
    value = condition() if callable(condition) else condition
    value = getattr(value, "value", value)
    return value if isinstance(value, jax.core.Tracer) else bool(value)
