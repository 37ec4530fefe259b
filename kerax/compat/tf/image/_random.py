"""Images changed at random; the `stateless_` ones always the same way for the same seed of two integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .... import ops
from ...._core.variable import plain
from ...._errors import ArgumentError
from ...._types import Array, ArrayLike
from .. import random
from .._static import integers
from .._streams import key
from ._colors import adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation

__all__ = [
    "random_brightness",
    "random_contrast",
    "random_crop",
    "random_flip_left_right",
    "random_flip_up_down",
    "random_hue",
    "random_saturation",
    "stateless_random_brightness",
    "stateless_random_contrast",
    "stateless_random_crop",
    "stateless_random_flip_left_right",
    "stateless_random_flip_up_down",
    "stateless_random_hue",
    "stateless_random_saturation",
]

Draw = Callable[[Any, float, float], Array]


def _stream(kind: str, seed: int | None) -> Draw:
    # A stream for each function: with one seed, flips and brightness do not go together.
    return lambda shape, low, high: jax.random.uniform(key(kind, seed), shape, minval=low, maxval=high)


def _fixed(seed: Any) -> Draw:
    return lambda shape, low, high: random.stateless_uniform(shape, seed, low, high)


def _between(where: str, lower: float, upper: float) -> tuple[float, float]:
    if not 0 <= lower < upper:
        raise ArgumentError(where, got=f"lower={lower}, upper={upper}", expected="0 <= lower < upper")
    return lower, upper


def _around(where: str, max_delta: float, most: float = float("inf")) -> tuple[float, float]:
    if not 0 <= max_delta <= most:
        raise ArgumentError(where, got=f"max_delta={max_delta}", expected=f"a number from 0 to {most}")
    return -max_delta, max_delta


def random_brightness(image: ArrayLike, max_delta: float, seed: int | None = None) -> Any:
    """`adjust_brightness` by something from `-max_delta` to `max_delta`."""
    bounds = _around("tf.image.random_brightness", max_delta)
    return adjust_brightness(image, _stream("random_brightness", seed)((), *bounds))


def stateless_random_brightness(image: ArrayLike, max_delta: float, seed: Any) -> Any:
    """`adjust_brightness` by something from `-max_delta` to `max_delta`."""
    return adjust_brightness(image, _fixed(seed)((), *_around("tf.image.stateless_random_brightness", max_delta)))


def random_contrast(image: ArrayLike, lower: float, upper: float, seed: int | None = None) -> Any:
    """`adjust_contrast` by something from `lower` to `upper`."""
    bounds = _between("tf.image.random_contrast", lower, upper)
    return adjust_contrast(image, _stream("random_contrast", seed)((), *bounds))


def stateless_random_contrast(image: ArrayLike, lower: float, upper: float, seed: Any) -> Any:
    """`adjust_contrast` by something from `lower` to `upper`."""
    return adjust_contrast(image, _fixed(seed)((), *_between("tf.image.stateless_random_contrast", lower, upper)))


def random_saturation(image: ArrayLike, lower: float, upper: float, seed: int | None = None) -> Any:
    """`adjust_saturation` by something from `lower` to `upper`."""
    bounds = _between("tf.image.random_saturation", lower, upper)
    return adjust_saturation(image, _stream("random_saturation", seed)((), *bounds))


def stateless_random_saturation(image: ArrayLike, lower: float, upper: float, seed: Any = None) -> Any:
    """`adjust_saturation` by something from `lower` to `upper`."""
    return adjust_saturation(image, _fixed(seed)((), *_between("tf.image.stateless_random_saturation", lower, upper)))


def random_hue(image: ArrayLike, max_delta: float, seed: int | None = None) -> Any:
    """`adjust_hue` by something from `-max_delta` to `max_delta`, at most 0.5."""
    bounds = _around("tf.image.random_hue", max_delta, 0.5)
    return adjust_hue(image, _stream("random_hue", seed)((), *bounds))


def stateless_random_hue(image: ArrayLike, max_delta: float, seed: Any) -> Any:
    """`adjust_hue` by something from `-max_delta` to `max_delta`, at most 0.5."""
    return adjust_hue(image, _fixed(seed)((), *_around("tf.image.stateless_random_hue", max_delta, 0.5)))


def _flipped(image: ArrayLike, axis: int, draw: Draw) -> Any:
    """Each image by itself: a batch is flipped in part."""
    shape = ops.shape(plain(image))
    chosen = draw((shape[0], 1, 1, 1) if len(shape) == 4 else (), 0.0, 1.0) < 0.5
    return ops.where(chosen, ops.flip(image, axis), image)


def random_flip_left_right(image: ArrayLike, seed: int | None = None) -> Any:
    """Columns in reverse, for one image in two."""
    return _flipped(image, -2, _stream("random_flip_left_right", seed))


def random_flip_up_down(image: ArrayLike, seed: int | None = None) -> Any:
    """Rows in reverse, for one image in two."""
    return _flipped(image, -3, _stream("random_flip_up_down", seed))


def stateless_random_flip_left_right(image: ArrayLike, seed: Any) -> Any:
    """Columns in reverse, for one image in two."""
    return _flipped(image, -2, _fixed(seed))


def stateless_random_flip_up_down(image: ArrayLike, seed: Any) -> Any:
    """Rows in reverse, for one image in two."""
    return _flipped(image, -3, _fixed(seed))


def _cropped(where: str, value: ArrayLike, size: Any, draw: Draw) -> Any:
    x, sizes = jnp.asarray(plain(value)), integers(where, size)
    if len(sizes) != x.ndim or any(not 0 < want <= have for want, have in zip(sizes, x.shape, strict=False)):
        raise ArgumentError(
            where, got=f"size={sizes} of shape {x.shape}", expected="a size at most that, for each axis"
        )
    room = jnp.asarray([have - want + 1 for have, want in zip(x.shape, sizes, strict=True)])
    starts = jnp.floor(draw((x.ndim,), 0.0, 1.0) * room).astype("int32")
    return jax.lax.dynamic_slice(x, list(starts), sizes)


def random_crop(value: ArrayLike, size: Any, seed: int | None = None, name: str | None = None) -> Any:
    """A part of this size, from anywhere."""
    return _cropped("tf.image.random_crop", value, size, _stream("random_crop", seed))


def stateless_random_crop(value: ArrayLike, size: Any, seed: Any, name: str | None = None) -> Any:
    """A part of this size, from anywhere."""
    return _cropped("tf.image.stateless_random_crop", value, size, _fixed(seed))
