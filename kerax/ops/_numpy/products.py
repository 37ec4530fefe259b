"""Products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from ..._types import Array, ArrayLike
from .._arrays import array, arrays
from .._op import op

__all__ = [
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
    "trace",
    "vdot",
]


@op
def matmul(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The matrix product over the last two axes; the others broadcast. int8 gives int32."""
    x1, x2 = arrays(x1, x2)
    return jnp.matmul(x1, x2, preferred_element_type=_wide(x1, x2))


def _wide(x1: Array, x2: Array) -> Any:
    """The dtype a product is summed in where its own would overflow."""
    return "int32" if x1.dtype == x2.dtype == jnp.int8 else None


@op
def dot(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The product over the last axis of `x1` and the last but one of `x2`."""
    x1, x2 = arrays(x1, x2)
    return jnp.dot(x1, x2)


@op
def inner(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The product over the last axes of both."""
    return jnp.inner(*arrays(x1, x2))


@op
def outer(x1: ArrayLike, x2: ArrayLike) -> Array:
    """All products of an element of `x1` and one of `x2`: (size of x1, size of x2)."""
    return jnp.outer(*arrays(x1, x2))


@op
def vdot(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The scalar product of both, flattened; `x1` conjugated."""
    return jnp.vdot(*arrays(x1, x2))


@op
def tensordot(x1: ArrayLike, x2: ArrayLike, axes: int | Sequence[Any] = 2) -> Array:
    """The product over axes of both.

    Args:
        x1: any array.
        x2: any array.
        axes: how many last axes of `x1` meet the first of `x2`, or (axes of x1, axes of x2).
    """
    return jnp.tensordot(*arrays(x1, x2), axes=axes)


@op
def einsum(subscripts: str, *operands: ArrayLike, **kwargs: Any) -> Array:
    """Products summed as `subscripts` says: "ij,jk->ik" is the matrix product.

    Args:
        subscripts: a letter per axis of each operand; what is not to the right of "->" is summed over.
        operands: arrays.
        kwargs: `optimize`: how to find the order of the products.
    """
    values = arrays(*operands)
    if all(value.dtype == jnp.int8 for value in values):
        kwargs.setdefault("preferred_element_type", "int32")
    return jnp.einsum(subscripts, *values, **kwargs)


@op
def cross(
    x1: ArrayLike,
    x2: ArrayLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Array:
    """The vector product of vectors of two or three elements.

    Args:
        x1: vectors along `axisa`.
        x2: vectors along `axisb`.
        axisa: axis of `x1`.
        axisb: axis of `x2`.
        axisc: axis of the result.
        axis: stands for all three.
    """
    return jnp.cross(*arrays(x1, x2), axisa=axisa, axisb=axisb, axisc=axisc, axis=axis)


@op
def kron(x1: ArrayLike, x2: ArrayLike) -> Array:
    """The Kronecker product: `x2` times each element of `x1`, side by side."""
    return jnp.kron(*arrays(x1, x2))


@op
def trace(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The sum of a diagonal over two axes.

    Args:
        x: at least two axes.
        offset: which diagonal: 0 the main one.
        axis1: the first axis.
        axis2: the second axis.
    """
    return jnp.trace(array(x), offset, axis1, axis2)
