"""The few helpers of the old `keras.backend` that are still asked for."""

from ._core.dtypes import standardize_dtype
from ._core.naming import unique_name
from ._graph.tensor import is_symbolic as is_keras_tensor
from .config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from .utils import clear_session

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def get_uid(prefix: str = "") -> int:
    """How often a prefix was asked for, this time included."""
    name = unique_name(f"uid {prefix}")
    return int(name.rpartition("_")[2]) + 1 if name != f"uid {prefix}" else 1
