"""The memory of a Pillow image as an array, without a copy.

Pillow gives it away by the Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html), of which
this file reads the one pointer. A copy is made with the interpreter locked: other threads wait for it.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

__all__ = ["padded_pixels"]


class _ArrowArray(ctypes.Structure):
    """`struct ArrowArray`."""


_ArrowArray._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


def padded_pixels(image: Any) -> np.ndarray:
    """(height, width, 4) uint8 of a loaded Pillow image in mode RGB; the fourth channel means nothing.

    To be read only: it is the memory of the image, unless this lies in several pieces (above 16 MB, as a rule) or
    Pillow is older than 11.2.
    """
    shape = (image.height, image.width, 4)
    try:
        _, capsule = image.__arrow_c_array__()
    except (AttributeError, ValueError):
        return np.frombuffer(image.tobytes("raw", "RGBX"), "uint8").reshape(shape)
    array = ctypes.cast(_pointer(capsule, b"arrow_array"), ctypes.POINTER(_ArrowArray)).contents
    memory = (ctypes.c_uint8 * (4 * array.length)).from_address(array.children[0].contents.buffers[1])
    memory.owner = capsule
    pixels = np.frombuffer(memory, "uint8").reshape(shape)
    pixels.flags.writeable = False
    return pixels
