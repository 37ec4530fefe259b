"""Between arrays, symbolic tensors, NumPy and dtypes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import tree
from .._core.dtypes import real_dtype, standardize_dtype
from .._core.variable import plain
from .._graph.tensor import KerasTensor
from .._types import Array, ArrayLike, DType
from ._arrays import array
from ._op import op

__all__ = [
    "cast",
    "convert_to_numpy",
    "convert_to_tensor",
    "dtype",
    "is_tensor",
    "saturate_cast",
    "shape",
    "stop_gradient",
]


@op(rowwise=True, theme="core")
def cast(x: ArrayLike, dtype: DType) -> Array:
    """`x` with another dtype; floats are cut to integers towards 0."""
    return array(x).astype(real_dtype(dtype))


@op(rowwise=True, theme="core")
def saturate_cast(x: ArrayLike, dtype: DType) -> Array:
    """`x` with another dtype, values beyond its range cut to the nearest it has."""
    x, dtype = array(x), real_dtype(dtype)
    if dtype == jnp.bool_:
        return x.astype(dtype)
    source = jnp.uint8 if x.dtype == jnp.bool_ else x.dtype
    least, greatest = _range(dtype), _range(source)
    low, high = max(least[0], greatest[0]), min(least[1], greatest[1])
    return jnp.clip(x.astype(source), low, high).astype(dtype)


def _range(dtype: Any) -> tuple[Any, Any]:
    info = jnp.finfo(dtype) if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype)
    if jnp.issubdtype(dtype, jnp.floating):
        return float(info.min), float(info.max)
    return int(info.min), int(info.max)


def convert_to_tensor(
    x: ArrayLike, dtype: DType | None = None, sparse: bool | None = None, ragged: bool | None = None
) -> Array:
    """`x` as a JAX array; a symbolic tensor stays one.

    Args:
        x: a number, nested lists, a NumPy or JAX array, a Variable, a symbolic tensor.
        dtype: that of `x` by default.
        sparse: kept for compatibility; arrays are dense.
        ragged: kept for compatibility; arrays are dense.
    """
    if isinstance(x, KerasTensor):
        return x if dtype is None or standardize_dtype(dtype) == x.dtype else cast(x, dtype)
    if isinstance(x, (list, tuple)):
        x = tree.map_structure(plain, x)
    return array(plain(x), dtype)


def convert_to_numpy(x: ArrayLike) -> np.ndarray:
    """`x` as a NumPy array.

    Raises:
        DTypeError: a symbolic tensor has no values.
    """
    if isinstance(x, (list, tuple)):
        x = tree.map_structure(lambda item: np.asarray(plain(item)), x)
    return np.asarray(plain(x))


def is_tensor(x: Any) -> bool:
    """Whether `x` is a JAX array; not so Variables, NumPy arrays and symbolic tensors."""
    return isinstance(x, jax.Array)


def shape(x: ArrayLike) -> tuple[int | None, ...]:
    """The sizes of the axes; None where a symbolic tensor's is not known."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def dtype(x: ArrayLike) -> str:
    """The name of the dtype of an array, a Variable or a symbolic tensor."""
    return standardize_dtype(x.dtype)


@op(rowwise=True, theme="core")
def stop_gradient(variable: ArrayLike) -> Array:
    """`variable`, treated as constant by differentiation."""
    return jax.lax.stop_gradient(array(variable))
