"""Plan: a graph of recorded calls, in the order to run them.

A plan names layers and does not hold them: the model it belongs to does, under these names. So a
copy of the model made by `nnx.merge` runs the same plan on its own layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import tree
from .._errors import GraphError
from .node import Node, OpCall
from .order import sorted_nodes
from .tensor import KerasTensor, mask_of, set_mask


class Plan:
    """The calls between some symbolic inputs and outputs.

    Args:
        inputs, outputs: structures of KerasTensors.
        also: tensors computed on the way, for what their calls do; they are no outputs.

    Raises:
        GraphError: an output that does not depend on the inputs alone, two layers of one name, a cycle.
    """

    def __init__(self, inputs: Any, outputs: Any, also: Sequence[KerasTensor] = ()) -> None:
        self.inputs, self.outputs, self.also = inputs, outputs, list(also)
        self.input_tensors: list[KerasTensor] = only_tensors(inputs, "inputs")
        self.output_tensors: list[KerasTensor] = only_tensors(outputs, "outputs")
        self.nodes, self.operations = sorted_nodes(self.input_tensors, [*self.output_tensors, *self.also])
        self.names = [operation.name for operation in self.operations]
        doubles = sorted({name for name in self.names if self.names.count(name) > 1})
        if doubles:
            raise GraphError(
                f"Two layers of this model are called {doubles[0]!r}",
                expected="a name for each",
                hint="pass name= to one of them",
            )
        known = {id(tensor) for tensor in self.input_tensors}
        self.steps = [node for node in self.nodes if not all(id(out) in known for out in node.outputs)]

    def layers(self) -> list[Any]:
        """The layers, inputs included, in order; ops left out."""
        return [operation for operation in self.operations if not isinstance(operation, OpCall)]

    def run(self, layers: Mapping[str, Any], feeds: list[Any], call: Callable | None = None) -> Any:
        """The outputs for these inputs.

        Args:
            layers: name -> layer to call.
            feeds: a value for each input tensor.
            call: called as `call(operation, args, kwargs)` instead of calling the operation.
        """
        table = {id(tensor): value for tensor, value in zip(self.input_tensors, feeds, strict=True)}
        for node in self.steps:
            args, kwargs = fill((node.args, node.kwargs), table)
            operation = node.operation if isinstance(node.operation, OpCall) else layers[node.operation.name]
            out = operation(*args, **kwargs) if call is None else call(operation, args, kwargs)
            for tensor, value in zip(tree.flatten(node.output_structure), tree.flatten(out), strict=True):
                if isinstance(tensor, KerasTensor):
                    table.setdefault(id(tensor), value)
        return fill(self.outputs, table)


class Recipe:
    """A plan as plain data, without layers: what copies and pickles of a model are made from."""

    def __init__(self, plan: Plan) -> None:
        numbers: dict[int, Slot] = {}
        self.tensors: list[tuple] = []  # shape, dtype, name, and the mask's shape and dtype

        def slot(tensor: Any) -> Any:
            if not isinstance(tensor, KerasTensor):
                return tensor
            if id(tensor) not in numbers:
                numbers[id(tensor)] = Slot(len(self.tensors))
                mask = mask_of(tensor)
                self.tensors.append(
                    (tensor.shape, tensor.dtype, tensor.name, None if mask is None else (mask.shape, mask.dtype))
                )
            return numbers[id(tensor)]

        self.calls = [
            (
                node.operation.recipe() if isinstance(node.operation, OpCall) else node.operation.name,
                *(tree.map_structure(slot, part) for part in (node.args, node.kwargs, node.output_structure)),
            )
            for node in plan.nodes
        ]
        self.inputs = tree.map_structure(slot, plan.inputs)
        self.outputs = tree.map_structure(slot, plan.outputs)
        self.also = [slot(tensor) for tensor in plan.also]

    def plan(self, layers: Mapping[str, Any]) -> Plan:
        """The same calls, made of these layers."""
        tensors = []
        for shape, dtype, name, mask in self.tensors:
            tensor = KerasTensor(shape, dtype, name=name)
            if mask is not None:
                set_mask(tensor, KerasTensor(*mask))
            tensors.append(tensor)

        def tensor_of(leaf: Any) -> Any:
            return tensors[leaf.number] if isinstance(leaf, Slot) else leaf

        for operation, *parts in self.calls:
            args, kwargs, outputs = (tree.map_structure(tensor_of, part) for part in parts)
            if isinstance(operation, str):
                layer = layers[operation]
                Node(layer, args, kwargs, outputs, layer._record.nodes)
            else:
                call = OpCall(*operation)
                Node(call, args, kwargs, outputs, call.calls)
        return Plan(*(tree.map_structure(tensor_of, part) for part in (self.inputs, self.outputs, self.also)))


class Slot:
    """Stands for a tensor of a recipe."""

    def __init__(self, number: int) -> None:
        self.number = number


def fill(structure: Any, table: Mapping[int, Any]) -> Any:
    """A structure with its KerasTensors replaced by what the table has for them."""
    if isinstance(structure, KerasTensor):
        return table[id(structure)]
    if isinstance(structure, (list, tuple)):
        items = [fill(item, table) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    if isinstance(structure, dict):
        return {key: fill(value, table) for key, value in structure.items()}
    return structure


def only_tensors(structure: Any, what: str) -> list[KerasTensor]:
    """The symbolic tensors of a structure that must hold nothing else.

    Raises:
        GraphError: it holds something else, or nothing.
    """
    leaves = tree.flatten(structure)
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor):
            raise GraphError(
                f"The {what} of a functional model",
                got=f"{leaf!r} of type {type(leaf).__name__}",
                expected="symbolic tensors: what Input(...) returns, and what layers give for it",
            )
    if not leaves:
        raise GraphError(f"The {what} of a functional model", got="none", expected="at least one")
    return leaves
