"""What is known while `function` traces: shared by the tracer below and the converted code that it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flax import nnx


class _Run(threading.local):
    tracing = False  # whether a function is being traced by us
    host = False  # whether converted code runs eagerly, around loops over data
    foreign: Sequence[nnx.Variable] = ()  # Variables of others that the trace carries; their writes pass no hook
    negated: dict[int, tuple[Any, Any]] | None = None  # id of a `not x` -> (it, x)
    assigned: dict[Any, list[nnx.Variable]] | None = None  # code of a loop's body -> the Variables it assigns
    checks: list[str] | None = None  # where assertions of compiled code leave a note
    owner: Any = None  # the function that runs from the host; it keeps the programs of its loops


run = _Run()


@contextmanager
def running(**values: Any) -> Iterator[None]:
    """Set attributes of `run` within the block."""
    before = {name: getattr(run, name) for name in values}
    for name, value in values.items():
        setattr(run, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(run, name, value)


class HostLoop(BaseException):
    """A loop over data was met while tracing: the code around it must run from the host.

    No `Exception`, so that code of users does not swallow it.
    """

    def __init__(self, where: str, kind: str) -> None:
        super().__init__(f"loop over {kind} at {where}")
        self.where, self.kind = where, kind
