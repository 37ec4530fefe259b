"""Regularizer: a loss on the value of a weight or on the output of a layer."""

from __future__ import annotations

from typing import Any

from .._errors import Unsupported
from .._types import Array, ArrayLike


class Regularizer:
    """Base of regularizers: define `__call__(x)`, a scalar, and `get_config` to save it."""

    def __call__(self, x: ArrayLike) -> Array | float:
        """The loss of `x`, a scalar."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise Unsupported(f"{type(self).__name__} has no get_config", hint="define get_config(self)")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """The regularizer that `get_config` describes."""
        return cls(**config)
