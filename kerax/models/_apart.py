"""A model of text taken apart: models that run on the host, and a function of numbers between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .. import tree
from .._graph.node import Node
from .._graph.tensor import KerasTensor
from ._split import Prepared, Split, Unfinished, split_of


class Parts(NamedTuple):
    """What runs where.

    Attributes:
        before: a model from the inputs to what the device takes, in a list; None where the inputs are numbers.
        device: a function of these tensors, one or a list of them.
        tensors: the symbolic tensors that it takes, one or a list of them.
        after: a model from what `device` gives, a list, to the outputs; None where the outputs are numbers.
    """

    before: Any
    device: Callable[[Any], Any]
    tensors: Any
    after: Any


def apart(model: Any, make: Callable[[Any, Any], Any]) -> Parts | None:
    """The parts of a model, over its own layers; None where all of it runs on the device.

    Args:
        model: one that has a graph.
        make: gives the model of symbolic inputs and outputs.
    """
    split = split_of(model)
    if split is None:
        return None
    passed = [tensor for tensor, passes in zip(model.inputs, split.passes, strict=True) if passes]
    taken = [*passed, *_made(split, make, {})]

    def device(tensors: Any) -> Any:
        values = iter(tree.flatten(tensors))
        inputs = tuple(next(values) if passes else None for passes in split.passes)
        out = model(Prepared(inputs, _packed(split, values)))
        return list(out.values) if isinstance(out, Unfinished) else out

    return Parts(
        make(model.input, taken) if split.host or split.inner else None,
        device,
        taken[0] if len(taken) == 1 else taken,
        make(split.handed, model.output) if split.after else None,
    )


def _inner(split: Split) -> Iterator[tuple[Node, Split]]:
    """The calls of models inside that have parts of their own, in order."""
    return ((node, split.inner[id(node)]) for node in split.plan.steps if id(node) in split.inner)


def _made(split: Split, make: Callable[[Any, Any], Any], hosts: dict[int, Any]) -> list[KerasTensor]:
    """What the host makes, flat, as tensors of the graph: those of models inside, by their own models of it.

    Args:
        split: of the graph.
        make: gives the model of symbolic inputs and outputs.
        hosts: id of a split -> the model of what the host makes, one for all calls.
    """
    tensors = list(split.frontier)
    for node, part in _inner(split):
        needed = [tensor for tensor, needed in zip(part.plan.input_tensors, part.needs, strict=True) if needed]
        if needed:
            if id(part) not in hosts:
                hosts[id(part)] = make(needed, _made(part, make, hosts))
            tensors += tree.flatten(hosts[id(part)](split._needed_by(node)))
    return tensors


def _packed(split: Split, values: Iterator[Any]) -> tuple:
    """The values of the tensors of `_made`, nested as `Prepared.made`."""
    own = [next(values) for _ in split.frontier]
    return (*own, *(Prepared((), _packed(part, values)) for _, part in _inner(split)))
