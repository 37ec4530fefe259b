"""Streams of random states: one for each function and `seed=`, as TensorFlow keeps them."""

from __future__ import annotations

import zlib

from ..._types import Array
from ...random import SeedGenerator, _global
from ...random._samplers import draw_key
from ._static import integer

_streams: dict[tuple[str, int], SeedGenerator] = {}
_start = 0


def restart(seed: int) -> None:
    """Start all streams, the global one among them, again from `seed`."""
    global _start
    _global.set_global_seed(seed)
    _start = seed
    _streams.clear()


def stream(kind: str, seed: int | None) -> SeedGenerator | None:
    """What kerax's samplers take for the `seed` of a function: its stream, or None for the global one."""
    if seed is None:
        return None
    name = kind, integer(f"{kind}: seed", seed)
    if name not in _streams:
        _streams[name] = SeedGenerator(zlib.crc32(f"{kind} {name[1]} {_start}".encode()))
    return _streams[name]


def key(kind: str, seed: int | None) -> Array:
    """The next key for a function and its `seed`."""
    return draw_key(stream(kind, seed))
