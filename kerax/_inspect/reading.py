"""What the table and the drawing read off a model: its operations, their calls, shapes and sizes.

Layers and ops are taken as they present themselves (`name`, `weights`, recorded calls), so that
nothing here needs to know the classes of models.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._graph.node import Node, OpCall
from .._graph.tensor import KerasTensor

__all__ = [
    "Call",
    "calls_of_operation",
    "class_name",
    "count",
    "flat_shapes",
    "inner_layers",
    "is_functional",
    "is_shape",
    "model_calls",
    "operations_of",
    "output_shapes",
    "size_text",
    "weights_of",
]


@dataclass
class Call:
    """One call within a model."""

    operation: Any  # as the model holds it
    node: Node
    index: int  # which of the operation's calls
    sources: list[KerasTensor] = field(default_factory=list)


def class_name(operation: Any) -> str:
    """The class, or for an op its name in the same style: `Dense`, `GetItem`."""
    if isinstance(operation, OpCall):
        return "".join(part.capitalize() for part in operation.fn.__name__.split("_"))
    return type(operation).__name__


def calls_of_operation(operation: Any) -> list[Node]:
    """All its calls on symbolic tensors, in any model."""
    if isinstance(operation, OpCall):
        return operation.calls
    return list(getattr(operation, "_nodes", None) or [])


def is_functional(model: Any) -> bool:
    """Whether it is a graph of calls rather than a stack or a class with a `call`."""
    return getattr(model, "_plan", None) is not None


def operations_of(model: Any) -> list[Any]:
    """Its layers, and where it is a graph the ops between them."""
    return list(model.operations if is_functional(model) else model.layers)


def model_calls(model: Any) -> list[Call]:
    """The calls that lead from a model's inputs to its outputs, inputs first; empty where none are known."""
    if is_functional(model):
        nodes = list(model._plan.nodes)
    else:
        nodes = _walked(model)
    held = {operation.name: operation for operation in operations_of(model)}
    indices: dict[int, int] = {}
    for node in nodes:
        for index, other in enumerate(calls_of_operation(node.operation)):
            indices[id(other)] = index
    return [
        Call(held.get(node.operation.name, node.operation), node, indices.get(id(node), 0), list(node.inputs))
        for node in nodes
    ]


def _walked(model: Any) -> list[Node]:
    """The nodes of a built stack."""
    try:
        begin, end = model.inputs, model.outputs
    except AttributeError:
        return []
    order: list[Node] = []
    seen = {id(tensor.node) for tensor in begin}
    stack: list[tuple[Node, bool]] = [(tensor.node, False) for tensor in reversed(end) if tensor.node is not None]
    while stack:
        node, left = stack.pop()
        if left:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(tensor.node, False) for tensor in reversed(node.inputs) if tensor.node is not None]
    entries = [tensor.node for tensor in begin if tensor.node is not None]
    return list(dict.fromkeys(entries)) + order


def inner_layers(layer: Any) -> list[Any] | None:
    """The layers of a nested model; None for a plain layer."""
    layers = getattr(layer, "layers", None)
    return list(layers) if isinstance(layers, (list, tuple)) else None


def flat_shapes(structure: Any) -> list[tuple]:
    """The shapes inside a structure of tensors or of shapes."""
    if isinstance(structure, KerasTensor):
        return [structure.shape]
    if is_shape(structure):
        return [tuple(structure)]
    if isinstance(structure, dict):
        return [shape for value in structure.values() for shape in flat_shapes(value)]
    if isinstance(structure, (list, tuple)):
        return [shape for value in structure for shape in flat_shapes(value)]
    return []


def is_shape(value: Any) -> bool:
    """Whether it is a shape, unknown sizes included, and not a structure of them."""
    return isinstance(value, (list, tuple)) and all(size is None or isinstance(size, int) for size in value)


def output_shapes(layer: Any, nodes: Iterable[Node] = ()) -> list[tuple] | None:
    """The shapes of its outputs in the last of these calls, or of any, or as it was built; None if unknown."""
    calls = list(nodes) or calls_of_operation(layer)
    if calls:
        return [tensor.shape for tensor in calls[-1].outputs]
    config = layer.get_build_config() if hasattr(layer, "get_build_config") else None
    if not config:
        return None
    shapes = config.get("shapes_dict") or {}
    arguments = (config["input_shape"],) if config.get("input_shape") is not None else ()
    if not shapes and not arguments:
        return None
    try:
        return flat_shapes(layer.compute_output_shape(*arguments, **shapes)) or None
    except (NotImplementedError, TypeError, ValueError):  # a layer that only knows on real data
        return None


def weights_of(operation: Any) -> list[Any]:
    """Its weights; an op has none."""
    return list(getattr(operation, "weights", None) or [])


def count(variables: Iterable[Any]) -> tuple[int, float]:
    """(elements, bytes) of variables, each counted once."""
    elements, size = 0, 0.0
    for variable in {id(variable): variable for variable in variables}.values():
        number = math.prod(variable.shape)
        elements += number
        size += number * _width(variable.dtype)
    return elements, size


def _width(dtype: Any) -> float:
    name = str(getattr(dtype, "name", dtype))
    if name.startswith(("int4", "uint4", "float4")):
        return 0.5
    if name.startswith(("float8", "bool")):
        return 1.0
    if name == "bfloat16":
        return 2.0
    if name.startswith("key<"):  # a typed random key: two words
        return 8.0
    return float(np.dtype(name).itemsize)


def size_text(size: float) -> str:
    """Bytes as `"211.73 KB"`."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            break
        size /= 1024
    return f"{size:.2f} {unit}"
