"""What TensorFlow's tensors have and arrays of JAX lack: `.numpy()` and `.get_shape()`.

Importing this package gives them to every array of the process. Only here are classes of JAX changed;
nothing of theirs is replaced.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ..._core.variable import Variable
from ..._errors import StateError
from ..._graph.tensor import KerasTensor
from ...data._element import Element
from ._types import TensorShape

Tensor = jax.Array
"""Arrays of JAX, those that stand for values while a function is being compiled among them."""


def _numpy(self: Any) -> Any:
    """The values as a NumPy array of one's own; a NumPy number for a scalar."""
    return np.array(self)[()]


def _no_numpy(self: Any) -> Any:
    """There are no values while a function is being compiled."""
    raise StateError(
        ".numpy() inside a compiled function",
        got=f"{self.dtype.name}{list(self.shape)} that is not computed yet",
        hint="functions of tf instead of NumPy, tf.print to look at it, "
        "or fit with compile(run_eagerly=True) or tf.config.run_functions_eagerly(True)",
    )


def _no_symbolic_numpy(self: KerasTensor) -> Any:
    """A symbolic tensor has no values."""
    return self.__array__()


def _get_shape(self: Any) -> TensorShape:
    """The shape, as a tuple with TensorFlow's methods."""
    return TensorShape(self.shape)


def install() -> None:
    """Give arrays, symbolic tensors, Variables and elements of datasets the methods they lack."""
    for cls, methods in {
        jax.Array: {"numpy": _numpy, "get_shape": _get_shape},
        jax.core.Tracer: {"numpy": _no_numpy, "get_shape": _get_shape},
        KerasTensor: {"numpy": _no_symbolic_numpy, "get_shape": _get_shape},
        Variable: {"get_shape": _get_shape},
        Element: {"get_shape": _get_shape},
    }.items():
        for name, method in methods.items():
            if not hasattr(cls, name):
                setattr(cls, name, method)
