"""WAV files as arrays: PCM of 8 to 32 bits and floats, and another sampling rate where one is wanted."""

from __future__ import annotations

import functools
import math
import struct

import numpy as np

__all__ = ["WavError", "read_wav", "resampled"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class WavError(ValueError):
    """Bytes that are no WAV file of a kind known here; the message says why."""


def _chunks(data: bytes) -> dict[bytes, memoryview]:
    """The first chunk of each name; the last one may be cut short."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError("it is empty" if not data else "it is no WAV file")
    found: dict[bytes, memoryview] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        found.setdefault(name, memoryview(data)[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def _samples(raw: memoryview, kind: int, bits: int) -> np.ndarray:
    """Samples as float32, integers divided so that they lie in [-1, 1)."""
    if kind == _FLOAT and bits in (32, 64):
        return np.frombuffer(raw, f"<f{bits // 8}").astype("float32")
    if kind != _PCM or bits not in (8, 16, 24, 32):
        raise WavError(f"its samples are of format {kind} with {bits} bits, not PCM or floats")
    if bits == 8:
        return (np.frombuffer(raw, "u1").astype("float32") - 128) / 128
    if bits == 24:
        wide = np.zeros((len(raw) // 3, 4), "u1")
        wide[:, 1:] = np.frombuffer(raw, "u1").reshape(-1, 3)
        return (wide.view("<i4")[:, 0] / 2.0**31).astype("float32")
    return (np.frombuffer(raw, f"<i{bits // 8}") / 2.0 ** (bits - 1)).astype("float32")


def read_wav(data: bytes) -> tuple[np.ndarray, int]:
    """What the bytes of a WAV file hold.

    Returns:
        float32 (samples, channels), from -1 to 1, and the sampling rate.

    Raises:
        WavError: no WAV file, one cut off in its header, or compressed sound.
    """
    chunks = _chunks(data)
    header = chunks.get(b"fmt ")
    if header is None or len(header) < 16 or b"data" not in chunks:
        raise WavError("its header or its samples are missing")
    kind, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", header)
    if kind == _EXTENSIBLE and len(header) >= 26:
        (kind,) = struct.unpack_from("<H", header, 24)
    if not channels or not rate:
        raise WavError(f"its header says {channels} channels at {rate} Hz")
    step = channels * bits // 8
    if frame != step:
        raise WavError(f"its header says {frame} bytes a frame for {channels} channels of {bits} bits")
    raw = chunks[b"data"]
    return _samples(raw[: len(raw) // step * step], kind, bits).reshape(-1, channels), rate


@functools.lru_cache(maxsize=64)
def _filter(up: int, down: int) -> np.ndarray:
    """A low-pass of 20 max(up, down) + 1 taps at `up` times the rate: a sinc under a Kaiser window, beta 5."""
    widest = max(up, down)
    half = 10 * widest
    taps = np.sinc(np.arange(-half, half + 1) / widest) * np.kaiser(2 * half + 1, 5.0)
    return taps * (up / taps.sum())


def resampled(sound: np.ndarray, have: int, want: int) -> np.ndarray:
    """(samples, channels) at another sampling rate: ceil(samples * want / have) of them.

    Polyphase filtering: each sample of the result is the sum of those near its time, weighted by a windowed sinc that
    removes what the lower of the two rates cannot carry (Crochiere and Rabiner, 1983).
    """
    if have == want or not len(sound):
        return sound
    common = math.gcd(have, want)
    up, down = want // common, have // common
    taps = _filter(up, down)
    half = len(taps) // 2
    reach = half // up + 1
    padded = np.pad(sound.astype("float64"), ((reach, reach + 1), (0, 0)))
    out = np.empty((-(-len(sound) * up // down), sound.shape[1]), "float32")
    near = np.arange(-reach, reach + 2)
    # Taps of every phase: weight of the sample `near` steps from the one before the wanted time.
    place = np.arange(up)[:, None] - near * up + half
    weights = np.where((place >= 0) & (place < len(taps)), taps[np.clip(place, 0, len(taps) - 1)], 0.0)
    for start in range(0, len(out), 4096):
        times = np.arange(start, min(start + 4096, len(out))) * down
        first, phase = np.divmod(times, up)
        window = padded[(first + reach)[:, None] + near]
        out[start : start + 4096] = np.einsum("tkc,tk->tc", window, weights[phase])
    return out
