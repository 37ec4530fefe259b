"""Dtypes by name, and counted names."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .._core.dtypes import is_float, real_dtype, standardize_dtype
from .._core.naming import unique_name

__all__ = ["get_uid", "is_float_dtype", "is_int_dtype", "result_type"]


def get_uid(prefix: str = "") -> int:
    """How often a prefix was asked for, this time included."""
    name = unique_name(f"uid {prefix}")
    return int(name.rpartition("_")[2]) + 1 if name != f"uid {prefix}" else 1


def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype is a floating point one; None is `floatx()`."""
    return is_float(standardize_dtype(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of integers, signed or not; booleans are none."""
    name = standardize_dtype(dtype)
    return name != "string" and jnp.issubdtype(jnp.dtype(name), jnp.integer)


def result_type(*dtypes: Any) -> str:
    """The dtype that arrays of these dtypes give together, in JAX's rules; Python's int and float give way.

    Args:
        dtypes: names, dtypes, or `int`, `float`, `bool`; None is `float`, as is nothing at all.
    """
    known = [standardize_dtype(None) if dtype is None else dtype for dtype in dtypes or (float,)]
    # Python's own types are scalars of no fixed width.
    weak = {int: 0, float: 0.0, complex: 0j}
    found = jnp.result_type(*(weak[d] if d in (int, float, complex) else jnp.empty(0, real_dtype(d)) for d in known))
    if all(d in (int, float) for d in known):
        return "int32" if all(d is int for d in known) else standardize_dtype(float)
    return standardize_dtype(found)
