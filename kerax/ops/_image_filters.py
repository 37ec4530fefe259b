"""Filters that slide over images: blur, edges, and the similarity that is built on them."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ._arrays import array
from ._image import _back, _images, _last
from ._op import op

__all__ = ["blurred", "gaussian_blur", "sobel_edges", "ssim"]


def _bell(where: str, size: int, sigma: float) -> Array:
    """A normal curve at `size` places around 0, of sum 1."""
    if size < 1:
        raise ArgumentError(where, got=f"a kernel of size {size}", expected="at least 1")
    squares = np.square(np.arange(size) - (size - 1) / 2)
    return jax.nn.softmax(-jnp.asarray(squares, "float32") / (2 * jnp.square(jnp.asarray(sigma, "float32"))))


def along(x: Array, weights: Array, axis: int, same: bool) -> Array:
    """Each line along an axis correlated with `weights`; zeros beyond the edges if `same`."""
    size = weights.shape[0]
    pad = ((size - 1) // 2, size // 2) if same else (0, 0)
    lines = jnp.moveaxis(x, axis, -1)
    flat = jax.lax.conv_general_dilated(
        lines.reshape(-1, 1, lines.shape[-1]),
        weights.astype(x.dtype).reshape(1, 1, size),
        (1,),
        [pad],
        precision=jax.lax.Precision.HIGHEST,
    )
    return jnp.moveaxis(flat.reshape(*lines.shape[:-1], -1), -1, axis)


def _work(x: Array) -> Array:
    """Floats of 32 bits at least."""
    return x if x.dtype == jnp.float64 else x.astype("float32")


def blurred(x: Array, sizes: Sequence[int], sigmas: Sequence[float], axes: Sequence[int]) -> Array:
    """`x` smoothed along some axes, each with its own bell curve; zeros beyond the edges."""
    for axis, size, sigma in zip(axes, sizes, sigmas, strict=True):
        x = along(x, _bell("gaussian_blur", size, sigma), axis, True)
    return x


def _pair(name: str, value: Sequence) -> tuple:
    if len(value) != 2:
        raise ArgumentError("gaussian_blur", got=f"{name}={value!r}", expected="a number for height, one for width")
    return tuple(value)


@op(theme="image")
def gaussian_blur(
    images: ArrayLike,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> Array:
    """Images smoothed by a bell curve, zeros beyond the edges; same shape and dtype.

    Args:
        images: one or a batch; integers are rounded.
        kernel_size: (height, width) of the window, in pixels.
        sigma: standard deviations along height and width, in pixels.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a size or a sigma that is no pair, or a window without pixels.
    """
    x = _images("gaussian_blur", images)
    axes = (-3, -2) if _last(data_format) else (-2, -1)
    smooth = blurred(_work(x), _pair("kernel_size", kernel_size), _pair("sigma", sigma), axes)
    return _back(smooth, x.dtype)


@op(theme="image")
def sobel_edges(images: ArrayLike, data_format: str | None = None) -> Array:
    """How much the brightness grows downwards and to the right, after Sobel; zeros beyond the edges.

    Args:
        images: a batch (4 axes).
        data_format: "channels_last" or "channels_first", the global setting by default.

    Returns:
        The shape of `images` and a last axis of 2, growth along height and along width. The dtype of
        `images`; float32 for booleans and unsigned integers, which hold no negative growth.

    Raises:
        ShapeError: not a batch.
    """
    x = array(images)
    if x.ndim != 4:
        raise ShapeError("sobel_edges", got=f"images of shape {x.shape}", expected="a batch (4 axes)")
    height, width = (1, 2) if _last(data_format) else (2, 3)
    if x.dtype == bool or jnp.issubdtype(x.dtype, jnp.unsignedinteger):
        x = x.astype("float32")
    edged = jnp.pad(x, [(1, 1) if axis in (height, width) else (0, 0) for axis in range(4)])

    def part(axis: int, start: int, of: Array) -> Array:
        return jax.lax.slice_in_dim(of, start, start + x.shape[axis], axis=axis)

    def growth(along: int, across: int) -> Array:
        rise = part(along, 2, edged) - part(along, 0, edged)
        return part(across, 0, rise) + 2 * part(across, 1, rise) + part(across, 2, rise)

    return jnp.stack([growth(height, width), growth(width, height)], axis=-1)


@op(theme="image")
def ssim(
    image1: ArrayLike,
    image2: ArrayLike,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Array:
    """Structural similarity: 1 for equal images. Wang, Bovik, Sheikh and Simoncelli, 2004.

    At each place where the window fits: `(2 m1 m2 + c1) (2 cov + c2) / ((m1² + m2² + c1) (v1 + v2 + c2))` of the
    means, variances and the covariance under a bell curve, with c1 = (k1 max_val)², c2 = (k2 max_val)²;
    the mean over places and channels.

    Args:
        image1: one or a batch.
        image2: of the same shape.
        max_val: the largest value a pixel can have.
        filter_size: height and width of the window.
        filter_sigma: standard deviation of the bell curve.
        k1: steadies the means.
        k2: steadies the variances.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Returns:
        () for two images, (batch,) for two batches; the dtype of the images, float32 for integers.

    Raises:
        ShapeError: different shapes, or images smaller than the window.
    """
    first, second = _images("ssim", image1), _images("ssim", image2)
    if first.shape != second.shape:
        raise ShapeError("ssim", got=f"images of shapes {first.shape} and {second.shape}", expected="equal shapes")
    axes = (-3, -2) if _last(data_format) else (-2, -1)
    bell = _bell("ssim", filter_size, filter_sigma)
    if any(first.shape[axis] < filter_size for axis in axes):
        raise ShapeError(
            "ssim",
            got=f"images of shape {first.shape}",
            expected=f"height and width of at least filter_size={filter_size}",
        )
    dtype = jnp.promote_types(first.dtype, second.dtype)
    a, b = _work(first), _work(second)

    def mean(x: Array) -> Array:
        return along(along(x, bell, axes[0], False), bell, axes[1], False)

    mean_a, mean_b = mean(a), mean(b)
    spreads = mean(a * a) + mean(b * b) - mean_a**2 - mean_b**2
    shared = mean(a * b) - mean_a * mean_b
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    closeness = (2 * mean_a * mean_b + c1) * (2 * shared + c2) / ((mean_a**2 + mean_b**2 + c1) * (spreads + c2))
    result = jnp.mean(closeness, axis=(-3, -2, -1))
    return result.astype(dtype) if jnp.issubdtype(dtype, jnp.floating) else result
