"""What surrounds the code that runs now: watchers of variables, the cast in force, the call in progress.

Thread-local, and read in the hottest places: plain attributes, no properties.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Call:
    """The outermost layer call in progress.

    Args:
        training: what the caller said, None where nothing was said.
        entry: the layer it began with.
    """

    __slots__ = ("entry", "training")

    def __init__(self, training: bool | None, entry: Any) -> None:
        self.training = training
        self.entry = entry


class _Here(threading.local):
    read: tuple[Callable, ...] = ()  # each is called with a Variable whose value is asked for
    write: tuple[Callable, ...] = ()  # each is called with a Variable about to be assigned
    created: tuple[Callable, ...] = ()  # each is called with a new Variable
    autocast: str | None = None  # float dtype that Variables are read in
    call: Call | None = None
    names: tuple[str, ...] = ()  # the path of the layer being built
    stand_in: int | None = None  # the size that stands for unknown ones while shapes are inferred
    convert: Callable | None = None  # makes control flow on tensors part of code that is being compiled; see `Flow`
    looping: bool = False  # whether what is traced is the body of a loop on the device
    remat: Callable | None = None  # says which layers made now compute again in the backward pass
    losses: list | None = None  # takes what layers add to the loss, where somebody collects it
    summaries: Any = None  # the way that summaries take, hashable; None where they are dropped
    on_host: bool = False  # whether the host computes ahead of the device: layers on text give NumPy arrays
    allot: Callable | None = None  # asked before a weight is made, while a config is read; see `allowance`
    portable: bool = False  # whether what is traced is to run on machines that nobody knows yet
    rows: Any = None  # (batch,) booleans: the real rows of a padded batch; None when all are


here = _Here()


@contextmanager
def setting(**values: Any) -> Iterator[None]:
    """Set attributes of `here` within the block."""
    before = {name: getattr(here, name) for name in values}
    for name, value in values.items():
        setattr(here, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(here, name, value)


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Prefix the paths of variables created within the block."""
    with setting(names=(*here.names, name)):
        yield


def known_shape(shape: Any) -> Any:
    """A shape, or a structure of them, with the batch size unknown where a stand-in took its place."""
    if here.stand_in is None or not isinstance(shape, (list, tuple, dict)):
        return shape
    if isinstance(shape, dict):
        return {key: known_shape(value) for key, value in shape.items()}
    if shape and all(size is None or isinstance(size, int) for size in shape):
        return (None, *shape[1:]) if shape[0] == here.stand_in else shape
    return type(shape)(known_shape(item) for item in shape)


def valid_rows() -> Any:
    """(batch,) booleans telling the real rows of a padded batch, or None when every row is real.

    Layers that mix rows, and whatever averages over them, leave the other rows out.
    """
    return here.rows


class Flow:
    """A hook: `convert(fn)` rewrites a user's function so that its `if` and `while` take tensors that are traced."""

    convert: Callable[[Callable], Callable] | None = None


flow = Flow()


def converted(fn: Callable) -> Callable:
    """`fn` as the code that is being compiled should run it."""
    return fn if here.convert is None else here.convert(fn)


class Changes:
    """Counts what makes a compiled step out of date: `trainable` set, layers replaced."""

    count = 0


changes = Changes()


class Summaries:
    """Counts the summaries met while tracing: a program with some is made for one way, `here.summaries`."""

    met = 0

    def since(self, before: int) -> tuple:
        """The way (way,) of a trace begun at a count of `before`; () where it met no summary, and serves all ways."""
        return () if self.met == before else (here.summaries,)


summaries = Summaries()
