"""What is no array as JSON, and back exactly: numbers, strings, lists, tuples, dicts, and arrays among them.

Small arrays stand in the text; of large ones there is a number in their place.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import jax
import numpy as np

from .._errors import DataError, DTypeError

__all__ = ["pack", "unpack"]

INLINE = 16 * 1024  # bytes of an array that may stand in the text


def pack(value: Any, where: str) -> tuple[str, list[np.ndarray]]:
    """A nested value as JSON, and the large arrays that it names by number.

    Raises:
        DTypeError: something in it is no number, string, array or container of such.
    """
    arrays: list[np.ndarray] = []

    def plain(value: Any, path: str) -> Any:
        if value is None or type(value) in (bool, int, float, str):
            return value
        if type(value) is dict:
            if all(type(key) is str and not key.startswith("$") for key in value):
                return {key: plain(item, f"{path}[{key!r}]") for key, item in value.items()}
            pairs = [[plain(key, path), plain(item, f"{path}[{key!r}]")] for key, item in value.items()]
            return {"$dict": pairs}
        if type(value) in (list, tuple):
            items = [plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
            return items if type(value) is list else {"$tuple": items}
        if isinstance(value, (np.ndarray, np.generic, jax.Array)):
            return array(value, path)
        if isinstance(value, bytes):
            return {"$bytes": base64.b64encode(value).decode()}
        raise DTypeError(
            path,
            got=f"{value!r:.60} ({type(value).__name__})",
            expected="numbers, strings, arrays, and lists, tuples and dicts of them",
            hint="leave it out of what get_state() of the callback gives, or of the logs",
        )

    def array(value: Any, path: str) -> Any:
        found = np.asarray(value)
        if found.dtype == object:
            raise DTypeError(path, got="an array of objects", expected="an array of numbers")
        if found.nbytes > INLINE:
            arrays.append(found)
            return {"$array": len(arrays) - 1}
        data = base64.b64encode(np.ascontiguousarray(found).tobytes()).decode()
        return {"$inline": [found.dtype.name, list(found.shape), data, isinstance(value, np.generic)]}

    return json.dumps(plain(value, where)), arrays


def unpack(text: str, arrays: list[np.ndarray], where: str) -> Any:
    """What `pack` was given; arrays of JAX come back as NumPy's.

    Raises:
        DataError: the text is damaged.
    """

    def value(found: Any) -> Any:
        if isinstance(found, list):
            return [value(item) for item in found]
        if not isinstance(found, dict):
            return found
        if len(found) == 1:
            ((kind, held),) = found.items()
            if kind == "$dict":
                return {value(key): value(item) for key, item in held}
            if kind == "$tuple":
                return tuple(value(item) for item in held)
            if kind == "$bytes":
                return base64.b64decode(held)
            if kind == "$array":
                return arrays[held]
            if kind == "$inline":
                return inline(*held)
        return {key: value(item) for key, item in found.items()}

    def inline(dtype: str, shape: list[int], data: str, scalar: bool) -> Any:
        array = np.frombuffer(base64.b64decode(data), np.dtype(dtype)).reshape(shape).copy()
        return array[()] if scalar else array

    try:
        return value(json.loads(text))
    except (ValueError, TypeError, IndexError, KeyError, RecursionError) as error:
        raise DataError(where, got=f"damaged text ({error})", expected="what was saved") from error
