"""Layers around modules and functions that are not kerax's: Flax NNX, Flax Linen, plain JAX."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from ... import _serial, random
from ..._core.dtypes import is_float
from ..._core.variable import Variable
from ..._errors import ArgumentError, Unsupported
from .._layer import Layer, LayerOptions


class NNXLayer(Layer):
    """A Flax NNX module as a layer: its Params train, its other Variables move.

    Args:
        module: called on the inputs; its `deterministic` and `use_running_average` follow `training`.
    """

    _mixes_rows = True  # nobody knows

    def __init__(self, module: nnx.Module, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        if not isinstance(module, nnx.Module):
            raise ArgumentError(f"NNXLayer {self.name!r}", got=repr(module), expected="a flax.nnx module")
        self.module = module

    def call(self, inputs: Any) -> Any:
        """What the module gives."""
        return self.module(inputs)


class JaxLayer(Layer):
    """A function of JAX as a layer: `call_fn(params, [state,] [rng,] inputs [, training])`.

    Which arguments the functions take is read off their parameters' names. A `call_fn` that takes
    `state` gives (outputs, new state).

    Args:
        call_fn: the computation; its parameters are among `params`, `state`, `rng`, `inputs` and `training`.
        init_fn: makes the parameters: `init_fn(rng, inputs [, training])` -> params, or (params, state) where
            `call_fn` takes a state.
        params: first values of the parameters, a tree of arrays, instead of `init_fn`.
        state: first values of the state.
        seed: makes the random numbers repeat.
        native_serialization_platforms: kept for compatibility.

    Raises:
        ArgumentError: functions with other parameters, or neither parameters nor a function that makes them.
    """

    _mixes_rows = True  # nobody knows
    _config_never = ("native_serialization_platforms",)

    def __init__(
        self,
        call_fn: Callable,
        init_fn: Callable | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.call_fn = call_fn
        self.init_fn = init_fn
        self.seed = seed
        where = f"{type(self).__name__} {self.name!r}"
        self._call_names = _names(call_fn, ("params", "state", "rng", "inputs", "training"), ("inputs",), where)
        self._init_names = () if init_fn is None else _names(init_fn, ("rng", "inputs", "training"), ("inputs",), where)
        if init_fn is None and params is None and state is None:
            raise ArgumentError(where, got="neither init_fn nor params", expected="one of them")
        self.seed_generator = random.SeedGenerator(seed)
        self.params: Any = None
        self.state: Any = None
        if params is not None or (init_fn is None and state is not None):
            self.params = _held(params, trainable=True)
            self.state = _held(state, trainable=False)
            self.built = True

    def build(self, input_shape: Any) -> None:
        """Make the parameters by `init_fn`."""
        if self.params is not None or self.init_fn is None:
            return
        dtype = self.compute_dtype
        sample = _map_shapes(
            lambda shape: jnp.ones([1 if size is None else size for size in shape], dtype), input_shape
        )
        with jax.ensure_compile_time_eval():
            given = {"rng": self.seed_generator.next(), "inputs": sample, "training": True}
            made = self.init_fn(*(given[name] for name in self._init_names))
        params, state = made if "state" in self._call_names else (made, None)
        self.params = _held(params, trainable=True)
        self.state = _held(state, trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """What the function gives."""
        given = {
            "params": _values(self.params),
            "state": _values(self.state),
            "inputs": inputs,
            "training": bool(training),
        }
        if "rng" in self._call_names:
            given["rng"] = self.seed_generator.next()
        out = self.call_fn(*(given[name] for name in self._call_names))
        if "state" not in self._call_names:
            return out
        out, new = out
        if training or training is None:
            for variable, value in zip(_variables(self.state), jax.tree.leaves(new), strict=True):
                variable.assign(value)
        return out

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; functions must be registered or importable to be read again."""
        raise Unsupported(
            f"The config of {type(self).__name__} {self.name!r}",
            got="functions that cannot be written down",
            hint="subclass it with get_config and from_config, or save the weights: save_weights(…)",
        )


class FlaxLayer(JaxLayer):
    """A Flax Linen module as a layer.

    Args:
        module: the module.
        method: its method to call, default `__call__`; it may take `training`.
        variables: first values, as `module.init` gives them.
        seed: makes the random numbers repeat.
    """

    def __init__(self, module: Any, method: Any = None, variables: Any = None, **common: Any) -> None:
        self_check = hasattr(module, "apply") and hasattr(module, "init")
        if not self_check:
            raise ArgumentError(
                "FlaxLayer",
                got=repr(module),
                expected="a flax.linen module",
                hint="NNXLayer takes flax.nnx modules" if isinstance(module, nnx.Module) else None,
            )
        if isinstance(method, str):
            method = getattr(type(module), method)
        takes_training = "training" in inspect.signature(method or type(module).__call__).parameters

        def merged(params: Any, state: Any) -> dict[str, Any]:
            return {**(params or {}), **(state or {})}

        def parts(variables: Any) -> tuple[dict, dict]:
            params = {"params": variables["params"]} if "params" in variables else {}
            return params, {key: value for key, value in variables.items() if key != "params"}

        def call_fn(params: Any, state: Any, rng: Any, inputs: Any, training: Any) -> Any:
            options: dict[str, Any] = {"training": training} if takes_training else {}
            out, new = module.apply(
                merged(params, state),
                inputs,
                method=method,
                mutable=nnx_mutable(state),
                rngs={"dropout": rng} if training else None,
                **options,
            )
            return out, {**state, **new}

        def init_fn(rng: Any, inputs: Any, training: Any) -> Any:
            options: dict[str, Any] = {"training": training} if takes_training else {}
            first, second = jax.random.split(jax.random.wrap_key_data(rng) if rng.ndim == 1 else rng)
            return parts(module.init({"params": first, "dropout": second}, inputs, method=method, **options))

        def nnx_mutable(state: Any) -> list[str]:
            return list(state or {})

        params, state = (None, None) if variables is None else parts(dict(variables))
        super().__init__(call_fn, init_fn, params=params, state=state, **common)
        self.module = module
        self.method = method

    def get_config(self) -> dict[str, Any]:
        """The module and the arguments, as far as they can be written down."""
        config = (
            Layer.get_config(self)
            if type(self) is not FlaxLayer
            else {
                "name": self.name,
                "trainable": self.trainable,
                "dtype": _serial.serialize_keras_object(self.dtype_policy),
            }
        )
        try:
            config["module"] = _serial.serialize_keras_object(self.module)
        except TypeError as error:
            raise Unsupported(
                f"The config of FlaxLayer {self.name!r}",
                got=f"the module {self.module!r}",
                hint="register its class: kerax.saving.register_keras_serializable, with get_config and from_config",
            ) from error
        config["method"] = None if self.method is None else self.method.__name__
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        config = dict(config)
        config["module"] = _serial.deserialize_keras_object(config["module"])
        return cls(**config)


def _names(function: Callable, known: tuple[str, ...], needed: tuple[str, ...], where: str) -> tuple[str, ...]:
    names = tuple(inspect.signature(function).parameters)
    unknown = [name for name in names if name not in known]
    missing = [name for name in needed if name not in names]
    if unknown or missing:
        raise ArgumentError(where, got=f"a function of {names}", expected=f"parameters among {known}, with {needed}")
    return names


def _held(values: Any, trainable: bool) -> Any:
    """A tree of arrays as nested dicts and lists of Variables."""
    if values is None:
        return None
    if isinstance(values, dict) or hasattr(values, "items"):
        return {key: _held(values[key], trainable) for key in sorted(values)}  # the order of jax.tree
    if isinstance(values, tuple) and hasattr(values, "_fields"):
        return type(values)(*(_held(value, trainable) for value in values))
    if isinstance(values, (list, tuple)):
        return type(values)(_held(value, trainable) for value in values)
    if not isinstance(values, (jax.Array, np.ndarray, float, int)):
        return values
    values = jnp.asarray(values)
    return Variable(values, trainable=trainable and is_float(values.dtype), name="param" if trainable else "state")


def _values(held: Any) -> Any:
    return jax.tree.map(
        lambda v: v.value if isinstance(v, Variable) else v, held, is_leaf=lambda v: isinstance(v, Variable)
    )


def _variables(held: Any) -> list[Variable]:
    leaves = jax.tree.leaves(held, is_leaf=lambda v: isinstance(v, Variable))
    return [v for v in leaves if isinstance(v, Variable)]


def _map_shapes(fn: Callable, shape: Any) -> Any:
    if isinstance(shape, dict):
        return {key: _map_shapes(fn, value) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(item, (list, tuple, dict)) for item in shape):
        return [_map_shapes(fn, item) for item in shape]
    return fn(shape)
