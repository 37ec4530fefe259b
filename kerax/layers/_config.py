"""A layer's config, read off its constructor.

Layers of kerax keep each argument in an attribute of its name: the config holds what the attributes
hold now. For a class of the user the arguments themselves are remembered.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from .. import _serial
from .._errors import Unsupported
from .._registry import family
from .._types import Config

_COMMON = ("name", "trainable", "dtype")  # written by the base, in this order, first
_FIRST_INPUT = ("batch_input_shape", "batch_shape", "batch_size", "input_dim", "input_dtype", "input_shape", "weights")
_FEATURES_NOT_HERE = ("quantization_config", "registered_name", "lora_rank", "lora_alpha")  # Keras writes None


@functools.cache
def _constructor(cls: type) -> tuple[inspect.Signature, bool]:
    """The signature of a class's constructor, and whether a class of ours wrote it."""
    init = next(vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base))
    return inspect.signature(init), (init.__module__ or "").split(".")[0] == __name__.split(".")[0]


def config_of(layer: Any, args: tuple, kwargs: dict) -> Config:
    """The constructor's arguments, serialized.

    Args:
        layer: what was constructed.
        args, kwargs: what it was constructed with.

    Raises:
        Unsupported: an argument that has no config.
    """
    cls: type = type(layer)
    signature, ours = _constructor(cls)
    parameters = list(signature.parameters.values())[1:]
    bound = signature.bind(layer, *args, **kwargs)
    given = {**bound.arguments}
    extra = {}
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            extra = given.pop(parameter.name, {})
    config: Config = {}
    for parameter in parameters:
        name = parameter.name
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or name in _COMMON:
            continue
        if name in layer._config_never:
            continue
        if name in layer._config_skip and getattr(layer, name, None) is None:
            continue
        if ours:
            value = getattr(layer, layer._config_names.get(name, name))
        else:
            value = given.get(name, parameter.default)
        config[name] = _value(value, layer, name)
    for name, value in extra.items():
        if name not in (*_COMMON, *_FIRST_INPUT, *config, *layer._config_never):
            config[name] = _value(value, layer, name)
    return config


def _value(value: Any, layer: Any, name: str) -> Any:
    if callable(value) and not inspect.isclass(value):
        public = family("activations").saved_name(value)
        if public is not None:
            return public
    try:
        return _serial.serialize_keras_object(value)
    except TypeError as error:
        raise Unsupported(
            f"The config of {type(layer).__name__} {layer.name!r}",
            got=f"{name}={value!r}, which cannot be written down",
            hint="write get_config(self) and, if needed, from_config(cls, config)",
        ) from error


def build_from(cls: type, config: Config) -> Any:
    """A layer from its config."""
    config = {key: value for key, value in config.items() if not (key in _FEATURES_NOT_HERE and value is None)}
    if isinstance(config.get("dtype"), dict):
        config["dtype"] = _serial.deserialize_keras_object(config["dtype"])
    signature, ours = _constructor(cls)
    set_after = {}
    if not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):  # it takes no `name` and the like
        set_after = {key: config.pop(key) for key in _COMMON if key in config and key not in signature.parameters}
    if not ours:
        config = {key: _serial.deserialize_keras_object(value) for key, value in config.items()}
    try:
        layer = cls(**config)
    except TypeError as error:
        raise TypeError(f"{cls.__name__} cannot be made from its config {config}: {error}") from error
    for key, value in set_after.items():
        setattr(layer, "dtype_policy" if key == "dtype" else key, value)
    return layer
