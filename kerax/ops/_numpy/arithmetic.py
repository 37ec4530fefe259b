"""Functions of two arrays that broadcast, element by element; dtypes are promoted as JAX does."""

from __future__ import annotations

import jax.numpy as jnp

from ..._types import Array, ArrayLike
from .._arrays import arrays
from .._op import op

__all__ = [
    "add",
    "arctan2",
    "divide",
    "divide_no_nan",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "heaviside",
    "hypot",
    "lcm",
    "ldexp",
    "logaddexp",
    "logaddexp2",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "nextafter",
    "power",
    "subtract",
    "true_divide",
]


@op(rowwise=True)
def add(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`x1 + x2`."""
    return jnp.add(*arrays(x1, x2))


@op(rowwise=True)
def subtract(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`x1 - x2`."""
    return jnp.subtract(*arrays(x1, x2))


@op(rowwise=True)
def multiply(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`x1 * x2`."""
    return jnp.multiply(*arrays(x1, x2))


@op(rowwise=True)
def divide(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`x1 / x2`, a float."""
    return jnp.divide(*arrays(x1, x2))


true_divide = divide


@op(rowwise=True)
def divide_no_nan(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`x1 / x2`, and 0 where `x2` is 0."""
    x1, x2 = arrays(x1, x2)
    safe = jnp.where(x2 == 0, 1, x2)
    return jnp.where(x2 == 0, 0, jnp.divide(x1, safe))


@op(rowwise=True)
def floor_divide(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The greatest integer not above `x1 / x2`."""
    return jnp.floor_divide(*arrays(x1, x2))


@op(rowwise=True)
def mod(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The remainder of `x1 / x2`, with the sign of `x2`."""
    return jnp.mod(*arrays(x1, x2))


@op(rowwise=True)
def fmod(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The remainder of `x1 / x2`, with the sign of `x1`."""
    return jnp.fmod(*arrays(x1, x2))


@op(rowwise=True)
def power(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`x1` to the power of `x2`."""
    return jnp.power(*arrays(x1, x2))


@op(rowwise=True)
def maximum(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The greater of both; NaN where either is."""
    return jnp.maximum(*arrays(x1, x2))


@op(rowwise=True)
def minimum(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The lesser of both; NaN where either is."""
    return jnp.minimum(*arrays(x1, x2))


@op(rowwise=True)
def fmax(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The greater of both; the other one where one is NaN."""
    return jnp.fmax(*arrays(x1, x2))


@op(rowwise=True)
def fmin(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The lesser of both; the other one where one is NaN."""
    return jnp.fmin(*arrays(x1, x2))


@op(rowwise=True)
def arctan2(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The angle in radians of the point (x2, x1), from -pi to pi."""
    return jnp.arctan2(*arrays(x1, x2))


@op(rowwise=True)
def hypot(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`sqrt(x1**2 + x2**2)`."""
    return jnp.hypot(*arrays(x1, x2))


@op(rowwise=True)
def logaddexp(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`log(exp(x1) + exp(x2))`."""
    return jnp.logaddexp(*arrays(x1, x2))


@op(rowwise=True)
def logaddexp2(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`log2(2**x1 + 2**x2)`."""
    return jnp.logaddexp2(*arrays(x1, x2))


@op(rowwise=True)
def heaviside(x1: ArrayLike, x2: ArrayLike) -> Array:
    """0 for `x1` below 0, `x2` at 0, 1 above."""
    return jnp.heaviside(*arrays(x1, x2))


@op(rowwise=True)
def ldexp(x1: ArrayLike, x2: ArrayLike) -> Array:
    """`x1 * 2**x2`."""
    return jnp.ldexp(*arrays(x1, x2))


@op(rowwise=True)
def nextafter(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The next number after `x1` towards `x2`."""
    return jnp.nextafter(*arrays(x1, x2))


@op(rowwise=True)
def gcd(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The greatest common divisor."""
    return jnp.gcd(*arrays(x1, x2))


@op(rowwise=True)
def lcm(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The least common multiple."""
    return jnp.lcm(*arrays(x1, x2))
