"""Model: a layer that can be compiled, trained, inspected and cloned. Mostly delegation."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .. import saving
from .._core.context import Call, here, setting
from .._core.module import Opaque, Owned
from .._errors import ArgumentError, NotBuiltError
from .._serial import serialize_keras_object
from .._trainer.engine import Engine
from .._trainer.trainer import Compiled, Trainer
from .._types import Config, PathLike
from ..export import export_model
from ..layers._call import build_by_calling
from ..layers._layer import Layer
from ._split import Kept, Split

_functional: list[type] = []


def functional_is(cls: type) -> None:
    """Let `Model(inputs, outputs)` make a `cls`: the hook that `_functional.py` fills."""
    _functional.append(cls)


def _is_functional(args: tuple, kwargs: dict) -> bool:
    """Whether a model is given by its inputs and outputs."""
    return len(args) in (2, 3) or (len(args) == 1 and "outputs" in kwargs) or {"inputs", "outputs"} <= set(kwargs)


@contextlib.contextmanager
def told(model: Layer, training: bool | None) -> Iterator[None]:
    """Within the block layers inside know `training`, where `call` was called by itself instead of the model."""
    outer = here.call
    if training is None or (outer is not None and outer.training is training):
        yield
        return
    with setting(call=Call(training, model if outer is None else outer.entry)):
        yield


@functools.cache
def _mixed(cls: type) -> type:
    """A class of the user's together with Functional, for `MyModel(inputs, outputs)`."""
    functional = _functional[0]
    if issubclass(functional, cls):
        return functional
    mixed = type(cls.__name__, (cls, functional), {"__module__": cls.__module__, "__qualname__": cls.__qualname__})
    mixed._is_mixed = True  # type: ignore[attr-defined]
    mixed._written_as = cls  # type: ignore[attr-defined]
    return mixed


class Model(Trainer, Layer):
    """A layer that can be compiled, trained, evaluated, inspected and cloned.

    Three ways to make one: `Model(inputs, outputs)` from symbolic tensors, a subclass with a
    `call(inputs)`, or `Sequential`. A model is a Flax NNX module: `nnx.split`, `nnx.state` and
    `nnx.jit` take it.

    Args:
        inputs, outputs: structures of symbolic tensors.
        name: default counts the class.
        trainable, dtype: as for any layer.
    """

    # What belongs to training stays with the model that was compiled; pickles and deep copies take it along.
    _compiled = Owned(
        lambda model: Opaque(), pack=lambda box: _packed(box.value), unpack=lambda model, compiled: Opaque(compiled)
    )
    _engine = Owned(lambda model: Opaque(Engine(model)))
    _history = Owned(lambda model: Opaque())
    _is_mixed = False
    _has_graph = False  # whether `output` is known
    _has_stack = False  # whether `build(shape)` makes it known
    _takes_text = True
    _kept_split = Owned(lambda model: Kept())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        functional = _functional[0]
        if not isinstance(self, functional) and _is_functional(args, kwargs):
            cls: type = type(self)
            object.__setattr__(self, "__class__", _mixed(cls))
            functional.__init__(self, *args, **kwargs)  # type: ignore[misc]
            return
        if isinstance(self, functional) and args:
            functional.__init__(self, *args, **kwargs)  # type: ignore[misc]
            return
        if args:
            raise ArgumentError(
                f"{type(self).__name__}(…)",
                got=f"{len(args)} positional arguments",
                expected="Model(inputs, outputs), or only keywords",
            )
        Layer.__init__(self, **kwargs)
        self._start_model()

    def __reduce__(self) -> tuple:
        return _blank, (getattr(type(self), "_written_as", type(self)), self._is_mixed), self.__getstate__()

    def _start_model(self) -> None:
        """What every kind of model needs after Layer.__init__."""
        self._start_trainer()

    # -- what it is made of --------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers held directly, in the order they were assigned."""
        return self._sublayers()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or by position.

        Raises:
            ArgumentError: both or none given, no such layer.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ArgumentError(
                f"get_layer of {self.name!r}", got=f"name={name!r}, index={index!r}", expected="one of the two"
            )
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(
                    f"get_layer of {self.name!r}", got=f"index={index}", expected=f"less than its {len(layers)} layers"
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ArgumentError(
            f"get_layer of {self.name!r}", got=f"name={name!r}", expected=f"one of {[layer.name for layer in layers]}"
        )

    @classmethod
    def from_config(cls, config: Config, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The model of a config: what the constructor was given, or a functional model's graph."""
        if "input_layers" in config:
            return _functional[0].from_config.__func__(cls, config, custom_objects)  # type: ignore[attr-defined]
        return super().from_config(config)

    def build(self, input_shape: Any) -> None:
        """Make the weights, by a trial call on symbolic tensors of that shape."""
        if input_shape is not None:
            build_by_calling(self, _as_shape(input_shape))

    build._is_default = True  # type: ignore[attr-defined]

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation; subclasses write it."""
        raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method implemented.")

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print the layers, the shapes they give and what they hold."""
        from .._inspect.table import print_summary  # rich is imported only where something is printed

        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    def reset_states(self) -> None:
        """Let stateful layers begin anew."""
        for layer in self._flatten_layers(include_self=False):
            reset = getattr(layer, "reset_states", None) or getattr(layer, "reset_state", None)
            if callable(reset) and getattr(layer, "stateful", False):
                reset()

    # -- as data -------------------------------------------------------------------------------

    def get_compile_config(self) -> Config:
        """What `compile` was given; empty before."""
        return self._compile_config() or {}

    def _host_part(self) -> Split | None:
        """What of the graph runs on the host, and what does not; None where all is compiled."""
        return None

    def _complete_on_host(self, outputs: Any) -> Any:
        """The outputs of a prediction, text made of numbers where the graph ends so."""
        return outputs

    def _saved_layers(self) -> tuple[list[Layer], bool]:
        """The layers as files number them, and whether they come before all other attributes."""
        return self.layers, False

    def save(self, filepath: PathLike, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write the model to a file: `saving.save_model`, which has the arguments and errors."""
        saving.save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self, filepath: PathLike, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
    ) -> None:
        """Write the weights to a file: `saving.save_weights`, which has the arguments and errors."""
        saving.save_weights(self, filepath, overwrite, max_shard_size, **kwargs)

    def load_weights(self, filepath: PathLike, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Take the weights of a file: `saving.load_weights`, which has the arguments and errors."""
        saving.load_weights(self, filepath, skip_mismatch, **kwargs)

    def export(
        self,
        filepath: PathLike,
        format: str = "stablehlo",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write a program that runs without this code: `export.export_model`, which has the arguments and errors."""
        export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The config as JSON text; `model_from_json` reads it."""
        return json.dumps(serialize_keras_object(self), **kwargs)

    def as_function(self) -> tuple[Callable, Any, Any]:
        """The model as a pure function of arrays, and its arrays.

        Returns:
            (f, params, state): `f(params, state, *inputs, training=False) -> (outputs, new_state)`;
            params and state are dicts, path -> array, of the trainable and of all other variables.

        Raises:
            NotBuiltError: the weights do not exist yet.
        """
        if not self.built:
            raise NotBuiltError(
                f"as_function of {self.name!r}",
                got="a model that is not built",
                hint="call it on data once, or build(input_shape)",
            )
        trainable, rest = self.trainable_variables, self.non_trainable_variables
        names = [_keys(trainable), _keys(rest)]

        def run(params: dict[str, Any], state: dict[str, Any], *inputs: Any, training: bool = False) -> tuple:
            outputs, after = self.stateless_call(
                [params[key] for key in names[0]], [state[key] for key in names[1]], *inputs, training=training
            )
            return outputs, dict(zip(names[1], after, strict=True))

        params = {key: v[...] for key, v in zip(names[0], trainable, strict=True)}
        state = {key: v[...] for key, v in zip(names[1], rest, strict=True)}
        return run, params, state


def _keys(variables: list[Any]) -> list[str]:
    """A key for each variable: its path, numbered where it repeats."""
    keys: list[str] = []
    for variable in variables:
        path = getattr(variable, "path", type(variable).__name__)
        key, count = path, 1
        while key in keys:
            key, count = f"{path}_{count}", count + 1
        keys.append(key)
    return keys


def _as_shape(shape: Any) -> Any:
    if isinstance(shape, list) and all(size is None or isinstance(size, int) for size in shape):
        return tuple(shape)
    return shape


def _packed(compiled: Compiled | None) -> Compiled | None:
    """What a model is compiled with, without what a first batch makes of it."""
    if compiled is None:
        return None
    new = Compiled({**compiled.arguments, "optimizer": compiled.optimizer})
    new.optimizer, new.run_eagerly = compiled.optimizer, compiled.run_eagerly
    return new


def _blank(cls: type, functional: bool) -> Any:
    """A model of a class, nothing set: what a pickle is filled into."""
    return object.__new__(_mixed(cls) if functional else cls)
