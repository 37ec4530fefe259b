"""Matrices, over the last two axes; the others are batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ._arrays import axes, floats
from ._op import op

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
]


def _square(where: str, *xs: Array) -> None:
    for x in xs:
        if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
            raise ShapeError(where, got=f"shape {x.shape}", expected="square matrices, (..., n, n)")


def _matrices(where: str, x: Array) -> None:
    if x.ndim < 2:
        raise ShapeError(where, got=f"shape {x.shape}", expected="matrices, (..., m, n)")


@op(theme="linalg")
def cholesky(x: ArrayLike, upper: bool = False) -> Array:
    """The triangular factor L of `L @ L.T == x`.

    Args:
        x: (..., n, n), positive definite; NaN where it is not.
        upper: whether to give the upper factor, U of `U.T @ U == x`.

    Raises:
        ShapeError: not square.
    """
    x = floats(x)
    _square("cholesky", x)
    return jnp.linalg.cholesky(x, upper=upper)


@op(theme="linalg")
def cholesky_inverse(x: ArrayLike, upper: bool = False) -> Array:
    """The inverse of the matrix whose Cholesky factor is `x`.

    Args:
        x: (..., n, n) triangular.
        upper: whether `x` is the upper factor.

    Raises:
        ShapeError: not square.
    """
    x = floats(x)
    _square("cholesky_inverse", x)
    identity = jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape)
    inverse = jax.scipy.linalg.solve_triangular(x, identity, lower=not upper)
    other = jnp.swapaxes(inverse, -1, -2)
    return inverse @ other if upper else other @ inverse


@op(theme="linalg")
def det(x: ArrayLike) -> Array:
    """The determinant: (..., n, n) to (...).

    Raises:
        ShapeError: not square.
    """
    x = floats(x)
    _square("det", x)
    return jnp.linalg.det(x)


@op(theme="numpy")
def slogdet(x: ArrayLike) -> tuple[Array, Array]:
    """(sign, logarithm of the absolute value) of the determinant."""
    return tuple(jnp.linalg.slogdet(floats(x)))


@op(theme="linalg")
def eig(x: ArrayLike) -> tuple[Array, Array]:
    """(eigenvalues, eigenvectors as columns), complex; on the CPU only.

    Raises:
        ShapeError: not square.
    """
    x = floats(x)
    _square("eig", x)
    return tuple(jnp.linalg.eig(x))


@op(theme="linalg")
def eigh(x: ArrayLike) -> tuple[Array, Array]:
    """(eigenvalues in rising order, eigenvectors as columns) of symmetric matrices.

    Raises:
        ShapeError: not square.
    """
    x = floats(x)
    _square("eigh", x)
    return tuple(jnp.linalg.eigh(x))


@op(theme="linalg")
def inv(x: ArrayLike) -> Array:
    """The inverse.

    Raises:
        ShapeError: not square.
    """
    x = floats(x)
    _square("inv", x)
    return jnp.linalg.inv(x)


@op(theme="linalg")
def pinv(x: ArrayLike, rcond: ArrayLike | None = None) -> Array:
    """The Moore-Penrose inverse: (..., m, n) to (..., n, m).

    Args:
        x: matrices.
        rcond: singular values below this share of the greatest count as 0.
    """
    x = floats(x)
    _matrices("pinv", x)
    return jnp.linalg.pinv(x, rtol=rcond)


@op(theme="linalg")
def matrix_rank(x: ArrayLike, tol: float | None = None) -> Array:
    """How many singular values are above `tol`, int32.

    Args:
        x: matrices.
        tol: absolute; from the greatest singular value and the precision by default.
    """
    x = floats(x)
    _matrices("matrix_rank", x)
    singular = jnp.linalg.svd(x, compute_uv=False)
    if tol is None:
        share = max(x.shape[-2:]) * jnp.finfo(x.dtype).eps
        tol = singular.max(axis=-1, keepdims=True) * share
    return jnp.sum(singular > tol, axis=-1).astype("int32")


@op(theme="linalg")
def lu_factor(x: ArrayLike) -> tuple[Array, Array]:
    """(both triangular factors in one matrix, the rows exchanged)."""
    x = floats(x)
    _matrices("lu_factor", x)
    return tuple(jax.scipy.linalg.lu_factor(x))


@op(theme="linalg")
def qr(x: ArrayLike, mode: str = "reduced") -> tuple[Array, Array]:
    """(orthonormal columns, upper triangle) whose product is `x`.

    Args:
        x: (..., m, n).
        mode: "reduced" gives min(m, n) columns, "complete" m.

    Raises:
        ArgumentError: another mode.
    """
    if mode not in ("reduced", "complete"):
        raise ArgumentError("qr", got=f"mode={mode!r}", expected="'reduced' or 'complete'")
    x = floats(x)
    _matrices("qr", x)
    return tuple(jnp.linalg.qr(x, mode=mode))


@op(theme="linalg")
def svd(x: ArrayLike, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular values, and the vectors that belong to them.

    Args:
        x: (..., m, n).
        full_matrices: whether to complete the vectors to bases.
        compute_uv: whether to give them.

    Returns:
        (u, s, vh), or s alone.
    """
    x = floats(x)
    _matrices("svd", x)
    out = jnp.linalg.svd(x, full_matrices, compute_uv)
    return tuple(out) if compute_uv else out


@op(theme="linalg")
def solve(a: ArrayLike, b: ArrayLike) -> Array:
    """x of `a @ x == b`.

    Args:
        a: (..., n, n).
        b: (..., n) or (..., n, k).

    Raises:
        ShapeError: `a` not square.
    """
    a, b = floats(a), floats(b)
    _square("solve", a)
    if b.ndim == a.ndim - 1:  # a batch of vectors
        return jnp.linalg.solve(a, b[..., None])[..., 0]
    return jnp.linalg.solve(a, b)


@op(theme="linalg")
def solve_triangular(a: ArrayLike, b: ArrayLike, lower: bool = False) -> Array:
    """x of `a @ x == b`, `a` triangular.

    Args:
        a: (..., n, n).
        b: (..., n) or (..., n, k).
        lower: whether `a` is the lower triangle.

    Raises:
        ShapeError: `a` not square.
    """
    a, b = floats(a), floats(b)
    _square("solve_triangular", a)
    if b.ndim == a.ndim - 1:
        return jax.scipy.linalg.solve_triangular(a, b[..., None], lower=lower)[..., 0]
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


@op(theme="linalg")
def lstsq(a: ArrayLike, b: ArrayLike, rcond: float | None = None) -> Array:
    """x that makes `a @ x - b` smallest.

    Args:
        a: (m, n).
        b: (m,) or (m, k).
        rcond: singular values below this share of the greatest count as 0.
    """
    return jnp.linalg.lstsq(floats(a), floats(b), rcond=rcond)[0]


@op(theme="linalg")
def norm(
    x: ArrayLike,
    ord: int | float | str | None = None,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
) -> Array:
    """The norm of vectors or matrices.

    Args:
        x: any array.
        ord: which one, as `numpy.linalg.norm` counts them; the root of the sum of squares by default.
        axis: one axis of vectors, two of matrices, None for all.
        keepdims: keep them, with size 1.
    """
    return jnp.linalg.norm(floats(x), ord=ord, axis=axes(axis), keepdims=keepdims)
