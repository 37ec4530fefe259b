"""Nonlinearities."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from ..._errors import ArgumentError
from ..._types import Array, ArrayLike
from .._arrays import array, axes, floats
from .._op import op

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh_shrink",
    "threshold",
]


@op(rowwise=True, theme="nn")
def relu(x: ArrayLike) -> Array:
    """`max(x, 0)`."""
    return jax.nn.relu(array(x))


@op(rowwise=True, theme="nn")
def relu6(x: ArrayLike) -> Array:
    """`min(max(x, 0), 6)`."""
    return jax.nn.relu6(array(x))


@op(rowwise=True, theme="nn")
def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Array:
    """`x` above 0, `negative_slope * x` below."""
    return jax.nn.leaky_relu(array(x), negative_slope)


@op(rowwise=True, theme="nn")
def sigmoid(x: ArrayLike) -> Array:
    """`1 / (1 + exp(-x))`."""
    return jax.nn.sigmoid(floats(x))


@op(rowwise=True, theme="nn")
def log_sigmoid(x: ArrayLike) -> Array:
    """`log(sigmoid(x))`, stable for large negative `x`."""
    return jax.nn.log_sigmoid(array(x))


@op(rowwise=True, theme="nn")
def hard_sigmoid(x: ArrayLike) -> Array:
    """`relu6(x + 3) / 6`."""
    return jax.nn.hard_sigmoid(array(x))


@op(rowwise=True, theme="nn")
def silu(x: ArrayLike) -> Array:
    """`x * sigmoid(x)`, also called swish."""
    return jax.nn.silu(floats(x))


swish = silu


@op(rowwise=True, theme="nn")
def hard_silu(x: ArrayLike) -> Array:
    """`x * hard_sigmoid(x)`, also called hard swish."""
    return jax.nn.hard_silu(array(x))


hard_swish = hard_silu


@op(rowwise=True, theme="nn")
def hard_tanh(x: ArrayLike) -> Array:
    """`x` clipped to [-1, 1]."""
    return jax.nn.hard_tanh(array(x))


@op(rowwise=True, theme="nn")
def softplus(x: ArrayLike) -> Array:
    """`log(1 + exp(x))`."""
    return jax.nn.softplus(array(x))


@op(rowwise=True, theme="nn")
def softsign(x: ArrayLike) -> Array:
    """`x / (1 + |x|)`."""
    return jax.nn.soft_sign(array(x))


@op(rowwise=True, theme="nn")
def elu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """`x` above 0, `alpha * (exp(x) - 1)` below."""
    return jax.nn.elu(array(x), alpha)


@op(rowwise=True, theme="nn")
def selu(x: ArrayLike) -> Array:
    """`1.0507 * elu(x, 1.6733)`: keeps mean 0 and variance 1 through layers. Klambauer et al., 2017."""
    return jax.nn.selu(array(x))


@op(rowwise=True, theme="nn")
def celu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """`max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)`."""
    return jax.nn.celu(array(x), alpha)


@op(rowwise=True, theme="nn")
def gelu(x: ArrayLike, approximate: bool = True) -> Array:
    """`x` times the share of a standard normal below `x`.

    Args:
        x: floats.
        approximate: by tanh, rather than by the error function.
    """
    return jax.nn.gelu(array(x), approximate)


@op(theme="nn")
def glu(x: ArrayLike, axis: int = -1) -> Array:
    """Gate one half of `x` by the sigmoid of the other.

    Args:
        x: floats, an even number of them along `axis`.
        axis: the axis cut in two.

    Returns:
        Half the size of `x` along `axis`.

    Raises:
        ArgumentError: the size along `axis` is odd.
    """
    x = floats(x)
    if x.shape[axis] % 2:
        raise ArgumentError("glu", got=f"shape {x.shape}", expected=f"an even size along axis {axis}")
    return jax.nn.glu(x, axis)


@op(rowwise=True, theme="nn")
def tanh_shrink(x: ArrayLike) -> Array:
    """`x - tanh(x)`."""
    x = array(x)
    return x - jnp.tanh(x)


@op(rowwise=True, theme="nn")
def soft_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """`x` moved towards 0 by `threshold`, and 0 where it would cross it."""
    x = array(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@op(rowwise=True, theme="nn")
def hard_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """`x` where it is farther from 0 than `threshold`, else 0."""
    x = array(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@op(rowwise=True, theme="nn")
def threshold(x: ArrayLike, threshold: float, default_value: float) -> Array:
    """`x` above `threshold`, `default_value` elsewhere."""
    x = array(x)
    return jnp.where(x > threshold, x, default_value)


@op(rowwise=True, theme="nn")
def squareplus(x: ArrayLike, b: float = 4) -> Array:
    """`(x + sqrt(x**2 + b)) / 2`, a smooth relu."""
    x = array(x)
    return jax.nn.squareplus(x, b)


@op(rowwise=True, theme="nn")
def sparse_plus(x: ArrayLike) -> Array:
    """0 below -1, `(x + 1)**2 / 4` up to 1, `x` above."""
    return jax.nn.sparse_plus(array(x))


@op(rowwise=True, theme="nn")
def sparse_sigmoid(x: ArrayLike) -> Array:
    """0 below -1, `(x + 1) / 2` up to 1, 1 above."""
    return jax.nn.sparse_sigmoid(array(x))


@op(theme="nn")
def softmax(x: ArrayLike, axis: int | Sequence[int] = -1) -> Array:
    """`exp(x)` divided by its sum along `axis`.

    Args:
        x: floats.
        axis: one axis, or several taken together.
    """
    return jax.nn.softmax(floats(x), axes(axis))


@op(theme="nn")
def log_softmax(x: ArrayLike, axis: int | Sequence[int] = -1) -> Array:
    """The logarithm of `softmax`, stable for large differences.

    Args:
        x: floats.
        axis: one axis, or several taken together.
    """
    return jax.nn.log_softmax(floats(x), axes(axis))


@op(theme="nn")
def sparsemax(x: ArrayLike, axis: int = -1) -> Array:
    """The nearest point to `x` whose elements along `axis` are at least 0 and sum to 1. Martins & Astudillo, 2016.

    Args:
        x: floats.
        axis: the axis that sums to 1.
    """
    x = array(x)
    rank_shape = [1] * x.ndim
    rank_shape[axis] = -1
    ranks = jnp.arange(1, x.shape[axis] + 1, dtype=x.dtype).reshape(rank_shape)
    falling = jnp.flip(jnp.sort(x, axis=axis), axis=axis)
    sums = jnp.cumsum(falling, axis=axis)
    inside = 1 + ranks * falling > sums
    size = jnp.sum(inside, axis=axis, keepdims=True)
    tau = (jnp.sum(jnp.where(inside, falling, 0.0), axis=axis, keepdims=True) - 1) / size
    return jnp.maximum(x - tau, 0.0)
