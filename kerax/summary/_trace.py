"""trace_on, trace_export, trace_off: a profile of a piece of code."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

from .._errors import ArgumentError, StateError
from .._events.profile import Profiler

__all__ = ["trace_export", "trace_off", "trace_on"]


class _Trace:
    """The trace of this process: JAX has one profiler."""

    def __init__(self) -> None:
        self.on = False
        self.profiler = Profiler()
        self.folder: str | None = None  # where its profile goes; None: that is said at the end
        self.aside: str | None = None  # where it lies until then

    def end(self, folder: str | None) -> None:
        """Stop; the profile goes to the folder, or nowhere."""
        aside, self.on, self.folder, self.aside = self.aside, False, None, None
        self.profiler.stop()
        if aside is not None:
            if folder is not None:
                shutil.copytree(aside, folder, dirs_exist_ok=True)
            shutil.rmtree(aside)


_trace = _Trace()


def trace_on(graph: bool = True, profiler: bool = False, profiler_outdir: str | os.PathLike[str] | None = None) -> None:
    """Begin to profile.

    Args:
        graph: kept for compatibility; `summary.graph(model)` records the graph of a model.
        profiler: whether to record a profile, with JAX's profiler.
        profiler_outdir: the folder of the run that it goes to, if `trace_export` will not say.
    Raises:
        StateError: tracing is on already, or another profile is being recorded.
    """
    if _trace.on:
        raise StateError("summary.trace_on", got="a second call", expected="trace_export or trace_off first")
    if profiler:
        folder = None if profiler_outdir is None else os.fspath(profiler_outdir)
        aside = tempfile.mkdtemp() if folder is None else None
        _trace.profiler.start(aside or str(folder))
        _trace.folder, _trace.aside = folder, aside
    _trace.on = True


def trace_export(name: str, step: Any = None, profiler_outdir: str | os.PathLike[str] | None = None) -> None:
    """End the profile, and write it.

    Args:
        name: kept for compatibility, as `step`.
        profiler_outdir: the folder of the run that it goes to, where `trace_on` was not told.
    Raises:
        StateError: tracing is not on.
        ArgumentError: a profile, and no folder for it.
    """
    if not _trace.on:
        raise StateError("summary.trace_export", got="no trace", expected="trace_on() before")
    if _trace.aside is not None and profiler_outdir is None:
        raise ArgumentError("summary.trace_export", got="no profiler_outdir", expected="it, here or in trace_on")
    _trace.end(None if profiler_outdir is None else os.fspath(profiler_outdir))


def trace_off() -> None:
    """End a trace; a profile that has no folder is dropped."""
    _trace.end(None)
