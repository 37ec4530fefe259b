"""The default step, and the scopes of names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .._core.context import name_scope
from .._core.variable import Variable
from .._events.default import default
from .._events.protos import protos
from ._recording import record, scoped

__all__ = ["get_step", "set_step", "summary_scope", "write_raw_pb"]


def get_step() -> Any:
    """The default step of this thread, None before one is set."""
    step = default.step
    return step() if callable(step) and not isinstance(step, Variable) else step


def set_step(step: Any) -> None:
    """Set the default step of this thread.

    Args:
        step: an int, a tensor or a Variable. Compiled code reads a Variable when it runs; any other step is the one
            that was set when the code was traced.
    """
    default.set(step=step)


@contextmanager
def summary_scope(name: str, default_name: str = "summary", values: Any = None) -> Iterator[tuple[str, str]]:
    """Put the summaries of the block below a name.

    Args:
        name: the name.
        default_name: used where `name` is None or empty.
        values: kept for compatibility.
    Returns:
        A context manager, which gives (the tag of a summary called `name`, the scope).
    """
    name = name or default_name
    tag = scoped(name)
    with name_scope(name):
        yield tag, f"{tag}/"


def write_raw_pb(tensor: Any, step: Any = None, name: str | None = None) -> bool:
    """Record a `Summary` that was serialized elsewhere, with all its values.

    Args:
        tensor: the bytes.
        step: where on the x axis; default: the default step.
        name: kept for compatibility.
    Returns:
        Whether it was recorded.
    """
    content = tensor if isinstance(tensor, bytes) else np.asarray(tensor).item()
    return record("experimental.write_raw_pb", lambda: protos().summary.Summary.FromString(content), step)
