"""The order in which the calls of a graph run, and that in which Keras lists its operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._errors import GraphError
from .node import Node, OpCall
from .tensor import KerasTensor


def sorted_nodes(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> tuple[list[Node], list[Any]]:
    """What lies between inputs and outputs.

    Returns:
        The nodes in the order to run, and the operations in Keras's order: by depth, then by discovery.

    Raises:
        GraphError: a cycle; an input that is needed and not given; a tensor that comes from nowhere.
    """
    walk = _Walk(inputs)
    for tensor in outputs:
        walk.to(tensor)
    depths = walk.depths()
    # A start inside a larger graph is fed: the layer that made it there is no part of this model.
    nodes = [node for node in walk.order if not (node.inputs and walk.is_start(node))]
    operations = {id(node.operation): node.operation for node in nodes}
    discovered = walk.discovered
    for tensor in inputs:  # those that nothing depends on
        node = tensor.node
        if node is not None and not node.inputs and id(node.operation) not in operations:
            operations[id(node.operation)] = node.operation
            discovered[id(node.operation)] = len(discovered)
            depths[id(node.operation)] = 0
            nodes.append(node)
    return nodes, sorted(operations.values(), key=lambda o: (-depths[id(o)], discovered[id(o)]))


class _Walk:
    """From the outputs back to the inputs, depth first: a node comes after all that it needs."""

    def __init__(self, inputs: Sequence[KerasTensor]) -> None:
        self.order: list[Node] = []
        self.discovered: dict[int, int] = {}  # id of an operation -> when it was first met
        self._names = [tensor.name for tensor in inputs]
        self._starts = {id(tensor) for tensor in inputs}
        self._done: set[int] = set()
        self._open: set[int] = set()
        # Not Python's own stack: a thousand layers must not meet its limit.
        self._stack: list[tuple[Node, int]] = []  # nodes under way, and which of their inputs comes next

    def is_start(self, node: Node) -> bool:
        """Whether all that the node gives is given to the model."""
        return all(id(out) in self._starts for out in node.outputs)

    def to(self, tensor: KerasTensor) -> None:
        """Put all that a tensor needs into `order`."""
        self._enter(tensor)
        while self._stack:
            node, position = self._stack.pop()
            parents = self._needed(node)
            while position < len(parents) and self._is_done(parents[position]):
                position += 1
            if position == len(parents):
                self._finish(node)
            else:
                self._stack.append((node, position + 1))
                self._enter(parents[position])

    def _is_done(self, tensor: KerasTensor) -> bool:
        return tensor.node is not None and id(tensor.node) in self._done

    def _enter(self, tensor: KerasTensor) -> None:
        node = tensor.node
        given = id(tensor) in self._starts
        if node is None:
            if given:
                return
            raise GraphError(
                f"{tensor!r} comes from nowhere",
                expected="the output of Input(...), of a layer or of an op of kerax.ops",
            )
        if id(node) in self._done:
            return
        self.discovered.setdefault(id(node.operation), len(self.discovered))
        if given:
            self._finish(node)
        elif id(node) in self._open:
            raise GraphError(f"The graph of this model has a cycle through {node.operation.name!r}")
        else:
            self._open.add(id(node))
            self._stack.append((node, 0))

    def _needed(self, node: Node) -> Sequence[KerasTensor]:
        """The inputs of a node, none where its outputs are given."""
        if self.is_start(node):
            return []
        if not node.inputs and not isinstance(node.operation, OpCall):
            raise GraphError(
                f"The graph of this model is disconnected: it needs {node.operation.name!r}, which is not among "
                "its inputs",
                got=f"inputs {self._names}",
                hint=f"add the output of {node.operation.name!r} to inputs=[…]",
            )
        return node.inputs

    def _finish(self, node: Node) -> None:
        self._open.discard(id(node))
        self._done.add(id(node))
        self.order.append(node)

    def depths(self) -> dict[int, int]:
        """How far each operation is from the outputs, by its id; one called several times, at its farthest."""
        nodes: dict[int, int] = {}
        operations: dict[int, int] = {}
        for node in reversed(self.order):
            depth = max(nodes.get(id(node), 0), operations.get(id(node.operation), 0))
            nodes[id(node)] = operations[id(node.operation)] = depth
            if self.is_start(node):
                continue
            for tensor in node.inputs:
                if tensor.node is not None:
                    nodes[id(tensor.node)] = max(depth + 1, nodes.get(id(tensor.node), 0))
        return operations


__all__ = ["sorted_nodes"]
