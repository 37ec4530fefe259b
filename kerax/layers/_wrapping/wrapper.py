"""Wrapper: a layer around a layer."""

from __future__ import annotations

from typing import Any, Unpack

from ... import _serial
from ..._errors import ArgumentError
from .._layer import Layer, LayerOptions


class Wrapper(Layer):
    """The base of layers that hold one other layer and change how it is called.

    Args:
        layer: the layer inside.

    Raises:
        ArgumentError: not a layer.
    """

    def __init__(self, layer: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        if not isinstance(layer, Layer):
            raise ArgumentError(f"{type(self).__name__} {self.name!r}", got=repr(layer), expected="a layer")
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        config = dict(config)
        config["layer"] = _serial.deserialize_keras_object(config["layer"])
        return super().from_config(config)
