"""Elements of a dataset: tuples and dicts of NumPy arrays, numbers and text.

Inside a pipeline a number is a NumPy array or scalar, one text a `str` (or `bytes`, as it came), and
several texts an array of them. `presented` is what Python iteration gives: arrays that also have `.numpy()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from .._core.dtypes import is_string
from .._core.variable import plain
from .._errors import DataError
from .._transform.spec import TensorSpec
from ._adapters.leaves import from_objects, host_array, path_name

__all__ = [
    "Element",
    "as_numpy",
    "each",
    "element_of",
    "leaf_of",
    "leaves",
    "locked",
    "presented",
    "same_form",
    "spec_of",
    "stack",
    "tensor_of",
]

_DEFAULTS = {"i": np.dtype("int32"), "f": np.dtype("float32"), "c": np.dtype("complex64")}  # of Python's numbers


class Element(np.ndarray):
    """A NumPy array with the one method of TensorFlow's tensors that loops over a dataset call: `.numpy()`.

    What is picked out of it is one again, a single number or text among it.
    """

    def numpy(self) -> Any:
        """A plain NumPy array of one's own, or a scalar; text as bytes of UTF-8, as TensorFlow gives it."""
        return as_numpy_leaf(np.array(self))

    def __getitem__(self, key: Any) -> Any:
        return _present(super().__getitem__(key))

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a single value")
        return (self[i] for i in range(len(self)))


def each(fn: Callable, structure: Any, *more: Any) -> Any:
    """`fn` of the leaves of structures of tuples and dicts, in the order of the first one."""
    if isinstance(structure, Mapping):
        return {key: each(fn, value, *[other[key] for other in more]) for key, value in structure.items()}
    if isinstance(structure, tuple):
        parts = [each(fn, *values) for values in zip(structure, *more, strict=True)]
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
    return fn(structure, *more)


def leaves(structure: Any, path: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    """(path, leaf) pairs."""
    if isinstance(structure, Mapping):
        for key, value in structure.items():
            yield from leaves(value, (*path, key))
    elif isinstance(structure, tuple):
        for index, value in enumerate(structure):
            yield from leaves(value, (*path, index))
    else:
        yield path, structure


def locked(structure: Any) -> Any:
    """The same arrays, where nobody can write on them."""
    return each(_locked, structure)


def _locked(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    value = value.view()
    value.flags.writeable = False
    return value


def same_form(a: Any, b: Any) -> bool:
    """Whether two structures are nested alike."""
    if isinstance(a, Mapping):
        return isinstance(b, Mapping) and set(a) == set(b) and all(same_form(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same_form, a, b))
    return not isinstance(b, (Mapping, tuple))


def tensor_of(value: Any, where: str) -> Any:
    """`value` as a NumPy array, with TensorFlow's dtypes for Python's numbers: int32 and float32.

    Raises:
        DataError: it is none, or its rows differ in length.
    """
    value = plain(value)
    if isinstance(value, jax.Array):
        return np.asarray(value)
    if isinstance(value, np.ndarray):
        array = np.asarray(value)
        return array if array.dtype.kind != "O" else from_objects(array, where)
    if isinstance(value, (str, bytes)):
        return np.array(value, object)
    if isinstance(value, (bool, int, float, complex)):
        return _narrowed(np.asarray(value))
    if isinstance(value, (list, range)):
        return _from_list(value, where)
    array = host_array(value, where)
    return array if array.dtype.kind != "O" else from_objects(array, where)


def _from_list(value: Any, where: str) -> np.ndarray:
    value = [plain(item) for item in value]
    first = next(_atoms(value), None)
    try:
        if isinstance(first, (str, bytes)):
            return np.array(value, object)
        array = np.asarray(value)
    except ValueError:
        array = None
    if array is None or array.dtype.kind in "OSU":
        raise DataError(
            where,
            got="a list whose items differ in shape or kind",
            expected="items alike",
            hint="a tuple for several arrays; kerax.utils.pad_sequences or from_generator for rows of several lengths",
        )
    return array if hasattr(first, "dtype") else _narrowed(array)


def _atoms(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _atoms(item)
    else:
        yield value


def _narrowed(array: np.ndarray) -> np.ndarray:
    kind = _DEFAULTS.get(array.dtype.kind)
    if kind is None or (kind.kind == "i" and array.size and not (-(2**31) <= array.min() <= array.max() < 2**31)):
        return array
    return array.astype(kind)


def leaf_of(value: Any, where: str) -> Any:
    """One leaf of what a function or generator gave, as it is inside a pipeline; None and datasets stay."""
    kind = type(value)
    if kind is np.ndarray:
        if value.ndim and value.dtype.kind != "O":
            return value
    elif kind is str or kind is bytes or value is None or isinstance(value, np.number) or hasattr(value, "_stage"):
        return value
    array = tensor_of(value, where)
    return array if array.ndim else array[()]


def element_of(structure: Any, where: str) -> Any:
    """What a function or generator gave as an element: lists are arrays, tuples and dicts are structures."""
    if isinstance(structure, Mapping):
        return {key: element_of(value, where) for key, value in structure.items()}
    if isinstance(structure, tuple):
        parts = [element_of(value, where) for value in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
    return leaf_of(structure, where)


def stack(elements: Sequence[Any], where: str) -> Any:
    """Elements nested alike, as one with a new first axis.

    Raises:
        DataError: they differ in structure or shape.
    """
    first = elements[0]
    for element in elements:
        if not same_form(first, element):
            raise DataError(
                where, got=f"elements of different structures: {_form(first)} and {_form(element)}", expected="one"
            )
    return _stacked(list(elements), where, ())


def _stacked(parts: list[Any], where: str, path: tuple) -> Any:
    first = parts[0]
    if isinstance(first, Mapping):
        return {key: _stacked([part[key] for part in parts], where, (*path, key)) for key in first}
    if isinstance(first, tuple):
        items = [_stacked([part[i] for part in parts], where, (*path, i)) for i in range(len(first))]
        return type(first)(*items) if hasattr(first, "_fields") else tuple(items)
    if first is None:
        return None
    if isinstance(first, (str, bytes)):
        out = np.empty(len(parts), object)
        out[:] = parts
        return out
    shapes = {np.shape(part) for part in parts}
    if len(shapes) > 1 or hasattr(first, "_stage"):
        raise DataError(
            f"{where}: {path_name('element', path)}",
            got=f"shapes {', '.join(map(str, sorted(shapes)[:3]))} in one batch",
            expected="one shape",
            hint="padded_batch, or a map before it that makes them alike",
        )
    return np.array(parts) if shapes == {()} else np.stack(parts)


def _form(structure: Any) -> Any:
    if isinstance(structure, Mapping):
        return {key: _form(value) for key, value in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_form(value) for value in structure)
    return type(structure).__name__


def _present(value: Any) -> Any:
    if value is None or hasattr(value, "_stage"):
        return value
    array = np.array(value, object) if isinstance(value, (str, bytes)) else np.asarray(value)
    return array.view(Element)


def presented(element: Any) -> Any:
    """An element as Python iteration gives it: `Element` arrays, texts among them."""
    return each(_present, element)


def as_numpy_leaf(value: Any) -> Any:
    """A NumPy array or scalar; text as bytes."""
    if value is None or hasattr(value, "_stage"):
        return value
    if isinstance(value, str):
        return str(value).encode()
    if isinstance(value, bytes):
        return bytes(value)
    array = np.asarray(value)
    if not is_string(array):
        return array[()]
    out = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        text = array[place]
        out[place] = text if isinstance(text, bytes) else str(text).encode()
    return out[()]


def as_numpy(element: Any) -> Any:
    """An element as `as_numpy_iterator` gives it: plain NumPy, text as bytes."""
    return each(as_numpy_leaf, element)


def spec_of(element: Any) -> Any:
    """The shapes and dtypes of an element, nested like it."""
    return each(_spec, element)


def _spec(value: Any) -> Any:
    if value is None:
        return None
    if hasattr(value, "_stage"):
        return value._spec()
    if isinstance(value, (str, bytes)):
        return TensorSpec((), "string")
    array = np.asarray(value)
    return TensorSpec(array.shape, "string" if array.dtype.kind in "SUOT" else array.dtype.name)
