"""A model of text taken apart: models that run on the host, and a function of numbers between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import tree
from .._errors import Unsupported
from .._graph.tensor import KerasTensor
from ._split import Prepared, Unfinished, split_of


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

    Raises:
        Unsupported: a model inside of it that has parts of its own.
    """
    split = split_of(model)
    if split is None:
        return None
    if split.inner:
        names = [node.operation.name for node in split.plan.steps if id(node) in split.inner]
        raise Unsupported(
            f"The parts of {model.name!r}",
            got=f"{', '.join(map(repr, names))} inside of it, of which one part works on text and another on numbers",
            hint="call the layers on text, and then those on numbers, in the outer model",
        )
    passed = [tensor for tensor, passes in zip(model.inputs, split.passes, strict=True) if passes]
    taken: list[KerasTensor] = [*passed, *split.frontier]

    def device(tensors: Any) -> Any:
        values = tree.flatten(tensors)
        rest = iter(values)
        inputs = tuple(next(rest) if passes else None for passes in split.passes)
        out = model(Prepared(inputs, tuple(rest)))
        return list(out.values) if isinstance(out, Unfinished) else out

    return Parts(
        make(model.input, taken) if split.host else None,
        device,
        taken[0] if len(taken) == 1 else taken,
        make(split.handed, model.output) if split.after else None,
    )
