"""tf.linalg: products, factors, solutions and parts of matrices; the last two axes are a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ... import ops
from ..._core.variable import plain
from ..._errors import ArgumentError, Unsupported
from ..._types import Array, ArrayLike
from ._creation import eye
from ._missing import absent
from ._static import integer, symbolic
from .math import global_norm, l2_normalize, norm

__all__ = [
    "LogAbsDet",
    "adjoint",
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "einsum",
    "expm",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "lstsq",
    "lu",
    "matmul",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "pinv",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "sqrtm",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "triangular_solve",
]


@symbolic
def _linalg(fn: Callable, *xs: ArrayLike) -> Any:
    return fn(*(jnp.asarray(x) for x in xs))


def _turned(x: ArrayLike, transpose: bool, adjoint: bool) -> Any:
    if transpose and adjoint:
        raise ArgumentError("tf.matmul", got="transpose and adjoint of one matrix", expected="one of them")
    x = ops.swapaxes(x, -2, -1) if transpose or adjoint else x
    return ops.conj(x) if adjoint else x


def matmul(
    a: ArrayLike,
    b: ArrayLike,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    name: str | None = None,
) -> Any:
    """The product of matrices, the axes before the last two broadcast.

    Args:
        a: (..., m, k).
        b: (..., k, n).
        transpose_a: whether `a` is (..., k, m).
        transpose_b: whether `b` is (..., n, k).
        adjoint_a: like `transpose_a`, and conjugate.
        adjoint_b: like `transpose_b`, and conjugate.
        a_is_sparse: kept for compatibility.
        b_is_sparse: kept for compatibility.
        output_type: of the result, if another than the promoted one.
    """
    y = ops.matmul(_turned(a, transpose_a, adjoint_a), _turned(b, transpose_b, adjoint_b))
    return y if output_type is None else ops.cast(y, output_type)


def matvec(
    a: ArrayLike,
    b: ArrayLike,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of matrices (..., m, k) and vectors (..., k)."""
    return ops.squeeze(ops.matmul(_turned(a, transpose_a, adjoint_a), ops.expand_dims(b, -1)), -1)


def tensordot(a: ArrayLike, b: ArrayLike, axes: Any, name: str | None = None) -> Any:
    """The sum of products over the last `axes` of `a` and the first of `b`, or over two lists of axes."""
    return ops.tensordot(a, b, axes.tolist() if isinstance(axes, np.ndarray) else axes)


def einsum(equation: str, *inputs: ArrayLike, **kwargs: Any) -> Any:
    """Sums of products, as the equation says: "bij,bjk->bik"."""
    kwargs.pop("name", None)
    return ops.einsum(equation, *inputs, **kwargs)


def cross(a: ArrayLike, b: ArrayLike, name: str | None = None) -> Any:
    """The cross product of vectors of 3."""
    return ops.cross(a, b)


def det(input: ArrayLike, name: str | None = None) -> Any:
    """The determinant."""
    return ops.det(input)


def logdet(matrix: ArrayLike, name: str | None = None) -> Any:
    """The logarithm of the determinant of positive definite matrices."""
    return ops.logdet(matrix)


class LogAbsDet(NamedTuple):
    """What `slogdet` gives."""

    sign: Any
    log_abs_determinant: Any


def slogdet(input: ArrayLike, name: str | None = None) -> LogAbsDet:
    """The sign of the determinant, and the logarithm of its absolute value."""
    return LogAbsDet(*ops.slogdet(input))


def inv(input: ArrayLike, adjoint: bool = False, name: str | None = None) -> Any:
    """The inverse; of the adjoint."""
    return ops.inv(_turned(input, False, adjoint))


def pinv(a: ArrayLike, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Any:
    """The pseudoinverse."""
    return ops.pinv(a, rcond)


def matrix_rank(a: ArrayLike, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Any:
    """How many singular values are greater than `tol`."""
    return ops.matrix_rank(a, tol)


def cholesky(input: ArrayLike, name: str | None = None) -> Any:
    """The lower triangular factor of positive definite matrices."""
    return ops.cholesky(input)


def cholesky_solve(chol: ArrayLike, rhs: ArrayLike, name: str | None = None) -> Any:
    """x of `A x = rhs`, where `chol` is the factor of A."""
    return _linalg(lambda c, b: jax.scipy.linalg.cho_solve((c, True), b), chol, rhs)


def solve(matrix: ArrayLike, rhs: ArrayLike, adjoint: bool = False, name: str | None = None) -> Any:
    """x of `matrix x = rhs`."""
    return ops.solve(_turned(matrix, False, adjoint), rhs)


def triangular_solve(
    matrix: ArrayLike, rhs: ArrayLike, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Any:
    """x of `matrix x = rhs`, for a triangular matrix."""
    return ops.solve_triangular(_turned(matrix, False, adjoint), rhs, lower=lower != adjoint)


def lstsq(
    matrix: ArrayLike, rhs: ArrayLike, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None
) -> Any:
    """x that makes `sum((matrix x - rhs) ** 2) + l2_regularizer * sum(x ** 2)` least."""

    def run(a: Array, b: Array) -> Array:
        if not l2_regularizer:
            return jnp.linalg.pinv(a) @ b
        gram = jnp.swapaxes(a, -2, -1) @ a + l2_regularizer * jnp.eye(a.shape[-1], dtype=a.dtype)
        return jnp.linalg.solve(gram, jnp.swapaxes(a, -2, -1) @ b)

    return _linalg(run, matrix, rhs)


def qr(input: ArrayLike, full_matrices: bool = False, name: str | None = None) -> Any:
    """(q, r): orthogonal columns times an upper triangle."""
    return ops.qr(input, "complete" if full_matrices else "reduced")


def lu(input: ArrayLike, output_idx_type: Any = "int32", name: str | None = None) -> Any:
    """(both triangles in one matrix, the order of the rows)."""
    return _linalg(lambda x: (lambda found: (found[0], found[2]))(jax.lax.linalg.lu(x)), input)


def svd(tensor: ArrayLike, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """(s, u, v) with `tensor = u diag(s) adjoint(v)`; s alone without `compute_uv`."""
    if not compute_uv:
        return ops.svd(tensor, full_matrices, False)
    u, s, vh = ops.svd(tensor, full_matrices, True)
    return s, u, ops.conj(ops.swapaxes(vh, -2, -1)) if "complex" in str(vh.dtype) else ops.swapaxes(vh, -2, -1)


def eigh(tensor: ArrayLike, name: str | None = None) -> Any:
    """(values in rising order, vectors as columns) of symmetric matrices."""
    return ops.eigh(tensor)


def eigvalsh(tensor: ArrayLike, name: str | None = None) -> Any:
    """The eigenvalues of symmetric matrices, in rising order."""
    return ops.eigh(tensor)[0]


def eig(tensor: ArrayLike, name: str | None = None) -> Any:
    """(complex values, vectors as columns); on the CPU alone."""
    return ops.eig(tensor)


def eigvals(tensor: ArrayLike, name: str | None = None) -> Any:
    """The complex eigenvalues; on the CPU alone."""
    return ops.eig(tensor)[0]


def expm(input: ArrayLike, name: str | None = None) -> Any:
    """The exponential of matrices."""
    return _linalg(jax.scipy.linalg.expm, input)


def sqrtm(input: ArrayLike, name: str | None = None) -> Any:
    """The root of a matrix; on the CPU alone."""

    def run(x: Array) -> Array:
        root = jax.scipy.linalg.sqrtm(x)
        return root if jnp.iscomplexobj(x) else jnp.real(root).astype(x.dtype)

    return _linalg(run, input)


def trace(x: ArrayLike, name: str | None = None) -> Any:
    """The sum of the diagonal."""
    return ops.trace(x, 0, -2, -1)


def adjoint(matrix: ArrayLike, name: str | None = None) -> Any:
    """Conjugate and transposed."""
    return _turned(matrix, False, True)


def matrix_transpose(a: ArrayLike, name: str = "matrix_transpose", conjugate: bool = False) -> Any:
    """The last two axes exchanged."""
    return _turned(a, not conjugate, conjugate)


def normalize(tensor: ArrayLike, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> tuple[Any, Any]:
    """(the tensor divided by its norm, the norm); see `norm`."""
    length = norm(tensor, ord, axis, True)
    return ops.divide(tensor, length), length


def _one_diagonal(where: str, k: Any, align: str) -> int:
    numbers = np.atleast_1d(np.asarray(plain(k)))
    if len(set(numbers.tolist())) != 1:
        raise Unsupported(where, got=f"k={k!r}, a band", hint="one diagonal at a time")
    return integer(where, numbers[0])


def diag(
    diagonal: ArrayLike,
    name: str = "diag",
    k: Any = 0,
    num_rows: int = -1,
    num_cols: int = -1,
    padding_value: float = 0,
    align: str = "RIGHT_LEFT",
) -> Any:
    """Matrices with these diagonals: (..., n) to (..., n, n), larger for another diagonal `k`.

    Args:
        diagonal: (..., n).
        name: kept for compatibility.
        k: which diagonal: 0 the main one, above 0 to its right.
        num_rows: of the matrices, which are square by default; of one side alone, as few as there can be.
        num_cols: likewise.
        padding_value: everywhere else.
        align: kept for compatibility.
    """
    offset = _one_diagonal("tf.linalg.diag", k, align)

    def run(x: Array) -> Array:
        n = x.shape[-1]
        square = num_rows == num_cols == -1
        rows = n + max(-offset, square * abs(offset), 0) if num_rows == -1 else num_rows
        columns = n + max(offset, square * abs(offset), 0) if num_cols == -1 else num_cols
        i = np.arange(n)
        full = jnp.full((*x.shape[:-1], rows, columns), padding_value, x.dtype)
        return full.at[..., i + max(-offset, 0), i + max(offset, 0)].set(x)

    return _linalg(run, diagonal)


def diag_part(
    input: ArrayLike, name: str = "diag_part", k: Any = 0, padding_value: float = 0, align: str = "RIGHT_LEFT"
) -> Any:
    """The `k`-th diagonals of matrices."""
    return ops.diagonal(input, _one_diagonal("tf.linalg.diag_part", k, align), -2, -1)


def set_diag(
    input: ArrayLike, diagonal: ArrayLike, name: str = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT"
) -> Any:
    """Matrices with another `k`-th diagonal."""
    offset = _one_diagonal("tf.linalg.set_diag", k, align)

    def run(x: Array, d: Array) -> Array:
        i = np.arange(d.shape[-1])
        return x.at[..., i + max(-offset, 0), i + max(offset, 0)].set(d)

    return _linalg(run, input, diagonal)


def band_part(input: ArrayLike, num_lower: Any, num_upper: Any, name: str | None = None) -> Any:
    """Matrices with zeros beyond so many diagonals below and above the main one; -1 keeps all of them."""
    lower, upper = integer("tf.linalg.band_part", num_lower), integer("tf.linalg.band_part", num_upper)
    x = input if upper < 0 else ops.tril(input, upper)
    return ops.convert_to_tensor(x) if lower < 0 else ops.triu(x, -lower)


def tensor_diag(diagonal: ArrayLike, name: str | None = None) -> Any:
    """A tensor of shape s + s with `diagonal`, of shape s, where both halves of the index are equal; else 0."""

    def run(x: Array) -> Array:
        return jnp.diag(x.reshape(-1)).reshape(x.shape + x.shape)

    return _linalg(run, diagonal)


def tensor_diag_part(input: ArrayLike, name: str | None = None) -> Any:
    """The elements where both halves of the index are equal: shape s + s to s."""

    def run(x: Array) -> Array:
        half = x.shape[: x.ndim // 2]
        return jnp.diagonal(x.reshape(int(np.prod(half)), -1)).reshape(half)

    return _linalg(run, input)


__getattr__ = absent(__name__)
