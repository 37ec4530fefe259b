"""Layers around modules and functions that are not kerax's."""

from __future__ import annotations

from typing import Any, Unpack

from flax import nnx

from .._layer import Layer, LayerOptions


class NNXLayer(Layer):
    """A Flax NNX module as a layer: its Params train, its other Variables move.

    Args:
        module: called on the inputs; its `deterministic` and `use_running_average` follow `training`.
    """

    _mixes_rows = True  # nobody knows

    def __init__(self, module: nnx.Module, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.module = module

    def call(self, inputs: Any) -> Any:
        """What the module gives."""
        return self.module(inputs)
