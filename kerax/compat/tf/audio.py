"""tf.audio: WAV files decoded and encoded, on the host."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ..._core.variable import plain
from ..._errors import ArgumentError
from ..._types import Array, ArrayLike
from ...utils._wav import WavError, read_wav
from ._missing import absent
from ._static import eager
from .errors import InvalidArgumentError

__all__ = ["decode_wav", "encode_wav"]


class DecodedWav(NamedTuple):
    """What `decode_wav` gives."""

    audio: Array
    sample_rate: Array


def decode_wav(
    contents: Any, desired_channels: int = -1, desired_samples: int = -1, name: str | None = None
) -> DecodedWav:
    """(audio, sample_rate) from the bytes of a WAV file.

    Args:
        contents: bytes, as `tf.io.read_file` gives them: PCM of 8 to 32 bits, or floats.
        desired_channels: how many; more than there are repeat the last one. -1 for what the file has.
        desired_samples: to cut or fill up (with zeros) to; -1 for what the file has.

    Returns:
        audio: float32 (samples, channels), from -1 to 1; sample_rate: int32.

    Raises:
        InvalidArgumentError: no WAV file.
    """
    where = "tf.audio.decode_wav"
    data = contents[()] if isinstance(contents, np.ndarray) else contents
    if not isinstance(data, bytes):
        raise ArgumentError(where, got=f"{type(data).__name__}", expected="bytes", hint="tf.io.read_file(path)")
    try:
        sound, rate = read_wav(data)
    except WavError as error:
        raise InvalidArgumentError(
            where, got=f"{len(data)} bytes that cannot be read: {error}", expected="a WAV file"
        ) from None
    if desired_channels > 0:
        sound = sound[:, np.minimum(np.arange(desired_channels), sound.shape[1] - 1)]
    if desired_samples >= 0:
        sound = np.pad(sound[:desired_samples], ((0, max(0, desired_samples - len(sound))), (0, 0)))
    return DecodedWav(jnp.asarray(sound), jnp.int32(rate))


def encode_wav(audio: ArrayLike, sample_rate: Any, name: str | None = None) -> bytes:
    """The bytes of a WAV file of 16 bits.

    Args:
        audio: floats (samples, channels); what is outside -1 to 1 is cut off.
        sample_rate: samples a second.
    """
    where = "tf.audio.encode_wav"
    eager(where, "it outside; files are written on the host", audio)
    sound = np.asarray(plain(audio))
    if sound.ndim != 2:
        raise ArgumentError(where, got=f"shape {sound.shape}", expected="(samples, channels)")
    samples = np.clip(np.round(sound * 32767), -32768, 32767).astype("<i2").tobytes()
    channels, rate = sound.shape[1], int(sample_rate)
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, 2 * channels * rate, 2 * channels, 16)
    body = b"WAVE" + header + struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(body)) + body


__getattr__ = absent(__name__)
