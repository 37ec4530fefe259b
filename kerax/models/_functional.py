"""Functional: a model made of a graph of symbolic calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import _serial, tree
from .._core.dtypes import is_string, real_dtype
from .._core.module import leaves
from .._errors import ArgumentError, DTypeError, GraphError, NameError_, ShapeError
from .._graph.node import Node, OpCall
from .._graph.replay import Plan
from .._graph.tensor import KerasTensor, mask_of, set_mask
from .._registry import family, snake_case
from .._types import Config
from ..layers._core.input_layer import InputLayer
from ..layers._layer import Layer
from ._model import Model


class Functional(Model):
    """A model made of a graph of symbolic calls.

    Args:
        inputs: a symbolic tensor, or a list, tuple or dict of them, nested at will.
        outputs: likewise; they must depend on the inputs alone.
        name: default counts.

    Raises:
        GraphError: tensors that do not form a model.
    """

    _saved_as = ("keras.src.models.functional", "Functional")
    _has_graph = True

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", None)
        Layer.__init__(self, name=name, **kwargs)
        self._start_model()
        inputs, outputs = _lists(inputs), _lists(outputs)
        flat = tree.flatten(inputs)
        if len({id(tensor) for tensor in flat}) < len(flat):
            raise GraphError(f"The inputs of model {self.name!r}", got="the same tensor twice", expected="each once")
        plan = Plan(inputs, outputs)
        object.__setattr__(self, "_plan", plan)
        object.__setattr__(self, "_passed_on", plan.names)
        self.by_name = {layer.name: layer for layer in plan.layers()}
        self.built = True
        self._record.locked = False
        if trainable is not None:
            self.trainable = trainable

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
        feeds = self._feeds(inputs, mask)
        return self._plan.run(self.by_name, feeds)

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The symbolic outputs for symbolic inputs."""
        feeds = self._feeds(inputs, mask)
        if all(feed.shape == tensor.shape for feed, tensor in zip(feeds, self.inputs, strict=True)):
            def fresh(tensor: KerasTensor) -> KerasTensor:
                copy = KerasTensor(tensor.shape, tensor.dtype)
                set_mask(copy, mask_of(tensor))
                return copy

            return tree.map_structure(fresh, self.output)
        return super().compute_output_spec(inputs, training=training, mask=mask)

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
                raise ArgumentError(where, got=f"inputs named {sorted(map(str, inputs))}", expected=f"inputs named {names}")
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
        if is_string(value) or tensor.dtype == "string":
            return value
        before = mask if mask is not None else mask_of(value)
        shape, wanted = tuple(value.shape), tensor.shape
        if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
            value = jnp.expand_dims(value, -1) if not isinstance(value, KerasTensor) else _expanded(value)
        elif len(shape) == len(wanted) + 1 and shape[-1] == 1:
            value = jnp.squeeze(value, -1) if not isinstance(value, KerasTensor) else _squeezed(value)
        shape = tuple(value.shape)
        if len(shape) != len(wanted) or any(
            a is not None and b is not None and a != b for a, b in zip(shape[1:], wanted[1:], strict=True)
        ):
            raise ShapeError(where, got=f"shape {shape}", expected=f"shape {wanted}")
        if isinstance(value, np.ndarray):
            value = jnp.asarray(value)
        if not isinstance(value, KerasTensor):
            dtype = real_dtype(tensor.dtype)
            if value.dtype != dtype:
                if value.dtype.kind == "f" and dtype.kind in "iu" and not self._within_layer_cast(value):
                    raise DTypeError(where, got=f"dtype {value.dtype}", expected=f"dtype {tensor.dtype}")
                value = value.astype(dtype)
        set_mask(value, before)
        return value

    def _within_layer_cast(self, value: Any) -> bool:
        return True  # Keras casts floats to integer inputs as well

    # -- config --------------------------------------------------------------------------------

    def get_config(self) -> Config:
        """The graph: layers, their calls, inputs and outputs, in Keras 3's format."""
        if type(self).__init__ is not Functional.__init__ and not getattr(type(self), "_is_mixed", False):
            return super().get_config()
        config: Config = {"name": self.name, "trainable": self.trainable, "layers": []}
        keep = {id(node) for node in self._plan.nodes}
        for operation in self._plan.operations:
            calls = operation.calls if isinstance(operation, OpCall) else operation._record.nodes
            mine = [node for node in calls if id(node) in keep]
            entry = self._operation_config(operation)
            entry["name"] = operation.name
            entry["inbound_nodes"] = [
                _serial.serialize_keras_object(
                    {"args": self._referred(node.args), "kwargs": self._referred(node.kwargs)}
                )
                for node in mine
                if node.inputs
            ]
            config["layers"].append(entry)
        config["input_layers"] = _structure(self._plan.inputs, self._reference)
        config["output_layers"] = _structure(self._plan.outputs, self._reference)
        return config

    def _operation_config(self, operation: Any) -> Config:
        if isinstance(operation, OpCall):
            theme = getattr(operation.fn, "theme", "numpy")
            name = "".join(part.capitalize() for part in operation.fn.__name__.split("_"))
            return {"module": f"keras.src.ops.{theme}", "class_name": name, "config": {"name": operation.name},
                    "registered_name": name}
        return _serial.serialize_keras_object(operation)

    def _reference(self, tensor: KerasTensor) -> list[Any]:
        """How a config names a tensor: layer, which of its calls within this model, which output."""
        node = tensor.node
        assert node is not None
        keep = {id(one) for one in self._plan.nodes}
        calls = node.operation.calls if isinstance(node.operation, OpCall) else node.operation._record.nodes
        mine = [one for one in calls if id(one) in keep]
        return [node.operation.name, mine.index(node) if node in mine else 0, tensor.index]

    def _referred(self, structure: Any) -> Any:
        def refer(leaf: Any) -> Any:
            if isinstance(leaf, KerasTensor):
                return {"class_name": "__keras_tensor__",
                        "config": {"shape": leaf.shape, "dtype": leaf.dtype, "keras_history": self._reference(leaf)}}
            return _serial.serialize_keras_object(leaf)

        return tree.map_structure(refer, structure)

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        """The model of a config."""
        if "layers" not in config or "input_layers" not in config:
            return super().from_config(config)
        with _serial.custom_object_scope(custom_objects or {}):
            inputs, outputs = _replayed(config)
        return (Functional if getattr(cls, "_is_mixed", False) or cls is Model else cls)(
            inputs=inputs, outputs=outputs, name=config.get("name"), trainable=config.get("trainable", True)
        )


def _lists(structure: Any) -> Any:
    """Tuples stay, other sequences become lists."""
    return structure


def _producer(tensor: KerasTensor) -> Any:
    return tensor.node.operation if tensor.node is not None else tensor


def _expanded(tensor: KerasTensor) -> KerasTensor:
    return KerasTensor((*tensor.shape, 1), tensor.dtype)


def _squeezed(tensor: KerasTensor) -> KerasTensor:
    return KerasTensor(tensor.shape[:-1], tensor.dtype)


def _structure(structure: Any, refer: Any) -> Any:
    """References in the structure of the tensors; a single one stands alone."""
    if isinstance(structure, KerasTensor):
        return refer(structure)
    if isinstance(structure, dict):
        return {key: _structure(value, refer) for key, value in structure.items()}
    return [_structure(item, refer) for item in structure]


def _replayed(config: Config) -> tuple[Any, Any]:
    """Make the layers of a config and call them as it tells: inputs and outputs."""
    made: dict[str, Any] = {}
    calls: dict[tuple[str, int], list[KerasTensor]] = {}
    waiting: list[tuple[str, int, Any]] = []
    for entry in config["layers"]:
        name = entry["name"]
        layer = _operation_of(entry)
        made[name] = layer
        if isinstance(layer, InputLayer):
            calls[name, 0] = tree.flatten(layer.output)
        nodes = entry.get("inbound_nodes", [])
        waiting.extend((name, index, node) for index, node in enumerate(nodes))
    while waiting:
        later = []
        for name, index, node in waiting:
            try:
                if (index and (name, index - 1) not in calls) or "args" not in node:
                    raise KeyError(name)
                args = _tensors_of(node["args"], calls)
                kwargs = _tensors_of(node["kwargs"], calls)
            except KeyError:
                later.append((name, index, node))
                continue
            calls[name, index] = tree.flatten(made[name](*args, **kwargs))
        if len(later) == len(waiting):
            raise GraphError(
                "The config of a functional model", got=f"calls of {sorted({item[0] for item in later})} "
                "whose inputs nothing makes", expected="a graph without gaps or cycles",
            )
        waiting = later
    return _named_tensors(config["input_layers"], calls), _named_tensors(config["output_layers"], calls)


def _operation_of(entry: Config) -> Any:
    if str(entry.get("module", "")).startswith("keras.src.ops"):
        return family("ops").find(snake_case(entry["class_name"]))
    return _serial.deserialize_keras_object(entry)


def _tensors_of(value: Any, calls: dict[tuple[str, int], list[KerasTensor]]) -> Any:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            name, call, index = value["config"]["keras_history"]
            return calls[name, call][index]
        if "class_name" in value and "config" in value:
            return _serial.deserialize_keras_object(value)
        return {key: _tensors_of(item, calls) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_tensors_of(item, calls) for item in value)
    return value


def _named_tensors(reference: Any, calls: dict[tuple[str, int], list[KerasTensor]]) -> Any:
    if isinstance(reference, dict):
        return {key: _named_tensors(value, calls) for key, value in reference.items()}
    if len(reference) == 3 and isinstance(reference[0], str) and isinstance(reference[1], int):
        return calls[reference[0], reference[1]][reference[2]]
    return [_named_tensors(item, calls) for item in reference]


def inputs_of_layer(layer: Layer) -> list[Node]:
    """The calls of a layer on symbolic tensors.

    Raises:
        NameError_: there are none.
    """
    if not layer._record.nodes:
        raise NameError_(f"Layer {layer.name!r} was never called on a symbolic tensor")
    return layer._record.nodes
