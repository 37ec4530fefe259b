"""CategoryEncoding: integers as vectors."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ..._errors import ArgumentError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Shape
from .._arguments import one_of, whole
from .._layer import Layer
from .encoding import encode, encoded_shape


class CategoryEncoding(Layer):
    """Integers below `num_tokens` as vectors of that size; others count nowhere.

    Args:
        num_tokens: how many categories there are.
        output_mode: "one_hot": a vector for each integer; "multi_hot", "count": a vector (…, num_tokens) for the
            integers along the last axis.
        sparse: must be False.

    Raises:
        ArgumentError: no positive `num_tokens`, an unknown mode.

    Examples:
        >>> CategoryEncoding(num_tokens=3, output_mode="count")(jnp.array([[0, 2, 2]])).tolist()
        [[1.0, 0.0, 2.0]]
    """

    _config_never = ("sparse",)

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **common: Any
    ) -> None:
        super().__init__(**common)
        where = f"CategoryEncoding {self.name!r}"
        if num_tokens is None:
            raise ArgumentError(
                where,
                got="no num_tokens",
                expected="how many categories there are",
                hint="layers.IntegerLookup learns them from data",
            )
        if whole(num_tokens) is None or num_tokens < 1:
            raise ArgumentError(where, got=f"num_tokens={num_tokens!r}", expected="a positive integer")
        if sparse:
            raise ArgumentError(where, got="sparse=True", expected="False: outputs are dense")
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        self.output_mode = one_of(output_mode, ("one_hot", "multi_hot", "count"), "output_mode", where)
        self.num_tokens = num_tokens
        self.sparse = sparse
        self.autocast = False

    def call(self, inputs: Array, count_weights: Array | None = None) -> Array:
        """Integers as vectors.

        Args:
            inputs: integers (…, n).
            count_weights: (…, n) what each integer counts, for "count".

        Raises:
            ArgumentError: weights in another mode.
        """
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(
                f"CategoryEncoding {self.name!r}",
                got=f"count_weights and output_mode={self.output_mode!r}",
                expected='count_weights for "count" only',
            )
        indices = jnp.asarray(inputs)
        if not jnp.issubdtype(indices.dtype, jnp.integer):
            indices = indices.astype(jnp.int32)
        if indices.ndim == 0 and self.output_mode == "one_hot":
            indices = indices.reshape(1, 1)
        return encode(indices, self.num_tokens, self.output_mode, self.compute_dtype, count_weights)

    def compute_output_shape(self, input_shape: Shape, count_weights_shape: Any = None) -> Shape:
        """The shape of the vectors for a shape of integers."""
        return encoded_shape(input_shape, self.num_tokens, self.output_mode)

    def compute_output_spec(self, inputs: KerasTensor, count_weights: Any = None) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
