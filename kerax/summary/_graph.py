"""graph: the layers of a model."""

from __future__ import annotations

from typing import Any

from .._errors import DTypeError
from .._events.default import default
from .._events.graph import graph_def

__all__ = ["graph"]


def graph(graph_data: Any) -> bool:
    """Record a graph for the Graphs tab. It has no step: a run shows one.

    Args:
        graph_data: a built model, or a GraphDef as a message or as bytes.
    Returns:
        Whether it was recorded: False without a default writer.
    Raises:
        DTypeError: something else.
        ArgumentError: a model that is not built.
    """
    if default.writer is None or default.writer.drops:
        return False
    if hasattr(graph_data, "SerializeToString"):
        content = graph_data.SerializeToString()
    elif isinstance(graph_data, bytes):
        content = graph_data
    elif hasattr(graph_data, "layers"):
        content = graph_def(graph_data).SerializeToString()
    else:
        raise DTypeError("summary.graph", got=repr(graph_data)[:60], expected="a model or a GraphDef")
    default.writer.add(0, graph_def=content)
    return True
