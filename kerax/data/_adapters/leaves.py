"""One input, target or weight, made an array that JAX takes as it is.

Nothing is copied that fits already. Floats become `floatx()`, 64-bit integers 32-bit ones unless JAX
runs with x64; text stays on the host. What has to be copied is copied once, into memory
aligned so that putting it on a CPU device needs no second copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from ... import config
from ..._core.dtypes import is_float, real_dtype
from ..._errors import DataError
from ..._host.aligned import aligned

__all__ = ["from_objects", "host_array", "is_array", "is_column", "is_rows", "path_name", "structured", "to_array"]

_SCALARS = (int, float, complex, str, bytes, np.generic)


def is_rows(value: Any) -> bool:
    """Whether a list, tuple or range holds the rows of one array, not several arrays."""
    if isinstance(value, range):
        return True
    if not isinstance(value, (list, tuple)) or hasattr(value, "_fields"):
        return False
    if not value:
        return True
    first = value[0]
    if isinstance(first, _SCALARS) or getattr(first, "shape", None) == ():
        return True
    if isinstance(first, tuple) or (isinstance(first, list) and isinstance(value, list)):
        return is_rows(first) and not any(hasattr(row, "shape") for row in value)
    return False


def is_array(value: Any) -> bool:
    """Whether `value` is, or duck-types, one array or table: NumPy, JAX, pandas, torch or tf tensors."""
    if isinstance(value, (np.ndarray, jax.Array)):
        return True
    if isinstance(value, type) or not hasattr(value, "shape"):
        return False
    return any(hasattr(value, name) for name in ("__array__", "to_numpy", "numpy", "toarray", "todense"))


def is_column(value: Any) -> bool:
    """Whether `value` is a pandas Series."""
    return hasattr(value, "iloc") and getattr(value, "ndim", None) == 1


def path_name(name: str, path: tuple) -> str:
    """`x['image'][0]`, as the user would write it."""
    return name + "".join(f"[{step!r}]" for step in path)


def structured(structure: Any, name: str, convert: Callable[[Any, str], Any], path: tuple = ()) -> Any:
    """`convert(leaf, its name)` of every leaf of a nested structure; None stays, and arrays that fit already."""
    if structure is None or (type(structure) is np.ndarray and _fits(structure)):
        return structure
    if isinstance(structure, Mapping):
        return {key: structured(value, name, convert, (*path, key)) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not is_rows(structure):
        parts = [structured(value, name, convert, (*path, index)) for index, value in enumerate(structure)]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return convert(structure, path_name(name, path))


def to_array(value: Any, name: str) -> np.ndarray | jax.Array:
    """`value` as an array with rows: contiguous, of a dtype that JAX keeps.

    Args:
        value: an array, table, tensor, list or range.
        name: what the user calls it, for the error.
    Raises:
        DataError: it is no array, it is sparse, ragged or without rows, or its numbers do not fit.
    """
    if isinstance(value, jax.Array):
        array = _cast_jax(value)
    else:
        array = _normal(host_array(value, name), name)
    if array.ndim == 0:
        raise DataError(
            name,
            got=f"one value, {array}",
            expected="an array with a row for each sample",
            hint="a list of one, [value]; for a dataset of single samples, dataset.batch(32)",
        )
    return array


def _cast_jax(value: jax.Array) -> jax.Array:
    if is_float(value.dtype) and value.dtype != real_dtype(config.floatx()):
        return value.astype(real_dtype(config.floatx()))
    return value


def host_array(value: Any, name: str) -> np.ndarray:
    if isinstance(value, np.ma.MaskedArray):
        raise DataError(name, got="a masked array", hint="fill the holes first: array.filled(0)")
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if isinstance(value, (*_SCALARS, range)) or is_rows(value):
        return _from_rows(value, name)
    if hasattr(value, "toarray") or hasattr(value, "todense"):
        dense = "toarray" if hasattr(value, "toarray") else "todense"
        raise DataError(
            name,
            got=f"a sparse {type(value).__name__}",
            expected="a dense array",
            hint=f"{name}.{dense}(), or a generator that makes one batch dense at a time",
        )
    if hasattr(value, "iloc"):
        return _from_pandas(value, name)
    if hasattr(value, "detach"):  # a torch tensor, perhaps on another device, perhaps with a gradient
        value = value.detach().cpu()
        return (value.float() if "bfloat16" in str(value.dtype) else value).numpy()
    for method in ("to_numpy", "numpy"):
        if callable(getattr(value, method, None)):
            return np.asarray(getattr(value, method)())
    if hasattr(value, "__array__"):
        return np.asarray(value)
    raise DataError(
        name,
        got=f"a {type(value).__module__}.{type(value).__qualname__}",
        expected="an array, a pandas table, a list of numbers, or lists, tuples and dicts of them",
    )


def _from_rows(value: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise DataError(
            name,
            got="a list whose rows differ in length",
            expected="rows of one length",
            hint="pad them: kerax.utils.pad_sequences",
        ) from error


def _from_pandas(value: Any, name: str) -> np.ndarray:
    columns = list(value.dtypes) if value.ndim == 2 else [value.dtype]
    numeric = [dtype for dtype in columns if getattr(dtype, "kind", "O") in "biuf"]
    if len(numeric) < len(columns):
        return value.to_numpy()
    plain = [getattr(dtype, "numpy_dtype", dtype) for dtype in numeric]
    dtype = np.result_type(*plain) if plain else np.dtype("float32")
    if any(hasattr(dtype, "numpy_dtype") for dtype in numeric) and value.isna().to_numpy().any():
        if dtype.kind != "f":
            dtype = np.result_type(dtype, np.float32)
        return value.to_numpy(dtype=dtype, na_value=np.nan)
    return value.to_numpy(dtype=dtype)


def _fits(array: np.ndarray) -> bool:
    dtype = array.dtype
    return dtype.kind in "biufc" and array.ndim > 0 and array.flags.c_contiguous and dtype == _target(dtype)


def _target(dtype: np.dtype) -> np.dtype:
    """What numbers of a dtype become."""
    kept = jax.dtypes.canonicalize_dtype(dtype.newbyteorder("=")) if dtype.kind in "biuc" else None
    return np.dtype(real_dtype(config.floatx()) if kept is None else kept)


def _normal(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype.kind == "O":
        array = from_objects(array, name)
    dtype = array.dtype
    if dtype.kind in "USTO":
        return array
    if not (is_float(dtype) or dtype.kind in "biuc"):
        raise DataError(
            name,
            got=f"dtype {dtype}",
            expected="numbers, booleans or text",
            hint="turn dates into numbers first" if dtype.kind in "mM" else None,
        )
    target = _target(dtype)
    if dtype == target:
        return array if array.flags.c_contiguous else _copied(array, target)
    if dtype.kind in "iu" and array.size:
        _check_range(array, target, name)
    return _copied(array, target)


def from_objects(array: np.ndarray, name: str) -> np.ndarray:
    """The numbers in an object array as numbers; text stays as it is."""
    flat = array.ravel().tolist()
    if all(isinstance(item, (str, bytes)) for item in flat):
        return array
    try:
        plain = np.array(flat)
    except ValueError:
        plain = array
    if plain.dtype.kind not in "biufc" or plain.shape != (array.size,):
        kinds = sorted({type(item).__name__ for item in flat})
        raise DataError(
            name,
            got=f"an array of objects ({', '.join(kinds[:4])})",
            expected="numbers, booleans or text",
            hint='fill what is missing among the text first: table.fillna("") for instance'
            if {"str", "bytes", "NoneType"} & set(kinds) and set(kinds) <= {"str", "bytes", "NoneType", "float"}
            else "pad ragged rows, and turn categories into numbers, first",
        )
    return plain.reshape(array.shape)


def _check_range(array: np.ndarray, target: np.dtype, name: str) -> None:
    limits, low, high = np.iinfo(target), array.min(), array.max()
    if low < limits.min or high > limits.max:
        raise DataError(
            name,
            got=f"{array.dtype} values from {low} to {high}",
            expected=f"values that fit {target}, from {limits.min} to {limits.max}",
            hint='pass them as floats, or call jax.config.update("jax_enable_x64", True) first',
        )


def _copied(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    copy = aligned(array.shape, dtype)
    np.copyto(copy, array, casting="unsafe")
    return copy
