"""Attention and AdditiveAttention: dot-product attention in the manner of Luong, additive in that of Bahdanau."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import random
from ..._errors import ArgumentError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .._activation.simple import masked_softmax
from .._arguments import one_of, rate_of
from .._layer import Layer, LayerOptions
from .._regularization.dropout import dropped


class Attention(Layer):
    """Mix the values of a sequence, by how well each key matches the query (Luong et al., 2015).

    Args:
        use_scale: multiply the scores by a learned number.
        score_mode: `"dot"`: query times key; `"concat"`: tanh of their sum, summed.
        dropout: share of the weights set to zero while training.
        seed: makes dropout repeat.

    Call arguments:
        inputs: [query (batch, targets, size), value (batch, sources, size)], and key if it is not value.
        mask: [query mask (batch, targets), value mask (batch, sources)].
        return_attention_scores: give the weights (batch, targets, sources) too.
        training: whether dropout applies.
        use_causal_mask: a target sees only sources at its place or before.
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.use_scale = use_scale
        self.score_mode = one_of(score_mode, ("dot", "concat"), "score_mode", f"{type(self).__name__} {self.name!r}")
        self.dropout = rate_of(dropout, f"{type(self).__name__} {self.name!r}", "dropout")
        self.seed = seed
        if self.dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def _checked(self, inputs: Any) -> None:
        if not isinstance(inputs, (list, tuple)) or not 2 <= len(inputs) <= 3:
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r}",
                got="inputs that are no list of two or three",
                expected="[query, value] or [query, value, key]",
            )

    def build(self, input_shape: Any) -> None:
        """Make `scale` and `concat_score_weight` where they are asked for."""
        self._checked(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def _scores(self, query: Array, key: Array) -> Array:
        if self.score_mode == "dot":
            scores = jnp.einsum("btd,bsd->bts", query, key)
            return scores * self.scale.value if self.use_scale else scores
        total = query[:, :, None, :] + key[:, None, :, :]
        total = total * self.scale.value if self.use_scale else total
        return self.concat_score_weight.value * jnp.sum(jnp.tanh(total), axis=-1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """(batch, targets, size of the values), and the weights if asked for."""
        self._checked(inputs)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (mask[0], mask[1]) if mask is not None else (None, None)
        scores = self._scores(query, key)
        seen = None if value_mask is None else value_mask.astype(bool)[:, None, :]
        if use_causal_mask:
            causal = jnp.tril(jnp.ones(scores.shape[1:], bool))
            seen = causal if seen is None else seen & causal
        weights = masked_softmax(scores, seen)
        if training and self.dropout > 0:
            weights = dropped(weights, self.dropout, None, self.seed_generator)
        out = jnp.einsum("bts,bsd->btd", weights, value)
        if query_mask is not None:
            out = jnp.where(query_mask.astype(bool)[..., None], out, 0)
        return (out, weights) if return_attention_scores else out

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """That of the query."""
        return previous_mask[0] if isinstance(previous_mask, (list, tuple)) else None

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """(batch, targets, size of the values)."""
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The symbolic output for symbolic inputs."""
        self._checked(inputs)
        shapes = [tuple(x.shape) for x in inputs]
        out = KerasTensor(self.compute_output_shape(shapes), self.compute_dtype)
        if not return_attention_scores:
            return out
        return out, KerasTensor((*shapes[0][:2], shapes[1][1]), self.compute_dtype)


class AdditiveAttention(Attention):
    """Mix the values of a sequence, scored by `sum(scale * tanh(query + key))` (Bahdanau et al., 2015).

    Args:
        use_scale: whether `scale`, one number for each feature, is learned.
        dropout: share of the weights set to zero while training.
        seed: makes dropout repeat.

    Call arguments: those of `Attention`.
    """

    def __init__(
        self, use_scale: bool = True, dropout: float = 0.0, seed: int | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, seed=seed, **common)

    def build(self, input_shape: Any) -> None:
        """Make `scale` (size,)."""
        self._checked(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform")

    def _scores(self, query: Array, key: Array) -> Array:
        total = jnp.tanh(query[:, :, None, :] + key[:, None, :, :])
        return jnp.einsum("btsd,d->bts", total, self.scale.value) if self.use_scale else jnp.sum(total, axis=-1)
