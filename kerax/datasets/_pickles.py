"""Reading the pickles that Keras's data sets are made of, without running what a pickle may ask for.

A pickle names the functions that rebuild it. These files need one of NumPy's, and two types as its arguments; a
file that names anything else is refused.
"""

from __future__ import annotations

import pickle
from typing import IO, Any

import numpy as np

__all__ = ["load"]


class _ArrayType:
    """Stands for `numpy.ndarray`, which a pickle passes along and must not call."""

    def __init__(self) -> None:
        raise pickle.UnpicklingError("an array is built by numpy's _reconstruct only")


def _empty(kind: type, shape: tuple[int, ...], code: bytes) -> np.ndarray[Any, Any]:
    """An array without elements; the pickle sets its state next."""
    if kind is not _ArrayType or tuple(shape) != (0,):
        raise pickle.UnpicklingError("not an array as numpy pickles it")
    return np.ndarray((0,), dtype=np.dtype("b"))


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _ArrayType,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _empty,  # written by NumPy 1, the published files among them
    ("numpy._core.multiarray", "_reconstruct"): _empty,  # written by NumPy 2
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"the file asks for {module}.{name}, which no data set needs") from None


def load(file: IO[bytes], encoding: str = "ASCII") -> Any:
    """Unpickle containers, numbers, text and NumPy arrays; `UnpicklingError` for anything else."""
    return _Unpickler(file, encoding=encoding).load()
