"""What a cached file must hold: the description, the check, and the error that names the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from .._errors import DataError

__all__ = ["ORIGIN", "Content", "Split", "unreadable", "wrong"]

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

AnyArray: TypeAlias = np.ndarray[Any, Any]
Split: TypeAlias = tuple[tuple[AnyArray, AnyArray], tuple[AnyArray, AnyArray]]
"""`(x_train, y_train), (x_test, y_test)`"""


@dataclass(frozen=True)
class Content:
    """One array: its shape (None: any size but 0), its dtype (or NumPy's name of a kind), the range of its numbers."""

    shape: tuple[int | None, ...]
    dtype: str
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        bounds = "" if self.low is None else f" between {self.low:g} and {self.high:g}"
        sizes = ", ".join("n" if size is None else str(size) for size in self.shape)
        return f"{self.dtype} ({sizes}{',' if len(self.shape) == 1 else ''}){bounds}"

    def fits(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
        """Whether an array of this shape and dtype can be the one; all that is asked before its data is read."""
        sizes = zip(shape, self.shape, strict=False)
        return (
            len(shape) == len(self.shape)
            and all(size > 0 if wanted is None else size == wanted for size, wanted in sizes)
            and bool(np.issubdtype(dtype, getattr(np, "object_" if self.dtype == "object" else self.dtype)))
        )

    def fault(self, array: AnyArray) -> str | None:
        """What is wrong with an array of the right shape and dtype: the first number out of range, in words."""
        if self.low is None or self.high is None:
            return None
        outside = ~((array >= self.low) & (array <= self.high))  # NaN is outside
        if not outside.any():
            return None
        index = tuple(int(i) for i in np.argwhere(outside)[0])
        return f"{array[index]} at {list(index)}"


def described(contents: Mapping[str, Content]) -> str:
    return "; ".join(f"{name}: {content}" for name, content in contents.items())


def wrong(path: str | PathLike[str], got: object, expected: object, url: str) -> DataError:
    """The error for a cached file whose content is not the data set."""
    return DataError(
        f"The cached file {path}",
        got=got,
        expected=expected,
        hint=f"move it away and load again to download it, or put the file from {url} in its place. "
        "It was not changed or deleted",
    )


def unreadable(path: str | PathLike[str], kind: str, error: BaseException, expected: object, url: str) -> DataError:
    """The error for a cached file that is damaged, or no file of its kind at all."""
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return wrong(path, f"something that cannot be read as {kind} ({reason})", expected, url)
