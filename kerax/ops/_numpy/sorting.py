"""Order, counts and differences."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..._errors import ArgumentError, ShapeError, StateError, Unsupported
from ..._types import Array, ArrayLike
from .._arrays import array, arrays, floats
from .._op import op

__all__ = [
    "argpartition",
    "argsort",
    "bincount",
    "corrcoef",
    "correlate",
    "diff",
    "digitize",
    "histogram",
    "searchsorted",
    "sort",
    "unique",
]


@op
def sort(x: ArrayLike, axis: int | None = -1) -> Array:
    """The elements along `axis` in rising order; None for the flattened array."""
    return jnp.sort(array(x), axis)


@op
def argsort(x: ArrayLike, axis: int | None = -1) -> Array:
    """The indices, int32, that put the elements along `axis` in rising order; equals keep theirs."""
    return jnp.argsort(array(x), axis)


@op
def argpartition(x: ArrayLike, kth: int, axis: int = -1) -> Array:
    """Indices, int32, that put the `kth` element along `axis` where sorting would, lesser ones before it.

    Args:
        x: any array.
        kth: a position along `axis`.
        axis: the axis to arrange.
    """
    return jnp.argpartition(array(x), kth, axis)


@op
def searchsorted(sorted_sequence: ArrayLike, values: ArrayLike, side: str = "left") -> Array:
    """Where `values` would go in a sorted vector, int32.

    Args:
        sorted_sequence: a vector in rising order.
        values: numbers of any shape.
        side: "left" puts a value before its equals, "right" after them.

    Raises:
        ShapeError: `sorted_sequence` is no vector.
    """
    sorted_sequence, values = arrays(sorted_sequence, values)
    if sorted_sequence.ndim != 1:
        raise ShapeError("searchsorted", got=f"a sorted_sequence of shape {sorted_sequence.shape}", expected="a vector")
    return jnp.searchsorted(sorted_sequence, values, side)


@op
def digitize(x: ArrayLike, bins: ArrayLike) -> Array:
    """The number of the bin each element falls in, int32: `bins[i - 1] <= x < bins[i]`.

    Args:
        x: any array.
        bins: rising edges.
    """
    return jnp.digitize(*arrays(x, bins)).astype("int32")


@op
def histogram(
    x: ArrayLike, bins: int | ArrayLike = 10, range: tuple[float, float] | None = None
) -> tuple[Array, Array]:
    """How many elements fall in each bin.

    Args:
        x: numbers of any shape.
        bins: the number of bins of equal width, or their edges.
        range: the edges of the first and last bin, those of the data by default.

    Returns:
        (counts, edges).

    Raises:
        ArgumentError: a range that is not two rising numbers.
    """
    if range is not None and (len(range) != 2 or range[1] < range[0]):
        raise ArgumentError("histogram", got=f"range={range!r}", expected="two rising numbers")
    return jnp.histogram(array(x), bins if isinstance(bins, int) else array(bins), range)


@op
def bincount(x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0, sparse: bool = False) -> Array:
    """How often each integer from 0 occurs along the last axis.

    Args:
        x: integers, at least 0; a vector or a matrix, counted row by row.
        weights: what an occurrence counts, in the shape of `x`; None: 1.
        minlength: at least so many integers are counted; inside compiled code just so many.
        sparse: must be False.

    Returns:
        Counts, int32 or the dtype of `weights`: (integers,) or (rows, integers).

    Raises:
        Unsupported: `sparse=True`.
    """
    if sparse:
        raise Unsupported("bincount", got="sparse=True", hint="leave it out: the counts come as a dense array")
    x = array(x)
    weights = None if weights is None else array(weights)
    length = minlength
    if not isinstance(x, jax.core.Tracer) and x.size:
        length = max(minlength, int(jnp.max(x)) + 1)
    if x.ndim == 1:
        return jnp.bincount(x, weights, length=length)
    rows = x.reshape(-1, x.shape[-1])
    if weights is None:
        counts = jax.vmap(lambda row: jnp.bincount(row, length=length))(rows)
    else:
        counts = jax.vmap(lambda row, w: jnp.bincount(row, w, length=length))(rows, weights.reshape(rows.shape))
    return counts.reshape(*x.shape[:-1], length)


@op
def unique(
    x: ArrayLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: ArrayLike | None = None,
) -> Any:
    """The different elements, in rising order.

    Args:
        x: any array.
        sorted: kept for compatibility; they are always sorted.
        return_index: whether to tell where each occurs first.
        return_inverse: whether to tell for each element of `x` which of them it is.
        return_counts: whether to tell how often each occurs.
        axis: compare slices along this axis; None for the flattened array.
        size: how many to give, needed inside compiled code.
        fill_value: what is given beyond those there are, the least by default.

    Returns:
        An array, or a tuple of arrays where more was asked for.

    Raises:
        StateError: no `size` inside compiled code.
    """
    x = array(x)
    if size is None and isinstance(x, jax.core.Tracer):
        raise StateError(
            "unique inside compiled code",
            got="a result whose size depends on values",
            hint="pass size=, the most there are",
        )
    return jnp.unique(x, return_index, return_inverse, return_counts, axis, size=size, fill_value=fill_value)


@op
def diff(a: ArrayLike, n: int = 1, axis: int = -1) -> Array:
    """Differences of neighbours along `axis`, taken `n` times."""
    return jnp.diff(array(a), n, axis)


@op
def corrcoef(x: ArrayLike) -> Array:
    """Pearson's correlation of each pair of rows, a float."""
    return jnp.corrcoef(floats(x))


@op
def correlate(x1: ArrayLike, x2: ArrayLike, mode: str = "valid") -> Array:
    """The cross-correlation of two vectors, a float.

    Args:
        x1: a vector.
        x2: a vector.
        mode: "valid", "same" or "full": how far the vectors reach beyond each other.
    """
    return jnp.correlate(floats(x1), floats(x2), mode)
