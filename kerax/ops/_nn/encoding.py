"""Class numbers as zeros and ones."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..._core.dtypes import real_dtype
from ..._errors import ArgumentError, Unsupported
from ..._types import Array, ArrayLike, DType
from .._arrays import array
from .._op import op

__all__ = [
    "multi_hot",
    "one_hot",
]


@op(theme="nn")
def one_hot(x: ArrayLike, num_classes: int, axis: int = -1, dtype: DType | None = None, sparse: bool = False) -> Array:
    """1 at the class number along a new axis, else 0; all 0 for what is no class.

    Args:
        x: class numbers.
        num_classes: the size of the new axis.
        axis: where it stands in the result.
        dtype: `floatx()` by default.
        sparse: must be False.

    Raises:
        Unsupported: `sparse=True`.
    """
    _dense("one_hot", sparse)
    return jax.nn.one_hot(array(x).astype("int32"), num_classes, axis=axis, dtype=real_dtype(dtype))


@op(theme="nn")
def multi_hot(
    inputs: ArrayLike,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: DType | None = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Array:
    """1 for each class that occurs, else 0.

    Args:
        inputs: (batch, ..., n) or (n,) class numbers; they are put together along the second axis, the
            only one of a vector.
        num_classes: the number of classes.
        axis: where the axis of the classes stands.
        dtype: `floatx()` by default.
        sparse: must be False.
        kwargs: `num_tokens`, the older name of `num_classes`.

    Raises:
        ArgumentError: no number of classes, or an unknown argument.
        Unsupported: `sparse=True`.
    """
    _dense("multi_hot", sparse)
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs or num_classes is None:
        raise ArgumentError("multi_hot", got=f"num_classes={num_classes} and {sorted(kwargs)}", expected="num_classes")
    x = array(inputs).astype("int32")
    hot = jax.nn.one_hot(x, num_classes, axis=axis, dtype=real_dtype(dtype))
    return jnp.max(hot, axis=1 if x.ndim > 1 else 0)


def _dense(where: str, sparse: bool) -> None:
    if sparse:
        raise Unsupported(where, got="sparse=True", hint="leave it out: the result comes as a dense array")
