"""Embedding: a vector for every id."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ... import constraints, initializers, regularizers
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .._arguments import positive
from .._layer import Layer


class Embedding(Layer):
    """Look ids up in a table: (…) -> (…, output_dim).

    Args:
        input_dim: how many ids there are: the largest one plus 1.
        output_dim: size of each vector.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.
        mask_zero: whether id 0 is padding, which layers that follow leave out.
        weights: first value of the table, as an array (input_dim, output_dim) or a list of it.
        input_length: an older argument, without effect.
    """

    _config_skip = ()
    _config_never = ("weights", "input_length")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **common: Any,
    ) -> None:
        length = common.pop("input_length", None)
        if length is not None and "input_shape" not in common:
            common["input_shape"] = length if isinstance(length, (tuple, list)) else (length,)
        if weights is not None:
            weights = list(weights) if isinstance(weights, (list, tuple)) and len(weights) == 1 else [weights]
        super().__init__(weights=weights, **common)
        self.input_dim = positive(input_dim, "input_dim", f"Embedding {self.name!r}")
        self.output_dim = positive(output_dim, "output_dim", f"Embedding {self.name!r}")
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False  # ids may come as floats, which 16 bits cannot count

    def build(self, input_shape: Any = None) -> None:
        """Make `embeddings` (input_dim, output_dim)."""
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )

    def call(self, inputs: Array) -> Array:
        """Ids (…) -> vectors (…, output_dim)."""
        ids = inputs if jnp.issubdtype(inputs.dtype, jnp.integer) else inputs.astype(jnp.int32)
        return jnp.take(self.embeddings.value, ids, axis=0).astype(self.compute_dtype)

    def compute_mask(self, inputs: Array, previous_mask: Any = None) -> Any:
        """False where the id is 0, if `mask_zero`."""
        return inputs != 0 if self.mask_zero else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """(…) -> (…, output_dim)."""
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without first values of the table."""
        config = super().get_config()
        config.setdefault("activity_regularizer", None)
        return config
