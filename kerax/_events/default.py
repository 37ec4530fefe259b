"""The default writer, step and condition of the thread, for summaries that do not name them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["default", "defaults"]


class _Default(threading.local):
    writer: Any = None  # an EventWriter, or None
    step: Any = None  # an int, an array or a Variable
    recorded: bool | Callable[[], Any] = True


default = _Default()


@contextmanager
def defaults(**values: Any) -> Iterator[None]:
    """Set attributes of `default` within the block."""
    before = {name: getattr(default, name) for name in values}
    for name, value in values.items():
        setattr(default, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(default, name, value)
