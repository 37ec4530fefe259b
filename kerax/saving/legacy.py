"""`.h5` of Keras 2 and tf.keras: a whole model or its weights, by layer names and in the order of the weights.

attributes of the file: model_config, training_config, keras_version, backend
model_weights/      attribute layer_names; a group for each layer, whose weight_names are paths inside it
optimizer_weights/  attribute weight_names
A file of weights alone is what is in model_weights.
"""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import _serial
from .._core import nnx_private
from .._core.allowance import allowing, of_a_file
from .._errors import DataError, ShapeError
from ..layers._weights import is_weight
from . import archive, h5, limits, weights
from .legacy_config import modern, old_fashioned, renamed

log = logging.getLogger("kerax")

LIMIT = 64512
"""The most bytes of an attribute; longer lists are cut into `name0`, `name1` …"""
TOP = "top_level_model_weights"


# -- writing -------------------------------------------------------------------------------------


def save(model: Any, path: Path, include_optimizer: bool = True) -> None:
    """Write a model to one legacy file."""
    about: dict[str, str] = {"keras_version": archive.FORMAT, "backend": "jax"}
    config = archive.config_of(model, include_optimizer)
    about["model_config"] = json.dumps(old_fashioned({key: config[key] for key in ("class_name", "config")}))
    compiling = config.get("compile_config")
    if compiling and compiling.get("optimizer") is not None:
        optimizer = compiling["optimizer"]
        training = {key: value for key, value in compiling.items() if key != "optimizer"}
        training["optimizer_config"] = {key: optimizer[key] for key in ("class_name", "config")}
        about["training_config"] = json.dumps(old_fashioned(training))

    def fill(file: Any) -> None:
        for key, text in about.items():
            file.attrs[key] = text
        _write_weights(model, file.create_group("model_weights"))
        optimizer = model.optimizer if include_optimizer and getattr(model, "compiled", False) else None
        if optimizer is not None:
            _write_list(file.create_group("optimizer_weights"), [(v.path, v.numpy()) for v in optimizer.variables])

    _write(path, fill)


def save_weights(model: Any, path: Path) -> None:
    """Write the weights of a model to a legacy file."""
    _write(path, lambda file: _write_weights(model, file))


def _write(path: Path, fill: Any) -> None:
    with h5.drafted(fill) as draft, h5.written(path) as target:
        shutil.copyfileobj(draft, target, 1 << 20)


def _write_weights(model: Any, holder: Any) -> None:
    _set_names(holder, "layer_names", [layer.name for layer in model.layers])
    holder.attrs["backend"], holder.attrs["keras_version"] = "jax", archive.FORMAT
    for layer in model.layers:
        _write_list(holder.create_group(layer.name), [(_path(v), _value(v)) for v in _ordered(layer)])
    _write_list(holder.create_group(TOP), [(_path(v), _value(v)) for v in _own(model)])


def _write_list(holder: Any, values: list[tuple[str, np.ndarray]]) -> None:
    names: list[str] = []
    for path, value in values:
        name, count = path, 1
        while name in names:
            name, count = f"{path}_{count}", count + 1
        names.append(name)
        holder[name] = value
    _set_names(holder, "weight_names", names)


def _set_names(holder: Any, key: str, names: list[str]) -> None:
    import h5py

    size = max((len(name.encode()) for name in names), default=1) + 16
    room = max(1, LIMIT // size)
    parts = [names[start : start + room] for start in range(0, len(names), room)] or [[]]
    for index, part in enumerate(parts):
        value = np.array(part, dtype=h5py.string_dtype()) if part else np.zeros((0,))
        holder.attrs[f"{key}{index}" if len(parts) > 1 else key] = value


def _path(variable: Any) -> str:
    return getattr(variable, "path", type(variable).__name__)


def _value(variable: Any) -> np.ndarray:
    value = np.asarray(nnx_private.raw(variable))
    return value.astype("float32") if value.dtype.isbuiltin == 2 else value


def _ordered(layer: Any) -> list[Any]:
    """Its weights as old files list them: those that train come first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _own(model: Any) -> list[Any]:
    """The weights that a model holds besides its layers."""
    return [v for v in model._own_variables() if is_weight(v)]


# -- reading -------------------------------------------------------------------------------------


def load(
    path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model of a legacy file.

    Raises:
        FileNotFoundError: there is none.
        DataError: no such file, a damaged or a hostile one.
        ArgumentError: a class that is not known.
    """
    with limits.open_h5(path, path.name) as file:
        config = _json(file, "model_config", path)
        if config is None:
            raise DataError(
                f"The file {path.name}",
                got="no config of a model in it",
                expected="a model saved whole",
                hint="build the model in code and call load_weights",
            )
        where = f"The file {path.name}, model_config"
        try:
            config = modern(config)
        except archive.MALFORMED as error:
            raise DataError(
                where, got=f"a config that cannot be read ({error!r})", expected="that of a model"
            ) from error
        training = _json(file, "training_config", path) if compile else None
        held = limits.elements(file, path.name) if safe_mode else None
        model = archive.model_of(config, where, custom_objects, False, safe_mode, held)
        found = limits.group(file, "model_weights", path.name)
        if found is None:
            raise DataError(f"The file {path.name}", got="no group model_weights", expected="a model saved whole")
        if model.built:
            _load_in_order(model, found, path.name)
        elif limits.attribute(found, "layer_names", path.name):
            log.warning("%s is not built: call it on data, then load_weights(%r).", model.name, path.name)
        if training is not None:
            with allowing(None if held is None else of_a_file(archive.SLOTS * held, where)):
                _compile(model, training, file, path, custom_objects)
    return model


def _compile(model: Any, training: Any, file: Any, path: Path, custom_objects: Mapping[str, Any] | None) -> None:
    where = f"The file {path.name}, training_config"
    try:
        arguments = modern(dict(training))
        optimizer = arguments.pop("optimizer_config", None)
        if isinstance(optimizer, dict):
            optimizer = {"module": "keras.optimizers", "registered_name": None, **optimizer}
            optimizer["config"] = renamed(optimizer.get("config"))
        arguments = {
            key: arguments[key] for key in ("loss", "loss_weights", "metrics", "weighted_metrics") if key in arguments
        }
        with _serial.custom_object_scope(custom_objects or {}):
            model.compile_from_config({"optimizer": optimizer, **arguments})
    except archive.MALFORMED as error:
        raise DataError(where, got=f"what compile cannot take ({error})", hint="pass compile=False") from error
    found = limits.group(file, "optimizer_weights", path.name)
    if model.optimizer is None or found is None or not model.built:
        return
    model.optimizer.build(model.trainable_variables)
    values = _list(found, f"{path.name}, optimizer_weights")
    variables = model.optimizer.variables
    shapes = [value.shape for _, value in values]
    if shapes != [v.shape for v in variables]:
        if len(values) > 2:
            warnings.warn(
                f"The optimizer of {path.name} starts anew: the file holds {len(values)} values of it, and "
                f"{model.optimizer.name!r} has {len(variables)} variables of other shapes.",
                stacklevel=4,
            )
        values = []
    for variable, (_, value) in zip(variables, values, strict=False):
        variable.assign(limits.read(value, path.name, like=variable.dtype))


def load_weights(model: Any, path: Path, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Give a model the weights of a legacy file, of a whole model or of weights alone.

    Args:
        by_name: match layers by their names instead of their order; others are left alone.
        skip_mismatch: leave layers alone whose weights do not fit, with a warning; only with `by_name`.

    Raises:
        FileNotFoundError: there is none.
        DataError: no such file, a damaged or a hostile one.
        ShapeError: the weights of another model; nothing was changed.
    """
    with limits.open_h5(path, path.name) as file:
        found = file
        if limits.attribute(file, "layer_names", path.name) is None and _names(file, "layer_names", path.name) is None:
            found = limits.group(file, "model_weights", path.name)
        if found is None:
            raise DataError(
                f"The file {path.name}",
                got="neither layer_names nor a group model_weights",
                expected="a legacy weights file",
                hint="rename it to end in .weights.h5 if Keras 3 wrote it",
            )
        if by_name:
            _load_by_name(model, found, path.name, skip_mismatch)
        else:
            _load_in_order(model, found, path.name, skip_mismatch)


def _load_in_order(model: Any, found: Any, name: str, skip_mismatch: bool = False) -> None:
    stored = [(layer, values) for layer, values in _stored(found, name) if values]
    layers = [layer for layer in model.layers if _ordered(layer)]
    if len(stored) != len(layers):
        raise ShapeError(
            f"The file {name}",
            got=f"weights of {len(stored)} layers: {[layer for layer, _ in stored][:20]}",
            expected=f"those of the {len(layers)} layers of {model.name!r}: {[layer.name for layer in layers][:20]}",
            hint="by_name=True loads those whose names agree" if model.built else "build the model first",
        )
    pairs = [(layer, _ordered(layer), values) for layer, (_, values) in zip(layers, stored, strict=True)]
    _assign(model, [*pairs, *_top(model, found, name)], name, skip_mismatch)


def _load_by_name(model: Any, found: Any, name: str, skip_mismatch: bool) -> None:
    stored = dict(_stored(found, name))
    pairs = [(layer, _ordered(layer), stored[layer.name]) for layer in model.layers if layer.name in stored]
    _assign(model, [*pairs, *_top(model, found, name)], name, skip_mismatch)


def _top(model: Any, found: Any, name: str) -> list[tuple[Any, list[Any], list[tuple[str, Any]]]]:
    group = limits.group(found, TOP, name)
    return [] if group is None else [(model, _own(model), _list(group, f"{name}, {TOP}"))]


def _assign(model: Any, pairs: list[tuple[Any, list[Any], list[tuple[str, Any]]]], name: str, skip: bool) -> None:
    misfits = []
    with weights.all_or_nothing(model):
        for thing, variables, values in pairs:
            shapes, wanted = [tuple(v.shape) for _, v in values], [tuple(v.shape) for v in variables]
            if shapes != wanted:
                got = {path: shape for (path, _), shape in zip(values, shapes, strict=True)}
                needs = {_path(v): shape for v, shape in zip(variables, wanted, strict=True)}
                misfits.append(f"  {type(thing).__name__} {thing.name!r}: got {got}, expected {needs}")
                continue
            for variable, (path, value) in zip(variables, values, strict=True):
                dtype = nnx_private.raw(variable).dtype
                variable[...] = np.asarray(limits.read(value, f"{name}, {path}", like=dtype)).astype(dtype)
        if misfits:
            shown = "\n" + "\n".join(misfits[: weights.SHOWN]) + "\n"
            error = ShapeError(
                f"The file {name}",
                got=f"values that do not fit {len(misfits)} layers:{shown}",
                expected="the same layers",
            )
            if not skip:
                raise error
            warnings.warn(f"Left alone where values do not fit. {error}", stacklevel=5)


def _stored(found: Any, name: str) -> list[tuple[str, list[tuple[str, Any]]]]:
    """The layers of a file, and for each the paths and arrays, which are not read yet."""
    layers = []
    for layer in _names(found, "layer_names", name) or []:
        group = limits.descend(found, layer, name)
        if group is None:
            raise DataError(f"The file {name}", got=f"no group {layer!r}", expected="one for each of its layer_names")
        layers.append((layer, _list(group, f"{name}, {layer}")))
    return layers


def _list(group: Any, where: str) -> list[tuple[str, Any]]:
    values = []
    for path in _names(group, "weight_names", where) or []:
        *folders, last = path.split("/")
        holder = limits.descend(group, "/".join(folders), where)
        value = None if holder is None else limits.dataset(holder, last, where)
        if value is None:
            raise DataError(where, got=f"no array {path!r}", expected="one for each of its weight_names")
        values.append((path, value))
    return values


def _names(holder: Any, key: str, where: str) -> list[str] | None:
    names = limits.attribute(holder, key, where)
    if names is None:
        parts: list[list[str]] = []
        while (part := limits.attribute(holder, f"{key}{len(parts)}", where)) is not None:
            parts.append(part)
        if not parts:
            return None
        names = [name for part in parts for name in part]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(where, got=f"{key} {names!r}", expected="a list of names")
    return names


def _json(file: Any, key: str, path: Path) -> Any:
    where = f"The file {path.name}, {key}"
    text = limits.attribute(file, key, where)
    if text is None:
        return None
    return limits.parsed(text, where)


def is_legacy(path: Path) -> bool:
    """Whether an HDF5 file lists layers by name."""
    with limits.open_h5(path, path.name) as file:
        return _names(file, "layer_names", path.name) is not None
