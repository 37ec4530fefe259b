"""EventWriter: adds events to one file of a run."""

from __future__ import annotations

import importlib
import itertools
import logging
import os
import socket
import struct
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from .._errors import ArgumentError, StateError
from .protos import protos

__all__ = ["EventWriter", "NoopWriter"]

log = logging.getLogger("kerax")
_numbers = itertools.count(1)


class EventWriter:
    """Writes events to a new file in a folder.

    May be called from several threads. A writer that is forgotten writes what waits, and closes its file.

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
        closed: whether it takes no more.
    """

    drops = False

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
        self.closed = False
        self._max_queue = max_queue
        self._flush_seconds = flush_millis / 1000
        self._lenient = lenient
        self._lost = False
        self._flushed = time.monotonic()
        self._lock = threading.RLock()
        folder = self.logdir if "://" in self.logdir else os.path.abspath(self.logdir)
        try:
            _make(folder)
        except OSError as error:
            raise ArgumentError(
                where, got=f"{self.logdir!r}: {error.strerror or error}", expected="a folder that can be written to"
            ) from error
        # the process and the number: two writers of one second share no file
        self._file = _EventFile(folder, f".{os.getpid()}.{next(_numbers)}{suffix}")
        self._end = weakref.finalize(self, self._file.close)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.logdir!r}{' closed' if self.closed else ''}>"

    def add(self, step: int = 0, **what: Any) -> None:
        """Add an event.

        Args:
            step: where on the x axis.
            **what: `summary` or `graph_def`.
        Raises:
            StateError: the writer is closed.
        """
        event = protos().event.Event(wall_time=time.time(), step=step, **what)
        with self._lock:
            if self.closed:
                raise StateError(f"The writer of {self.logdir!r}", got="a summary after it was closed")
            if self._lost:
                return
            self._file.waiting.append(event)
            if time.monotonic() - self._flushed > self._flush_seconds:
                self._flush()
            elif len(self._file.waiting) >= self._max_queue:
                self._guarded(self._file.write)

    def flush(self) -> None:
        """Let who reads the file see what waits; nothing where the writer is closed."""
        with self._lock:
            if not (self.closed or self._lost):
                self._flush()

    def close(self) -> None:
        """Flush, and end the file. Closing again does nothing."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
            try:
                if not self._lost:
                    self._flush()
            finally:
                self._guarded(self._end)

    def _flush(self) -> None:
        self._guarded(self._file.flush)
        self._flushed = time.monotonic()

    def _guarded(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except OSError as error:
            if not self._lenient:
                raise
            self._file.waiting.clear()
            if not self._lost:
                log.warning("Nothing more is written to %r, for TensorBoard: %s.", self.logdir, error)
            self._lost = True


def _make(folder: str) -> None:
    """Make a folder that can be written to."""
    if "://" not in folder:
        os.makedirs(folder, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "No permission to write")


class _EventFile:
    """A file of events, made with the first of them.

    Attributes:
        waiting: events that are not yet in it.
    """

    def __init__(self, folder: str, suffix: str) -> None:
        self.waiting: list[Any] = []
        self._folder, self._suffix = folder, suffix
        self._out: Any = None

    def write(self) -> None:
        """Hand what waits to the file."""
        if self._out is None and self.waiting:
            now = time.time()
            name = f"events.out.tfevents.{int(now):010d}.{socket.gethostname()}{self._suffix}"
            self._out = importlib.import_module("tensorboardX.record_writer").open_file(f"{self._folder}/{name}")
            self._record(protos().event.Event(wall_time=now, file_version="brain.Event:2"))
        while self.waiting:
            self._record(self.waiting[0])
            del self.waiting[0]

    def _record(self, event: Any) -> None:
        """Add an event: its length, the event, and a checksum of either (the TFRecord format)."""
        checksum = importlib.import_module("tensorboardX.record_writer").masked_crc32c
        content = event.SerializeToString()
        length = struct.pack("<Q", len(content))
        ends = (struct.pack("<I", checksum(part)) for part in (length, content))
        self._out.write(b"".join((length, next(ends), content, next(ends))))

    def flush(self) -> None:
        """The same, and to who reads the file."""
        self.write()
        if self._out is not None:
            self._out.flush()

    def close(self) -> None:
        """Write what waits, and end the file."""
        try:
            self.write()
        finally:
            if self._out is not None:
                self._out.close()


class NoopWriter:
    """A writer that drops everything: for the other processes of a job."""

    logdir = None
    closed = False
    drops = True

    def add(self, step: int = 0, **what: Any) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
