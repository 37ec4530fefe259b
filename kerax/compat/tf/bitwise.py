"""tf.bitwise: integers bit by bit."""

from __future__ import annotations

from typing import Any

from ... import ops
from ..._types import ArrayLike
from ._missing import absent

__all__ = ["bitwise_and", "bitwise_or", "bitwise_xor", "invert", "left_shift", "right_shift"]


def bitwise_and(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Bits that are in both."""
    return ops.bitwise_and(x, y)


def bitwise_or(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Bits that are in one or both."""
    return ops.bitwise_or(x, y)


def bitwise_xor(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Bits that are in one of both."""
    return ops.bitwise_xor(x, y)


def invert(x: ArrayLike, name: str | None = None) -> Any:
    """All bits turned over."""
    return ops.bitwise_invert(x)


def left_shift(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Bits moved up by `y` places."""
    return ops.left_shift(x, y)


def right_shift(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Bits moved down by `y` places."""
    return ops.right_shift(x, y)


__getattr__ = absent(__name__)
