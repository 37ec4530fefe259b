"""The learning rate: what may be given for it, and what it is at a step."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback

from .. import config as settings
from .._core.variable import Variable, plain
from .._transform.tape import tracing
from .._types import Array
from ._state import read
from .schedules import LearningRateSchedule

__all__ = ["ask", "computed", "is_number", "rate_at"]


def is_number(rate: Any) -> bool:
    """Whether it is one number: Python's, NumPy's or JAX's."""
    if isinstance(rate, (np.ndarray, jax.Array)):
        return np.ndim(rate) == 0
    return isinstance(rate, numbers.Real) and not isinstance(rate, bool)


def computed(rate: Any) -> bool:
    """Whether it is a schedule or a function."""
    return isinstance(rate, LearningRateSchedule) or (callable(rate) and not isinstance(rate, Variable))


def rate_at(rate: Any, iterations: Variable) -> Array:
    """The learning rate after so many calls, a scalar of dtype `floatx()`."""
    if isinstance(rate, Variable):
        value = read([rate])[0]
    elif isinstance(rate, LearningRateSchedule):
        value = rate(read([iterations])[0])
    else:
        value = ask(rate)
    return jnp.asarray(plain(value), settings.floatx())


def ask(function: Callable[[], Any]) -> Any:
    """What the function gives now.

    A number that Python computes would be frozen into a program; the program asks for it at every step.
    """
    value = plain(function())
    if isinstance(value, jax.core.Tracer) or not tracing():
        return value
    dtype = settings.floatx()
    return io_callback(lambda: np.asarray(plain(function()), dtype), jax.ShapeDtypeStruct((), dtype))
