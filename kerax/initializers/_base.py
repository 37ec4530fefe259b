"""Initializer: what makes the first value of a weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.dtypes import standardize_dtype
from .._errors import ArgumentError, Unsupported
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Array, DType
from ..random import SeedGenerator
from ..random._global import make_default_seed


class Initializer:
    """Makes an array of a given shape; subclass it and define `__call__` (and `get_config` to save it)."""

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """The first value of a weight.

        Args:
            shape: of the weight.
            dtype: of the weight, `floatx()` by default.
        """
        raise Unsupported(f"{type(self).__name__} has no __call__", hint="define __call__(self, shape, dtype=None)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer that `get_config` describes."""
        return cls(**config)

    def clone(self) -> Initializer:
        """Another one made from the same config; without a seed it draws other numbers."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """Base of those that draw.

    Args:
        seed: with an integer, or a seed drawn once for None, every call gives the same values; a
            `SeedGenerator` gives others at every call.

    Raises:
        ArgumentError: another kind of seed.
    """

    def __init__(self, seed: Any = None) -> None:
        self._init_seed = seed
        if seed is None:
            seed = make_default_seed()
        elif isinstance(seed, dict):
            seed = deserialize_keras_object(seed)
        elif not isinstance(seed, (int, np.integer, SeedGenerator)):
            raise ArgumentError(
                type(self).__name__, got=f"the seed {seed!r}", expected="an integer, a SeedGenerator or None"
            )
        self.seed: int | SeedGenerator = seed

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a seed drawn by default is not among them."""
        return {"seed": serialize_keras_object(self._init_seed)}


def numeric(dtype: DType | None, where: str) -> str:
    """The name of the dtype a weight gets.

    Raises:
        ArgumentError: text is no weight.
    """
    name = standardize_dtype(dtype)
    if name == "string":
        raise ArgumentError(where, got="dtype 'string'", expected="a numeric or boolean dtype")
    return name
