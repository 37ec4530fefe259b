"""Comparisons and truth values."""

from __future__ import annotations

import jax.numpy as jnp

from ..._types import Array, ArrayLike
from .._arrays import array, arrays
from .._op import op

__all__ = [
    "allclose",
    "equal",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
]


@op(rowwise=True)
def equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether `x1 == x2`."""
    return jnp.equal(*arrays(x1, x2))


@op(rowwise=True)
def not_equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether `x1 != x2`."""
    return jnp.not_equal(*arrays(x1, x2))


@op(rowwise=True)
def less(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether `x1 < x2`."""
    return jnp.less(*arrays(x1, x2))


@op(rowwise=True)
def less_equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether `x1 <= x2`."""
    return jnp.less_equal(*arrays(x1, x2))


@op(rowwise=True)
def greater(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether `x1 > x2`."""
    return jnp.greater(*arrays(x1, x2))


@op(rowwise=True)
def greater_equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether `x1 >= x2`."""
    return jnp.greater_equal(*arrays(x1, x2))


@op(rowwise=True)
def logical_and(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether both are true."""
    return jnp.logical_and(*arrays(x1, x2))


@op(rowwise=True)
def logical_or(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether one or both are true."""
    return jnp.logical_or(*arrays(x1, x2))


@op(rowwise=True)
def logical_xor(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Whether just one is true."""
    return jnp.logical_xor(*arrays(x1, x2))


@op(rowwise=True)
def logical_not(x: ArrayLike) -> Array:
    """Whether `x` is false."""
    return jnp.logical_not(array(x))


@op(rowwise=True)
def isnan(x: ArrayLike) -> Array:
    """Whether `x` is NaN."""
    return jnp.isnan(array(x))


@op(rowwise=True)
def isinf(x: ArrayLike) -> Array:
    """Whether `x` is infinite."""
    return jnp.isinf(array(x))


@op(rowwise=True)
def isfinite(x: ArrayLike) -> Array:
    """Whether `x` is neither infinite nor NaN."""
    return jnp.isfinite(array(x))


@op(rowwise=True)
def isposinf(x: ArrayLike) -> Array:
    """Whether `x` is infinity."""
    return jnp.isposinf(array(x))


@op(rowwise=True)
def isneginf(x: ArrayLike) -> Array:
    """Whether `x` is minus infinity."""
    return jnp.isneginf(array(x))


@op(rowwise=True)
def isreal(x: ArrayLike) -> Array:
    """Whether the imaginary part of `x` is 0."""
    return jnp.isreal(array(x))


@op(rowwise=True)
def isclose(x1: ArrayLike, x2: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Array:
    """Whether `|x1 - x2| <= atol + rtol * |x2|`.

    Args:
        x1: numbers.
        x2: what they are compared with.
        rtol: tolerance relative to `x2`.
        atol: absolute tolerance.
        equal_nan: whether NaN is close to NaN.
    """
    return jnp.isclose(*arrays(x1, x2), rtol, atol, equal_nan)


@op
def allclose(x1: ArrayLike, x2: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Array:
    """Whether `isclose` holds everywhere: a boolean scalar.

    Args:
        x1: numbers.
        x2: what they are compared with.
        rtol: tolerance relative to `x2`.
        atol: absolute tolerance.
        equal_nan: whether NaN is close to NaN.
    """
    return jnp.allclose(*arrays(x1, x2), rtol, atol, equal_nan)


@op
def isin(x1: ArrayLike, x2: ArrayLike, assume_unique: bool = False, invert: bool = False) -> Array:
    """Whether each element of `x1` is among those of `x2`.

    Args:
        x1: any array.
        x2: the elements to look for.
        assume_unique: whether both are known to repeat nothing; faster.
        invert: whether to tell what is not among them.
    """
    return jnp.isin(*arrays(x1, x2), assume_unique=assume_unique, invert=invert)
