"""The words that signatures are written in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias

import jax
import numpy as np

Array: TypeAlias = jax.Array
ArrayLike: TypeAlias = Any
"""Anything jax.numpy takes, a Variable, or a symbolic tensor."""
Shape: TypeAlias = tuple[int | None, ...]
DType: TypeAlias = str | np.dtype | type
Nested: TypeAlias = Any
"""A value, or lists, tuples and dicts of them."""
Logs: TypeAlias = dict[str, Any]
Config: TypeAlias = dict[str, Any]
Metadata: TypeAlias = Mapping[str, Any]
PathLike: TypeAlias = str | os.PathLike[str]

__all__ = ["Array", "ArrayLike", "Config", "DType", "Logs", "Metadata", "Nested", "PathLike", "Shape"]
