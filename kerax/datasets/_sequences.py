"""What the two sets of texts share: rows of word numbers, and the ways Keras edits them.

In the files a word's number is its rank: 1 for the most frequent word. `index_from` moves all ranks up, to make room
for 0 (padding), `start_char` and `oov_char` (out of vocabulary).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import ArgumentError
from ._content import AnyArray, unreadable, wrong

__all__ = ["Rows", "check_rows", "limit_words", "mark", "ragged", "read_index", "shorter", "shuffled"]

Rows = list[list[int]]


def check_rows(path: Path, name: str, rows: Iterable[Any], url: str) -> None:
    """Raise unless every row is a list (or a flat array) of word numbers, 0 or more."""
    expected = "each row a list of whole numbers, 0 or more"
    for place, row in enumerate(rows):
        if isinstance(row, np.ndarray):
            ok = row.ndim == 1 and row.dtype.kind in "iu" and (row.size == 0 or row.min() >= 0)
        else:
            ok = isinstance(row, list) and set(map(type, row)) <= {int} and min(row, default=0) >= 0
        if not ok:
            raise wrong(path, f"{name}[{place}] = {repr(row)[:60]}", expected, url)


def shuffled(rng: np.random.RandomState, *arrays: AnyArray) -> list[AnyArray]:
    """The arrays in one new order: the one Keras gives them where `rng` has seen the same seed and the same calls."""
    order = np.arange(len(arrays[0]))
    rng.shuffle(order)
    return [array[order] for array in arrays]


def mark(rows: Iterable[Any], start_char: int | None, index_from: int | None) -> Rows:
    """Ranks to numbers: each moved up by `index_from`, after a start mark if there is one."""
    first = [] if start_char is None else [start_char]
    up = index_from or 0
    return [first + [rank + up for rank in row] for row in rows]


def shorter(where: str, maxlen: int | None, rows: Rows, labels: AnyArray) -> tuple[Rows, AnyArray]:
    """The rows with fewer than `maxlen` numbers, and their labels; all of them if it is None or 0."""
    if not maxlen:
        return rows, labels
    kept = [place for place, row in enumerate(rows) if len(row) < maxlen]
    if not kept:
        shortest = min(map(len, rows))
        raise ArgumentError(
            where, got=f"maxlen={maxlen}, which no sequence is shorter than", expected=f"more than {shortest}"
        )
    return [rows[place] for place in kept], labels[kept]


def limit_words(rows: Rows, num_words: int | None, skip_top: int, oov_char: int | None) -> Rows:
    """Replace the numbers outside [skip_top, num_words) by `oov_char`; leave them out if it is None.

    Without `num_words` the limit is the largest number there is, which is then replaced itself: so Keras counts.
    """
    end = num_words or max(max(row) for row in rows if row)
    if oov_char is None:
        return [[word for word in row if skip_top <= word < end] for row in rows]
    return [[word if skip_top <= word < end else oov_char for word in row] for row in rows]


def ragged(rows: Rows) -> AnyArray:
    """An object array (n,) of lists, even where all are of one length."""
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


def read_index(path: Path, url: str) -> dict[str, int]:
    """A .json file with the rank of each word."""
    expected = 'a .json object with the rank of each word: {"the": 1, …}'
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, "a .json file", error, expected, url) from error
    if not isinstance(found, dict) or not found:
        raise wrong(path, f"{type(found).__name__} {str(found)[:40]}", expected, url)
    bad = next(((word, rank) for word, rank in found.items() if type(rank) is not int or rank < 0), None)
    if bad:
        raise wrong(path, f"{bad[0]!r}: {bad[1]!r}", expected, url)
    return found
