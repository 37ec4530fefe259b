"""Node: one recorded call of a layer or op on symbolic tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from .._core.naming import unique_name
from .tensor import KerasTensor, symbolic_leaves


class Node:
    """One call: what was called, with what, and the symbolic tensors that came out.

    Args:
        operation: a layer or an `OpCall`.
        args, kwargs: as given, KerasTensors among them.
        outputs: a structure of KerasTensors; they become this node's.
        calls: the list of the operation's calls, which this one joins.
    """

    def __init__(self, operation: Any, args: tuple, kwargs: dict, outputs: Any, calls: list[Node]) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.inputs = symbolic_leaves(args, kwargs)
        self.output_structure = outputs
        self.outputs = [leaf for leaf in tree.flatten(outputs) if isinstance(leaf, KerasTensor)]
        self.call_index = len(calls)
        for index, tensor in enumerate(self.outputs):
            tensor.node, tensor.index = self, index
        calls.append(self)

    @property
    def parents(self) -> list[Node]:
        """The nodes whose outputs this call takes."""
        return [tensor.node for tensor in self.inputs if tensor.node is not None]

    @property
    def input_tensors(self) -> list[KerasTensor]:
        """The symbolic tensors that went in."""
        return self.inputs

    @property
    def output_tensors(self) -> list[KerasTensor]:
        """The symbolic tensors that came out."""
        return self.outputs


class OpCall:
    """An op as it stands in a graph: the function, under a name of its own."""

    def __init__(self, fn: Callable, name: str | None = None) -> None:
        self.fn: Any = fn  # has the attributes that @op sets
        self.name = name or unique_name(fn.__name__)
        self.calls: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)

    def recipe(self) -> tuple[Callable, str]:
        """What makes its like."""
        return self.fn, self.name

    @property
    def output(self) -> Any:
        """The symbolic result of its only call."""
        return self.calls[0].output_structure

    def __repr__(self) -> str:
        return f"<op {self.fn.__name__} {self.name!r}>"
