"""Memory that XLA's CPU client shares instead of copying it: it starts at a multiple of 64 bytes."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["aligned"]

_ALIGNMENT = 64


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array of any content. Once it was put on a device, nobody may write on it."""
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size].view(dtype).reshape(shape)
