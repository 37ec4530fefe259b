"""Pipeline: layers one after another, as one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import _serial
from ..._errors import ArgumentError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Config
from .._call import signature_of
from .._layer import Layer


class Pipeline(Layer):
    """Layers applied in order: no model, and random layers are active unless `training=False`.

    Made for preprocessing and augmentation, inside a model or over a data set.

    Args:
        layers: the first one first.
        name: default counts the class.

    Raises:
        ArgumentError: something that is not a layer.
    """

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ArgumentError(f"Pipeline {self.name!r}", got=repr(layer), expected="layers")
        self.layers = list(layers)

    def build(self, input_shape: Any) -> None:
        """Build each layer for what the one before gives."""
        for layer in self.layers:
            if not layer.built:
                layer.build(input_shape)
                layer.built = True
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs: Array, training: bool = True, mask: Any = None) -> Array:
        """One layer after another; `training` and `mask` go to those that take them."""
        for layer in self.layers:
            signature = signature_of(type(layer).call)
            options: dict[str, Any] = {"training": training} if signature.takes_training else {}
            if mask is not None and "mask" in signature.names:
                options["mask"] = mask
            outputs = layer(inputs, **options)
            if layer.supports_masking or mask is not None:
                mask = layer.compute_mask(inputs, mask)
            inputs = outputs
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What the last layer gives."""
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def compute_output_spec(self, inputs: Any, training: bool = True, mask: Any = None) -> KerasTensor:
        """The symbolic output of the last layer."""
        for layer in self.layers:
            inputs = layer.compute_output_spec(inputs)
        return inputs

    def get_config(self) -> Config:
        """The layers and the name."""
        return {"layers": _serial.serialize_keras_object(self.layers), "name": self.name}

    @classmethod
    def from_config(cls, config: Config) -> Pipeline:
        """The pipeline of a config."""
        return cls(**{**config, "layers": [_serial.deserialize_keras_object(layer) for layer in config["layers"]]})
