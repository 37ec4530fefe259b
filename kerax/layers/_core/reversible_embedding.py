"""ReversibleEmbedding: ids to vectors, and vectors back to a score for every id."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ..._core.dtypes import real_dtype, standardize_dtype
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .embedding import Embedding


class ReversibleEmbedding(Embedding):
    """An Embedding that is also called the other way round: `layer(vectors, reverse=True)` scores every id.

    Press and Wolf, 2016: the scores are `vectors · embeddingsᵀ`, so one table serves both ends of a language model.

    Args:
        input_dim: how many ids there are: the largest one plus 1.
        output_dim: size of each vector.
        tie_weights: whether both ways share the table; otherwise the way back has its own.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the tables.
        mask_zero: whether id 0 is padding, which layers that follow leave out.
        reverse_dtype: of the scores, the compute dtype by default.
        logit_soft_cap: bends the scores so that none goes beyond it: `cap * tanh(scores / cap)`.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = None if reverse_dtype is None else standardize_dtype(reverse_dtype)
        self.logit_soft_cap = logit_soft_cap

    def build(self, inputs_shape: Any = None) -> None:
        """Make `embeddings` (input_dim, output_dim), and `reverse_embeddings` the other way round if not tied."""
        super().build(inputs_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings",
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
            )

    def call(self, inputs: Array, reverse: bool = False) -> Array:
        """Ids (…) -> vectors (…, output_dim); reversed: vectors (…, output_dim) -> scores (…, input_dim)."""
        if not reverse:
            return super().call(inputs)
        dtype = real_dtype(self._score_dtype)
        table = self.embeddings.value.T if self.tie_weights else self.reverse_embeddings.value
        scores = jnp.matmul(inputs.astype(dtype), table.astype(dtype))
        cap = self.logit_soft_cap
        return scores if cap is None else cap * jnp.tanh(scores / cap)

    @property
    def _score_dtype(self) -> str:
        return self.reverse_dtype or self.compute_dtype

    def compute_mask(self, inputs: Array, previous_mask: Any = None) -> Any:
        """False where the id is 0, if `mask_zero`; vectors keep the mask they came with."""
        return (
            previous_mask
            if inputs.ndim and jnp.issubdtype(inputs.dtype, jnp.floating)
            else super().compute_mask(inputs)
        )

    def compute_output_shape(self, input_shape: Shape, reverse: bool = False) -> Shape:
        """(…) -> (…, output_dim); reversed: (…, output_dim) -> (…, input_dim)."""
        return (*input_shape[:-1], self.input_dim) if reverse else super().compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: KerasTensor, reverse: bool = False) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        dtype = self._score_dtype if reverse else self.compute_dtype
        return KerasTensor(self.compute_output_shape(inputs.shape, reverse), dtype)
