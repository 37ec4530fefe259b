"""Dtypes, colours, brightness and contrast. Integers stand for 0 to their greatest value, floats for 0 to 1."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from .... import ops
from ...._core.dtypes import standardize_dtype
from ...._core.variable import plain
from ...._errors import ArgumentError, ShapeError
from ...._types import ArrayLike
from .._types import DType, as_dtype, float32

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "convert_image_dtype",
    "grayscale_to_rgb",
    "hsv_to_rgb",
    "per_image_standardization",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "rgb_to_yiq",
    "rgb_to_yuv",
    "yiq_to_rgb",
    "yuv_to_rgb",
]


def dtype_of(image: ArrayLike) -> DType:
    """The dtype of an image."""
    image = plain(image)
    return DType(standardize_dtype(image.dtype if hasattr(image, "dtype") else jnp.asarray(image).dtype))


def convert_image_dtype(image: ArrayLike, dtype: Any, saturate: bool = False, name: str | None = None) -> Any:
    """An image in another dtype, its values scaled to the other range.

    Args:
        image: any shape.
        dtype: floats from 0 to 1, or integers from 0 to their greatest value.
        saturate: whether what lies beyond the range is cut instead of wrapping around.
    """
    old, new = dtype_of(image), as_dtype(dtype)
    if old == new:
        return ops.convert_to_tensor(image)
    if old.is_integer and new.is_integer:
        a, b = int(old.max) + 1, int(new.max) + 1
        if a > b:
            return ops.cast(ops.floor_divide(image, a // b), new)
        return ops.multiply(ops.cast(image, new), b // a)
    if old.is_integer:
        return ops.multiply(ops.cast(image, new), 1.0 / int(old.max))
    if new.is_integer:
        scaled = ops.multiply(image, int(new.max) + 0.5)
        return ops.saturate_cast(scaled, new) if saturate else ops.cast(scaled, new)
    return ops.cast(image, new)


def as_floats(image: ArrayLike) -> Any:
    """An image as floats: integers become float32 from 0 to 1."""
    return image if dtype_of(image).is_floating else convert_image_dtype(image, float32)


def _channels(where: str, image: ArrayLike, count: int) -> None:
    shape = ops.shape(plain(image))
    if not shape or shape[-1] != count:
        raise ShapeError(where, got=f"shape {shape}", expected=f"{count} channels, last")


def rgb_to_grayscale(images: ArrayLike, name: str | None = None) -> Any:
    """One channel of brightness: 0.2989 red + 0.587 green + 0.114 blue."""
    _channels("tf.image.rgb_to_grayscale", images, 3)
    gray = ops.expand_dims(ops.tensordot(as_floats(images), np.array([0.2989, 0.587, 0.114], "float32"), 1), -1)
    return convert_image_dtype(gray, dtype_of(images))


def grayscale_to_rgb(images: ArrayLike, name: str | None = None) -> Any:
    """One channel three times."""
    _channels("tf.image.grayscale_to_rgb", images, 1)
    return ops.repeat(images, 3, -1)


def rgb_to_hsv(images: ArrayLike, name: str | None = None) -> Any:
    """Hue, saturation and value, from 0 to 1."""
    return _flat(ops.image.rgb_to_hsv, images)


def hsv_to_rgb(images: ArrayLike, name: str | None = None) -> Any:
    """Red, green and blue, from 0 to 1."""
    return _flat(ops.image.hsv_to_rgb, images)


def _flat(fn: Any, images: ArrayLike) -> Any:
    """`fn`, for images, of pixels in any shape."""
    _channels("tf.image", images, 3)
    shape = ops.shape(plain(images))
    if len(shape) in (3, 4):
        return fn(images, "channels_last")
    return ops.reshape(fn(ops.reshape(images, (1, -1, 3)), "channels_last"), shape)


_YUV = np.array(
    [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]], "float32"
)
_RGB_OF_YUV = np.array([[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]], "float32")
_YIQ = np.array(
    [[0.299, 0.59590059, 0.21153661], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]], "float32"
)
_RGB_OF_YIQ = np.array(
    [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]], "float32"
)


def rgb_to_yuv(images: ArrayLike) -> Any:
    """Brightness and two differences of colours, as PAL has them."""
    return ops.tensordot(images, _YUV, 1)


def yuv_to_rgb(images: ArrayLike) -> Any:
    """The inverse of `rgb_to_yuv`."""
    return ops.tensordot(images, _RGB_OF_YUV, 1)


def rgb_to_yiq(images: ArrayLike) -> Any:
    """Brightness and two differences of colours, as NTSC has them."""
    return ops.tensordot(images, _YIQ, 1)


def yiq_to_rgb(images: ArrayLike) -> Any:
    """The inverse of `rgb_to_yiq`."""
    return ops.tensordot(images, _RGB_OF_YIQ, 1)


def _back(x: Any, like: ArrayLike) -> Any:
    return convert_image_dtype(x, dtype_of(like), saturate=True)


def adjust_brightness(image: ArrayLike, delta: ArrayLike) -> Any:
    """`image + delta`, in the scale of floats from 0 to 1."""
    return _back(ops.add(as_floats(image), ops.cast(delta, "float32")), image)


def adjust_contrast(images: ArrayLike, contrast_factor: ArrayLike) -> Any:
    """`(x - mean) * contrast_factor + mean`, the mean of each channel of each image."""
    x = as_floats(images)
    mean = ops.mean(x, (-3, -2), True)
    return _back(ops.add(ops.multiply(ops.subtract(x, mean), contrast_factor), mean), images)


def adjust_gamma(image: ArrayLike, gamma: ArrayLike = 1, gain: ArrayLike = 1) -> Any:
    """`gain * image ** gamma`, in the scale of floats from 0 to 1.

    Raises:
        ArgumentError: a negative `gamma`.
    """
    if isinstance(gamma, (int, float)) and gamma < 0:
        raise ArgumentError("tf.image.adjust_gamma", got=f"gamma={gamma}", expected="a number that is not negative")
    return _back(ops.multiply(gain, ops.power(as_floats(image), gamma)), image)


def adjust_saturation(image: ArrayLike, saturation_factor: ArrayLike, name: str | None = None) -> Any:
    """The saturation times `saturation_factor`, cut at 1."""
    hsv = rgb_to_hsv(as_floats(image))
    saturation = ops.clip(ops.multiply(hsv[..., 1:2], saturation_factor), 0.0, 1.0)
    return _back(hsv_to_rgb(ops.concatenate([hsv[..., :1], saturation, hsv[..., 2:]], -1)), image)


def adjust_hue(image: ArrayLike, delta: ArrayLike, name: str | None = None) -> Any:
    """The hue moved by `delta`, where 1 is the whole circle."""
    hsv = rgb_to_hsv(as_floats(image))
    hue = ops.mod(ops.add(hsv[..., :1], delta), 1.0)
    return _back(hsv_to_rgb(ops.concatenate([hue, hsv[..., 1:]], -1)), image)


def per_image_standardization(image: ArrayLike) -> Any:
    """`(x - mean) / max(std, 1 / sqrt(elements))` of each image."""
    x = ops.cast(image, float32) if dtype_of(image) != "float16" else image
    along = (-3, -2, -1)
    count = int(np.prod([size or 1 for size in ops.shape(plain(image))[-3:]]))
    deviation = ops.maximum(ops.std(x, along, True), 1.0 / np.sqrt(count).item())
    return ops.divide(ops.subtract(x, ops.mean(x, along, True)), deviation)
