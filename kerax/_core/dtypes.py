"""Dtype names: what Keras calls them, and what JAX makes of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import config
from .._errors import ArgumentError

_ALIASES = {"float": "float32", "int": "int32", "half": "float16", "double": "float64", "long": "int64"}
_FLOATS = frozenset(
    ("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"),
)


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype: `"float32"`; None means `floatx()`.

    Takes names, NumPy and JAX dtypes and scalar types, and Python's bool, int and float.

    Raises:
        ArgumentError: not a dtype.
    """
    if dtype is None:
        return config.floatx()
    if isinstance(dtype, str):
        name = _ALIASES.get(dtype, dtype)
        if name in _FLOATS:
            return name
    elif dtype is float:
        return config.floatx()
    elif dtype is int:
        return "int32"
    elif dtype is bool:
        return "bool"
    else:
        name = dtype
    if name == "string" or name is str:
        return "string"
    try:
        return jnp.dtype(name).name
    except TypeError:
        text = getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
        if text and text != dtype:
            return standardize_dtype(text)
        raise ArgumentError("dtype", got=repr(dtype), expected='the name of a dtype, such as "float32"') from None


def real_dtype(dtype: Any) -> Any:
    """The dtype JAX computes in: 64-bit ones become 32-bit unless x64 is enabled."""
    return jax.dtypes.canonicalize_dtype(jnp.dtype(standardize_dtype(dtype)))


def is_float(dtype: Any) -> bool:
    """Whether the dtype, or its name, is a floating point one."""
    if isinstance(dtype, str):
        return dtype in _FLOATS
    return jnp.issubdtype(dtype, jnp.floating)


def is_string(value: Any) -> bool:
    """Whether `value` holds text: a str, bytes, or a NumPy array of them."""
    if isinstance(value, (str, bytes)):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "USTO" and (value.dtype.kind != "O" or (value.size > 0 and is_string(value.flat[0])))
    return False
