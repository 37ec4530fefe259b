"""Constraint: where the value of a weight may lie."""

from __future__ import annotations

from typing import Any

from .._types import Array, ArrayLike


class Constraint:
    """Base of constraints: define `__call__(w)`, the allowed value that replaces `w` after an optimizer step."""

    def __call__(self, w: ArrayLike) -> Array:
        """The allowed value that replaces `w`."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """The constraint that `get_config` describes."""
        return cls(**config)
