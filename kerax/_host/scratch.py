"""Memory that a thread uses again: fresh pages cost the system more than simple arithmetic costs on them."""

from __future__ import annotations

import math
import threading

import numpy as np

__all__ = ["Scratch"]

_KEPT = 1 << 23  # bytes; larger arrays are rare, and made anew


class Scratch(threading.local):
    """Arrays by name, each thread its own; one is valid until its name is asked for again."""

    def __init__(self) -> None:
        self._memory: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype | str) -> np.ndarray:
        """An array of any content."""
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        if size > _KEPT or dtype.hasobject:
            return np.empty(shape, dtype)
        memory = self._memory.get(name)
        if memory is None or memory.nbytes < size:
            memory = self._memory[name] = np.empty(size, "uint8")
        return memory[:size].view(dtype).reshape(shape)
