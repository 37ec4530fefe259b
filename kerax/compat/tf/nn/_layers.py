"""Activations, normalization, dropout, look-ups."""

from __future__ import annotations

from typing import Any

import numpy as np

from .... import ops
from .... import random as kerax_random
from ...._core.variable import plain
from ...._errors import ArgumentError
from ...._types import ArrayLike
from .._static import axes, integers
from .._streams import stream
from ..math import clip_by_norm

__all__ = [
    "batch_normalization",
    "bias_add",
    "crelu",
    "dropout",
    "elu",
    "embedding_lookup",
    "gelu",
    "leaky_relu",
    "local_response_normalization",
    "log_softmax",
    "lrn",
    "moments",
    "relu",
    "relu6",
    "selu",
    "silu",
    "softmax",
    "swish",
    "weighted_moments",
]


def relu(features: ArrayLike, name: str | None = None) -> Any:
    """`max(x, 0)`."""
    return ops.relu(features)


def relu6(features: ArrayLike, name: str | None = None) -> Any:
    """`min(max(x, 0), 6)`."""
    return ops.relu6(features)


def leaky_relu(features: ArrayLike, alpha: float = 0.2, name: str | None = None) -> Any:
    """`x` above 0, `alpha * x` below."""
    return ops.leaky_relu(features, alpha)


def elu(features: ArrayLike, name: str | None = None) -> Any:
    """`x` above 0, `exp(x) - 1` below."""
    return ops.elu(features)


def selu(features: ArrayLike, name: str | None = None) -> Any:
    """`elu`, scaled so that means and variances settle. Klambauer et al., 2017."""
    return ops.selu(features)


def gelu(features: ArrayLike, approximate: bool = False, name: str | None = None) -> Any:
    """`x` times the normal distribution function of `x`."""
    return ops.gelu(features, approximate)


def silu(features: ArrayLike, beta: float = 1.0, name: str | None = None) -> Any:
    """`x * sigmoid(beta * x)`."""
    return ops.silu(features) if beta == 1.0 else ops.multiply(features, ops.sigmoid(ops.multiply(beta, features)))


swish = silu


def crelu(features: ArrayLike, axis: int = -1, name: str | None = None) -> Any:
    """`relu(x)` and `relu(-x)`, side by side."""
    return ops.concatenate([ops.relu(features), ops.relu(ops.negative(features))], axis)


def softmax(logits: ArrayLike, axis: int | None = None, name: str | None = None) -> Any:
    """`exp(x) / sum(exp(x))` along `axis`, the last by default."""
    return ops.softmax(logits, -1 if axis is None else axis)


def log_softmax(logits: ArrayLike, axis: int | None = None, name: str | None = None) -> Any:
    """The logarithm of `softmax`, exact where that is small."""
    return ops.log_softmax(logits, -1 if axis is None else axis)


def bias_add(value: ArrayLike, bias: ArrayLike, data_format: str | None = None, name: str | None = None) -> Any:
    """One number added to each channel: the last axis, or the second for "NC...".

    Raises:
        ArgumentError: another format.
    """
    if data_format is None or (data_format.startswith("N") and data_format.endswith("C")):
        return ops.add(value, bias)
    if not data_format.startswith("NC"):
        raise ArgumentError("tf.nn.bias_add", got=f"data_format={data_format!r}", expected="'N...C' or 'NC...'")
    return ops.add(value, ops.reshape(bias, (1, -1, *[1] * (len(ops.shape(plain(value))) - 2))))


def dropout(x: ArrayLike, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Any:
    """A share of the elements set to 0, the others scaled up so that the mean stays.

    Args:
        x: floats.
        rate: the share, from 0 to below 1.
        noise_shape: of the random choice, broadcast over `x`.
        seed: see `tf.random.normal`.
    """
    if isinstance(rate, (int, float)) and not 0 <= rate < 1:
        raise ArgumentError("tf.nn.dropout", got=f"rate={rate}", expected="a number from 0 to below 1")
    if isinstance(rate, (int, float)) and rate == 0:
        return ops.convert_to_tensor(x)
    shape = None if noise_shape is None else integers("tf.nn.dropout", noise_shape)
    return kerax_random.dropout(x, plain(rate), shape, stream("dropout", seed))


def moments(
    x: ArrayLike, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Any, Any]:
    """The mean and the variance along `axes`; `shift` is kept for compatibility."""
    return ops.moments(x, _axes("tf.nn.moments", axes), bool(keepdims))


_axes = axes


def weighted_moments(
    x: ArrayLike, axes: Any, frequency_weights: ArrayLike, keepdims: bool = False, name: str | None = None
) -> tuple[Any, Any]:
    """The mean and the variance along `axes`, elements counted `frequency_weights` times."""
    along = _axes("tf.nn.weighted_moments", axes)
    weights = ops.add(frequency_weights, ops.zeros_like(x))
    total = ops.sum(weights, along, True)
    mean = ops.divide(ops.sum(ops.multiply(weights, x), along, True), total)
    spread = ops.divide(ops.sum(ops.multiply(weights, ops.square(ops.subtract(x, mean))), along, True), total)
    return (mean, spread) if keepdims else (ops.squeeze(mean, along), ops.squeeze(spread, along))


def batch_normalization(
    x: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    offset: Any,
    scale: Any,
    variance_epsilon: float,
    name: str | None = None,
) -> Any:
    """`(x - mean) / sqrt(variance + variance_epsilon) * scale + offset`; all broadcast to `x`."""
    factor = ops.rsqrt(ops.add(variance, variance_epsilon))
    factor = factor if scale is None else ops.multiply(factor, scale)
    shift = ops.negative(ops.multiply(mean, factor))
    return ops.add(ops.multiply(x, factor), shift if offset is None else ops.add(offset, shift))


def local_response_normalization(
    input: ArrayLike,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: str | None = None,
) -> Any:
    """`x / (bias + alpha * s) ** beta`, s the sum of squares of the channels at most `depth_radius` away."""
    size = 2 * depth_radius + 1
    squares = ops.pad(ops.square(input), [(0, 0)] * (len(ops.shape(plain(input))) - 1) + [(depth_radius,) * 2])
    channels = int(ops.shape(plain(input))[-1] or 0)
    power = ops.sum(ops.stack([squares[..., i : i + channels] for i in range(size)]), 0)
    return ops.divide(input, ops.power(ops.add(bias, ops.multiply(alpha, power)), beta))


lrn = local_response_normalization


def embedding_lookup(params: ArrayLike, ids: ArrayLike, max_norm: float | None = None, name: str | None = None) -> Any:
    """The rows of `params` at `ids`, made shorter where they are longer than `max_norm`."""
    if isinstance(params, (list, tuple)) and hasattr(params[0], "shape"):
        if len(params) != 1:
            raise ArgumentError("tf.nn.embedding_lookup", got=f"{len(params)} parts", expected="one table")
        params = params[0]
    rows = ops.take(params, ids, 0)
    if max_norm is None:
        return rows
    first = len(ops.shape(plain(ids)))
    return clip_by_norm(rows, max_norm, list(np.arange(first, len(ops.shape(plain(rows))))))
