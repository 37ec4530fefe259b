"""The graph of a model that only its `call` knows: it is traced, and what each layer did is gathered into a node."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import Literal

from .. import config, tree
from .._core.context import flow, setting
from .._core.stateful import Carried, discover, pure
from .._errors import ArgumentError
from .._inspect.reading import class_name, is_shape

__all__ = ["traced_nodes"]

_STAND_IN = 2  # rows, where the number was not known


def traced_nodes(nodes: Any, model: Any, facts_of: Callable) -> None:
    """Add the nodes of a model.

    Args:
        nodes: takes them.
        model: built.
        facts_of: gives what is shown of a layer.
    Raises:
        ArgumentError: a model that is not built.
    """
    shapes = model.get_build_config() if model.built else None
    if not shapes:
        raise ArgumentError(
            f"The graph of {type(model).__name__} {model.name!r}",
            got="a model that is not built",
            hint="call it on a batch first",
        )
    try:
        jaxpr, given, calls = _trace(model, shapes, config.floatx())
    except TypeError:  # tokens, which are no floats
        jaxpr, given, calls = _trace(model, shapes, "int32")
    _Gathered(nodes, model, calls, facts_of).run(jaxpr, given)


class _Calls:
    """The calls of layers that a trace met: scope -> layer, and the scopes with others inside."""

    def __init__(self) -> None:
        self.layers: dict[str, Any] = {}
        self.outer: set[str] = set()
        self._stack: list[str] = []

    def watched(self, fn: Callable) -> Callable:
        """`layer.call`, whose operations carry the scope of this call."""
        layer: Any = getattr(fn, "__self__", None)
        inner = fn if flow.convert is None else flow.convert(fn)
        if not hasattr(layer, "name"):
            return inner

        def run(*args: Any, **kwargs: Any) -> Any:
            above = "".join(f"{part}/" for part in self._stack)
            name, number = layer.name, 1
            while above + name in self.layers:
                number += 1
                name = f"{layer.name}_call{number}"
            self.layers[above + name] = layer
            self.outer.add(above[:-1])
            self._stack.append(name)
            try:
                with jax.named_scope(name):
                    return inner(*args, **kwargs)
            finally:
                self._stack.pop()

        return run


def _trace(model: Any, shapes: dict[str, Any], dtype: str) -> tuple[Any, Any, _Calls]:
    """The model as a jaxpr of its Variables and its inputs; the inputs; the calls within."""

    def specs(shape: Any) -> Any:
        if is_shape(shape):
            return jax.ShapeDtypeStruct([_STAND_IN if size is None else size for size in shape], dtype)
        if isinstance(shape, dict):
            return {key: specs(part) for key, part in shape.items()}
        return [specs(part) for part in shape]

    if "shapes_dict" in shapes:
        given = {name.removesuffix("_shape"): specs(shape) for name, shape in shapes["shapes_dict"].items()}
    else:
        first = next(iter(inspect.signature(model.call).parameters))
        given = {first: specs(shapes["input_shape"])}
    carried = Carried(model.variables)

    def attempt() -> Any:
        calls = _Calls()
        run = pure(lambda inputs: model(**inputs, training=True), carried, check_reads=False)
        with setting(convert=calls.watched):
            return jax.make_jaxpr(run)(carried.values(), given), given, calls

    try:
        return discover(attempt, carried)
    finally:
        model._clear_losses()


class _Gathered:
    """Reads a jaxpr into nodes: one for each call of a layer without others inside, one for each operation besides."""

    def __init__(self, nodes: Any, model: Any, calls: _Calls, facts_of: Callable) -> None:
        self.nodes, self.model, self.calls, self.facts_of = nodes, model, calls, facts_of

    def run(self, closed: Any, given: Any) -> None:
        """Add the nodes."""
        leaves = tree.flatten_with_path(given)
        entries = closed.jaxpr.invars[len(closed.jaxpr.invars) - len(leaves) :]
        source: dict[Any, str] = {}  # variable of the jaxpr -> the key of the node that gives it
        order: dict[str, dict[str, Any]] = {}  # key -> what is known of the node
        for (path, leaf), var in zip(leaves, entries, strict=True):
            name = "_".join(map(str, path))
            source[var] = name
            order[name] = {"name": name, "op": "InputLayer", "inputs": {}, "shapes": {var: leaf.shape}, "layer": None}
        for number, equation in enumerate(closed.jaxpr.eqns):
            givers = [source[var] for var in equation.invars if not isinstance(var, Literal) and var in source]
            if not givers:
                continue  # a constant
            scope = str(equation.source_info.name_stack)
            layer = None if scope in self.calls.outer else self.calls.layers.get(scope)
            key = scope if layer is not None else f"{scope}#{number}"
            if key not in order:
                kind = class_name(layer) if layer is not None else _kind(equation)
                name = (scope if layer is not None else f"{scope}/{kind}").partition("/")[2]  # the model's comes first
                order[key] = {"name": name, "op": kind, "inputs": {}, "shapes": {}, "layer": layer}
            node = order[key]
            node["inputs"].update(dict.fromkeys(giver for giver in givers if giver != key))
            for var in equation.invars:
                if not isinstance(var, Literal) and var in source and source[var] != key:
                    order[source[var]]["shapes"][var] = var.aval.shape
            source.update(dict.fromkeys(equation.outvars, key))
        for var in closed.jaxpr.outvars:
            if not isinstance(var, Literal) and var in source:
                order[source[var]]["shapes"][var] = var.aval.shape
        self._add(order, entries[0].aval.shape[:1])

    def _add(self, order: dict[str, dict[str, Any]], rows: tuple) -> None:
        names: dict[str, str] = {}
        for key, node in order.items():
            shapes = [(None, *shape[1:]) if shape[:1] == rows else shape for shape in node["shapes"].values()]
            facts = {} if node["layer"] is None else self.facts_of(node["layer"])
            inputs = [names[giver] for giver in node["inputs"] if giver in names]
            names[key] = self.nodes.add(node["name"], node["op"], inputs, shapes, facts)


def _kind(equation: Any) -> str:
    """What an operation is called: a compiled function by its name."""
    name = equation.params.get("name") if equation.primitive.name in ("jit", "pjit", "custom_jvp_call") else None
    return str(name or equation.primitive.name).strip("_")
