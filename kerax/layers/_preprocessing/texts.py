"""Text as users bring it: str, bytes, lists, NumPy arrays of any kind, pandas columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from ..._errors import DataError, DTypeError, ShapeError

__all__ = ["decoded", "encoded", "text_array", "text_batches"]


def text_array(value: Any, where: str) -> np.ndarray:
    """`value` as a NumPy array of text, in its shape.

    Args:
        value: text, or lists, arrays or columns of it.
        where: the layer, for errors.

    Raises:
        DTypeError: numbers.
        ShapeError: lists whose rows differ in length.
    """
    if isinstance(value, (str, bytes)):
        out = np.empty((), object)
        out[()] = value
        return out
    if hasattr(value, "iloc"):
        value = value.to_numpy(dtype=object)
    if not isinstance(value, np.ndarray):
        value = _from_lists(value, where)
    if value.dtype.kind in "UST":
        return value
    if value.dtype.kind == "O" and (not value.size or not isinstance(value.flat[0], (int, float, bool, np.number))):
        return value
    if value.dtype.kind == "O" and any(isinstance(item, (str, bytes)) for item in value.flat):
        return value  # its numbers are named when the texts are read
    kind = type(value.flat[0]).__name__ if value.dtype.kind == "O" else value.dtype
    raise DTypeError(where, got=f"numbers of dtype {kind}", expected="text")


def _from_lists(value: Any, where: str) -> np.ndarray:
    if isinstance(value, jax.Array):
        raise DTypeError(where, got=f"numbers of dtype {value.dtype}", expected="text")
    shape = _shape(value)
    flat = list(_flat(value))
    out = np.empty(len(flat), object)
    out[:] = flat
    try:
        return out.reshape(shape)
    except ValueError:
        raise ShapeError(
            where, got="a list whose rows differ in length", expected="rows of one length", hint="pass one text a row"
        ) from None


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        return (len(value), *(_shape(value[0]) if value else ()))
    return tuple(np.shape(value)) if isinstance(value, np.ndarray) else ()


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, np.ndarray):
        yield from value.ravel().tolist()
    else:
        yield value


def encoded(texts: np.ndarray, where: str, encoding: str = "utf-8") -> list[bytes]:
    """The texts of an array in one list, as bytes; bytes stay as they are.

    Raises:
        DataError: something else among them, such as None; it says which.
    """
    flat = texts.ravel().tolist()
    try:
        return [item if type(item) is bytes else item.encode(encoding, "surrogatepass") for item in flat]
    except AttributeError:
        place, wrong = next((i, item) for i, item in enumerate(flat) if not isinstance(item, (str, bytes)))
    except UnicodeEncodeError:
        if encoding.replace("-", "").lower() != "utf8":  # whose codec knows no surrogates
            return [item if type(item) is bytes else item.encode(encoding, "replace") for item in flat]
        raise
    index = ", ".join(map(str, np.unravel_index(place, texts.shape)))
    missing = wrong is None or wrong != wrong
    raise DataError(
        f"{where}, element [{index}]",
        got=f"{wrong!r} of type {type(wrong).__name__}",
        expected="text",
        hint='fill what is missing first, with "" for instance' if missing else "str() of it",
    )


def decoded(text: bytes, encoding: str = "utf-8") -> str:
    """Bytes as `str`; bytes that are no text of the encoding become U+FFFD."""
    return text.decode(encoding, "replace")


def text_batches(data: Any, steps: int | None, where: str) -> Iterator[np.ndarray]:
    """The batches of data given to `adapt`, as arrays of text.

    Args:
        data: text, lists, arrays; or an iterable of them, such as a generator or a dataset.
        steps: the most batches to take of an iterable, None for all.
        where: the layer, for errors.

    Raises:
        DTypeError: no text, or batches of several parts.
    """
    if isinstance(data, (str, bytes, list, tuple, np.ndarray)) or hasattr(data, "iloc"):
        yield text_array(data, where)
        return
    if not hasattr(data, "__iter__"):
        raise DTypeError(where, got=f"a {type(data).__name__}", expected="text, or an iterable of batches of text")
    for number, batch in enumerate(data):
        if steps is not None and number >= steps:
            return
        if isinstance(batch, tuple) and len(batch) == 1:
            batch = batch[0]
        several = isinstance(batch, tuple) and not all(isinstance(part, (str, bytes)) for part in batch)
        if several or isinstance(batch, dict):
            raise DTypeError(
                f"{where}, batch {number}",
                got=f"a {type(batch).__name__} of {len(batch)} parts",
                expected="text alone",
                hint="adapt(dataset.map(lambda x, y: x))",
            )
        yield text_array(batch, where)
