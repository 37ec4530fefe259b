"""Functions of each element by itself."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .... import ops
from ...._types import ArrayLike
from .._static import sizes_stay

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "add_n",
    "angle",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "conj",
    "cos",
    "cosh",
    "divide",
    "divide_no_nan",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "expm1",
    "floor",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "imag",
    "invert_permutation",
    "is_finite",
    "is_inf",
    "is_nan",
    "is_non_decreasing",
    "is_strictly_increasing",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log_sigmoid",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "multiply_no_nan",
    "negative",
    "nextafter",
    "not_equal",
    "pow",
    "real",
    "reciprocal",
    "reciprocal_no_nan",
    "rint",
    "round",
    "rsqrt",
    "scalar_mul",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softplus",
    "softsign",
    "sqrt",
    "square",
    "squared_difference",
    "subtract",
    "tan",
    "tanh",
    "truediv",
    "truncatediv",
    "truncatemod",
]


def abs(x: ArrayLike, name: str | None = None) -> Any:
    """The absolute value; the modulus of complex numbers."""
    return ops.abs(x)


def acos(x: ArrayLike, name: str | None = None) -> Any:
    """The angle whose cosine is `x`."""
    return ops.arccos(x)


def acosh(x: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `cosh`."""
    return ops.arccosh(x)


@sizes_stay(np.add, tensors=2)
def add(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x + y`."""
    return ops.add(x, y)


def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of tensors of one shape."""
    return functools.reduce(ops.add, inputs) if isinstance(inputs, (list, tuple)) else ops.convert_to_tensor(inputs)


def angle(input: ArrayLike, name: str | None = None) -> Any:
    """The argument of complex numbers."""
    return ops.angle(input)


def asin(x: ArrayLike, name: str | None = None) -> Any:
    """The angle whose sine is `x`."""
    return ops.arcsin(x)


def asinh(x: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `sinh`."""
    return ops.arcsinh(x)


def atan(x: ArrayLike, name: str | None = None) -> Any:
    """The angle whose tangent is `x`."""
    return ops.arctan(x)


def atan2(y: ArrayLike, x: ArrayLike, name: str | None = None) -> Any:
    """The angle of the points (x, y)."""
    return ops.arctan2(y, x)


def atanh(x: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `tanh`."""
    return ops.arctanh(x)


def ceil(x: ArrayLike, name: str | None = None) -> Any:
    """The least integer that is not smaller."""
    return ops.ceil(x)


def conj(x: ArrayLike, name: str | None = None) -> Any:
    """The complex conjugate."""
    return ops.conj(x)


def cos(x: ArrayLike, name: str | None = None) -> Any:
    """The cosine."""
    return ops.cos(x)


def cosh(x: ArrayLike, name: str | None = None) -> Any:
    """The hyperbolic cosine."""
    return ops.cosh(x)


def divide(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x / y`, as floats."""
    return ops.divide(x, y)


def divide_no_nan(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x / y`, 0 where `y` is 0."""
    return ops.divide_no_nan(x, y)


def equal(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether `x == y`."""
    return ops.equal(x, y)


def erf(x: ArrayLike, name: str | None = None) -> Any:
    """The error function."""
    return ops.erf(x)


def erfc(x: ArrayLike, name: str | None = None) -> Any:
    """`1 - erf(x)`."""
    return ops.erfc(x)


def erfinv(x: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `erf`."""
    return ops.erfinv(x)


def exp(x: ArrayLike, name: str | None = None) -> Any:
    """e to the power of `x`."""
    return ops.exp(x)


def expm1(x: ArrayLike, name: str | None = None) -> Any:
    """`exp(x) - 1`, exact for small `x`."""
    return ops.expm1(x)


def floor(x: ArrayLike, name: str | None = None) -> Any:
    """The greatest integer that is not greater."""
    return ops.floor(x)


@sizes_stay(np.floor_divide, tensors=2)
def floordiv(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x / y`, rounded towards minus infinity."""
    return ops.floor_divide(x, y)


@sizes_stay(np.mod, tensors=2)
def floormod(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """What `floordiv` leaves, with the sign of `y`."""
    return ops.mod(x, y)


def greater(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether `x > y`."""
    return ops.greater(x, y)


def greater_equal(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether `x >= y`."""
    return ops.greater_equal(x, y)


def imag(input: ArrayLike, name: str | None = None) -> Any:
    """The imaginary part."""
    return ops.imag(input)


def invert_permutation(x: ArrayLike, name: str | None = None) -> Any:
    """Where each number stands: y[x[i]] = i."""
    return ops.argsort(x)


def is_finite(x: ArrayLike, name: str | None = None) -> Any:
    """Whether it is neither infinite nor NaN."""
    return ops.isfinite(x)


def is_inf(x: ArrayLike, name: str | None = None) -> Any:
    """Whether it is infinite."""
    return ops.isinf(x)


def is_nan(x: ArrayLike, name: str | None = None) -> Any:
    """Whether it is NaN."""
    return ops.isnan(x)


def is_non_decreasing(x: ArrayLike, name: str | None = None) -> Any:
    """Whether no element, in order, is smaller than the one before."""
    flat = ops.ravel(x)
    return ops.all(ops.greater_equal(flat[1:], flat[:-1]))


def is_strictly_increasing(x: ArrayLike, name: str | None = None) -> Any:
    """Whether every element, in order, is greater than the one before."""
    flat = ops.ravel(x)
    return ops.all(ops.greater(flat[1:], flat[:-1]))


def less(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether `x < y`."""
    return ops.less(x, y)


def less_equal(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether `x <= y`."""
    return ops.less_equal(x, y)


def log(x: ArrayLike, name: str | None = None) -> Any:
    """The natural logarithm."""
    return ops.log(x)


def log1p(x: ArrayLike, name: str | None = None) -> Any:
    """`log(1 + x)`, exact for small `x`."""
    return ops.log1p(x)


def log_sigmoid(x: ArrayLike, name: str | None = None) -> Any:
    """The logarithm of the sigmoid."""
    return ops.log_sigmoid(x)


def logical_and(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether both are true."""
    return ops.logical_and(x, y)


def logical_not(x: ArrayLike, name: str | None = None) -> Any:
    """Whether it is false."""
    return ops.logical_not(x)


def logical_or(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether one or both are true."""
    return ops.logical_or(x, y)


def logical_xor(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether one of both is true."""
    return ops.logical_xor(x, y)


@sizes_stay(np.maximum, tensors=2)
def maximum(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """The greater of both."""
    return ops.maximum(x, y)


@sizes_stay(np.minimum, tensors=2)
def minimum(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """The lesser of both."""
    return ops.minimum(x, y)


@sizes_stay(np.multiply, tensors=2)
def multiply(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x * y`."""
    return ops.multiply(x, y)


def multiply_no_nan(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x * y`, 0 where `y` is 0, even for NaN and infinity."""
    return ops.where(ops.equal(y, 0), ops.zeros_like(ops.multiply(x, y)), ops.multiply(x, y))


def negative(x: ArrayLike, name: str | None = None) -> Any:
    """`-x`."""
    return ops.negative(x)


def nextafter(x1: ArrayLike, x2: ArrayLike, name: str | None = None) -> Any:
    """The next number from `x1` towards `x2`."""
    return ops.nextafter(x1, x2)


def not_equal(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """Whether `x != y`."""
    return ops.not_equal(x, y)


def pow(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x` to the power of `y`."""
    return ops.power(x, y)


def real(input: ArrayLike, name: str | None = None) -> Any:
    """The real part."""
    return ops.real(input)


def reciprocal(x: ArrayLike, name: str | None = None) -> Any:
    """`1 / x`."""
    return ops.reciprocal(x)


def reciprocal_no_nan(x: ArrayLike, name: str | None = None) -> Any:
    """`1 / x`, 0 where `x` is 0."""
    return ops.divide_no_nan(1.0, x)


def rint(x: ArrayLike, name: str | None = None) -> Any:
    """The nearest integer, the even one of two."""
    return ops.round(x)


def round(x: ArrayLike, name: str | None = None) -> Any:
    """The nearest integer, the even one of two."""
    return ops.round(x)


def rsqrt(x: ArrayLike, name: str | None = None) -> Any:
    """`1 / sqrt(x)`."""
    return ops.rsqrt(x)


def scalar_mul(scalar: ArrayLike, x: ArrayLike, name: str | None = None) -> Any:
    """A number times a tensor."""
    return ops.multiply(scalar, x)


def sigmoid(x: ArrayLike, name: str | None = None) -> Any:
    """`1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


def sign(x: ArrayLike, name: str | None = None) -> Any:
    """-1, 0 or 1."""
    return ops.sign(x)


def sin(x: ArrayLike, name: str | None = None) -> Any:
    """The sine."""
    return ops.sin(x)


def sinh(x: ArrayLike, name: str | None = None) -> Any:
    """The hyperbolic sine."""
    return ops.sinh(x)


def softplus(features: ArrayLike, name: str | None = None) -> Any:
    """`log(1 + exp(x))`."""
    return ops.softplus(features)


def softsign(features: ArrayLike, name: str | None = None) -> Any:
    """`x / (1 + abs(x))`."""
    return ops.softsign(features)


def sqrt(x: ArrayLike, name: str | None = None) -> Any:
    """The square root."""
    return ops.sqrt(x)


def square(x: ArrayLike, name: str | None = None) -> Any:
    """`x * x`."""
    return ops.square(x)


def squared_difference(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`(x - y) * (x - y)`."""
    return ops.square(ops.subtract(x, y))


@sizes_stay(np.subtract, tensors=2)
def subtract(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x - y`."""
    return ops.subtract(x, y)


def tan(x: ArrayLike, name: str | None = None) -> Any:
    """The tangent."""
    return ops.tan(x)


def tanh(x: ArrayLike, name: str | None = None) -> Any:
    """The hyperbolic tangent."""
    return ops.tanh(x)


def truediv(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x / y`, as floats."""
    return ops.divide(x, y)


def truncatediv(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x / y` of integers, rounded towards 0."""
    return ops.floor_divide(ops.subtract(x, ops.fmod(x, y)), y)


def truncatemod(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """What division rounded towards 0 leaves, with the sign of `x`."""
    return ops.fmod(x, y)


mod = floormod
