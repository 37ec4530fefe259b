"""A functional model's graph as a config, in Keras 3's format, and back.

A layer's entry holds its own config and, for each of its calls, the arguments with tensors named by
[layer, which of its calls, which output]. Keras writes ops as objects: what is not a tensor argument
of the call stands in the op's config.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .. import _serial, tree
from .._errors import GraphError, Unsupported
from .._graph.node import Node, OpCall
from .._graph.replay import Plan
from .._graph.tensor import KerasTensor
from .._registry import family, snake_case
from .._types import Config
from ..layers._core.input_layer import InputLayer

# Arguments of ops that Keras passes in the call although they are no tensors, or the reverse.
_IN_CALL = {
    "dot_product_attention": ("scale",),
    "get_item": ("key",),
    "isclose": ("rtol", "atol"),
}
_IN_CONFIG = {
    "bincount": ("weights",),
    "clip": ("x_min", "x_max"),
    "histogram": ("bins",),
    "logspace": ("base",),
    "pinv": ("rcond",),
    "repeat": ("repeats",),
    "trapezoid": ("x",),
    "unique": ("fill_value",),
}
_CLASS_NAMES = {  # where Keras's class is not called like its function
    "abs": "Absolute",
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "conj": "Conjugate",
    "ctc_decode": "CTCDecode",
    "ctc_loss": "CTCLoss",
    "hsv_to_rgb": "HSVToRGB",
    "isin": "IsIn",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "svd": "SVD",
}
_FUNCTION_NAMES = {name: function for function, name in _CLASS_NAMES.items()} | {"TrueDivide": "divide"}


@functools.cache
def _parameters(fn: Callable) -> tuple[list[str], list[str], bool]:
    """The names of an op's arguments of the call, those of its config; whether it takes any number of the former."""
    in_call, in_config, many = [], [], False
    for name, parameter in inspect.signature(fn).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        tensor = "ArrayLike" in str(parameter.annotation) and name not in _IN_CONFIG.get(fn.__name__, ())
        if tensor or name in _IN_CALL.get(fn.__name__, ()):
            in_call.append(name)
            many = many or parameter.kind is parameter.VAR_POSITIONAL
        else:
            in_config.append(name)
    return in_call, in_config, many


def _op_arguments(node: Node) -> tuple[tuple, dict, dict]:
    """The positional and keyword arguments of an op's call, and its config."""
    in_call, in_config, many = _parameters(node.operation.fn)
    bound = inspect.signature(node.operation.fn).bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    config = {name: bound.arguments[name] for name in in_config}
    if many:
        return tuple(bound.arguments[in_call[-1]]), {}, config
    return tuple(bound.arguments[name] for name in in_call), {}, config


class Writer:
    """Writes the graph of a plan.

    Args:
        plan: whose calls are written.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._calls: dict[int, list[Node]] = {}  # id of an operation -> its calls in this plan, in order
        known = {id(node) for node in plan.nodes}
        for operation in plan.operations:
            self._calls[id(operation)] = [node for node in _all_calls(operation) if id(node) in known]

    def config(self) -> Config:
        """`layers`, `input_layers` and `output_layers`."""
        return {
            "layers": [self._entry(operation) for operation in self.plan.operations],
            "input_layers": _structure(self.plan.inputs, self._reference),
            "output_layers": _structure(self.plan.outputs, self._reference),
        }

    def _entry(self, operation: Any) -> Config:
        nodes = [node for node in self._calls[id(operation)] if node.inputs]
        if not isinstance(operation, OpCall):
            entry = _serial.serialize_keras_object(operation)
            calls = [(node.args, node.kwargs) for node in nodes]
        else:
            entry, calls = self._op_entry(operation, nodes[0])
        entry["name"] = operation.name
        entry["inbound_nodes"] = [
            {"args": self._written(args), "kwargs": self._written(kwargs)} for args, kwargs in calls
        ]
        return entry

    def _op_entry(self, operation: OpCall, node: Node) -> tuple[Config, list[tuple]]:
        fn = operation.fn
        if not hasattr(fn, "theme"):
            raise Unsupported(
                f"The config of a graph with {operation.name!r} in it",
                got="a function that is no op of kerax.ops",
                hint="do the computing in a layer with a config",
            )
        args, kwargs, config = _op_arguments(node)
        name = _CLASS_NAMES.get(fn.__name__, "".join(part.capitalize() for part in fn.__name__.split("_")))
        written = {"name": operation.name, **_serial.serialize_keras_object(config)}
        entry = {"module": f"keras.src.ops.{fn.theme}", "class_name": name, "config": written, "registered_name": name}
        return entry, [(args, kwargs)]

    def _reference(self, tensor: KerasTensor) -> list[Any]:
        node = tensor.node
        assert node is not None
        return [node.operation.name, self._calls[id(node.operation)].index(node), tensor.index]

    def _written(self, structure: Any) -> Any:
        if isinstance(structure, KerasTensor):
            history = self._reference(structure)
            return {
                "class_name": "__keras_tensor__",
                "config": {"shape": structure.shape, "dtype": structure.dtype, "keras_history": history},
            }
        if isinstance(structure, (list, tuple)):
            return type(structure)([self._written(item) for item in structure])
        if isinstance(structure, dict):
            return {key: self._written(value) for key, value in structure.items()}
        return _serial.serialize_keras_object(structure)


def _all_calls(operation: Any) -> list[Node]:
    return operation.calls if isinstance(operation, OpCall) else operation._record.nodes


def _structure(structure: Any, refer: Callable[[KerasTensor], list]) -> Any:
    """References in the structure of the tensors; a single one stands alone."""
    if isinstance(structure, KerasTensor):
        return refer(structure)
    if isinstance(structure, dict):
        return {key: _structure(value, refer) for key, value in structure.items()}
    return type(structure)([_structure(item, refer) for item in structure])


class Reader:
    """Makes the layers of a config and calls them as it tells.

    Args:
        config: what `Writer` or Keras wrote.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._made: dict[str, Any] = {}
        self._calls: dict[tuple[str, int], list[Any]] = {}

    def tensors(self) -> tuple[Any, Any]:
        """The inputs and outputs.

        Raises:
            GraphError: a call whose inputs nothing makes.
        """
        waiting: list[tuple[str, int, Any]] = []
        for entry in self.config["layers"]:
            name = entry["name"]
            self._made[name] = layer = _operation_of(entry)
            if isinstance(layer, InputLayer):
                self._calls[name, 0] = tree.flatten(layer.output)
            waiting.extend((name, index, node) for index, node in enumerate(entry.get("inbound_nodes", [])))
        while waiting:
            later = [item for item in waiting if not self._replay(*item)]
            if len(later) == len(waiting):
                raise GraphError(
                    "The config of a functional model",
                    got=f"calls of {sorted({item[0] for item in later})} whose inputs nothing makes",
                    expected="a graph without gaps or cycles",
                )
            waiting = later
        return self._named(self.config["input_layers"]), self._named(self.config["output_layers"])

    def made(self) -> list[Any]:
        """The layers and ops, in the order of the config."""
        return list(self._made.values())

    def _replay(self, name: str, index: int, node: Any) -> bool:
        """Make one call, if its inputs are there."""
        if index and (name, index - 1) not in self._calls:
            return False
        args, kwargs = node["args"], node["kwargs"]
        if not all(key in self._calls for key in _needs((args, kwargs))):
            return False
        outputs = self._made[name](*self._read(list(args)), **self._read(kwargs))
        self._calls[name, index] = tree.flatten(outputs)
        return True

    def _read(self, value: Any) -> Any:
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__":
                name, call, index = value["config"]["keras_history"]
                return self._calls[name, call][index]
            if "class_name" in value and "config" in value:
                return _serial.deserialize_keras_object(value)
            return {key: self._read(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._read(item) for item in value)
        return value

    def _named(self, reference: Any) -> Any:
        if isinstance(reference, dict):
            return {key: self._named(value) for key, value in reference.items()}
        if len(reference) == 3 and isinstance(reference[0], str) and isinstance(reference[1], int):
            return self._calls[reference[0], reference[1]][reference[2]]
        return type(reference)(self._named(item) for item in reference)


def _needs(value: Any) -> list[tuple[str, int]]:
    """The calls whose outputs stand in the arguments of a call."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            name, call, _ = value["config"]["keras_history"]
            return [(name, call)]
        return [need for item in value.values() for need in _needs(item)]
    if isinstance(value, (list, tuple)):
        return [need for item in value for need in _needs(item)]
    return []


def _operation_of(entry: Config) -> Any:
    if not str(entry.get("module", "")).startswith("keras.src.ops"):
        return _serial.deserialize_keras_object(entry)
    name = entry["class_name"]
    fn = family("ops").find(_FUNCTION_NAMES.get(name, snake_case(name)))
    in_call, in_config, many = _parameters(fn)
    options = {key: _serial.deserialize_keras_object(value) for key, value in entry["config"].items() if key != "name"}
    options = {key: value for key, value in options.items() if key in in_config}

    def call(*args: Any, **kwargs: Any) -> Any:
        if many:
            outputs = fn(*options.values(), *args, **kwargs)
        else:
            given = {**dict(zip(in_call, args, strict=False)), **kwargs}
            if isinstance(given.get("key"), list):  # of `x[a, b]`, whose tuple JSON has made a list
                given["key"] = tuple(given["key"])
            outputs = fn(**given, **options)
        for tensor in tree.flatten(outputs):
            if isinstance(tensor, KerasTensor) and tensor.node is not None:
                tensor.node.operation.name = entry["name"]
        return outputs

    return call
