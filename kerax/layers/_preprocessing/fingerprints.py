"""Hashes of text that are the same everywhere: FarmHash's Fingerprint64 and SipHash-2-4, on many texts at once.

Both are written from their public descriptions: FarmHash (Pike and Alakuijala, 2014), SipHash (Aumasson and
Bernstein, 2012). TensorFlow's buckets of strings are these hashes, modulo the number of buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["combined", "fingerprints", "siphashes"]

Words = Any  # arrays of uint64, or one of them

_K0, _K1, _K2 = (np.uint64(k) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_CAT = np.uint64(0xC6A4A7935BD1E995)


def fingerprints(texts: Sequence[bytes]) -> Words:
    """Fingerprint64 of each text."""
    return _by_length(texts, _fingerprint)


def siphashes(texts: Sequence[bytes], key: Sequence[int]) -> Words:
    """SipHash-2-4 of each text, under a key of two integers."""
    return _by_length(texts, lambda rows: _siphash(rows, *(np.uint64(int(part) % 2**64) for part in key)))


def combined(first: Words, second: Words) -> Words:
    """One fingerprint for each pair of them."""
    return _mixed(_mixed((first ^ _CAT ^ (_mixed(second * _CAT) * _CAT)) * _CAT) * _CAT)


def _by_length(texts: Sequence[bytes], hash_rows: Callable[[Any], Words]) -> Words:
    """Hash texts of one length together: their bytes are the rows of a table."""
    out = np.empty(len(texts), np.uint64)
    places: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        places.setdefault(len(text), []).append(place)
    with np.errstate(over="ignore"):
        for length, chosen in places.items():
            joined = b"".join([texts[place] for place in chosen])
            out[chosen] = hash_rows(np.frombuffer(joined, np.uint8).reshape(len(chosen), length))
    return out


def _words(rows: Any, start: int, size: int = 8) -> Words:
    """Little-endian integers of `size` bytes, one of each row."""
    part = np.ascontiguousarray(rows[:, start : start + size])
    return part.view(f"<u{size}")[:, 0].astype(np.uint64)


def _mixed(x: Words) -> Words:
    return x ^ (x >> np.uint64(47))


def _turned(x: Words, bits: int, left: bool = False) -> Words:
    """Rotated to the right."""
    bits = 64 - bits if left else bits
    return (x >> np.uint64(bits)) | (x << np.uint64(64 - bits))


def _pair(u: Words, v: Words, mul: Words) -> Words:
    a = _mixed((u ^ v) * mul)
    return _mixed((v ^ a) * mul) * mul


def _fingerprint(rows: Any) -> Words:
    size = rows.shape[1]
    if size <= 16:
        return _up_to_16(rows, size)
    if size <= 32:
        return _up_to_32(rows, size)
    if size <= 64:
        return _up_to_64(rows, size)
    return _long(rows, size)


def _up_to_16(rows: Any, size: int) -> Words:
    mul = _K2 + np.uint64(2 * size)
    if size >= 8:
        a, b = _words(rows, 0) + _K2, _words(rows, size - 8)
        return _pair(_turned(b, 37) * mul + a, (_turned(a, 25) + b) * mul, mul)
    if size >= 4:
        a, b = _words(rows, 0, 4), _words(rows, size - 4, 4)
        return _pair(np.uint64(size) + (a << np.uint64(3)), b, mul)
    if size:
        a, b, c = (rows[:, at].astype(np.uint64) for at in (0, size // 2, size - 1))
        y, z = a + (b << np.uint64(8)), np.uint64(size) + (c << np.uint64(2))
        return _mixed((y * _K2) ^ (z * _K0)) * _K2
    return np.full(len(rows), _K2)


def _ends(rows: Any, size: int, first: Words, mul: Words) -> tuple[Words, Words, Words]:
    """What texts of up to 32 and of up to 64 bytes begin with."""
    a, b = _words(rows, 0) * first, _words(rows, 8)
    c, d = _words(rows, size - 8) * mul, _words(rows, size - 16) * _K2
    return a, _turned(a + b, 43) + _turned(c, 30) + d, a + _turned(b + _K2, 18) + c


def _up_to_32(rows: Any, size: int) -> Words:
    mul = _K2 + np.uint64(2 * size)
    _, y, z = _ends(rows, size, _K1, mul)
    return _pair(y, z, mul)


def _up_to_64(rows: Any, size: int) -> Words:
    mul = _K2 + np.uint64(2 * size)
    a, y, z = _ends(rows, size, _K2, mul)
    z = _pair(y, z, mul)
    e, f = _words(rows, 16) * mul, _words(rows, 24)
    g, h = (y + _words(rows, size - 32)) * mul, (z + _words(rows, size - 24)) * mul
    return _pair(_turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, mul)


def _weak(rows: Any, start: int, a: Words, b: Words) -> tuple[Words, Words]:
    w, x, y, z = (_words(rows, start + 8 * number) for number in range(4))
    a = a + w
    b = _turned(b + a + z, 21)
    c = a
    a = a + x + y
    return a + z, b + _turned(a, 44) + c


def _long(rows: Any, size: int) -> Words:
    seed = np.uint64(81)
    y = np.full(len(rows), seed * _K1 + np.uint64(113))
    z = _mixed(y * _K2 + np.uint64(113)) * _K2
    x = seed * _K2 + _words(rows, 0)
    v = w = (np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint64))
    end = (size - 1) // 64 * 64
    for start in range(0, end, 64):
        x = _turned(x + y + v[0] + _words(rows, start + 8), 37) * _K1
        y = _turned(y + v[1] + _words(rows, start + 48), 42) * _K1
        x = x ^ w[1]
        y = y + v[0] + _words(rows, start + 40)
        z = _turned(z + w[0], 33) * _K1
        v = _weak(rows, start, v[1] * _K1, x + w[0])
        w = _weak(rows, start + 32, z + w[1], y + _words(rows, start + 16))
        z, x = x, z
    mul = _K1 + ((z & np.uint64(255)) << np.uint64(1))
    rest, start = np.uint64((size - 1) & 63), size - 64
    w0 = w[0] + rest
    v0 = v[0] + w0
    w0 = w0 + v0
    x = _turned(x + y + v0 + _words(rows, start + 8), 37) * mul
    y = _turned(y + v[1] + _words(rows, start + 48), 42) * mul
    x = x ^ (w[1] * np.uint64(9))
    y = y + v0 * np.uint64(9) + _words(rows, start + 40)
    z = _turned(z + w0, 33) * mul
    v = _weak(rows, start, v[1] * mul, x + w0)
    w = _weak(rows, start + 32, z + w[1], y + _words(rows, start + 16))
    z, x = x, z
    return _pair(_pair(v[0], w[0], mul) + _mixed(y) * _K0 + z, _pair(v[1], w[1], mul) + x, mul)


def _siphash(rows: Any, key0: Words, key1: Words) -> Words:
    count, size = rows.shape
    last = np.zeros((count, 8), np.uint8)
    last[:, : size % 8] = rows[:, size - size % 8 :]
    last[:, 7] = size % 256
    state = [
        np.full(count, key ^ np.uint64(constant))
        for key, constant in (
            (key0, 0x736F6D6570736575),
            (key1, 0x646F72616E646F6D),
            (key0, 0x6C7967656E657261),
            (key1, 0x7465646279746573),
        )
    ]
    for word in [*(_words(rows, start) for start in range(0, size - 7, 8)), _words(last, 0)]:
        state[3] ^= word
        state = _rounds(state, 2)
        state[0] ^= word
    state[2] ^= np.uint64(255)
    state = _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[Words], times: int) -> list[Words]:
    a, b, c, d = state
    for _ in range(times):
        a, c = a + b, c + d
        b, d = _turned(b, 13, left=True) ^ a, _turned(d, 16, left=True) ^ c
        a = _turned(a, 32)
        c, a = c + b, a + d
        b, d = _turned(b, 17, left=True) ^ c, _turned(d, 21, left=True) ^ a
        c = _turned(c, 32)
    return [a, b, c, d]
