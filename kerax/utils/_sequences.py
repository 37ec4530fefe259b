"""Lists of unequal length to one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._errors import ArgumentError

_ENDS = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences as rows of one array, filled up or cut to one length.

    Args:
        sequences: lists or arrays, each (steps, ...), the axes after the first alike.
        maxlen: the length, default that of the longest.
        dtype: of the result; `object` for strings.
        padding: `"pre"` fills up at the front, `"post"` at the end.
        truncating: `"pre"` cuts at the front, `"post"` at the end.
        value: what fills up.

    Returns:
        (number of sequences, maxlen, ...).

    Raises:
        ArgumentError: something without a length, rows of another shape, a word that is not "pre" or "post",
            strings filled up with numbers.
    """
    for name, end in (("padding", padding), ("truncating", truncating)):
        if end not in _ENDS:
            raise ArgumentError("pad_sequences", got=f"{name}={end!r}", expected='"pre" or "post"')
    if not hasattr(sequences, "__len__"):
        raise ArgumentError("pad_sequences", got=f"{type(sequences).__name__}", expected="a list of sequences")
    for sequence in sequences:
        if not hasattr(sequence, "__len__"):
            raise ArgumentError("pad_sequences", got=f"{sequence!r} among the sequences", expected="lists or arrays")
    if isinstance(value, str) and dtype is not object and not np.issubdtype(dtype, np.str_):
        raise ArgumentError("pad_sequences", got=f"value={value!r} with dtype={dtype!r}", expected="dtype=object")
    if maxlen is None:
        maxlen = max((len(sequence) for sequence in sequences), default=0)
    inner = next((np.asarray(sequence).shape[1:] for sequence in sequences if len(sequence)), ())
    padded = np.full((len(sequences), maxlen, *inner), value, dtype)
    for row, sequence in zip(padded, sequences, strict=True):
        if not len(sequence):
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype)
        if kept.shape[1:] != inner:
            raise ArgumentError(
                "pad_sequences",
                got=f"a sequence whose steps have shape {kept.shape[1:]}",
                expected=f"{inner}, as in the first one",
            )
        if padding == "post":
            row[: len(kept)] = kept
        else:
            row[maxlen - len(kept) :] = kept
    return padded
