"""Functions of the bits of integers."""

from __future__ import annotations

import jax.numpy as jnp

from ..._types import Array, ArrayLike
from .._arrays import array, arrays
from .._op import op

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "left_shift",
    "right_shift",
]


@op(rowwise=True)
def bitwise_and(x: ArrayLike, y: ArrayLike) -> Array:
    """Bits set in both."""
    return jnp.bitwise_and(*arrays(x, y))


@op(rowwise=True)
def bitwise_or(x: ArrayLike, y: ArrayLike) -> Array:
    """Bits set in one or both."""
    return jnp.bitwise_or(*arrays(x, y))


@op(rowwise=True)
def bitwise_xor(x: ArrayLike, y: ArrayLike) -> Array:
    """Bits set in just one."""
    return jnp.bitwise_xor(*arrays(x, y))


@op(rowwise=True)
def bitwise_not(x: ArrayLike) -> Array:
    """Bits not set."""
    return jnp.bitwise_not(array(x))


bitwise_invert = bitwise_not


@op(rowwise=True)
def bitwise_left_shift(x: ArrayLike, y: ArrayLike) -> Array:
    """`x` with its bits moved up `y` places."""
    return jnp.left_shift(*arrays(x, y))


left_shift = bitwise_left_shift


@op(rowwise=True)
def bitwise_right_shift(x: ArrayLike, y: ArrayLike) -> Array:
    """`x` with its bits moved down `y` places."""
    return jnp.right_shift(*arrays(x, y))


right_shift = bitwise_right_shift
