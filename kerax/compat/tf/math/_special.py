"""Special functions, polynomials and running sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special

from .... import ops
from ...._types import Array, ArrayLike
from .._static import symbolic

__all__ = [
    "bessel_i0",
    "bessel_i0e",
    "bessel_i1",
    "bessel_i1e",
    "betainc",
    "cumprod",
    "cumsum",
    "cumulative_logsumexp",
    "digamma",
    "erfcinv",
    "igamma",
    "igammac",
    "lbeta",
    "lgamma",
    "ndtri",
    "polygamma",
    "polyval",
    "xdivy",
    "xlog1py",
    "xlogy",
    "zeta",
]


@symbolic
def _special_function(fn: Callable, *xs: ArrayLike) -> Array:
    return fn(*(jnp.asarray(x) for x in xs))


@symbolic
def _running(fn: Callable, x: ArrayLike, axis: int, exclusive: bool, reverse: bool, start: float) -> Array:
    x = jnp.asarray(x)
    axis %= x.ndim
    if exclusive:
        first = jnp.full_like(jax.lax.slice_in_dim(x, 0, 1, axis=axis), start)
        kept = jax.lax.slice_in_dim(x, 1 if reverse else 0, x.shape[axis] - (not reverse), axis=axis)
        x = jnp.concatenate([kept, first] if reverse else [first, kept], axis)
    return fn(x, axis=axis, reverse=reverse)


def bessel_i0(x: ArrayLike, name: str | None = None) -> Any:
    """The modified Bessel function of the first kind and order 0."""
    return _special_function(special.i0, x)


def bessel_i0e(x: ArrayLike, name: str | None = None) -> Any:
    """`exp(-abs(x)) * bessel_i0(x)`."""
    return _special_function(special.i0e, x)


def bessel_i1(x: ArrayLike, name: str | None = None) -> Any:
    """The modified Bessel function of the first kind and order 1."""
    return _special_function(special.i1, x)


def bessel_i1e(x: ArrayLike, name: str | None = None) -> Any:
    """`exp(-abs(x)) * bessel_i1(x)`."""
    return _special_function(special.i1e, x)


def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike, name: str | None = None) -> Any:
    """The regularized incomplete beta function."""
    return _special_function(special.betainc, a, b, x)


def cumprod(
    x: ArrayLike, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Running products along `axis`; arguments as in `cumsum`."""
    return _running(jax.lax.cumprod, x, axis, exclusive, reverse, 1)


def cumsum(x: ArrayLike, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """Running sums along `axis`.

    Args:
        x: any tensor.
        axis: along which.
        exclusive: whether an element is left out of its own sum.
        reverse: whether to run from the end.
    """
    return _running(jax.lax.cumsum, x, axis, exclusive, reverse, 0)


def cumulative_logsumexp(
    x: ArrayLike, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Running `log(sum(exp(x)))` along `axis`; arguments as in `cumsum`."""
    return _running(jax.lax.cumlogsumexp, x, axis, exclusive, reverse, -np.inf)


def digamma(x: ArrayLike, name: str | None = None) -> Any:
    """The derivative of `lgamma`."""
    return _special_function(special.digamma, x)


def erfcinv(x: ArrayLike, name: str | None = None) -> Any:
    """The inverse of `erfc`."""
    return ops.erfinv(ops.subtract(1.0, x))


def igamma(a: ArrayLike, x: ArrayLike, name: str | None = None) -> Any:
    """The lower regularized incomplete gamma function."""
    return _special_function(special.gammainc, a, x)


def igammac(a: ArrayLike, x: ArrayLike, name: str | None = None) -> Any:
    """The upper regularized incomplete gamma function."""
    return _special_function(special.gammaincc, a, x)


def lbeta(x: ArrayLike, name: str | None = None) -> Any:
    """The logarithm of the beta function, along the last axis."""
    return ops.subtract(ops.sum(lgamma(x), -1), lgamma(ops.sum(x, -1)))


def lgamma(x: ArrayLike, name: str | None = None) -> Any:
    """The logarithm of the absolute value of the gamma function."""
    return _special_function(special.gammaln, x)


def ndtri(x: ArrayLike, name: str | None = None) -> Any:
    """The inverse of the normal distribution function."""
    return _special_function(special.ndtri, x)


def polygamma(a: ArrayLike, x: ArrayLike, name: str | None = None) -> Any:
    """The derivative of order `a` of `digamma`."""
    return _special_function(special.polygamma, ops.cast(a, "int32"), x)


def polyval(coeffs: Any, x: ArrayLike, name: str | None = None) -> Any:
    """The polynomial with these coefficients, that of the highest power first, at `x`."""
    total = ops.zeros_like(x)
    for one in coeffs:
        total = ops.add(ops.multiply(total, x), one)
    return total


def xdivy(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x / y`, 0 where `x` is 0."""
    return ops.where(ops.equal(x, 0), ops.zeros_like(ops.multiply(x, y)), ops.divide(x, y))


def xlog1py(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x * log1p(y)`, 0 where `x` is 0."""
    return _special_function(special.xlog1py, x, y)


def xlogy(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Any:
    """`x * log(y)`, 0 where `x` is 0."""
    return _special_function(special.xlogy, x, y)


def zeta(x: ArrayLike, q: ArrayLike, name: str | None = None) -> Any:
    """The Hurwitz zeta function."""
    return _special_function(special.zeta, x, q)
