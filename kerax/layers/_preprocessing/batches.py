"""The batches of data given to `adapt`, where it is numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._errors import DTypeError

__all__ = ["batches"]


def batches(data: Any, steps: int | None, where: str) -> Iterator[np.ndarray]:
    """Arrays of numbers, one for each batch.

    Args:
        data: numbers, lists, arrays; or an iterable of them, such as a generator or a dataset. Of a batch that is
            a tuple, such as (x, y), the first part.
        steps: the most batches to take of an iterable, None for all.
        where: the layer, for errors.

    Raises:
        DTypeError: nothing that numbers come from.
    """
    if isinstance(data, (int, float, list, tuple)) or (hasattr(data, "__array__") and hasattr(data, "shape")):
        yield np.asarray(data)
        return
    if not hasattr(data, "__iter__") or isinstance(data, (str, bytes)):
        raise DTypeError(where, got=f"a {type(data).__name__}", expected="numbers, or an iterable of batches of them")
    for number, batch in enumerate(data):
        if steps is not None and number >= steps:
            return
        if isinstance(batch, dict):
            raise DTypeError(
                f"{where}, batch {number}",
                got=f"a dict of {sorted(map(str, batch))}",
                expected="numbers alone",
                hint='adapt(dataset.map(lambda x: x["name"]))',
            )
        yield np.asarray(batch[0] if isinstance(batch, tuple) else batch)
