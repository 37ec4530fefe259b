"""The layers of a model as a GraphDef: what the Graphs tab shows.

Where the calls of the layers were recorded (Sequential, functional models), they are the graph. A model that is a
class with a `call` is traced instead, and everything that one call of a layer without inner layers does is one node.
"""

from __future__ import annotations

from typing import Any

from .._inspect.reading import class_name, count, is_functional, model_calls, weights_of
from .protos import protos
from .traced_graph import traced_nodes
from .values import shape

__all__ = ["Nodes", "graph_def"]


class Nodes:
    """The nodes of a GraphDef in the making."""

    def __init__(self) -> None:
        self.made: list[Any] = []
        self._names: dict[str, int] = {}

    def add(self, name: str, op: str, inputs: list[str], shapes: list[Any], facts: dict[str, Any] | None = None) -> str:
        """Add a node; its name, which is `name` with a number where that is taken.

        Args:
            name: scopes and name, with "/" between.
            op: the kind of node.
            inputs: names of nodes, with ":1" and so on for their further outputs.
            shapes: of its outputs.
            facts: what else is shown of it.
        """
        number = self._names.get(name, 0)
        self._names[name] = number + 1
        name = f"{name}_{number}" if number else name
        message = protos().attr_value.AttrValue
        attributes = {"_output_shapes": message(list=message.ListValue(shape=[shape(one) for one in shapes]))}
        for key, value in (facts or {}).items():
            attributes[key] = message(s=str(value).encode())
        self.made.append(protos().node_def.NodeDef(name=name, op=op, input=inputs, attr=attributes))
        return name


def graph_def(model: Any) -> Any:
    """The graph of a built model, as a GraphDef message.

    Raises:
        ArgumentError: a model that is not built, or whose call cannot be traced for the shapes it was built with.
    """
    nodes = Nodes()
    if model_calls(model):
        _recorded(nodes, model, "", [])
    else:
        traced_nodes(nodes, model, facts_of)
    return protos().graph.GraphDef(node=nodes.made, versions=protos().versions.VersionDef(producer=22))


def _recorded(nodes: Nodes, model: Any, scope: str, feeds: list[str]) -> list[str]:
    """Add the nodes of a model whose calls are known; the names of its outputs.

    Args:
        scope: what the names of its layers begin with: nothing, or the name of a model in a model and "/".
        feeds: the names of its inputs, where it stands in another model.
    """
    names: dict[int, str] = {}  # tensor -> the name of what gives it
    inputs = [id(tensor) for tensor in model.inputs]
    for call in model_calls(model):
        sources = [names[id(tensor)] for tensor in call.sources if id(tensor) in names]
        entering = [place for place, key in enumerate(inputs) if any(key == id(out) for out in call.node.outputs)]
        if feeds and entering:
            sources = [feeds[place] for place in entering if place < len(feeds)]
        layer = call.operation
        if _is_known(layer) and not entering:
            ends = _recorded(nodes, layer, f"{scope}{layer.name}/", sources)
        else:
            shapes = [tensor.shape for tensor in call.node.outputs]
            name = nodes.add(f"{scope}{layer.name}", class_name(layer), sources, shapes, facts_of(layer))
            ends = [name if place == 0 else f"{name}:{place}" for place in range(len(call.node.outputs))]
        names.update({id(tensor): end for tensor, end in zip(call.node.outputs, ends, strict=False)})
    return [names[id(tensor)] for tensor in model.outputs if id(tensor) in names]


def _is_known(layer: Any) -> bool:
    """Whether it is a model whose calls were recorded."""
    return (is_functional(layer) or getattr(layer, "_has_stack", False)) and bool(model_calls(layer))


def facts_of(layer: Any) -> dict[str, Any]:
    """What is shown of a layer: the plain values of its config, and the number of its weights."""
    facts = {}
    config = layer.get_config() if hasattr(layer, "get_config") else {}
    for key, value in config.items():
        if value is not None and key not in ("name", "trainable") and _is_plain(value):
            facts[key] = value
    weights = weights_of(layer)
    if weights:
        facts["parameters"] = count(weights)[0]
    return facts


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) < 16 and all(_is_plain(part) for part in value)
    return value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) < 200)
