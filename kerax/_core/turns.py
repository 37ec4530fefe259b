"""One thread at a time has what Variables hold in its hands: while it traces a step, or runs one that reuses memory.

A generator may ask the model that `fit` trains, in the thread that reads ahead; a server may do so beside a `fit`.
Without turns they would find tracers, or arrays whose memory is being written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

lock = threading.RLock()
holder: int | None = None  # the thread whose turn it is


def taking(run: Callable, *args: Any) -> Any:
    """`run(*args)` when it is this thread's turn."""
    global holder
    with lock:
        before, holder = holder, threading.get_ident()
        try:
            return run(*args)
        finally:
            holder = before


def taken() -> bool:
    """Whether it is the turn of another thread."""
    return holder is not None and holder != threading.get_ident()


__all__ = ["lock", "taken", "taking"]
