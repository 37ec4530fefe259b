"""Shapes and padded rows: how targets, outputs, weights and masks are laid over each other."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import tree
from .._core.context import valid_rows
from .._core.variable import Variable, plain
from .._errors import ShapeError, StateError
from .._types import Array

__all__ = [
    "RowsMixed",
    "as_array",
    "combine",
    "fit",
    "floats",
    "leading",
    "rows_of",
    "safe_divide",
    "same_rank",
    "size_of",
    "targets_like",
    "zero_rows",
]


class RowsMixed(StateError):
    """A function of one's own gave a result without rows for a batch with padded rows: run it unpadded."""

    def __init__(self, name: str, shape: tuple[int, ...], rows: int) -> None:
        super().__init__(
            f"{name}: the padded rows of the batch cannot be left out",
            got=f"a result of shape {shape}",
            expected=f"one value for each of the {rows} rows",
            hint="leave the mean over the batch to the reduction, or use a batch size that divides the number of rows",
        )

    def __reduce__(self) -> tuple:
        return StateError, (self.where,)


def floats(x: Any) -> Array:
    """`x` as an array of floats; integers and booleans become float32."""
    x = jnp.asarray(plain(x))
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.float32)


def targets_like(y_true: Any, y_pred: Array) -> Array:
    """`y_true` as an array of the dtype of `y_pred`."""
    return jnp.asarray(plain(y_true), y_pred.dtype)


def same_rank(a: Array, b: Array) -> tuple[Array, Array]:
    """Drop or add a last axis of size 1 where the ranks differ by it; (n,) meets (n, 1) as (n, 1)."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[:, None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[:, None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def leading(x: Array, ndim: int) -> Array:
    """`x` with axes of size 1 added behind until it has `ndim`."""
    return x.reshape(x.shape + (1,) * (ndim - x.ndim))


def fit(values: Array, weight: Array, what: str = "sample_weight") -> tuple[Array, Array]:
    """`values` and `weight` in shapes that multiply: a weight per row counts for the whole row.

    Raises:
        ShapeError: they do not fit.
    """
    values, weight = same_rank(values, weight)
    if 0 < weight.ndim < values.ndim and weight.shape == values.shape[: weight.ndim]:
        weight = leading(weight, values.ndim)
    padded = (1,) * (values.ndim - weight.ndim) + weight.shape
    if weight.ndim > values.ndim or any(w not in (1, v) for w, v in zip(padded, values.shape, strict=True)):
        raise ShapeError(
            what,
            got=f"shape {weight.shape}",
            expected=f"one weight a row, or a shape that broadcasts to {values.shape}, one value each",
        )
    return values, weight


def combine(weight: Array, mask: Array) -> Array:
    """The product of weights and a mask, laid over each other from the rows on.

    Raises:
        ShapeError: they do not fit.
    """
    weight, mask = same_rank(weight, mask)
    ndim = max(weight.ndim, mask.ndim)
    weight, mask = (leading(x, ndim) if 0 < x.ndim < ndim else x for x in (weight, mask))
    try:
        return weight * mask
    except (TypeError, ValueError):
        raise ShapeError(
            "sample_weight", got=f"shape {weight.shape}", expected=f"one that goes with a mask of shape {mask.shape}"
        ) from None


def rows_of(structure: Any) -> Array | None:
    """The real rows of a padded batch, (n,) booleans, where `structure` holds n rows; else None."""
    rows = valid_rows()
    if rows is None:
        return None
    for leaf in tree.flatten(structure):
        shape: tuple[int, ...] = getattr(leaf, "shape", ())
        if len(shape) > 0:
            return rows if shape[0] == rows.shape[0] else None
    return None


def zero_rows(x: Array, rows: Array | None, fill: float = 0) -> Array:
    """`x` with `fill` in the padded rows, whatever stood there."""
    if rows is None or x.ndim == 0 or x.shape[0] != rows.shape[0]:
        return x
    return jnp.where(leading(rows, x.ndim), x, jnp.asarray(fill, x.dtype))


def safe_divide(a: Any, b: Any) -> Array:
    """`a / b`, and 0 where `b` is 0."""
    empty = b == 0
    return jnp.where(empty, 0, a / jnp.where(empty, 1, b))


def size_of(shape: tuple[int, ...], rows: Array | None) -> Any:
    """The number of elements in the real rows."""
    if rows is None or not shape or shape[0] != rows.shape[0]:
        return math.prod(shape)
    return jnp.sum(rows, dtype=jnp.float32) * math.prod(shape[1:])


def as_array(x: Any) -> Any:
    """What a compiled helper takes: arrays as they are, lists and Variables as arrays, None as None."""
    if x is None or isinstance(x, (int, float)) or hasattr(x, "dtype"):
        return x.value if isinstance(x, Variable) else x
    return np.asarray(x) if not _has_jax(x) else jnp.asarray(x)


def _has_jax(x: Any) -> bool:
    return hasattr(x, "aval") or (isinstance(x, (list, tuple)) and any(_has_jax(item) for item in x))
