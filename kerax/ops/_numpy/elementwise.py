"""Functions of one array, element by element.

Those with results between the integers take integers and booleans as `floatx()`.
"""

from __future__ import annotations

import jax.numpy as jnp

from ..._types import Array, ArrayLike
from .._arrays import array, floats
from .._op import op

__all__ = [
    "abs",
    "absolute",
    "angle",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "cbrt",
    "ceil",
    "clip",
    "conj",
    "conjugate",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "floor",
    "i0",
    "imag",
    "log",
    "log1p",
    "log2",
    "log10",
    "nan_to_num",
    "negative",
    "rad2deg",
    "real",
    "reciprocal",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
]


@op(rowwise=True)
def abs(x: ArrayLike) -> Array:
    """Absolute value."""
    return jnp.abs(array(x))


@op(rowwise=True)
def absolute(x: ArrayLike) -> Array:
    """Absolute value."""
    return jnp.abs(array(x))


@op(rowwise=True)
def angle(x: ArrayLike) -> Array:
    """Angle of a complex number in radians."""
    return jnp.angle(floats(x))


@op(rowwise=True)
def arccos(x: ArrayLike) -> Array:
    """Angle in radians whose cosine is `x`."""
    return jnp.arccos(floats(x))


@op(rowwise=True)
def arccosh(x: ArrayLike) -> Array:
    """Inverse of `cosh`."""
    return jnp.arccosh(floats(x))


@op(rowwise=True)
def arcsin(x: ArrayLike) -> Array:
    """Angle in radians whose sine is `x`."""
    return jnp.arcsin(floats(x))


@op(rowwise=True)
def arcsinh(x: ArrayLike) -> Array:
    """Inverse of `sinh`."""
    return jnp.arcsinh(floats(x))


@op(rowwise=True)
def arctan(x: ArrayLike) -> Array:
    """Angle in radians whose tangent is `x`."""
    return jnp.arctan(floats(x))


@op(rowwise=True)
def arctanh(x: ArrayLike) -> Array:
    """Inverse of `tanh`."""
    return jnp.arctanh(floats(x))


@op(rowwise=True)
def cbrt(x: ArrayLike) -> Array:
    """Cube root."""
    return jnp.cbrt(floats(x))


@op(rowwise=True)
def ceil(x: ArrayLike) -> Array:
    """Least integer not below `x`."""
    return jnp.ceil(floats(x))


@op(rowwise=True)
def clip(x: ArrayLike, x_min: ArrayLike, x_max: ArrayLike) -> Array:
    """`x`, but at least `x_min` and at most `x_max`; both broadcast."""
    x = array(x)
    x = x.astype("int32") if x.dtype == jnp.bool_ else x
    return jnp.clip(x, x_min, x_max)


@op(rowwise=True)
def conj(x: ArrayLike) -> Array:
    """Complex conjugate."""
    return jnp.conj(array(x))


@op(rowwise=True)
def conjugate(x: ArrayLike) -> Array:
    """Complex conjugate."""
    return jnp.conj(array(x))


@op(rowwise=True)
def cos(x: ArrayLike) -> Array:
    """Cosine of `x` in radians."""
    return jnp.cos(floats(x))


@op(rowwise=True)
def cosh(x: ArrayLike) -> Array:
    """Hyperbolic cosine."""
    return jnp.cosh(floats(x))


@op(rowwise=True)
def deg2rad(x: ArrayLike) -> Array:
    """`x` degrees in radians."""
    return jnp.deg2rad(floats(x))


@op(rowwise=True)
def exp(x: ArrayLike) -> Array:
    """e to the power of `x`."""
    return jnp.exp(floats(x))


@op(rowwise=True)
def exp2(x: ArrayLike) -> Array:
    """2 to the power of `x`."""
    return jnp.exp2(floats(x))


@op(rowwise=True)
def expm1(x: ArrayLike) -> Array:
    """`exp(x) - 1`, exact for small `x`."""
    return jnp.expm1(floats(x))


@op(rowwise=True)
def fabs(x: ArrayLike) -> Array:
    """Absolute value, as a float."""
    return jnp.fabs(floats(x))


@op(rowwise=True)
def floor(x: ArrayLike) -> Array:
    """Greatest integer not above `x`."""
    return jnp.floor(floats(x))


@op(rowwise=True)
def i0(x: ArrayLike) -> Array:
    """Modified Bessel function of the first kind, order 0."""
    return jnp.i0(floats(x))


@op(rowwise=True)
def imag(x: ArrayLike) -> Array:
    """Imaginary part."""
    return jnp.imag(array(x))


@op(rowwise=True)
def log(x: ArrayLike) -> Array:
    """Natural logarithm."""
    return jnp.log(floats(x))


@op(rowwise=True)
def log10(x: ArrayLike) -> Array:
    """Logarithm to base 10."""
    return jnp.log10(floats(x))


@op(rowwise=True)
def log1p(x: ArrayLike) -> Array:
    """`log(1 + x)`, exact for small `x`."""
    return jnp.log1p(floats(x))


@op(rowwise=True)
def log2(x: ArrayLike) -> Array:
    """Logarithm to base 2."""
    return jnp.log2(floats(x))


@op(rowwise=True)
def nan_to_num(x: ArrayLike, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Array:
    """Replace what is not finite.

    Args:
        x: floats.
        nan: in place of NaN.
        posinf: in place of infinity, the greatest number by default.
        neginf: in place of minus infinity, the least number by default.
    """
    return jnp.nan_to_num(array(x), nan=nan, posinf=posinf, neginf=neginf)


@op(rowwise=True)
def negative(x: ArrayLike) -> Array:
    """`-x`."""
    return jnp.negative(array(x))


@op(rowwise=True)
def rad2deg(x: ArrayLike) -> Array:
    """`x` radians in degrees."""
    return jnp.rad2deg(floats(x))


@op(rowwise=True)
def real(x: ArrayLike) -> Array:
    """Real part."""
    return jnp.real(array(x))


@op(rowwise=True)
def reciprocal(x: ArrayLike) -> Array:
    """`1 / x`."""
    return jnp.reciprocal(floats(x))


@op(rowwise=True)
def round(x: ArrayLike, decimals: int = 0) -> Array:
    """Round to `decimals` places, halves to the even neighbour."""
    x = array(x)
    if decimals < 0 and not jnp.issubdtype(x.dtype, jnp.inexact):
        return jnp.round(floats(x), decimals).astype(x.dtype)
    return jnp.round(x, decimals)


@op(rowwise=True)
def sign(x: ArrayLike) -> Array:
    """-1, 0 or 1."""
    return jnp.sign(array(x))


@op(rowwise=True)
def signbit(x: ArrayLike) -> Array:
    """Whether `x` is below 0 or -0.0."""
    return jnp.signbit(array(x))


@op(rowwise=True)
def sin(x: ArrayLike) -> Array:
    """Sine of `x` in radians."""
    return jnp.sin(floats(x))


@op(rowwise=True)
def sinc(x: ArrayLike) -> Array:
    """`sin(pi x) / (pi x)`, 1 at 0."""
    return jnp.sinc(floats(x))


@op(rowwise=True)
def sinh(x: ArrayLike) -> Array:
    """Hyperbolic sine."""
    return jnp.sinh(floats(x))


@op(rowwise=True)
def sqrt(x: ArrayLike) -> Array:
    """Square root."""
    return jnp.sqrt(floats(x))


@op(rowwise=True)
def square(x: ArrayLike) -> Array:
    """`x**2`."""
    return jnp.square(array(x))


@op(rowwise=True)
def tan(x: ArrayLike) -> Array:
    """Tangent of `x` in radians."""
    return jnp.tan(floats(x))


@op(rowwise=True)
def tanh(x: ArrayLike) -> Array:
    """Hyperbolic tangent."""
    return jnp.tanh(floats(x))


@op(rowwise=True)
def trunc(x: ArrayLike) -> Array:
    """Integer part."""
    return jnp.trunc(array(x))
