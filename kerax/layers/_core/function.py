"""Lambda: any function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Unpack

from ... import tree
from ..._graph.shape import infer
from ..._serial import deserialize_keras_object as read
from ..._serial import serialize_keras_object as write
from ..._types import Shape
from .._call import signature_of
from .._layer import Layer, LayerOptions
from . import bytecode


class Lambda(Layer):
    """Apply a function to the inputs.

    Of a lambda the byte code is saved, which only `load_model(…, safe_mode=False)` reads, on the same Python:
    better write a layer, or register a named function.

    Args:
        function: of the inputs; it may also take `mask` and `training`.
        output_shape: of the result without the batch, or a function of the input's shape; found by
            evaluating the function where None.
        mask: of the result, or a function of (inputs, mask).
        arguments: more keyword arguments of the function.
    """

    _takes_text = True
    _config_never = ("function", "output_shape", "mask")  # written in get_config
    _mixes_rows = True  # who knows what the function does

    def __init__(
        self,
        function: Callable,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.function = function
        self.arguments = dict(arguments or {})
        self._output_shape = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self.built = True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """The function of `inputs`."""
        options = dict(self.arguments)
        wanted = signature_of(self.function).names if _has_signature(self.function) else ()
        if "mask" in wanted:
            options["mask"] = mask
        if "training" in wanted:
            options["training"] = training
        return self.function(inputs, **options)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As given, or found by evaluating the function."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        first = tree.flatten(input_shape)[0] if _nested(input_shape) else input_shape[0]
        return (first, *self._output_shape)

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """The symbolic result; its dtype is the function's own."""
        spec = infer(self.call, (inputs,), kwargs)
        if self._output_shape is None:
            return spec
        shape = self.compute_output_shape(tree.map_structure(lambda x: x.shape, inputs))
        return type(spec)(shape, spec.dtype) if hasattr(spec, "dtype") else spec

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """As given to the constructor."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        given = {"function": self.function, "output_shape": self._output_shape, "mask": self.mask}
        for name, value in given.items():
            if value is not None:
                config[name] = bytecode.dump(value) if bytecode.is_lambda(value) else write(value)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config; of one with a lambda in it only outside of safe mode."""
        config = dict(config)
        for name in ("function", "output_shape", "mask"):
            value = config.get(name)
            if isinstance(value, dict):
                found = value.get("class_name") == "__lambda__"
                config[name] = bytecode.load(value, f"Lambda {config.get('name')!r}") if found else read(value)
            elif isinstance(value, list):
                config[name] = tuple(value)
        return super().from_config(config)


def _nested(shape: Shape) -> bool:
    return any(isinstance(size, (list, tuple)) for size in shape)


def _has_signature(function: Callable) -> bool:
    try:
        inspect.signature(function)
    except (TypeError, ValueError):  # of functions written in C
        return False
    return True
