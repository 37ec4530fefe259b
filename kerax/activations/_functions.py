"""The activations, with the arguments and defaults they have as activations."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._types import Array, ArrayLike
from ..ops._arrays import array, floats
from ..ops._op import op


@op(rowwise=True, theme="nn")
def relu(x: ArrayLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Array:
    """`x` above `threshold`, `negative_slope * (x - threshold)` below.

    Args:
        x: floats.
        negative_slope: the slope below the threshold.
        max_value: where the output stops growing; None: nowhere.
        threshold: below it the unit is damped.
    """
    x = array(x)
    if negative_slope != 0 and max_value is None and threshold == 0:
        return jax.nn.leaky_relu(x, negative_slope)
    below = jax.nn.relu(threshold - x) if negative_slope != 0 else None
    if threshold != 0:
        y = x * (x > threshold).astype(x.dtype)
    else:
        y = jax.nn.relu6(x) if max_value == 6 else jax.nn.relu(x)
    if max_value is not None and not (threshold == 0 and max_value == 6):
        y = jnp.clip(y, 0, max_value)
    return y if below is None else y - negative_slope * below


@op(rowwise=True, theme="nn")
def gelu(x: ArrayLike, approximate: bool = False) -> Array:
    """`x` times the share of a standard normal below `x`.

    Args:
        x: floats.
        approximate: by tanh, rather than by the error function.
    """
    return jax.nn.gelu(array(x), approximate)


@op(rowwise=True, theme="nn")
def mish(x: ArrayLike) -> Array:
    """`x * tanh(softplus(x))`."""
    return jax.nn.mish(array(x))


@op(rowwise=True, theme="numpy")
def exponential(x: ArrayLike) -> Array:
    """`exp(x)`."""
    return jnp.exp(floats(x))


def linear(x: ArrayLike) -> ArrayLike:
    """`x` itself."""
    return x
