"""Where and how code runs: devices, eager or compiled, names of types that only older code asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from ..._transform.tape import tracing
from . import _devices

__all__ = ["device", "executing_eagerly", "init_scope", "inside_function", "is_symbolic_tensor"]


@contextmanager
def device(device_name: Any) -> Iterator[None]:
    """A block whose arrays are made on this device; None: wherever JAX puts them.

    Args:
        device_name: such as "/GPU:0" or "cpu:0". One that is not there is let through, unless
            `tf.config.set_soft_device_placement(False)` was called.

    Raises:
        InvalidArgumentError: no device, or not a name of one.
    """
    found = _devices.called(device_name) if isinstance(device_name, str) and device_name else None
    if found is None:
        yield
        return
    with jax.default_device(found):
        yield


def executing_eagerly() -> bool:
    """Whether code runs at once, instead of being compiled."""
    return not tracing()


def inside_function() -> bool:
    """Whether code is being compiled."""
    return tracing()


@contextmanager
def init_scope() -> Iterator[None]:
    """A block that runs at once, even while a function is being compiled."""
    with jax.ensure_compile_time_eval():
        yield


def is_symbolic_tensor(tensor: Any) -> bool:
    """Whether it stands for a value while a function is being compiled."""
    return isinstance(tensor, jax.core.Tracer)
