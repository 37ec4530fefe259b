"""What every op does with its arguments first: arrays of them, with Keras's dtypes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .. import config
from .._core.dtypes import real_dtype
from .._types import Array, ArrayLike, DType


def array(x: ArrayLike, dtype: DType | None = None) -> Array:
    """`x` as a JAX array; Python numbers stay weakly typed, 64-bit values become 32-bit unless x64 is on."""
    if dtype is not None:
        return jnp.asarray(x, real_dtype(dtype))
    return x if isinstance(x, jax.Array) else jnp.asarray(x)


def arrays(*xs: ArrayLike) -> tuple[Array, ...]:
    """Each as a JAX array."""
    return tuple(array(x) for x in xs)


def floats(x: ArrayLike) -> Array:
    """`x` as a JAX array; integers and booleans become `floatx()`."""
    x = array(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())


def optional_dtype(dtype: DType | None) -> Any:
    """The dtype JAX computes in, or None for None."""
    return None if dtype is None else real_dtype(dtype)


def axes(axis: Any) -> Any:
    """An axis, or several as the tuple jax.numpy wants."""
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis
