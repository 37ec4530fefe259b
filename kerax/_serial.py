"""Objects to config dicts and back, in Keras 3's format.

A config is data: it can name a class of a kerax family or one the user registered or passed in,
nothing else. No module is ever imported because a config says so.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from . import _registry
from . import config as config_of_user
from ._core.allowance import allowing
from ._errors import ArgumentError, DTypeError, near_misses
from ._registry import FAMILIES, Registry, family, owner

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "register_keras_serializable",
    "resolver",
    "serialize_keras_object",
]

SHARED = "kerax_shared"
"""Where the number of a layer that stands at several places is: Keras's own key breaks its reading of graphs."""

_registered: dict[str, Any] = {}  # registered name -> object, for the life of the process
_registered_names: dict[int, str] = {}


class _Scope(threading.local):
    objects: dict[str, Any] = {}  # what `custom_object_scope` names
    safe = True  # whether configs may not bring code along
    sharing: Any = None  # what numbers repeated layers while a whole config is written
    made: dict[tuple[str, int], Any] | None = None  # (class, number) -> layer, while a whole config is read


_scope = _Scope()


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Make a class or function findable by `package>name` when a config or file is read.

    Raises:
        ArgumentError: a class without `get_config`.
    """

    def register(obj: Any) -> Any:
        registered = f"{package}>{name if name is not None else obj.__name__}"
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ArgumentError(
                f"register_keras_serializable of {obj.__name__}",
                got="a class without get_config()",
                expected="a class that can say how it was made",
                hint="add `def get_config(self)` returning its constructor arguments",
            )
        _registered[registered] = obj
        _registered_names[id(obj)] = registered
        return obj

    return register


def get_registered_name(obj: Any) -> str:
    """The name `obj` was registered under, or its own."""
    return _registered_names.get(id(obj), obj.__name__)


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What is registered under `name`, or None."""
    for table in ({**(custom_objects or {})}, custom_objects_here(), _registered):
        if name in table:
            return table[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """The process-wide table of custom objects; what is put in it is found by name."""
    return _registered


def custom_objects_here() -> dict[str, Any]:
    """What the blocks of `custom_object_scope` around this call name."""
    return _scope.objects


@contextmanager
def custom_object_scope(*objects: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Within the block these names are known: `custom_object_scope({"MyLayer": MyLayer})`."""
    before = custom_objects_here()
    merged = dict(before)
    for table in objects:
        merged.update(table)
    _scope.objects = merged
    try:
        yield merged
    finally:
        _scope.objects = before


CustomObjectScope = custom_object_scope


def saved_module(obj: type) -> tuple[str | None, str, str | None]:
    """(module, class name, registered name) as they stand in a config."""
    override = vars(obj).get("_saved_as")  # the three of a class that Keras keeps elsewhere
    if override is not None:
        return override
    known = owner(obj)
    if known is not None:
        registry, name = known
        return registry.module, name, None
    registered = get_registered_name(obj)
    return (None if ">" in registered else getattr(obj, "__module__", None)), obj.__name__, registered


def serialize_keras_object(obj: Any) -> Any:
    """A config of `obj`: JSON-able but for tuples, which stay tuples.

    Raises:
        DTypeError: something that has no config: give its class a `get_config`.
    """
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode()}}
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(item) for item in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    if isinstance(obj, Mapping) and not hasattr(obj, "get_config"):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, jax.Array):
        return {"class_name": "__tensor__", "config": {"value": np.asarray(obj).tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, slice):
        parts = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return {"class_name": "__slice__", "config": serialize_keras_object(parts)}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, np.dtype):
        return obj.name
    if inspect.isclass(obj):
        return _named("type", get_registered_name(obj))
    if hasattr(obj, "__config_as_value__"):  # symbolic tensors say how they stand in a config
        return obj.__config_as_value__()
    if hasattr(obj, "get_config"):
        return _object_config(obj)
    if callable(obj) and hasattr(obj, "__name__"):
        if obj.__name__ == "<lambda>":
            raise DTypeError(
                "A lambda cannot be written into a config",
                hint="use a named function, registered with register_keras_serializable",
            )
        return _named("function", get_registered_name(obj))
    raise DTypeError(
        f"{obj!r} cannot be written into a config",
        got=f"an object of type {type(obj).__name__}",
        expected="a class with get_config()",
    )


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"module": "builtins", "class_name": kind, "config": name, "registered_name": kind}


def _object_config(obj: Any) -> dict[str, Any]:
    module, name, registered = saved_module(type(obj))
    config = {
        "module": module,
        "class_name": name,
        "config": serialize_keras_object(obj.get_config()),
        "registered_name": registered,
    }
    for key, method in (("build_config", "get_build_config"), ("compile_config", "get_compile_config")):
        if hasattr(obj, method):
            extra = getattr(obj, method)()
            if extra is not None:
                config[key] = serialize_keras_object(extra)
    if _scope.sharing is not None:
        _scope.sharing.mark(obj, config)
    return config


class _Sharing:
    """Numbers the layers that stand at several places of a config, so that they are one when it is read.

    Args:
        repeated: id -> object: those that are known to.
    """

    def __init__(self, repeated: Mapping[int, Any]) -> None:
        self.repeated = repeated
        self.met: dict[int, tuple[int, Any]] = {}  # id -> how often, and the object, so that its id stays its own

    def mark(self, obj: Any, config: dict[str, Any]) -> None:
        if hasattr(obj, "save_own_variables"):
            self.met[id(obj)] = self.met.get(id(obj), (0, obj))[0] + 1, obj
            if id(obj) in self.repeated:
                config[SHARED] = list(self.repeated).index(id(obj)) + 1


def serialize_whole(make: Callable[[], Any]) -> Any:
    """The config that `make` gives, where a layer that stands at several places has a number of its own."""
    before = _scope.sharing
    repeated: dict[int, Any] = {}
    while True:
        _scope.sharing = _Sharing(repeated)
        try:
            config = make()
            again = {key: obj for key, (count, obj) in _scope.sharing.met.items() if count > 1}
        finally:
            _scope.sharing = before
        if again.keys() <= repeated.keys():
            return config
        repeated = again


@contextmanager
def sharing() -> Iterator[None]:
    """Within the block a layer that stands at several places of a config, with one number, is made once."""
    before, _scope.made = _scope.made, {}
    try:
        yield
    finally:
        _scope.made = before


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object a config describes; values and structures pass through.

    Args:
        config: what `serialize_keras_object` gave.
        custom_objects: name -> class or function, beside the registered ones.
        safe_mode: refuse code stored in the config (Lambda layers holding byte code).

    Raises:
        ArgumentError: it names a class that is not known.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize_keras_object(config, safe_mode=safe_mode)
    if isinstance(config, (list, tuple)):
        return type(config)(deserialize_keras_object(item, safe_mode=safe_mode) for item in config)
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: deserialize_keras_object(value, safe_mode=safe_mode) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(deserialize_keras_object(inner, safe_mode=safe_mode))
    if name == "function" and config.get("module") in ("builtins", None):
        return find(inner, None, "function")
    if name == "type":
        return find(inner, None, "class")
    number = config.get(SHARED)
    shared = (name, number) if isinstance(name, str) and type(number) is int else None
    made = _scope.made
    if made and shared in made:
        return made[shared]
    cls = find(name, config.get("module"), "class", config.get("registered_name"))
    if not hasattr(cls, "from_config"):
        raise ArgumentError(f"Config of {name!r}", got=f"{cls!r}", expected="a class with from_config()")
    with reading(safe_mode and in_safe_mode()):  # what is inside an unsafe config may be so, too
        obj = cls.from_config(inner)
        if config.get("build_config") and hasattr(obj, "build_from_config"):
            obj.build_from_config(config["build_config"])
        if config.get("compile_config") and hasattr(obj, "compile_from_config"):
            obj.compile_from_config(config["compile_config"])
    if made is not None and shared is not None and hasattr(obj, "save_own_variables"):
        made[shared] = obj
    return obj


_SPECIAL: dict[str, Callable[[dict], Any]] = {
    "__tuple__": lambda c: tuple(c["value"]),
    "__bytes__": lambda c: c["value"].encode(),
    "__numpy__": lambda c: np.array(c["value"], c["dtype"]),
    "__tensor__": lambda c: jax.numpy.asarray(c["value"], c["dtype"]),
    "__slice__": lambda c: slice(c["start"], c["stop"], c["step"]),
    "__ellipsis__": lambda c: Ellipsis,
}


@contextmanager
def reading(safe_mode: bool) -> Iterator[None]:
    """Within the block configs may bring code along if `safe_mode` is False; the weights they make are counted."""
    before = _scope.safe
    _scope.safe = safe_mode
    try:
        with allowing():
            yield
    finally:
        _scope.safe = before


def in_safe_mode() -> bool:
    """Whether the config being read may not bring code along."""
    return _scope.safe and not config_of_user._unsafe


def find(name: str, module: str | None, what: str, registered_name: str | None = None) -> Any:
    """The class or function a config means."""
    for key in (registered_name, name):
        if isinstance(key, str):
            obj = get_registered_object(key)
            if obj is not None:
                return obj
    for key in _families_of(module):
        registry = family(key)
        if name in registry.objects:
            return registry.objects[name]
        if name in registry:
            return registry.find(name)
    known = (
        {key for reg in _registry._registries.values() for key in reg.objects}
        | set(_registered)
        | set(custom_objects_here())
    )
    raise ArgumentError(
        f"Unknown {what} {name!r} in a config",
        expected="a kerax class, or one you registered",
        hint=f"pass custom_objects={{{name!r}: …}} or decorate it with register_keras_serializable; "
        + near_misses(name, known),
    )


def _families_of(module: str | None) -> list[str]:
    """The families to look in, most likely first: all of them where the module says nothing."""
    parts = (module or "").split(".")
    parts = [part for part in parts if part not in ("keras", "kerax", "src", "tf_keras", "tensorflow")]
    named = [key for key in FAMILIES if key in (".".join(parts[:2]), parts[0] if parts else "")]
    return named + [key for key in FAMILIES if key not in named]


def resolver(registry: Registry, base: type | None = None) -> tuple[Callable, Callable, Callable]:
    """`get`, `serialize` and `deserialize` of a family.

    `get` takes None, a name, a config, a class, an instance or a function; a class is made without
    arguments. `base`: what a class's instances must be, to be taken from custom objects by name.
    """

    def get(identifier: Any) -> Any:
        if identifier is None:
            return None
        if isinstance(identifier, str):
            obj = get_registered_object(identifier)
            if obj is None:
                obj = registry.find(identifier)
            return obj() if inspect.isclass(obj) else obj
        if isinstance(identifier, dict):
            return deserialize(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or (base is not None and isinstance(identifier, base)):
            return identifier
        raise ArgumentError(
            f"Not {'an' if registry.kind[0] in 'aeiou' else 'a'} {registry.kind}",
            got=f"{identifier!r} of type {type(identifier).__name__}",
            expected="a name, a function, a class, an object or its config",
        )

    def serialize(obj: Any) -> Any:
        return serialize_keras_object(obj)

    def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        if isinstance(config, str):
            with custom_object_scope(custom_objects or {}):
                return get(config)
        if isinstance(config, dict) and "module" not in config and "class_name" in config:
            config = {**config, "module": registry.module}
        return deserialize_keras_object(config, custom_objects)

    get.__doc__ = f"The {registry.kind} that a name, config, class, object or function stands for; None stays None."
    serialize.__doc__ = f"The config of a {registry.kind}."
    deserialize.__doc__ = f"The {registry.kind} of a config or name."
    return get, serialize, deserialize
