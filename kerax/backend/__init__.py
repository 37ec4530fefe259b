"""The old `keras.backend`, under its usual name `K`: what code written before `keras.ops` leans on.

New code has `kerax.ops`, `kerax.random` and `kerax.config`.
"""

from __future__ import annotations

from .._core.context import name_scope
from .._core.dtypes import standardize_dtype
from .._graph.tensor import is_symbolic as is_keras_tensor
from ..config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from ..utils import clear_session
from . import _arrays, _dtypes, _nn, _random, _state
from ._arrays import *
from ._dtypes import *
from ._nn import *
from ._random import *
from ._state import *

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_keras_tensor",
    "name_scope",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
    *_arrays.__all__,
    *_dtypes.__all__,
    *_nn.__all__,
    *_random.__all__,
    *_state.__all__,
]
__all__.sort()
