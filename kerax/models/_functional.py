"""Functional: a model made of a graph of symbolic calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import jax.numpy as jnp

from .. import _serial, tree
from .._core.allowance import allowing
from .._core.context import changes
from .._core.dtypes import is_string, real_dtype
from .._core.module import Owned, leaves
from .._errors import ArgumentError, GraphError, ShapeError
from .._graph.node import OpCall
from .._graph.replay import Plan, Recipe, only_tensors
from .._graph.tensor import KerasTensor, mask_of, set_mask
from .._types import Config
from ..layers._core.input_layer import Input
from ..layers._layer import Layer
from ._apart import Parts, apart
from ._endpoints import AddLoss, AddMetric, Endpoint
from ._graph_config import Reader, Writer
from ._model import Model, functional_is, told
from ._split import Prepared, Split, host_feed


class Functional(Model):
    """A model made of a graph of symbolic calls.

    Args:
        inputs: a symbolic tensor, or a list, tuple or dict of them, nested at will.
        outputs: likewise; they must depend on the inputs alone.
        name: default counts.

    Raises:
        GraphError: tensors that do not form a model.
    """

    _saved_as = ("keras.src.models.functional", "Functional", "Functional")
    _has_graph = True
    # A copy runs its own layers, and its symbolic tensors come from them.
    _plan = Owned(lambda model: model._recipe.plan(model.by_name))

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", None)
        Layer.__init__(self, name=name, **kwargs)
        self._start_model()
        flat = only_tensors(inputs, "inputs")
        only_tensors(outputs, "outputs")
        if len({id(tensor) for tensor in flat}) < len(flat):
            raise GraphError(f"The inputs of model {self.name!r}", got="the same tensor twice", expected="each once")
        self._follow(Plan(*_fed_anew(inputs, outputs)))
        self.built = True
        self._facts.locked = False
        if self._made_of_tensors():
            self._facts.args, self._facts.kwargs = (), {}  # they hold the graph, which copies must not keep alive
        if trainable is not None:
            self.trainable = trainable

    def _follow(self, plan: Plan) -> None:
        self._plan = plan
        self._recipe = Recipe(plan)
        self.by_name = {layer.name: layer for layer in plan.layers()}

    def add_loss(self, loss: Any) -> None:
        """Add a loss to the total: a symbolic tensor computed from the inputs, for good; or a value of this step.

        Args:
            loss: a tensor, or a list of them; the mean of each counts.

        Raises:
            GraphError: a symbolic tensor that needs other inputs than the model's.
        """
        found = tree.flatten(loss)
        self._join([AddLoss()(tensor).node.operation for tensor in found if isinstance(tensor, KerasTensor)])
        super().add_loss([value for value in found if not isinstance(value, KerasTensor)])

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = "mean") -> None:
        """Follow a value in the logs: a symbolic tensor computed from the inputs, or a value of this call.

        Args:
            value: a tensor; its mean over the epoch counts.
            name: as it stands in the logs.
            aggregation: kept for compatibility: "mean" or None.

        Raises:
            ArgumentError: no name.
            GraphError: a symbolic tensor that needs other inputs than the model's.
        """
        if not isinstance(value, KerasTensor):
            return super().add_metric(value, name, aggregation)
        self._join([AddMetric(self._metric_name(name))(value).node.operation])

    def _join(self, operations: Iterable[Any]) -> None:
        """Take in the endpoints among these, which no output needs."""
        ends = [operation.output for operation in operations if isinstance(operation, Endpoint)]
        if ends:
            plan = self._plan
            self._follow(Plan(plan.inputs, plan.outputs, [*plan.also, *ends]))
            changes.count += 1

    def _own(self) -> Iterator[Any]:
        seen: set[int] = set()
        layers = self.by_name
        for operation in self._plan.operations:
            if not isinstance(operation, OpCall):
                yield from leaves(layers[operation.name], seen)
        for name in self._order:
            if name != "by_name" and name in vars(self):
                yield from leaves(vars(self)[name], seen)

    # -- what it is made of --------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """Its layers, inputs included, in the order of the graph."""
        graph = [self.by_name[layer.name] for layer in self._plan.layers()]
        known = {id(layer) for layer in graph}
        return graph + [layer for layer in self._sublayers() if id(layer) not in known]

    def _saved_layers(self) -> tuple[list[Layer], bool]:
        return [self.by_name[layer.name] for layer in self._plan.layers()], True

    @property
    def operations(self) -> list[Any]:
        """Its layers and the ops between them."""
        return [o if isinstance(o, OpCall) else self.by_name[o.name] for o in self._plan.operations]

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, flat."""
        return self._plan.input_tensors

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, flat."""
        return self._plan.output_tensors

    @property
    def input(self) -> Any:
        """The symbolic inputs, in the structure given."""
        return self._plan.inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs, in the structure given."""
        return self._plan.outputs

    @property
    def input_names(self) -> list[str]:
        """The name of each input."""
        return [_producer(tensor).name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The name of the layer behind each output."""
        return [_producer(tensor).name for tensor in self.outputs]

    @property
    def input_shape(self) -> Any:
        """The shape of each input."""
        return tree.map_structure(lambda t: t.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shape of each output."""
        return tree.map_structure(lambda t: t.shape, self.output)

    # -- calling -------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Nothing to do: a graph is built when it is made."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The outputs for these inputs, in the structures given."""
        if isinstance(inputs, Prepared):
            return self._finished(inputs)
        feeds = self._feeds(inputs, mask)
        with told(self, training):
            return self._plan.run(self.by_name, feeds)

    # -- on the host ---------------------------------------------------------------------------

    def _host_part(self) -> Split | None:
        if type(self).call is not Functional.call:  # one of the user's may do anything
            return None
        plan = self._plan
        return self._kept_split.of(self.by_name, plan, lambda: plan)

    def _apart(self) -> Parts | None:
        return apart(self, Functional)

    def _prepare_on_host(self, inputs: Any) -> Prepared:
        """What the device takes over, for inputs as the user gave them."""
        part = self._host_part()
        assert part is not None
        where = f"{type(self).__name__} {self.name!r}, input"
        feeds = [
            host_feed(value, tensor, f"{where} {name!r}")
            for value, tensor, name in zip(self._matched(inputs), self.inputs, self.input_names, strict=True)
        ]
        return part.prepare(self.by_name, feeds)

    def _complete_on_host(self, outputs: Any) -> Any:
        part = self._host_part()
        return part.complete(self.by_name, outputs.values) if part is not None and part.after else outputs

    def _finished(self, inputs: Prepared) -> Any:
        part = self._host_part()
        assert part is not None
        feeds = [
            None if value is None else self._fit(value, tensor, None)
            for value, tensor in zip(inputs.inputs, self.inputs, strict=True)
        ]
        return part.finish(self.by_name, feeds, inputs.made)

    @property
    def _expected_input_dtype(self) -> str:
        return self.inputs[0].dtype

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The symbolic outputs for symbolic inputs."""
        values = self._matched(inputs)
        if mask is not None or [x.shape for x in values if x is not None] != [x.shape for x in self.inputs]:
            return super().compute_output_spec(inputs, training=training, mask=mask)

        def fresh(tensor: KerasTensor) -> KerasTensor:
            copy = KerasTensor(tensor.shape, tensor.dtype)
            set_mask(copy, mask_of(tensor))
            return copy

        return tree.map_structure(fresh, self.output)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for the shapes of the inputs."""
        return super().compute_output_shape(input_shape)

    compute_output_shape._is_default = True  # type: ignore[attr-defined]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: the outputs carry the masks their layers gave them."""
        return None

    supports_masking = True

    def _feeds(self, inputs: Any, mask: Any) -> list[Any]:
        """A value for each input: matched by name where a dict comes, else by order; checked, cast."""
        values = self._matched(inputs)
        masks = [None] * len(values) if mask is None else tree.flatten(mask)
        return [
            self._fit(value, tensor, one)
            for value, tensor, one in zip(values, self.inputs, [*masks, *[None] * len(values)], strict=False)
        ]

    def _matched(self, inputs: Any) -> list[Any]:
        names = self.input_names
        where = f"{type(self).__name__} {self.name!r}"
        if isinstance(inputs, dict):
            structure = self._plan.inputs
            if isinstance(structure, dict):
                keys = list(structure)
                if all(key in inputs for key in keys):
                    return tree.flatten({key: inputs[key] for key in keys})
            missing = [name for name in names if name not in inputs]
            if missing:
                given = sorted(map(str, inputs))
                raise ArgumentError(where, got=f"inputs named {given}", expected=f"inputs named {names}")
            return [inputs[name] for name in names]
        values = tree.flatten(inputs)
        if len(values) != len(names):
            raise ArgumentError(where, got=f"{len(values)} inputs", expected=f"{len(names)}: {names}")
        return values

    def _fit(self, value: Any, tensor: KerasTensor, mask: Any) -> Any:
        """An input in the rank and dtype of the tensor it stands for."""
        name = _producer(tensor).name
        where = f"{type(self).__name__} {self.name!r}, input {name!r}"
        if value is None:
            if getattr(_producer(tensor), "optional", False):
                return None
            raise ArgumentError(where, got="None", expected="a tensor")
        if tensor.dtype == "string" or is_string(value):
            return value if isinstance(value, KerasTensor) else host_feed(value, tensor, where)
        before = mask if mask is not None else mask_of(value)
        shape, wanted = tuple(value.shape), tensor.shape
        if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
            value = jnp.expand_dims(value, -1)
        elif len(shape) == len(wanted) + 1 and shape[-1] == 1:
            value = jnp.squeeze(value, -1)
        shape = tuple(value.shape)
        if len(shape) != len(wanted) or any(
            a is not None and b is not None and a != b for a, b in zip(shape[1:], wanted[1:], strict=True)
        ):
            raise ShapeError(where, got=f"an input of shape {shape}", expected=f"{wanted}")
        value = jnp.asarray(value, real_dtype(tensor.dtype))
        set_mask(value, before)
        return value

    def get_build_config(self) -> Config:
        """Nothing: a graph is built when it is made."""
        return {"input_shape": None}

    # -- config --------------------------------------------------------------------------------

    def get_config(self) -> Config:
        """The graph: layers, their calls, inputs and outputs, in Keras 3's format."""
        if not self._made_of_tensors():
            return super().get_config()
        return {"name": self.name, "trainable": self.trainable, **Writer(self._plan).config()}

    def _made_of_tensors(self) -> bool:
        """Whether its constructor takes inputs and outputs: its class has none of its own."""
        return type(self).__init__ in (Functional.__init__, Model.__init__)

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        """The model of a config."""
        if "layers" not in config or "input_layers" not in config:
            return super().from_config(config)
        with allowing(), _serial.custom_object_scope(custom_objects or {}):
            reader = Reader(config)
            inputs, outputs = reader.tensors()
        written = getattr(cls, "_written_as", cls)
        model = (Functional if written is Model else written)(inputs=inputs, outputs=outputs, name=config.get("name"))
        model._join(reader.made())
        if config.get("trainable") is False:
            model.trainable = False
        return model


def _producer(tensor: KerasTensor) -> Any:
    return tensor.node.operation if tensor.node is not None else tensor


def _fed_anew(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The graph with new Inputs in place of tensors from inside a larger graph."""
    starts = tree.flatten(inputs)
    if all(tensor.node is None or not tensor.node.inputs for tensor in starts):
        return inputs, outputs
    feeds = []
    for tensor in starts:
        if tensor.node is not None and tensor.node.inputs:
            feed = Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{tensor.name}CLONE")
            set_mask(feed, mask_of(tensor))
            tensor = feed
        feeds.append(tensor)
    plan = Plan(inputs, outputs)
    new = plan.run({layer.name: layer for layer in plan.layers()}, feeds)
    return tree.pack_sequence_as(inputs, feeds), new


functional_is(Functional)
