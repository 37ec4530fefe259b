"""A graph in parts: what must run on the host, because it works on text, and what is compiled.

On the host run the layers that say so (`_on_host`), calls with text among their inputs or outputs, and all
that leads to them. A model inside of a model is split likewise. What the device takes over is `Prepared`:
it stands for the inputs wherever a batch goes, and `call` finishes from there. Where numbers become text, as
where classes get their names, the device stops before: `Unfinished` is what it gives, and the host completes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import tree
from .._core.context import changes, setting
from .._core.dtypes import real_dtype
from .._errors import DTypeError, GraphError, ShapeError
from .._graph.node import Node, OpCall
from .._graph.replay import Plan, fill
from .._graph.tensor import KerasTensor
from ..layers import Lambda
from ..layers._arguments import product
from ..layers._call import call_ahead, mixes_rows
from ..layers._preprocessing.host import HostLayer

ROOM = 2**30  # bytes that a set prepared as a whole may take


class Prepared(NamedTuple):
    """The inputs of a model, after what runs on the host.

    Attributes:
        inputs: for each input its array, or None where the device does not need it.
        made: what the host made: arrays, and the `Prepared` of models inside.
    """

    inputs: tuple
    made: tuple


class Unfinished(NamedTuple):
    """What the device gives of a model whose outputs are text.

    Attributes:
        values: an array for each tensor that the host goes on with.
    """

    values: tuple


class Split:
    """A plan in parts.

    Args:
        plan: the calls.
        layers: name -> layer.
    """

    def __init__(self, plan: Plan, layers: Mapping[str, Any]) -> None:
        self.plan = plan
        self.inner: dict[int, Split] = {}  # id of a call -> the split of the model it calls
        makers = {id(tensor): node for node in plan.steps for tensor in node.outputs}
        self.host: set[int] = set()
        self.after: list[Node] = []  # from where numbers become text
        made_after: set[int] = set()
        bound: list[Node] = []
        for node in plan.steps:
            if _makes_text(node) or any(id(tensor) in made_after for tensor in node.inputs):
                self.after.append(node)
                made_after.update(id(tensor) for tensor in node.outputs)
                continue
            layer = None if isinstance(node.operation, OpCall) else layers[node.operation.name]
            part = None if layer is None else split_of(layer)
            if part is not None and not part.whole:
                self.inner[id(node)] = part
            elif part is not None or _is_bound(node, layer):
                bound.append(node)
        waiting = list(bound)
        for node in plan.steps:
            if id(node) in self.inner:
                waiting += [makers[id(tensor)] for tensor in self._needed_by(node) if id(tensor) in makers]
        while waiting:
            node = waiting.pop()
            if id(node) not in self.host:
                self.host.add(id(node))
                waiting += [makers[id(tensor)] for tensor in node.inputs if id(tensor) in makers]
        for key in self.host:
            self.inner.pop(key, None)
        self.names = [node.operation.name for node in bound]
        self.learning = self._learning(layers)
        self.handed = self._handed(made_after)
        self._find_frontier(makers)
        self.rowwise: bool = all(
            not isinstance(node.operation, OpCall) and _treats_rows_alone(layers[node.operation.name])
            for node in plan.steps
            if id(node) in self.host
        ) and all(part.rowwise for part in self.inner.values())

    def __bool__(self) -> bool:
        return bool(self.host or self.inner or self.after)

    @property
    def whole(self) -> bool:
        """Whether nothing is left for the device."""
        return not self.inner and not self.after and all(id(node) in self.host for node in self.plan.steps)

    def _handed(self, made_after: set[int]) -> list[KerasTensor]:
        """The tensors that the host completes the outputs from."""
        wanted: dict[int, KerasTensor] = {}
        for tensor in [*(t for node in self.after for t in node.inputs), *self.plan.output_tensors]:
            if id(tensor) not in made_after:
                wanted[id(tensor)] = tensor
        if self.after and any(tensor.dtype == "string" for tensor in wanted.values()):
            raise GraphError(
                "A model whose outputs are text",
                got="text among its inputs that goes on to its outputs",
                expected="text that is made from numbers alone, at the end",
                hint="keep the texts beside the model",
            )
        return list(wanted.values())

    def _needed_by(self, node: Node) -> list[KerasTensor]:
        """The inputs of a call of a model that its own host part needs."""
        part = self.inner[id(node)]
        given = tree.flatten(node.args[0])
        return [tensor for tensor, needed in zip(given, part.needs, strict=True) if needed]

    def _learning(self, layers: Mapping[str, Any]) -> list[str]:
        """The layers before host layers that have weights to train."""
        return [
            node.operation.name
            for node in self.plan.steps
            if id(node) in self.host
            and not isinstance(node.operation, OpCall)
            and layers[node.operation.name].trainable_variables
        ]

    def _find_frontier(self, makers: Mapping[int, Node]) -> None:
        """What the device takes over: tensors that the host made, and inputs."""
        ends = self.handed if self.after else self.plan.output_tensors
        wanted: dict[int, KerasTensor] = {id(tensor): tensor for tensor in ends}
        needed: set[int] = set()
        later = {id(node) for node in self.after}
        for node in self.plan.steps:
            if id(node) in later:
                continue
            if id(node) in self.host:
                needed.update(id(tensor) for tensor in node.inputs)
            elif id(node) in self.inner:
                hosted = {id(tensor) for tensor in self._needed_by(node)}
                needed |= hosted
                part = self.inner[id(node)]
                for tensor, passed in zip(tree.flatten(node.args[0]), part.passes, strict=True):
                    if passed:
                        wanted[id(tensor)] = tensor
            else:
                wanted.update((id(tensor), tensor) for tensor in node.inputs)
        self.frontier = [tensor for key, tensor in wanted.items() if key in makers and id(makers[key]) in self.host]
        inputs = self.plan.input_tensors
        self.passes: list[bool] = [id(tensor) in wanted and tensor.dtype != "string" for tensor in inputs]
        self.needs: list[bool] = [id(tensor) in needed for tensor in inputs]

    # -- the host's part ----------------------------------------------------------------------

    def prepare(self, layers: Mapping[str, Any], feeds: list[Any]) -> Prepared:
        """Run what belongs to the host.

        Args:
            layers: name -> layer.
            feeds: a NumPy array for each input.
        """
        table = {id(tensor): value for tensor, value in zip(self.plan.input_tensors, feeds, strict=True)}
        inner: list[Prepared] = []
        with setting(on_host=True, call=None, autocast=None, names=()):
            for node in self.plan.steps:
                if id(node) in self.inner:
                    model = layers[node.operation.name]
                    part = self.inner[id(node)]
                    given = [table.get(id(tensor)) for tensor in tree.flatten(node.args[0])]
                    inner.append(part.prepare(model.by_name, given))
                elif id(node) in self.host:
                    args, kwargs = fill((node.args, node.kwargs), table)
                    operation = node.operation if isinstance(node.operation, OpCall) else layers[node.operation.name]
                    if isinstance(operation, HostLayer):
                        out = call_ahead(operation, args, kwargs)
                    else:
                        out = operation(*args, **kwargs)
                    for tensor, value in zip(tree.flatten(node.output_structure), tree.flatten(out), strict=True):
                        table[id(tensor)] = np.asarray(value)
        made = tuple(table[id(tensor)] for tensor in self.frontier)
        inputs = tuple(value if passed else None for value, passed in zip(feeds, self.passes, strict=True))
        return Prepared(inputs, (*made, *inner))

    # -- the device's part --------------------------------------------------------------------

    def finish(self, layers: Mapping[str, Any], feeds: list[Any], made: tuple) -> Any:
        """The outputs, from what the host made.

        Args:
            layers: name -> layer.
            feeds: an array for each input, None where the device needs none.
            made: of `Prepared`.
        """
        table = {id(tensor): value for tensor, value in zip(self.plan.input_tensors, feeds, strict=True)}
        table.update((id(tensor), value) for tensor, value in zip(self.frontier, made, strict=False))
        inner = iter(made[len(self.frontier) :])
        later = {id(node) for node in self.after}
        for node in self.plan.steps:
            if id(node) in self.host or id(node) in later:
                continue
            operation = node.operation if isinstance(node.operation, OpCall) else layers[node.operation.name]
            if id(node) in self.inner:
                ready = next(inner)
                given = [table.get(id(tensor)) for tensor in tree.flatten(node.args[0])]
                passes = self.inner[id(node)].passes
                inputs = tuple(value if passed else None for value, passed in zip(given, passes, strict=True))
                _, kwargs = fill(((), node.kwargs), table)
                out = operation(Prepared(inputs, ready.made), **kwargs)
            else:
                args, kwargs = fill((node.args, node.kwargs), table)
                out = operation(*args, **kwargs)
            for tensor, value in zip(tree.flatten(node.output_structure), tree.flatten(out), strict=True):
                if isinstance(tensor, KerasTensor):
                    table.setdefault(id(tensor), value)
        if self.after:
            return Unfinished(tuple(table[id(tensor)] for tensor in self.handed))
        return fill(self.plan.outputs, table)

    def complete(self, layers: Mapping[str, Any], values: tuple) -> Any:
        """The outputs, from what the device gave."""
        table: dict[int, Any] = dict(zip(map(id, self.handed), values, strict=True))
        with setting(on_host=True, call=None, autocast=None, names=()):
            for node in self.after:
                args, kwargs = fill((node.args, node.kwargs), table)
                operation = node.operation if isinstance(node.operation, OpCall) else layers[node.operation.name]
                out = operation(*args, **kwargs)
                for tensor, value in zip(tree.flatten(node.output_structure), tree.flatten(out), strict=True):
                    table[id(tensor)] = np.asarray(value)
        return fill(self.plan.outputs, table)

    # -- whole sets ---------------------------------------------------------------------------

    def fits(self, rows: int) -> bool:
        """Whether a whole set may be prepared at once: sizes are known, and it takes little room."""
        if not self.rowwise:
            return False
        each = 0
        for tensor in self._made_tensors():
            size = product(tensor.shape[1:])
            if size is None or tensor.dtype == "string":
                return False
            each += size * np.dtype(real_dtype(tensor.dtype)).itemsize
        return rows * each <= ROOM

    def _made_tensors(self) -> list[KerasTensor]:
        return [*self.frontier, *(tensor for part in self.inner.values() for tensor in part._made_tensors())]

    def check(self, name: str, training: bool) -> None:
        """Raise where a loss makes no sense: outputs that are text, weights to train before the host.

        Raises:
            GraphError: it names the layers.
        """
        if self.after:
            raise GraphError(
                f"Training or evaluation of {name!r}",
                got=f"outputs that are text: {self.after[0].operation.name!r} makes them",
                expected="numbers",
                hint=f"train a model that ends before {self.after[0].operation.name!r}; this one predicts",
            )
        if training and self.learning:
            raise GraphError(
                f"Training of {name!r}",
                got=f"layers with weights ({', '.join(self.learning)}) before layers that run on the host "
                f"({', '.join(self.names)})",
                expected="no gradient to flow through the host",
                hint="set their trainable to False, or train a model that ends before the layers on the host",
            )


def _is_bound(node: Node, layer: Any) -> bool:
    if layer is not None and layer._on_host:
        return True
    return any(tensor.dtype == "string" for tensor in (*node.inputs, *node.outputs))


def _treats_rows_alone(layer: Any) -> bool:
    """Whether a set may be prepared in parts of any size: code of others is never trusted."""
    part = split_of(layer)
    if part is not None:
        return part.rowwise
    return layer._on_host or not (mixes_rows(layer) or isinstance(layer, Lambda))


def _makes_text(node: Node) -> bool:
    text = [tensor.dtype == "string" for tensor in node.outputs]
    return any(text) and bool(node.inputs) and not any(tensor.dtype == "string" for tensor in node.inputs)


def split_of(layer: Any) -> Split | None:
    """The split of a model whose graph is known; None where nothing runs on the host."""
    find = getattr(layer, "_host_part", None)
    return None if find is None else find()


class Kept:
    """The split of a model, made anew when layers have changed."""

    def __init__(self) -> None:
        self._made_at: tuple[int, Any] | None = None
        self._split: Split | None = None

    def of(self, layers: Mapping[str, Any], ends: Any, make: Callable[[], Plan]) -> Split | None:
        """The split; None where nothing runs on the host.

        Args:
            layers: of the model, by name.
            ends: what the graph is known by.
            make: gives the plan.
        """
        if self._made_at is None or self._made_at[0] != changes.count or self._made_at[1] is not ends:
            found = Split(make(), layers)
            self._split = found if found else None
            self._made_at = changes.count, ends
        return self._split


def host_feed(value: Any, tensor: KerasTensor, where: str) -> Any:
    """An input as the host takes it: a NumPy array of the rank, and of the dtype, of the tensor it stands for.

    Args:
        value: what the user gave; text may come in lists.
        tensor: the symbolic input.
        where: the input, for errors.

    Raises:
        DTypeError: numbers for text, or text for numbers.
        ShapeError: another shape.
    """
    if value is None or isinstance(value, Prepared):
        return value
    value = np.asarray(value)
    text = value.dtype.kind in "OUST"
    if text != (tensor.dtype == "string"):
        raise wrong_kind(where, value.dtype, tensor.dtype)
    shape, wanted = value.shape, tensor.shape
    if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
        value = value[..., None]
    elif len(shape) == len(wanted) + 1 and shape[-1] == 1:
        value = value[..., 0]
    if len(value.shape) != len(wanted) or any(
        a is not None and b is not None and a != b for a, b in zip(value.shape[1:], wanted[1:], strict=True)
    ):
        raise ShapeError(where, got=f"an input of shape {shape}", expected=f"{wanted}")
    return value


def wrong_kind(where: str, given: Any, wanted: str) -> DTypeError:
    """Text where numbers belong, or the reverse."""
    if wanted == "string":
        return DTypeError(where, got=f"numbers of dtype {given}", expected="text, since the input is one of text")
    return DTypeError(
        where,
        got="text",
        expected=f"numbers of dtype {wanted}",
        hint='for text: Input(shape=(1,), dtype="string") and a TextVectorization or StringLookup layer behind it',
    )


__all__ = ["Kept", "Prepared", "Split", "Unfinished", "host_feed", "split_of", "wrong_kind"]
