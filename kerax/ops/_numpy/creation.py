"""Arrays made from sizes and numbers."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import config
from ..._core.dtypes import real_dtype
from ..._core.variable import plain
from ..._types import Array, ArrayLike, DType
from .._arrays import array as as_array
from .._arrays import arrays, optional_dtype
from .._op import op

__all__ = [
    "arange",
    "array",
    "bartlett",
    "blackman",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "geomspace",
    "hamming",
    "hanning",
    "identity",
    "kaiser",
    "linspace",
    "logspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tri",
    "vander",
    "zeros",
    "zeros_like",
]


@op
def array(x: ArrayLike, dtype: DType | None = None) -> Array:
    """`x` as an array.

    Args:
        x: a number, nested lists, a NumPy or JAX array, a Variable.
        dtype: that of `x` by default, `float32` for Python floats.
    """
    return as_array(x, dtype)


def zeros(shape: int | Sequence[int], dtype: DType | None = None) -> Array:
    """Zeros of this shape, of dtype `floatx()` by default."""
    return jnp.zeros(shape, real_dtype(dtype))


def ones(shape: int | Sequence[int], dtype: DType | None = None) -> Array:
    """Ones of this shape, of dtype `floatx()` by default."""
    return jnp.ones(shape, real_dtype(dtype))


def empty(shape: int | Sequence[int], dtype: DType | None = None) -> Array:
    """An array of this shape, of dtype `floatx()` by default, whose values do not matter."""
    return jnp.empty(shape, real_dtype(dtype))


def full(shape: int | Sequence[int], fill_value: ArrayLike, dtype: DType | None = None) -> Array:
    """`fill_value` throughout this shape, of dtype `floatx()` by default."""
    return jnp.full(shape, plain(fill_value), real_dtype(dtype))


@op
def zeros_like(x: ArrayLike, dtype: DType | None = None) -> Array:
    """Zeros of the shape, and by default the dtype, of `x`."""
    return jnp.zeros_like(as_array(x), optional_dtype(dtype))


@op
def ones_like(x: ArrayLike, dtype: DType | None = None) -> Array:
    """Ones of the shape, and by default the dtype, of `x`."""
    return jnp.ones_like(as_array(x), optional_dtype(dtype))


@op
def empty_like(x: ArrayLike, dtype: DType | None = None) -> Array:
    """An array of the shape, and by default the dtype, of `x`, whose values do not matter."""
    return jnp.empty_like(as_array(x), optional_dtype(dtype))


@op
def full_like(x: ArrayLike, fill_value: ArrayLike, dtype: DType | None = None) -> Array:
    """`fill_value` throughout the shape, and by default in the dtype, of `x`."""
    return jnp.full_like(as_array(x), fill_value, optional_dtype(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: DType | None = None) -> Array:
    """Ones on a diagonal.

    Args:
        N: rows.
        M: columns, `N` by default.
        k: which diagonal: 0 the main one, above 0 to its right.
        dtype: `floatx()` by default.
    """
    return jnp.eye(N, M, k, real_dtype(dtype))


def identity(n: int, dtype: DType | None = None) -> Array:
    """The n × n identity matrix, of dtype `floatx()` by default."""
    return jnp.identity(n, real_dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: DType | None = None) -> Array:
    """Ones on a diagonal and below.

    Args:
        N: rows.
        M: columns, `N` by default.
        k: which diagonal: 0 the main one, above 0 to its right.
        dtype: `floatx()` by default.
    """
    return jnp.tri(N, M, k, real_dtype(dtype))


def arange(
    start: ArrayLike, stop: ArrayLike | None = None, step: ArrayLike | None = None, dtype: DType | None = None
) -> Array:
    """Numbers from `start` to before `stop`, `step` apart.

    Args:
        start: the first number; the end, from 0, where no `stop` is given.
        stop: the end, not included.
        step: 1 by default.
        dtype: int32 for integers, `floatx()` for Python floats.
    """
    parts = [plain(part) for part in (start, stop, step)]
    if dtype is None:
        dtype = _dtype_of([part for part in parts if part is not None])
    return jnp.arange(*parts, dtype=optional_dtype(dtype))


def _dtype_of(numbers: Sequence[Any]) -> Any:
    typed = [number.dtype for number in numbers if isinstance(number, (jax.Array, np.ndarray))]
    if any(isinstance(number, (float, np.floating)) for number in numbers):
        typed.append(jnp.dtype(config.floatx()))
    return functools.reduce(jnp.promote_types, typed) if typed else "int32"


@op
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DType | None = None,
    axis: int = 0,
) -> Any:
    """`num` numbers, evenly from `start` to `stop`.

    Args:
        start: the first, a number or an array.
        stop: the last.
        num: how many.
        endpoint: whether `stop` is one of them.
        retstep: whether to give the distance too: (numbers, distance).
        dtype: a float dtype by default.
        axis: where the new axis stands when `start` and `stop` are arrays.
    """
    return jnp.linspace(
        start, stop, num, endpoint=endpoint, retstep=retstep, dtype=_float_dtype(dtype, start, stop), axis=axis
    )


def _float_dtype(dtype: DType | None, *numbers: Any) -> Any:
    if dtype is not None:
        return real_dtype(dtype)
    typed = [n.dtype for n in numbers if hasattr(n, "dtype") and jnp.issubdtype(n.dtype, jnp.inexact)]
    return functools.reduce(jnp.promote_types, typed or [real_dtype(None)])


@op
def logspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    base: ArrayLike = 10,
    dtype: DType | None = None,
    axis: int = 0,
) -> Array:
    """`num` numbers, each the same factor larger, from `base**start` to `base**stop`.

    Args:
        start: exponent of the first.
        stop: exponent of the last.
        num: how many.
        endpoint: whether `stop` is one of the exponents.
        base: what is raised.
        dtype: a float dtype by default.
        axis: where the new axis stands when `start` and `stop` are arrays.
    """
    dtype = _float_dtype(dtype, start, stop)
    return jnp.logspace(start, stop, num, endpoint=endpoint, base=base, dtype=dtype, axis=axis)


@op
def geomspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    dtype: DType | None = None,
    axis: int = 0,
) -> Array:
    """`num` numbers, each the same factor larger, from `start` to `stop`.

    Args:
        start: the first.
        stop: the last.
        num: how many.
        endpoint: whether `stop` is one of them.
        dtype: a float dtype by default.
        axis: where the new axis stands when `start` and `stop` are arrays.
    """
    return jnp.geomspace(start, stop, num, endpoint=endpoint, dtype=_float_dtype(dtype, start, stop), axis=axis)


@op
def meshgrid(*x: ArrayLike, indexing: str = "xy") -> list[Array]:
    """Coordinates of a grid, one array per axis.

    Args:
        x: the coordinates along each axis.
        indexing: "xy" (the first two axes exchanged, as on a map) or "ij".

    Returns:
        A list of arrays of the grid's shape.
    """
    return list(jnp.meshgrid(*arrays(*x), indexing=indexing))


@op
def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> Array:
    """Powers of a vector, one per column.

    Args:
        x: a vector.
        N: the number of columns, the size of `x` by default.
        increasing: whether powers grow from left to right.
    """
    return jnp.vander(as_array(x), N, increasing)


def bartlett(x: int) -> Array:
    """A triangular window.

    Args:
        x: the number of points.
    """
    return jnp.bartlett(int(x))


def blackman(x: int) -> Array:
    """A Blackman window.

    Args:
        x: the number of points.
    """
    return jnp.blackman(int(x))


def hamming(x: int) -> Array:
    """A Hamming window.

    Args:
        x: the number of points.
    """
    return jnp.hamming(int(x))


def hanning(x: int) -> Array:
    """A Hann window.

    Args:
        x: the number of points.
    """
    return jnp.hanning(int(x))


def kaiser(x: int, beta: float) -> Array:
    """A Kaiser window.

    Args:
        x: the number of points.
        beta: its shape: 0 is flat, larger values narrower.
    """
    return jnp.kaiser(int(x), beta)
