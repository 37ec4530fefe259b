"""HostLayer: the base of layers that compute in NumPy, because what they work on is text, or 64-bit integers.

A model that holds one is split where it ends (`models/_split.py`): what leads to it runs on the host, ahead
of the device, and what follows is compiled.
"""

from __future__ import annotations

import itertools
from typing import Any

import jax
import numpy as np

from ... import tree
from ..._core.context import changes, here
from ..._core.dtypes import real_dtype
from ..._errors import StateError
from .._layer import Layer

_versions = itertools.count(1)


class HostLayer(Layer):
    """A layer that computes in NumPy. A subclass writes `compute` and `compute_output_spec`."""

    _on_host = True
    _takes_text = True
    _raw_inputs = True
    _label = ""  # what errors call it, where it is a part of another layer

    def build(self, input_shape: Any = None) -> None:
        """Nothing to make."""

    def compute(self, *args: Any, **kwargs: Any) -> Any:
        """The computation, on NumPy arrays; subclasses write it."""
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """The outputs: numbers as arrays of JAX, or of NumPy where a host computes ahead; text as NumPy arrays."""
        if any(isinstance(leaf, jax.core.Tracer) for leaf in tree.flatten(inputs)):
            raise self._in_a_trace()
        return tree.map_structure(outward, self.compute(inputs))

    def _in_a_trace(self) -> StateError:
        return StateError(
            f"{type(self).__name__} {self.name!r} was called in code that is being compiled",
            got="values that are not known yet",
            expected="NumPy arrays: it runs on the host",
            hint="make the model Functional or Sequential, which run it ahead of the device; or call it on the data "
            "before fit, in dataset.map for instance; or compile with run_eagerly=True",
        )

    def _changed(self) -> None:
        """Note that what it has learned is new: what was compiled with the old is out of date."""
        self._revision = new_revision()

    @property
    def _where(self) -> str:
        return self._label or f"{type(self).__name__} {self.name!r}"


def new_revision() -> int:
    """A number for what a layer has just learned: what was compiled with something older is out of date."""
    changes.count += 1
    return next(_versions)


def outward(value: Any) -> Any:
    """What a host layer gives to those who called it."""
    if not isinstance(value, np.ndarray) or value.dtype.kind in "OUST":
        return value
    value = value.astype(real_dtype(value.dtype), copy=False)
    return value if here.on_host else jax.numpy.asarray(value)
