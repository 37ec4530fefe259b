"""What the arguments of TensorBoard may be."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError

__all__ = ["batches_to_profile", "checked_kwargs", "every_batches", "frequency"]

_GONE = {"batch_size", "embeddings_data", "embeddings_layer_names", "write_grads"}


def checked_kwargs(kwargs: dict[str, Any]) -> None:
    """Warn of arguments that older versions took; others are an error."""
    unknown = sorted(set(kwargs) - _GONE)
    if unknown:
        raise DTypeError("TensorBoard", got=f"the arguments {', '.join(unknown)}", expected="known ones")
    if kwargs:
        warnings.warn(f"TensorBoard no longer uses {', '.join(sorted(kwargs))}; ignored.", stacklevel=3)


def frequency(name: str, value: Any) -> int:
    """A number of epochs; 0 and None for never."""
    if value is None:
        return 0
    if not _is_whole(value) or value < 0:
        raise ArgumentError(f"TensorBoard: {name}", got=repr(value), expected="a number of epochs, 0 for never")
    return int(value)


def every_batches(update_freq: Any) -> int | None:
    """A number of batches; None for the end of the epoch alone."""
    if update_freq == "epoch":
        return None
    if update_freq == "batch":
        return 1
    if not _is_whole(update_freq) or update_freq < 1:
        raise ArgumentError(
            "TensorBoard: update_freq", got=repr(update_freq), expected='"epoch", "batch" or a number of batches from 1'
        )
    return int(update_freq)


def batches_to_profile(profile_batch: Any) -> tuple[int, int] | None:
    """The first and the last batch, from 1; None for none."""
    ends = profile_batch
    if isinstance(ends, str):
        ends = [int(part) if part.strip().isdigit() else part for part in ends.split(",")]
        ends = ends * 2 if len(ends) == 1 else ends
    if _is_whole(ends):
        ends = [ends, ends]
    if isinstance(ends, range) and ends.step == 1 and len(ends):
        ends = [ends[0], ends[-1]]
    whole = isinstance(ends, (list, tuple)) and len(ends) == 2 and all(_is_whole(end) for end in ends)
    if not whole or not 0 <= ends[0] <= ends[1] or (ends[0] == 0 and ends[1] > 0):
        raise ArgumentError(
            "TensorBoard: profile_batch",
            got=repr(profile_batch),
            expected="0 for none, the number of a batch from 1, or the first and the last, as (10, 20) or '10,20'",
        )
    return None if ends[1] == 0 else (int(ends[0]), int(ends[1]))


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
