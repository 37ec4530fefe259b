"""Reading and setting a model's learning rate."""

from __future__ import annotations

from typing import Any

from .._errors import StateError

__all__ = ["read_rate", "write_rate"]


def _optimizer(owner: Any, model: Any) -> Any:
    optimizer = getattr(model, "optimizer", None)
    if not hasattr(optimizer, "learning_rate"):
        raise StateError(
            f"{type(owner).__name__}",
            got=f"a model whose optimizer is {optimizer!r}",
            expected="one with a learning_rate",
        )
    return optimizer


def read_rate(owner: Any, model: Any) -> float:
    """The current learning rate of `model`, asked by the callback `owner`."""
    return float(_optimizer(owner, model).learning_rate)


def write_rate(owner: Any, model: Any, value: float) -> None:
    """Give `model` another learning rate."""
    optimizer = _optimizer(owner, model)
    if hasattr(optimizer.learning_rate, "assign"):
        optimizer.learning_rate.assign(value)
    else:  # an optimizer that follows a schedule refuses, and says why
        optimizer.learning_rate = value
