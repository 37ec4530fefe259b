"""Configs of Keras 2 and tf.keras in Keras 3's format, and the short form that legacy files hold."""

from __future__ import annotations

from typing import Any

from .._types import Config

_DROPPED = {  # arguments that mean nothing any more
    "time_major", "ragged_output", "input_spec", "batch_dim", "virtual_batch_size", "fused", "renorm_", "input_length",
}  # fmt: skip


_CLASS_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}  # public name -> the one that legacy files have
_PUBLIC_NAMES = {old: public for public, old in _CLASS_NAMES.items()}


def old_fashioned(config: Any, listed: bool = False) -> Any:
    """A config as legacy files hold it: the layers that a model lists by class and config alone.

    Args:
        config: in Keras 3's format.
        listed: whether it stands in the list of a model's layers.
    """
    if isinstance(config, (list, tuple)):
        return [old_fashioned(item, listed) for item in config]
    if not isinstance(config, dict):
        return config
    written = {
        key: old_fashioned(value, listed=key == "layers")
        for key, value in config.items()
        if key not in ("build_config", "compile_config")
    }
    if listed and str(written.get("module", "")) in ("keras.layers", "keras", "keras.models"):
        del written["module"]
        written.pop("registered_name", None)
        written["class_name"] = _CLASS_NAMES.get(written["class_name"], written["class_name"])
    return written


def modern(config: Any) -> Any:
    """A config in Keras 3's format."""
    if isinstance(config, list):
        return [modern(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {key: modern(value) for key, value in config.items()}
    inner = config.get("config")
    if "class_name" not in config or not isinstance(inner, (dict, list)):
        return config
    if isinstance(inner, list):  # a Sequential of the first versions
        inner = {"name": None, "layers": inner}
    name = config["class_name"]
    if name == "Model" and "layers" in inner:
        name = "Functional"
    if name == "InputLayer" and "batch_input_shape" in inner:
        inner = {**inner, "batch_shape": inner["batch_input_shape"]}
        inner.pop("batch_input_shape")
    if name == "MeanMetricWrapper" and isinstance(inner.get("fn"), str):
        fn = {"module": "builtins", "class_name": "function", "config": inner["fn"], "registered_name": "function"}
        inner = {**inner, "fn": fn}
    if "layers" in inner and isinstance(inner["layers"], list):
        inner = {**inner, "layers": [_layer(entry) for entry in inner["layers"]]}
    if isinstance(inner.get("layer"), dict):  # of wrappers
        inner = {**inner, "layer": _layer(inner["layer"])}
    inner = {key: value for key, value in inner.items() if key not in _DROPPED}
    return {**config, "class_name": name, "config": inner}


def renamed(config: Any) -> Any:
    """The config of an optimizer of the first versions: what was `lr` is the learning rate; no decay is none."""
    if not isinstance(config, dict):
        return config
    config = {key: value for key, value in config.items() if key != "decay" or value}
    return {"learning_rate" if key == "lr" else key: value for key, value in config.items()}


def _layer(entry: Any) -> Any:
    """The entry of a layer in a model: where its class stands, and its calls."""
    if not isinstance(entry, dict) or "class_name" not in entry:
        return entry
    entry = {"module": "keras.layers", **entry} if ">" not in str(entry["class_name"]) else dict(entry)
    entry["class_name"] = _PUBLIC_NAMES.get(entry["class_name"], entry["class_name"])
    if ">" in str(entry["class_name"]):
        entry.setdefault("registered_name", entry["class_name"])
    nodes = entry.get("inbound_nodes")
    if isinstance(nodes, list):
        entry["inbound_nodes"] = [_node(node) for node in nodes]
    return entry


def _node(node: Any) -> Config:
    """A call: Keras 2 lists the tensors as [layer, which of its calls, which output, keyword arguments]."""
    if isinstance(node, dict) and "args" in node:
        return node
    if isinstance(node, dict):  # named tensors
        return {"args": [{key: _tensor(value) for key, value in node.items()}], "kwargs": {}}
    if isinstance(node, list) and len(node) in (3, 4) and isinstance(node[0], str):
        node = [node]
    kwargs: dict[str, Any] = {}
    tensors = []
    for item in node:
        tensors.append(_tensor(item))
        if len(item) == 4 and isinstance(item[3], dict):
            kwargs.update({key: _argument(value) for key, value in item[3].items()})
    return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": kwargs}


def _argument(value: Any) -> Any:
    """A keyword argument: a tensor stands as [layer, which of its calls, which output]."""
    if isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
        return _tensor(value)
    return value


def _tensor(reference: Any) -> Config:
    return {"class_name": "__keras_tensor__", "config": {"shape": None, "dtype": None, "keras_history": reference[:3]}}
