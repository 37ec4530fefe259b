"""Automatic names: `dense`, `dense_1`, …, counted per class until `clear_session`."""

from __future__ import annotations

import threading
from collections import Counter

from .._registry import snake_case

_counts: Counter[str] = Counter()
_lock = threading.Lock()


def unique_name(prefix: str) -> str:
    """`prefix` the first time, then `prefix_1`, `prefix_2`, …"""
    with _lock:
        count = _counts[prefix]
        _counts[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def auto_name(class_name: str) -> str:
    """The name of an object whose user gave none."""
    return unique_name(snake_case(class_name))


def reset() -> None:
    """Start counting anew."""
    with _lock:
        _counts.clear()
