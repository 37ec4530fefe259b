"""Texts in folders as a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._errors import ArgumentError
from .._types import PathLike
from ._directories import Options
from ._loading import Unreadable, check_on_error, datasets_of

__all__ = ["text_dataset_from_directory"]


@dataclasses.dataclass(frozen=True)
class _Reader:
    """From the path of a file to its text."""

    max_length: int | None

    def __call__(self, path: str) -> str:
        try:
            with open(path, encoding="utf-8") as file:
                return file.read(-1 if self.max_length is None else self.max_length)
        except UnicodeDecodeError as error:
            raise Unreadable(f"it is not UTF-8: byte {error.object[error.start]:#x} at {error.start}") from error


def text_dataset_from_directory(
    directory: PathLike,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
    *,
    on_error: str = "raise",
) -> Any:
    """A data set of the text files in a folder, for text layers and for models that take strings.

    With one folder a class, `reviews/good/1.txt`, `reviews/bad/1.txt` …, it gives batches of texts and the numbers of
    their folders.

    Args:
        directory: the folder. Files below it that end in .txt are read; they hold UTF-8.
        labels: see `image_dataset_from_directory`, as are those not named here.
        max_length: characters to keep of each text, default all.
        format: "tf" or "grain", as Keras has it; both give a `kerax.data.Dataset`.
        on_error: what to do about a file that cannot be read: "raise", or "skip", which leaves it out and notes it in
            `dataset.skipped`.

    Returns:
        A `Dataset` with the attributes `class_names` and `file_paths`. Its elements are (texts, labels), or texts
        alone: an array of `str` (batch,); labels int32 (batch,), or float32 (batch, 1) for "binary" and
        (batch, classes) for "categorical".

    Raises:
        FileNotFoundError: there is no such folder.
        ArgumentError: values that fit neither each other nor the folder.
        DataError: no texts; or, while reading, a file that is not UTF-8, named.
    """
    where = "text_dataset_from_directory"
    check_on_error(where, on_error)
    options = Options(
        where, "texts", (".txt",), directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip
    if format not in ("tf", "grain"):
        raise ArgumentError(where, got=f"format={format!r}", expected="'tf' or 'grain'")
    if max_length is not None and (not isinstance(max_length, (int, np.integer)) or max_length < 1):
        raise ArgumentError(where, got=f"max_length={max_length!r}", expected="a positive integer, or None")
    read = _Reader(max_length)
    return datasets_of(options, read, on_error=on_error, blank="")
