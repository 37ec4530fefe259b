"""EventWriter: adds events to one file of a run."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import logging
import os
import socket
import threading
import time
import weakref
from typing import Any

from .._errors import ArgumentError, StateError
from .protos import protos

__all__ = ["EventWriter", "NoopWriter"]

log = logging.getLogger("kerax")
_numbers = itertools.count(1)


class EventWriter:
    """Writes events to a new file in a folder; the file is made with the first event.

    May be called from several threads. A writer that is forgotten closes its file.

    Args:
        logdir: the folder of the run, made where it is missing; also `s3://` and `gs://`, where tensorboardX can.
        max_queue: how many events may wait in memory.
        flush_millis: how long they may, while others come.
        suffix: the end of the file's name.
        lenient: on a write that fails, warn once and drop the rest, instead of raising.
        where: which argument the folder is, for messages.
    Raises:
        ArgumentError: the folder cannot be made.

    Attributes:
        number: tells it from every other writer of this process.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str],
        max_queue: int = 10,
        flush_millis: float = 120_000,
        suffix: str = ".v2",
        lenient: bool = False,
        where: str = "create_file_writer: logdir",
    ) -> None:
        self.logdir = os.fspath(logdir)
        self.number = next(_numbers)
        self.closed = False
        self._max_queue = max_queue
        self._flush_seconds = flush_millis / 1000
        self._suffix = f".{os.getpid()}.{self.number}{suffix}"  # two writers of one second share no file
        self._lenient = lenient
        self._lost = False
        self._waiting: list[Any] = []
        self._file: Any = None
        self._flushed = time.monotonic()
        self._lock = threading.RLock()
        self._finalizer: Any = None
        try:
            self._make_folder()
        except OSError as error:
            raise ArgumentError(
                where, got=f"{self.logdir!r}: {error.strerror or error}", expected="a folder that can be written to"
            ) from error

    def _make_folder(self) -> None:
        if "://" not in self.logdir:
            os.makedirs(self.logdir, exist_ok=True)
            if not os.access(self.logdir, os.W_OK | os.X_OK):
                raise PermissionError(13, "no permission to write")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.logdir!r}{' closed' if self.closed else ''}>"

    def add(self, step: int | None = None, *, wall_time: float | None = None, **what: Any) -> None:
        """Add an event.

        Args:
            step: where on the x axis.
            wall_time: seconds since 1970; default: now.
            **what: one of `summary`, `graph_def`, `tagged_run_metadata`.
        Raises:
            StateError: the writer is closed.
        """
        event = protos().event.Event(wall_time=time.time() if wall_time is None else wall_time, step=step or 0, **what)
        with self._lock:
            if self.closed:
                raise StateError(f"The writer of {self.logdir!r}", got="a summary after it was closed")
            if self._lost:
                return
            self._waiting.append(event)
            if len(self._waiting) >= self._max_queue or time.monotonic() - self._flushed > self._flush_seconds:
                self._guarded(self._write)

    def flush(self) -> None:
        """Let what waits reach the disk; nothing where the writer is closed."""
        with self._lock:
            if not (self.closed or self._lost):
                self._guarded(self._sync)

    def close(self) -> None:
        """Flush, and end the file. Closing again does nothing."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
            try:
                if not self._lost:
                    self._guarded(self._sync)
            finally:
                if self._finalizer is not None:
                    with contextlib.suppress(OSError) if self._lost else contextlib.nullcontext():  # it was told of
                        self._finalizer()

    def _guarded(self, act: Any) -> None:
        try:
            act()
        except OSError as error:
            if not self._lenient:
                raise
            self._lost = True
            self._waiting.clear()
            log.warning("Nothing more is written to %r, for TensorBoard: %s.", self.logdir, error)

    def _write(self) -> None:
        """Hand what waits to the file."""
        if self._file is None:
            if not self._waiting:
                return
            self._file = self._opened()
            self._finalizer = weakref.finalize(self, _finish, self._file, self._waiting)
        while self._waiting:
            self._file.write(self._waiting[0].SerializeToString())
            del self._waiting[0]

    def _opened(self) -> Any:
        """A new file, which begins with the version of its format."""
        folder = self.logdir if "://" in self.logdir else os.path.abspath(self.logdir)
        now = time.time()
        name = f"events.out.tfevents.{int(now):010d}.{socket.gethostname()}{self._suffix}"
        file = importlib.import_module("tensorboardX.record_writer").RecordWriter(f"{folder}/{name}")
        file.write(protos().event.Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        return file

    def _sync(self) -> None:
        self._write()
        if self._file is not None:
            self._file.flush()
        self._flushed = time.monotonic()


def _finish(file: Any, waiting: list[Any]) -> None:
    """End the file of a writer that nobody closed."""
    try:
        for event in waiting:
            file.write(event.SerializeToString())
    finally:
        waiting.clear()
        file.close()


class NoopWriter:
    """A writer that drops everything: for the other processes of a job."""

    logdir = None
    number = 0
    closed = False

    def add(self, step: int | None = None, *, wall_time: float | None = None, **what: Any) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
