"""trace_on, trace_export, trace_off: profiles of a piece of code."""

from __future__ import annotations

import os
from typing import Any

from .._errors import ArgumentError, StateError
from .._events.profile import Profiler

__all__ = ["trace_export", "trace_off", "trace_on"]

_profiler = Profiler()
_on: dict[str, Any] = {}


def trace_on(graph: bool = True, profiler: bool = False, profiler_outdir: str | os.PathLike[str] | None = None) -> None:
    """Begin to profile.

    Args:
        graph: kept for compatibility: `summary.graph(model)` records the graph of a model.
        profiler: whether to record a profile, with JAX's profiler.
        profiler_outdir: the folder of the run that it goes to.
    Raises:
        ArgumentError: `profiler` without `profiler_outdir`.
        StateError: tracing is on already, or another profile is being recorded.
    """
    if _on:
        raise StateError("summary.trace_on", got="a second call", expected="trace_export or trace_off first")
    if profiler:
        if profiler_outdir is None:
            raise ArgumentError("summary.trace_on", got="profiler=True alone", expected="profiler_outdir=... as well")
        _profiler.start(profiler_outdir)
    _on["profiler"] = profiler


def trace_export(name: str, step: Any = None, profiler_outdir: str | os.PathLike[str] | None = None) -> None:
    """End the profile, and write it.

    Args:
        name: kept for compatibility, as `step` and `profiler_outdir`: a profile goes to the folder it began with.
    Raises:
        StateError: tracing is not on.
    """
    if not _on:
        raise StateError("summary.trace_export", got="no trace", expected="trace_on() before")
    trace_off()


def trace_off() -> None:
    """End a trace; its profile is written all the same."""
    _on.clear()
    _profiler.stop()
