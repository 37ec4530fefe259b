"""TimeDistributed: a layer applied to every step."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import tree
from ..._core.context import here, setting
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._call import signature_of
from .._layer import Layer, LayerOptions
from .wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Apply a layer to every step of (batch, steps, …): all steps of all rows go through it as one batch.

    Args:
        layer: takes inputs (batch, …).
    """

    def __init__(self, layer: Layer, **common: Unpack[LayerOptions]) -> None:
        super().__init__(layer, **common)
        self.supports_masking = True

    def _step_shape(self, input_shape: Shape) -> Shape:
        if not isinstance(input_shape, (list, tuple)) or len(input_shape) < 3:
            raise ArgumentError(
                f"TimeDistributed {self.name!r}",
                got=f"inputs of shape {input_shape}",
                expected="at least three axes: (batch, steps, …)",
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape: Shape) -> None:  # type: ignore[override]  # a step's shape follows from it
        """Build the layer inside for one step."""
        super().build(self._step_shape(input_shape))

    def call(self, inputs: Array, training: bool | None = None, mask: Any = None) -> Any:
        """(batch, steps, …) -> (batch, steps, …)."""
        batch, steps = inputs.shape[:2]
        signature = signature_of(type(self.layer).call)
        options: dict[str, Any] = {"training": training} if signature.takes_training else {}
        if mask is not None and signature.takes_mask and mask.ndim > 2:
            options["mask"] = mask.reshape(batch * steps, *mask.shape[2:])
        rows = here.rows
        if rows is not None or mask is not None:
            real = (
                jnp.ones((batch, steps), bool) if mask is None else mask.astype(bool).reshape(batch, steps, -1)[..., 0]
            )
            rows = (real if rows is None else real & rows[:, None]).reshape(-1)
        with setting(rows=rows):
            outputs = self.layer(inputs.reshape(batch * steps, *inputs.shape[2:]), **options)
        return tree.map_structure(lambda out: out.reshape(batch, steps, *out.shape[1:]), outputs)

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """That of the layer inside, with the steps after the batch."""
        inner = self.layer.compute_output_shape(self._step_shape(input_shape))
        return (inner[0], input_shape[1], *inner[1:])
