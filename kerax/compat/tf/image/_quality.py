"""How alike images are, and their edges."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .... import ops
from ...._errors import ShapeError
from ...._types import Array, ArrayLike
from .._static import symbolic
from ._colors import as_floats, convert_image_dtype

__all__ = ["image_gradients", "psnr", "sobel_edges", "ssim", "total_variation"]


def _scaled(image: ArrayLike, max_val: Any) -> tuple[Any, Any]:
    """An image as floats from 0 to 1 where it holds integers, and `max_val` in that scale."""
    floats = as_floats(image)
    if floats is image:
        return image, max_val
    return floats, convert_image_dtype(ops.cast(max_val, image.dtype), "float32")


def psnr(a: ArrayLike, b: ArrayLike, max_val: Any, name: str | None = None) -> Any:
    """`20 log10(max_val) - 10 log10(mean((a - b) ** 2))`, decibels, one number for each image."""
    (a, most), (b, _) = _scaled(a, max_val), _scaled(b, max_val)
    error = ops.mean(ops.square(ops.subtract(a, b)), (-3, -2, -1))
    return ops.subtract(ops.multiply(20.0, ops.log10(ops.cast(most, "float32"))), ops.multiply(10.0, ops.log10(error)))


@symbolic
def _ssim(a: ArrayLike, b: ArrayLike, most: ArrayLike, size: int, sigma: float, k1: float, k2: float) -> Array:
    a, b = jnp.asarray(a), jnp.asarray(b)
    if a.ndim < 3 or min(a.shape[-3:-1]) < size:
        raise ShapeError(
            "tf.image.ssim", got=f"images of shape {a.shape}", expected=f"at least {size} rows and columns"
        )
    shape = np.broadcast_shapes(a.shape, b.shape)
    a, b = (jnp.broadcast_to(x, shape).reshape(-1, *shape[-3:]) for x in (a, b))
    taps = np.exp(-0.5 * np.square((np.arange(size) - (size - 1) / 2) / sigma))
    kernel = jnp.asarray(np.outer(taps, taps) / np.square(taps.sum()), a.dtype)

    def blur(x: Array) -> Array:
        return ops.depthwise_conv(
            x, jnp.tile(kernel[:, :, None, None], (1, 1, x.shape[-1], 1)), 1, "valid", "channels_last"
        )

    c1, c2 = jnp.square(k1 * jnp.asarray(most)), jnp.square(k2 * jnp.asarray(most))
    mean_a, mean_b = blur(a), blur(b)
    product = mean_a * mean_b * 2.0
    squares = jnp.square(mean_a) + jnp.square(mean_b)
    light = (product + c1) / (squares + c1)
    contrast = (blur(a * b) * 2.0 - product + c2) / (blur(jnp.square(a) + jnp.square(b)) - squares + c2)
    return jnp.mean(light * contrast, axis=(-3, -2, -1)).reshape(shape[:-3])


def ssim(
    img1: ArrayLike,
    img2: ArrayLike,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """Structural similarity, one number for each image. Wang et al., 2004.

    Args:
        img1: images, (..., height, width, channels).
        img2: images of the same shape.
        max_val: the range of the values.
        filter_size: of the Gaussian window; no padding.
        filter_sigma: its width.
        k1: keeps the first divisor from 0.
        k2: keeps the second divisor from 0.
    """
    (a, most), (b, _) = _scaled(img1, max_val), _scaled(img2, max_val)
    return _ssim(a, b, most, filter_size, filter_sigma, k1, k2)


def total_variation(images: ArrayLike, name: str | None = None) -> Any:
    """The sum of the absolute differences of neighbours: a number for an image, one for each of a batch."""
    x = ops.convert_to_tensor(images)
    if len(x.shape) not in (3, 4):
        raise ShapeError("tf.image.total_variation", got=f"shape {x.shape}", expected="an image or a batch")
    down, right = (ops.sum(ops.abs(ops.diff(x, 1, axis)), (-3, -2, -1)) for axis in (-3, -2))
    return ops.add(down, right)


@symbolic
def _gradients(image: ArrayLike) -> tuple[Array, Array]:
    x = jnp.asarray(image)
    down = jnp.pad(x[:, 1:] - x[:, :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
    right = jnp.pad(x[:, :, 1:] - x[:, :, :-1], ((0, 0), (0, 0), (0, 1), (0, 0)))
    return down, right


def image_gradients(image: ArrayLike) -> Any:
    """(differences of rows, differences of columns) of a batch; 0 in the last row and column."""
    return _gradients(image)


@symbolic
def _sobel(image: ArrayLike) -> Array:
    x = jnp.asarray(image)
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "float32")
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    found = []
    for taps in (down, down.T):
        kernel = jnp.asarray(taps, x.dtype)[:, :, None, None]
        planes = jax.vmap(
            lambda plane, kernel=kernel: ops.conv(plane[..., None], kernel, 1, "valid", "channels_last")[..., 0],
            in_axes=-1,
            out_axes=-1,
        )
        found.append(planes(padded))
    return jnp.stack(found, -1)


def sobel_edges(image: ArrayLike) -> Any:
    """(..., 2): how much a batch of images changes downwards and to the right. Sobel's filters."""
    return _sobel(image)
