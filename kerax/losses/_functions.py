"""What makes a function on arrays one of kerax's losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..ops._op import op

__all__ = ["loss_function"]

F = TypeVar("F", bound=Callable[..., Any])


def loss_function(
    elementwise: bool = True,
    takes_labels: bool = False,
    knows_rows: bool = False,
    counted: Callable[..., Any] | None = None,
) -> Callable[[F], F]:
    """Make `fn(y_true, y_pred, ...)` work on symbolic tensors, and say what it takes.

    Args:
        elementwise: target and output have one shape; the losses check it, since broadcasting hides mistakes.
        takes_labels: the target holds class numbers, which are left as they are.
        knows_rows: it mixes rows, and leaves the padded ones out itself.
        counted: `counted(y_true, values, **kwargs)`: which values count in a mean, or None for all.
    """

    def decorate(fn: F) -> F:
        wrapped = op(fn)
        wrapped.elementwise = elementwise  # type: ignore[attr-defined]
        wrapped.takes_labels = takes_labels  # type: ignore[attr-defined]
        wrapped.knows_rows = knows_rows  # type: ignore[attr-defined]
        wrapped.counted = counted  # type: ignore[attr-defined]
        return wrapped

    return decorate
