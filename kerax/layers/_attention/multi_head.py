"""MultiHeadAttention and GroupQueryAttention."""

from __future__ import annotations

import math
import string
from types import MappingProxyType
from typing import Any, Unpack

import jax.numpy as jnp

from ... import constraints, initializers, random, regularizers
from ..._core.naming import auto_name
from ..._errors import ArgumentError, ShapeError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from ...ops._kernels.platform import on_cpu
from .._activation.simple import masked_softmax
from .._arguments import positive, rate_of
from .._core.einsum_dense import EinsumDense
from .._layer import CommonOptions, Layer
from .._regularization.dropout import dropped


class _Heads(Layer):
    """What both share: projections, masks, and the products between."""

    _config_skip = ()
    _config_never = ("flash_attention",)

    def __init__(
        self,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        use_gate: bool,
        seed: int | None,
        **common: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **common)
        where = f"{type(self).__name__} {self.name!r}"
        self.supports_masking = True
        self.dropout = rate_of(dropout, where, "dropout")
        self.use_bias = use_bias
        self.sliding_window = None if sliding_window is None else positive(sliding_window, "sliding_window", where)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.use_gate = use_gate
        self.seed = seed

    def _projection(
        self, name: str, equation: str, shape: Shape, bias_axes: str, input_shape: Shape, **more: Any
    ) -> Any:
        """A built EinsumDense of that name, with this layer's initializers, regularizers and constraints."""
        layer = EinsumDense(
            equation,
            shape,
            bias_axes=bias_axes if self.use_bias else None,
            # Each kernel its own draw.
            kernel_initializer=_like(self.kernel_initializer),
            bias_initializer=_like(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self.activity_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            name=name,
            dtype=self.dtype_policy,
            **more,
        )
        layer.supports_masking = True
        layer.build(input_shape)
        return layer

    def _mask(
        self,
        query: Array,
        source: Array,
        query_mask: Any,
        value_mask: Any,
        key_mask: Any,
        attention_mask: Any,
        use_causal_mask: bool,
    ) -> Any:
        """Which source each target sees: (batch or 1, targets, sources) booleans, or None for all."""
        seen = None

        def also(mask: Array) -> Array:
            return mask if seen is None else seen & mask

        if query_mask is not None:
            seen = also(query_mask.astype(bool)[:, :, None])
        if value_mask is not None:
            seen = also(value_mask.astype(bool)[:, None, :])
        if key_mask is not None:
            seen = also(key_mask.astype(bool)[:, None, :])
        if use_causal_mask or self.sliding_window is not None:
            row = jnp.arange(query.shape[1])[:, None]
            column = jnp.arange(source.shape[1])[None, :]
            if use_causal_mask:
                seen = also((row >= column)[None])
            if self.sliding_window is not None:
                seen = also((jnp.abs(row - column) < self.sliding_window)[None])
        if attention_mask is not None:
            attention_mask = attention_mask.astype(bool)
            seen = also(attention_mask)
        return seen

    def _weights(self, scores: Array, seen: Any, heads_axis: int, training: bool | None) -> Array:
        """Softmax over all axes behind the targets; dropout."""
        if seen is not None:
            while seen.ndim < scores.ndim:
                seen = jnp.expand_dims(seen, heads_axis if seen.ndim > 2 else 0)
        sources = tuple(range(heads_axis + 1 + (scores.ndim - heads_axis - 1) // 2, scores.ndim))
        weights = masked_softmax(scores, seen, sources if len(sources) > 1 else -1)
        if training and self.dropout > 0:
            return dropped(weights, self.dropout, None, self.seed_generator)
        return weights

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """That of the query."""
        return previous_mask


def _like(initializer: Any) -> Any:
    """Another initializer of the same kind and seed."""
    if hasattr(initializer, "clone"):
        return initializer.clone()
    return (
        type(initializer).from_config(initializer.get_config()) if hasattr(initializer, "get_config") else initializer
    )


def _at_once(x: Array, projections: tuple[EinsumDense, ...]) -> list[Array]:
    """Several projections of the same inputs, as one product: on the CPU one large product beats three."""
    kernels = [layer.kernel.value for layer in projections]
    size = x.shape[-1]
    y = jnp.matmul(x.reshape(-1, size), jnp.concatenate([kernel.reshape(size, -1) for kernel in kernels], axis=1))
    biases = [layer.bias for layer in projections if layer.bias is not None]  # all have one, or none
    if biases:
        y = y + jnp.concatenate([bias.value.reshape(-1) for bias in biases])
    found, start = [], 0
    for kernel in kernels:
        width = kernel.size // size
        found.append(y[:, start : start + width].reshape(*x.shape[:-1], *kernel.shape[1:]))
        start += width
    return found


class MultiHeadAttention(_Heads):
    """Attention in several heads, each on projections of its own (Vaswani et al., 2017).

    Args:
        num_heads: how many heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values, default `key_dim`.
        dropout: share of the attention weights set to zero while training.
        use_bias: whether the projections have biases.
        output_shape: sizes of the output after the attention axes, default the query's last.
        attention_axes: axes over which attention runs, default all between batch and features.
        sliding_window: a target sees only sources less than so many places away.
        flash_attention: kept for compatibility; the compiler chooses.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint: of every projection.
        use_gate: multiply each head's output by a sigmoid gate computed from the query.
        seed: makes dropout repeat.

    Call arguments:
        query: (batch, targets, size).
        value: (batch, sources, size).
        key: (batch, sources, size), default `value`.
        query_mask, value_mask, key_mask: (batch, steps) booleans.
        attention_mask: (batch, targets, sources) booleans: who sees whom.
        return_attention_scores: give the weights (batch, heads, targets, sources) too.
        training: whether dropout applies.
        use_causal_mask: a target sees only sources at its place or before.
    """

    _config_names = MappingProxyType({"output_shape": "_output_shape"})

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **common: Unpack[CommonOptions],
    ) -> None:
        super().__init__(
            dropout,
            use_bias,
            sliding_window,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            use_gate,
            seed,
            **common,
        )
        where = f"MultiHeadAttention {self.name!r}"
        self.num_heads = positive(num_heads, "num_heads", where)
        self.key_dim = positive(key_dim, "key_dim", where)
        self.value_dim = positive(value_dim or key_dim, "value_dim", where)
        if output_shape is not None:
            output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self._output_shape = output_shape
        if isinstance(attention_axes, int):
            attention_axes = (attention_axes,)
        self.attention_axes = attention_axes if attention_axes is None else tuple(attention_axes)

    def build(  # type: ignore[override]  # it has several inputs
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        """Make the projections of query, key, (gate,) value and output."""
        key_shape = value_shape if key_shape is None else key_shape
        rank = len(query_shape)
        if len(value_shape) != rank:
            raise ShapeError(
                f"MultiHeadAttention {self.name!r}",
                got=f"query {query_shape} and value {value_shape}",
                expected="the same number of axes",
            )
        if value_shape[1:-1] != key_shape[1:-1]:
            raise ShapeError(
                f"MultiHeadAttention {self.name!r}",
                got=f"value {value_shape} and key {key_shape}",
                expected="the same sizes but the last",
            )
        axes = self.attention_axes or range(1, rank - 1)
        self._axes = tuple(axis % rank for axis in axes)
        free = string.ascii_lowercase[: rank - 1]
        project = f"{free}x,xyz->{free}yz"
        keys = (*(None,) * (rank - 2), self.num_heads, self.key_dim)
        values = (*keys[:-1], self.value_dim)
        self.query_dense = self._projection("query", project, keys, "yz", query_shape)
        self.key_dense = self._projection("key", project, keys, "yz", key_shape)
        if self.use_gate:
            self._gate_dense = self._projection("gate", project, values, "yz", query_shape, activation="sigmoid")
        self.value_dense = self._projection("value", project, values, "yz", value_shape)
        if self.dropout > 0:
            self.seed_generator = random.SeedGenerator(self.seed)
        last = self._output_sizes(query_shape)
        out = string.ascii_uppercase[: len(last)]
        self.output_dense = self._projection(
            "attention_output",
            f"{free}yz,yz{out}->{free}{out}",
            (*(None,) * (rank - 2), *last),
            out,
            (*query_shape[:-1], self.num_heads, self.value_dim),
        )
        # Axes as letters: batch ones are shared, attention ones belong to the targets or to the sources.
        sources = "".join(letter.upper() if axis in self._axes else letter for axis, letter in enumerate(free))
        batch = "".join(letter for axis, letter in enumerate(free) if axis not in self._axes)
        mine = "".join(free[axis] for axis in self._axes)
        theirs = mine.upper()
        self._score_equation = f"{free}yz,{sources}yz->{batch}y{mine}{theirs}"
        self._mix_equation = f"{batch}y{mine}{theirs},{sources}yz->{free}yz"
        self._heads_axis = len(batch)

    def _output_sizes(self, query_shape: Shape) -> tuple:
        return (query_shape[-1],) if self._output_shape is None else self._output_shape

    def call(
        self,
        query: Array,
        value: Array,
        key: Array | None = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """(batch, targets, size), and the weights if asked for."""
        key = value if key is None else key
        seen = self._mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        if query is value and key is value and self.activity_regularizer is None and on_cpu():
            q, k, v = _at_once(query, (self.query_dense, self.key_dense, self.value_dense))
        else:
            q, k, v = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        q = q * jnp.asarray(1.0 / math.sqrt(self.key_dim), self.compute_dtype)
        weights = self._weights(jnp.einsum(self._score_equation, q, k), seen, self._heads_axis, training)
        out = jnp.einsum(self._mix_equation, weights, v)
        if self.use_gate:
            out = out * self._gate_dense(query)
        out = self.output_dense(out)
        return (out, weights) if return_attention_scores else out

    def compute_output_shape(self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None) -> Shape:
        """The query's shape, with another last size where one was asked for."""
        return (*query_shape[:-1], *self._output_sizes(query_shape))

    def compute_output_spec(
        self, query: Any, value: Any, key: Any = None, return_attention_scores: bool = False, **others: Any
    ) -> Any:
        """The symbolic output for symbolic inputs."""
        out = KerasTensor(self.compute_output_shape(query.shape, value.shape), self.compute_dtype)
        if not return_attention_scores:
            return out
        rank = len(query.shape)
        axes = self._axes
        batch = [query.shape[axis] for axis in range(rank - 1) if axis not in axes]
        shape = (*batch, self.num_heads, *(query.shape[a] for a in axes), *(value.shape[a] for a in axes))
        return out, KerasTensor(shape, self.compute_dtype)


class GroupQueryAttention(_Heads):
    """Attention in which groups of query heads share keys and values (Ainslie et al., 2023).

    Args:
        head_dim: size of a head.
        num_query_heads: how many heads of queries, a multiple of `num_key_value_heads`.
        num_key_value_heads: how many heads of keys and values.
        dropout, use_bias, sliding_window, flash_attention, use_gate, seed: as for `MultiHeadAttention`.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint: of every projection.

    Call arguments: those of `MultiHeadAttention`.

    Raises:
        ArgumentError: query heads that cannot be grouped.
    """

    _filed_as = "GroupedQueryAttention"  # the name Keras's class has in weights files

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **common: Unpack[CommonOptions],
    ) -> None:
        if common.get("name") is None:
            common["name"] = auto_name("GroupedQueryAttention")  # the name Keras counts
        super().__init__(
            dropout,
            use_bias,
            sliding_window,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            use_gate,
            seed,
            **common,
        )
        where = f"GroupQueryAttention {self.name!r}"
        self.head_dim = positive(head_dim, "head_dim", where)
        self.num_query_heads = positive(num_query_heads, "num_query_heads", where)
        self.num_key_value_heads = positive(num_key_value_heads, "num_key_value_heads", where)
        if num_query_heads % num_key_value_heads:
            raise ArgumentError(
                where,
                got=f"num_query_heads={num_query_heads} and num_key_value_heads={num_key_value_heads}",
                expected="a multiple of num_key_value_heads",
            )

    def build(  # type: ignore[override]  # it has several inputs
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        """Make the projections of query, key, (gate,) value and output."""
        key_shape = value_shape if key_shape is None else key_shape
        queries = (None, self.num_query_heads, self.head_dim)
        keys = (None, self.num_key_value_heads, self.head_dim)
        project = "bqm,muh->bquh"
        self._query_dense = self._projection("query", project, queries, "uh", query_shape)
        self._key_dense = self._projection("key", project, keys, "uh", key_shape)
        if self.use_gate:
            self._gate_dense = self._projection("gate", project, queries, "uh", query_shape, activation="sigmoid")
        self._value_dense = self._projection("value", project, keys, "uh", value_shape)
        if self.dropout > 0:
            self.seed_generator = random.SeedGenerator(self.seed)
        self._output_dense = self._projection(
            "attention_output",
            "bquh,uhm->bqm",
            (None, query_shape[-1]),
            "m",
            (*query_shape[:-1], self.num_query_heads, self.head_dim),
        )

    def call(
        self,
        query: Array,
        value: Array,
        key: Array | None = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """(batch, targets, size), and the weights if asked for."""
        key = value if key is None else key
        seen = self._mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        batch, targets = query.shape[:2]
        groups = self.num_key_value_heads
        q = self._query_dense(query) * jnp.asarray(1.0 / math.sqrt(self.head_dim), self.compute_dtype)
        q = q.reshape(batch, targets, groups, -1, self.head_dim)
        scores = jnp.einsum("btgrh,bsgh->bgrts", q, self._key_dense(key))
        scores = scores.reshape(batch, self.num_query_heads, *scores.shape[3:])
        weights = self._weights(scores, seen, 1, training)
        grouped = weights.reshape(batch, groups, -1, *weights.shape[2:])
        out = jnp.einsum("bgrts,bsgh->btgrh", grouped, self._value_dense(value))
        out = out.reshape(batch, targets, self.num_query_heads, self.head_dim)
        if self.use_gate:
            out = out * self._gate_dense(query)
        out = self._output_dense(out)
        return (out, weights) if return_attention_scores else out

    def compute_output_shape(self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None) -> Shape:
        """The query's shape."""
        return query_shape

    def compute_output_spec(
        self, query: Any, value: Any, key: Any = None, return_attention_scores: bool = False, **others: Any
    ) -> Any:
        """The symbolic output for symbolic inputs."""
        out = KerasTensor(query.shape, self.compute_dtype)
        if not return_attention_scores:
            return out
        shape = (query.shape[0], self.num_query_heads, query.shape[1], value.shape[1])
        return out, KerasTensor(shape, self.compute_dtype)
