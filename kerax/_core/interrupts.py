"""Ctrl-C stays a KeyboardInterrupt where it comes down inside JAX."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import jax_trace


@contextmanager
def kept_whole() -> Iterator[None]:
    """Raise KeyboardInterrupt for an error that a Ctrl-C became on its way.

    While JAX compares the keys of its caches, it makes a ValueError of whatever is raised, and tells of it in
    the text alone. So we note the signal; a handler of the user's own is left alone. And JAX goes on working where
    the signal came down within it.
    """
    trace = jax_trace.current()
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        try:
            yield
        finally:
            jax_trace.put_back(trace)
        return
    came = False

    def note(number: int, frame: Any) -> None:
        nonlocal came
        came = True
        usual(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception as error:
        if came:
            raise KeyboardInterrupt from error
        raise
    finally:
        jax_trace.put_back(trace)
        signal.signal(signal.SIGINT, usual)


__all__ = ["kept_whole"]
