"""The three parts of a batch: inputs, targets, sample weights."""

from __future__ import annotations

from typing import Any

from ..._errors import DataError

__all__ = ["pack_x_y_sample_weight", "unpack_x_y_sample_weight"]


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """The inputs, targets and sample weights of a batch; None for what it does not have.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; the outer list or tuple is the batch.
    Returns:
        `(x, y, sample_weight)`.
    Raises:
        DataError: a list or tuple of no items, or of more than three.
    Examples:
        >>> unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(
            "A batch",
            got=f"a {type(data).__name__} of {len(data)} items",
            expected="`x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`",
            hint="put several inputs together first: ((x1, x2), y)" if len(data) > 3 else None,
        )
    x, y, weight = (*data, None, None)[:3]
    return x, y, weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The batch that `unpack_x_y_sample_weight` takes apart, as short as it can be.

    Returns:
        `x` alone where it cannot be mistaken for a batch, else `(x,)`, `(x, y)` or
        `(x, y, sample_weight)`. Weights without targets are dropped, as Keras drops them.
    """
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
