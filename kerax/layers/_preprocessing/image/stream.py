"""Random numbers and compiled programs of calls outside of traces: safe in threads, one compilation a shape."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .... import random
from ...._core import nnx_private
from ...._core.context import here


class Stream(random.SeedGenerator):
    """The draws of one call, from a state on: a `SeedGenerator` for samplers, without a Variable.

    Args:
        start: the state of the first draw, two uint32.
    """

    def __init__(self, start: Any) -> None:
        self.start = start
        self.count = 0

    def next(self, ordered: bool = True) -> Any:
        """The state of the next draw."""
        state = self.start + np.array([0, self.count], "uint32")
        self.count += 1
        return state


def outside(*structures: Any) -> bool:
    """Whether all arrays are at hand, and nobody is watching: no trace, no tape."""
    if here.read or not nnx_private.outside_traces():
        return False
    return not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(structures))


def on_cpu(data: Any) -> bool:
    """Whether every array lies in the memory of the host."""
    return all(
        isinstance(leaf, np.ndarray) or all(device.platform == "cpu" for device in leaf.devices())
        for leaf in jax.tree.leaves(data)
        if hasattr(leaf, "shape")
    )


class Runner:
    """How one layer is run outside of traces."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._programs: dict[bool, Callable] = {}
        self._counts: dict[Any, int] = {}  # how many numbers a call draws
        self._known: tuple[Any, np.ndarray] | None = None  # the state's array, and the same on the host

    def forget(self) -> None:
        """Drop the programs: what they were made from has changed."""
        self._programs, self._counts = {}, {}

    def drawing(self, layer: Any, draw: Callable[[Any], Any]) -> Any:
        """`draw(stream)`, the stream beginning where the layer's generator stands, which moves on."""
        if layer.generator is None:
            return draw(None)
        with self._lock:
            stream = Stream(self._state(layer))
            drawn = draw(stream)
            self._advance(layer, stream)
        return drawn

    def compiled(self, layer: Any, apply: Callable[[Any, bool, Any], Any], data: Any, training: bool) -> Any:
        """`apply(data, training, stream)`, compiled once for each structure and shape of `data`."""
        program = self._programs.get(training)
        if program is None:
            run = functools.partial(_run, apply, training, self._counts)
            program = self._programs.setdefault(training, jax.jit(run))
        if layer.generator is None:
            return program(None, data)
        key = _key(training, data)
        with self._lock:
            stream = Stream(self._state(layer))
            first = key not in self._counts
            outputs = program(stream.start, data) if first else None  # tracing tells how many draws there are
            stream.count = self._counts[key]
            self._advance(layer, stream)
        return outputs if first else program(stream.start, data)

    def _state(self, layer: Any) -> np.ndarray:
        array = layer.generator.state.value
        if self._known is None or self._known[0] is not array:
            self._known = (array, np.array(array))  # a copy: a step may reuse the memory
        return self._known[1]

    def _advance(self, layer: Any, stream: Stream) -> None:
        if stream.count:
            after = stream.start + np.array([0, stream.count], "uint32")
            with jax.default_device(next(iter(layer.generator.state.value.devices()))):
                layer.generator.state.assign(after)
            self._known = (layer.generator.state.value, after)


def _key(training: bool, data: Any) -> tuple:
    return training, jax.tree.structure(data), tuple((x.shape, str(x.dtype)) for x in jax.tree.leaves(data))


def _run(apply: Callable, training: bool, counts: dict[Any, int], state: Any, data: Any) -> Any:
    stream = None if state is None else Stream(state)
    outputs = apply(data, training, stream)
    counts[_key(training, data)] = 0 if stream is None else stream.count
    return outputs
