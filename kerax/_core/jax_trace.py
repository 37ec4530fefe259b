"""The trace that JAX works under, put back where an interrupt made JAX lose it.

JAX takes it away while it runs an operation. A Ctrl-C that comes down between that and its `try` leaves none, and no
operation of the process would work any more.
"""

from __future__ import annotations

from typing import Any

from jax._src import core

__all__ = ["current", "put_back"]


def current() -> Any:
    """The trace of now."""
    return core.trace_ctx.trace


def put_back(trace: Any) -> None:
    """Make `trace` the current one if there is none."""
    if core.trace_ctx.trace is None:
        core.trace_ctx.set_trace(trace)
