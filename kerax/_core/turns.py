"""One thread at a time has what Variables hold in its hands: while it traces a step, or runs one that reuses memory.

A generator may ask the model that `fit` trains, in the thread that reads ahead; a server may do so beside a `fit`.
Without turns they would find tracers, or arrays whose memory is being written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable
from typing import Any

lock = threading.RLock()
holder: int | None = None  # the thread whose turn it is
_hands: Container[int] | None = None  # the ids of what it has in its hands; None for every Variable


def taking(hands: Container[int] | None, run: Callable, *args: Any) -> Any:
    """`run(*args)` when it is this thread's turn.

    Args:
        hands: the ids of the Variables that nobody else may read meanwhile, None for all.
        run: reads and changes them.
        args: for `run`.
    """
    global holder, _hands
    with lock:
        before = holder, _hands
        _hands, holder = hands if holder is None else None, threading.get_ident()
        try:
            return run(*args)
        finally:
            holder, _hands = before


def elsewhere(variables: Iterable[Any]) -> bool:
    """Whether another thread has one of the Variables in its hands."""
    if holder is None or holder == threading.get_ident():
        return False
    hands = _hands
    return hands is None or any(id(variable) in hands for variable in variables)


__all__ = ["elsewhere", "lock", "taking"]
