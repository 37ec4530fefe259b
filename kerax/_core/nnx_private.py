"""Everything of Flax NNX that is not public, in one place.

Swapping the value of a Variable for a tracer, and back, must work across traces; NNX only
lets the trace that made a Variable write it. Works on flax 0.12.8 and 0.12.12.
"""

from __future__ import annotations

import collections
import itertools
import operator
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
from flax import nnx
from flax.nnx import tracers

from . import turns
from .context import here


def raw(variable: nnx.Variable) -> Any:
    """What the Variable holds, unseen by any watcher; after the turn of a thread that has it in its hands."""
    value = variable._raw_value  # held before it is asked whose turn it is: memory that somebody holds is not reused
    if turns.holder is not None and turns.elsewhere((variable,)):
        with turns.lock:
            return variable._raw_value
    return value


def put(variable: nnx.Variable, value: Any) -> None:
    """Make the Variable hold `value`, whatever trace is current."""
    object.__setattr__(variable, "_raw_value", value)


_set_raw = vars(nnx.Variable)["_raw_value"].__set__
_get_raw = operator.attrgetter("_raw_value")


def raw_all(variables: Sequence[nnx.Variable]) -> list[Any]:
    """What the Variables hold, as `raw` gives it."""
    values = list(map(_get_raw, variables))
    if turns.holder is not None and turns.elsewhere(variables):
        with turns.lock:
            return list(map(_get_raw, variables))
    return values


def put_all(variables: Sequence[nnx.Variable], values: Sequence[Any]) -> None:
    """Make the Variables hold `values`: all of them or none, since no signal is handled in between."""
    if len(variables) != len(values):
        raise ValueError(f"{len(values)} values for {len(variables)} variables")
    collections.deque(map(_set_raw, variables, values), maxlen=0)


def put_from(variables: Sequence[nnx.Variable], supply: Iterator[Any]) -> list[Any]:
    """Make the Variables hold the first items of `supply`, all of them or none; the rest."""
    collections.deque(map(_set_raw, variables, supply), maxlen=0)
    return list(supply)


def put_from_call(variables: Sequence[nnx.Variable], fn: Callable, *args: Any) -> list[Any]:
    """`put_from` what `fn(*args)` gives, in the same call into C: no signal is handled in between."""
    supply = itertools.chain.from_iterable(itertools.starmap(fn, (args,)))
    collections.deque(map(_set_raw, variables, supply), maxlen=0)
    return list(supply)


def fill(variable: nnx.Variable, value: Any, metadata: Any) -> None:
    """Make a Variable that is not initialized hold these."""
    object.__setattr__(variable, "_trace_state", trace_now())
    object.__setattr__(variable, "_var_metadata", metadata)
    object.__setattr__(variable, "_raw_value", value)


def trace_now() -> tracers.TraceState:
    """The current trace."""
    return tracers.TraceState()


def look_through(beneath: Callable[[], Any]) -> None:
    """Let NNX take the trace within the block `beneath()` for the current one, so that tapes hinder no write."""
    current = tracers.current_jax_trace

    def seen() -> Any:
        with beneath():
            return current()

    tracers.current_jax_trace = seen


_OUTSIDE = tracers.TraceState()


def outside_traces() -> bool:
    """Whether nothing is being traced: what is computed now is computed at once."""
    return trace_now() == _OUTSIDE


def belongs_here(variable: nnx.Variable) -> bool:
    """Whether the current trace is the one that may write the Variable.

    One that was made inside a trace, and holds a real array, may be written outside as well.
    """
    if variable._trace_state.is_valid():
        return True
    return not isinstance(variable._raw_value, jax.core.Tracer) and trace_now() == _OUTSIDE


class _Blocks(threading.local):
    entered: tuple[Held, ...] = ()  # outermost first


_blocks = _Blocks()


def outside(variable: nnx.Variable) -> Any:
    """What the Variable holds outside of every `Held` block: the real array while a step is traced."""
    for block in _blocks.entered:
        for held, (value, _) in zip(block.variables, block._before, strict=True):
            if held is variable:
                return value
    return variable._raw_value


def put_for_good(variable: nnx.Variable, value: Any) -> None:
    """Make the Variable hold `value` now, and after the `Held` blocks that met it: for one that is just made."""
    put(variable, value)
    for block in _blocks.entered:
        block.start(variable, value)


def depth() -> int:
    """How many `Held` blocks the code that runs is in."""
    return len(_blocks.entered)


def given_since(variable: nnx.Variable, value: Any, depth: int) -> bool:
    """Whether `value` is what a `Held` block gave the Variable, one entered when there were `depth` of them."""
    return any(block.gave(variable, value) for block in _blocks.entered[depth:])


def passing(variable: nnx.Variable) -> bool:
    """Whether it is a copy that `jax.jit` made of a Variable for the function it traces: a tracer nobody put there."""
    if not isinstance(variable._raw_value, jax.core.Tracer):
        return False
    return not any(held is variable for block in _blocks.entered for held in block.variables)


class ReadWhenFlattened:
    """Stands before `nnx.Variable` among the bases: classes of Variables are pytrees, and flattening one reads it.

    So `jnp.square(variable)`, where `jax.jit` flattens its arguments, is seen by traces and tapes.
    """

    def __init_subclass__(cls) -> None:  # in place of NNX's registration, whose flattening tells nobody
        def flatten(x: Any) -> tuple[tuple[Any], tuple]:
            for notice in here.read:
                notice(x)
            return (raw(x),), tuple(sorted(x._var_metadata.items()))

        def flatten_with_keys(x: Any) -> tuple[tuple[Any], tuple]:
            (value,), metadata = flatten(x)
            return ((jax.tree_util.GetAttrKey("value"), value),), metadata

        def unflatten(metadata: tuple, children: tuple[Any]) -> Any:
            return cls._new(children[0], dict(metadata))  # type: ignore[attr-defined]

        jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)


class Held:
    """Within the block the variables hold `values` and belong to the current trace; after it, what they held before.

    `values` is, after the block, what they held at its end.
    """

    def __init__(self, variables: Sequence[nnx.Variable], values: Sequence[Any]) -> None:
        self.variables = list(variables)
        self.values = list(values)
        self._before: list[tuple[Any, Any]] = []
        self._given: dict[int, Any] | None = None  # id of a variable -> its first value, once asked for

    def start(self, variable: nnx.Variable, value: Any) -> None:
        """Let the Variable hold `value` after the block, if the block holds it."""
        for index, held in enumerate(self.variables):
            if held is variable:
                self._before[index] = value, self._before[index][1]

    def gave(self, variable: nnx.Variable, value: Any) -> bool:
        """Whether the Variable holds this very value because the block gave it."""
        if self._given is None:
            self._given = dict(zip(map(id, self.variables), self.values, strict=False))
        return self._given.get(id(variable), self) is value

    def __enter__(self) -> Held:
        here = trace_now()
        self._before = [(v._raw_value, v._trace_state) for v in self.variables]
        try:
            for variable, value in zip(self.variables, self.values, strict=True):
                object.__setattr__(variable, "_raw_value", value)
                object.__setattr__(variable, "_trace_state", here)
            _blocks.entered = (*_blocks.entered, self)
        except BaseException:  # an interrupt must leave no tracer behind
            self.__exit__()
            raise
        return self

    def adopt(self, variable: nnx.Variable) -> None:
        """Let one more variable be written until the end of the block, keeping its value."""
        self.variables.append(variable)
        self._before.append((variable._raw_value, variable._trace_state))
        object.__setattr__(variable, "_trace_state", trace_now())

    def __exit__(self, *exc: object) -> None:
        _blocks.entered = tuple(block for block in _blocks.entered if block is not self)
        self.values = [v._raw_value for v in self.variables]
        for variable, (value, trace) in zip(self.variables, self._before, strict=True):
            object.__setattr__(variable, "_raw_value", value)
            object.__setattr__(variable, "_trace_state", trace)


def set_attribute(module: nnx.Module, name: str, value: Any) -> None:
    """Set a plain attribute of a module, whatever trace is current."""
    object.__setattr__(module, name, value)
