"""Pictures as PNG and sound as WAV, with the standard library alone."""

from __future__ import annotations

import io
import struct
import wave
import zlib

import numpy as np

__all__ = ["png", "wav"]

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> the code of gray, gray and alpha, RGB, RGB and alpha


def png(image: np.ndarray) -> bytes:
    """A picture (height, width, 1 to 4 channels) of uint8 as a PNG file (ISO/IEC 15948)."""
    height, width, channels = image.shape
    rows = np.zeros((height, 1 + width * channels), "uint8")  # each row begins with its filter: 0, none
    rows[:, 1:] = image.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def wav(samples: np.ndarray, sample_rate: int) -> bytes:
    """Sound (frames, channels) of floats in [-1, 1] as a WAV file of 16 bits; what is beyond is clipped."""
    clipped = np.clip(np.nan_to_num(samples), -1.0, 1.0)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.round(clipped * 32767).astype("<i2").tobytes())
    return buffer.getvalue()
