"""Bidirectional: a recurrent layer that goes along a sequence both ways."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import _serial
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._call import signature_of
from .._layer import Layer, LayerOptions

_MODES = ("sum", "mul", "concat", "ave", None)


class Bidirectional(Layer):
    """Run a recurrent layer forwards and a copy of it backwards, and merge the two outputs.

    Args:
        layer: an `RNN`, `LSTM`, `GRU` or another layer with `go_backwards`, `return_sequences` and
            `return_state`.
        merge_mode: `"concat"`, `"sum"`, `"mul"`, `"ave"`; None: give both.
        weights: first values of all weights.
        backward_layer: the layer that goes backwards; default a copy of `layer`.

    Call arguments:
        sequences: (batch, steps, …).
        initial_state: first states of the forward layer, then those of the backward one.
        mask: (batch, steps) booleans.
        training: passed on.
    """

    _config_never = ("weights",)

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        where = "Bidirectional"
        if not isinstance(layer, Layer):
            raise ArgumentError(where, got=repr(layer), expected="a layer")
        if backward_layer is not None and not isinstance(backward_layer, Layer):
            raise ArgumentError(where, got=f"backward_layer={backward_layer!r}", expected="a layer")
        if merge_mode not in _MODES:
            raise ArgumentError(where, got=f"merge_mode={merge_mode!r}", expected=f"one of {_MODES}")
        super().__init__(weights=weights, **common)
        config = _serial.serialize_keras_object(layer)
        # The two outputs of a masked step belong to different steps: neither may leak into it.
        same = (
            {"zero_output_for_mask": True} if layer.return_sequences and hasattr(layer, "zero_output_for_mask") else {}
        )
        self.forward_layer = _copy(config, name=f"forward_{layer.name}", **same)
        if backward_layer is None:
            backward = _copy(config, name=f"backward_{layer.name}", go_backwards=not layer.go_backwards, **same)
        else:
            backward = backward_layer
        self.backward_layer = backward
        for name in ("return_sequences", "return_state", "stateful"):
            if getattr(self.forward_layer, name, None) != getattr(backward, name, None):
                raise ArgumentError(where, got=f"two layers that differ in {name}", expected="the same in both")
        if self.forward_layer.go_backwards == backward.go_backwards:
            raise ArgumentError(where, got="two layers that go the same way", expected="one with go_backwards=True")
        self.merge_mode = merge_mode
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self.input_spec = layer.input_spec

    @property
    def layer(self) -> Any:
        """The forward layer."""
        return self.forward_layer

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
                layer.built = True

    def call(self, sequences: Array, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        """Run along the sequence both ways."""
        options: dict[str, Any] = {}
        names = signature_of(type(self.forward_layer).call).names
        if "training" in names:
            options["training"] = training
        if "mask" in names:
            options["mask"] = mask
        first, second = dict(options), dict(options)
        if initial_state is not None:
            half = len(initial_state) // 2
            first["initial_state"], second["initial_state"] = list(initial_state[:half]), list(initial_state[half:])
        forward = self.forward_layer(sequences, **first)
        backward = self.backward_layer(sequences, **second)
        states: tuple = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = jnp.flip(backward, 1)
        if self.merge_mode == "concat":
            output = jnp.concatenate([forward, backward], axis=-1)
        elif self.merge_mode == "sum":
            output = forward + backward
        elif self.merge_mode == "ave":
            output = (forward + backward) / 2
        elif self.merge_mode == "mul":
            output = forward * backward
        else:
            return (forward, backward, *states)
        return (output, *states) if self.return_state else output

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        """That of the forward layer; twice as wide where outputs are joined."""
        inner = self.forward_layer.compute_output_shape(sequences_shape)
        states: tuple = ()
        if self.return_state:
            inner, states = inner[0], (*inner[1:], *inner[1:])
        if self.merge_mode is None:
            return (inner, inner, *states)
        output = (*inner[:-1], None if inner[-1] is None else 2 * inner[-1]) if self.merge_mode == "concat" else inner
        return (output, *states) if self.return_state else output

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The input's mask where every step has an output."""
        mask = previous_mask[0] if isinstance(previous_mask, (list, tuple)) else previous_mask
        out = mask if self.return_sequences else None
        outputs = [out] if self.merge_mode else [out, out]
        if self.return_state:
            sizes = self.forward_layer.state_size
            count = 2 * (len(sizes) if isinstance(sizes, (list, tuple)) else 1)
            return [*outputs, *(None for _ in range(count))]
        return outputs[0] if self.merge_mode else outputs

    def reset_state(self) -> None:
        """Set the kept states of both layers to zeros."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config["layer"] = _serial.serialize_keras_object(self.forward_layer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        config = dict(config)
        for name in ("layer", "backward_layer"):
            if isinstance(config.get(name), dict):
                config[name] = _serial.deserialize_keras_object(config[name])
        return super().from_config(config)


def _copy(config: dict[str, Any], **changes: Any) -> Any:
    inner = {**config["config"], **changes}
    # A layer made from its own config was named already.
    for prefix in ("forward_", "backward_"):
        doubled = prefix + prefix
        if inner["name"].startswith(doubled):
            inner["name"] = inner["name"].removeprefix(prefix)
    return _serial.deserialize_keras_object({**config, "config": inner})
