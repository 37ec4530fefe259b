"""Images: resizing, padding, cropping, patches, colours, sampling at any place.

Images are (height, width, channels) or a batch of them, channels first with `data_format="channels_first"`.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .. import config
from .._errors import ArgumentError, DTypeError, ShapeError
from .._types import Array, ArrayLike
from ._arrays import array, arrays, floats
from ._op import op

__all__ = [
    "affine_transform",
    "crop_images",
    "extract_patches",
    "extract_patches_3d",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
]

_METHODS = {
    "bilinear": "linear",
    "nearest": "nearest",
    "bicubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}
_FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")


def _last(data_format: str | None) -> bool:
    return config.standardize_data_format(data_format) == "channels_last"


def _images(where: str, images: ArrayLike) -> Array:
    x = array(images)
    if x.ndim not in (3, 4):
        raise ShapeError(where, got=f"images of shape {x.shape}", expected="one image (3 axes) or a batch (4 axes)")
    return x


def _spatial(x: Array, data_format: str | None) -> tuple[int, int]:
    """The axes of height and width."""
    return (x.ndim - 3, x.ndim - 2) if _last(data_format) else (x.ndim - 2, x.ndim - 1)


def _back(x: Array, dtype: np.dtype) -> Array:
    """Floats as `dtype`: integers rounded, and cut to what it holds."""
    if jnp.issubdtype(dtype, jnp.integer):
        info = jnp.iinfo(dtype)
        return jnp.clip(jnp.round(x), info.min, info.max).astype(dtype)
    return x.astype(dtype)


@op(theme="image")
def resize(
    images: ArrayLike,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """Images of another size, in the same dtype.

    Args:
        images: one or a batch.
        size: (height, width) of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether to blur first what gets smaller.
        crop_to_aspect_ratio: cut the middle out, so that nothing is distorted.
        pad_to_aspect_ratio: pad around, so that nothing is distorted.
        fill_mode: must be "constant".
        fill_value: of the padding.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: an unknown interpolation or fill mode, both cropping and padding, a size that is no pair.
    """
    if interpolation not in _METHODS:
        raise ArgumentError("resize", got=f"interpolation={interpolation!r}", expected=f"one of {tuple(_METHODS)}")
    if fill_mode != "constant":
        raise ArgumentError("resize", got=f"fill_mode={fill_mode!r}", expected="'constant'")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError("resize", got="both crop_to_aspect_ratio and pad_to_aspect_ratio", expected="one of them")
    if isinstance(size, int) or len(size) != 2:
        raise ArgumentError("resize", got=f"size={size!r}", expected="(height, width)")
    x = _images("resize", images)
    dtype = x.dtype
    rows, columns = _spatial(x, data_format)
    height, width = x.shape[rows], x.shape[columns]
    wide_height, wide_width = int(width * size[0] / size[1]), int(height * size[1] / size[0])
    if crop_to_aspect_ratio:
        for axis, have, want in ((rows, height, wide_height), (columns, width, wide_width)):
            want = min(have, want) or have
            start = int((have - want) / 2)
            x = jax.lax.slice_in_dim(x, start, start + want, axis=axis)
    elif pad_to_aspect_ratio:
        pads = [(0, 0)] * x.ndim
        for axis, have, want in ((rows, height, wide_height), (columns, width, wide_width)):
            missing = int((max(have, want) - have) / 2)
            pads[axis] = (missing, missing)
        x = jnp.pad(x, pads, constant_values=jnp.asarray(fill_value).astype(dtype))
    shape = list(x.shape)
    shape[rows], shape[columns] = size
    work = x if jnp.issubdtype(dtype, jnp.floating) else x.astype("float32")
    return _back(jax.image.resize(work, shape, _METHODS[interpolation], antialias=antialias), dtype)


def _two_of(
    where: str, before: int | None, after: int | None, target: int | None, have: int, sign: int
) -> tuple[int, int]:
    """(before, after): what is added (sign 1) or cut off (-1), of which just two of three are told."""
    if sum(part is None for part in (before, after, target)) != 1:
        raise ArgumentError(
            where, got=f"before={before}, after={after}, target={target} of an axis", expected="just two of the three"
        )
    change = 0 if target is None else sign * (target - have)
    pair = (change - (after or 0) if before is None else before, change - (before or 0) if after is None else after)
    if min(pair) < 0:
        raise ArgumentError(where, got=f"{pair} before and after an axis", expected="none below 0")
    return pair


@op(theme="image")
def pad_images(
    images: ArrayLike,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """Images with zeros around them; along each axis just two of the three numbers are told.

    Args:
        images: one or a batch.
        top_padding: rows added above.
        left_padding: columns added on the left.
        bottom_padding: rows added below.
        right_padding: columns added on the right.
        target_height: of the result.
        target_width: of the result.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: too few or too many numbers, or padding below 0.
    """
    x = _images("pad_images", images)
    rows, columns = _spatial(x, data_format)
    pads = [(0, 0)] * x.ndim
    pads[rows] = _two_of("pad_images", top_padding, bottom_padding, target_height, x.shape[rows], 1)
    pads[columns] = _two_of("pad_images", left_padding, right_padding, target_width, x.shape[columns], 1)
    return jnp.pad(x, pads)


@op(theme="image")
def crop_images(
    images: ArrayLike,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """A part of images; along each axis just two of the three numbers are told.

    Args:
        images: one or a batch.
        top_cropping: rows cut off above.
        left_cropping: columns cut off on the left.
        bottom_cropping: rows cut off below.
        right_cropping: columns cut off on the right.
        target_height: of the result.
        target_width: of the result.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: too few or too many numbers, or more than there is.
    """
    x = _images("crop_images", images)
    rows, columns = _spatial(x, data_format)
    top, bottom = _two_of("crop_images", top_cropping, bottom_cropping, target_height, x.shape[rows], -1)
    left, right = _two_of("crop_images", left_cropping, right_cropping, target_width, x.shape[columns], -1)
    x = jax.lax.slice_in_dim(x, top, x.shape[rows] - bottom, axis=rows)
    return jax.lax.slice_in_dim(x, left, x.shape[columns] - right, axis=columns)


@op(theme="image")
def extract_patches(
    images: ArrayLike,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Windows of images, each as one vector of channels.

    Args:
        images: one or a batch; with three sizes, volumes, see `extract_patches_3d`.
        size: of a window, one number or one per axis.
        strides: how far it moves, `size` by default.
        dilation_rate: the distance of its pixels.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first", the global setting by default.

    Returns:
        (..., rows, columns, pixels of a window * channels), or channels first.
    """
    count = 3 if not isinstance(size, int) and len(size) == 3 else 2
    return _patches("extract_patches", images, size, strides, dilation_rate, padding, data_format, count)


@op(theme="image")
def extract_patches_3d(
    volumes: ArrayLike,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Windows of volumes, each as one vector of channels.

    Args:
        volumes: (depth, height, width, channels), or a batch, or channels first.
        size: of a window, one number or one per axis.
        strides: how far it moves, `size` by default.
        dilation_rate: the distance of its voxels.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first", the global setting by default.
    """
    return _patches("extract_patches_3d", volumes, size, strides, dilation_rate, padding, data_format, 3)


def _patches(where, images, size, strides, dilation_rate, padding, data_format, count):
    x = array(images)
    if x.ndim not in (count + 1, count + 2):
        raise ShapeError(where, got=f"shape {x.shape}", expected=f"{count + 1} axes, or {count + 2} for a batch")
    window, stride, step = (
        (value,) * count if isinstance(value, int) else tuple(value)
        for value in (size, size if strides is None else strides, dilation_rate)
    )
    single, last = x.ndim == count + 1, _last(data_format)
    x = x[None] if single else x
    x = x if last else jnp.moveaxis(x, 1, -1)
    pads = [(0, 0)] * x.ndim
    counts = []
    for i in range(count):
        n, reach = x.shape[1 + i], step[i] * (window[i] - 1) + 1
        if padding.lower() == "same":
            missing = max((-(-n // stride[i]) - 1) * stride[i] + reach - n, 0)
            pads[1 + i] = (missing // 2, missing - missing // 2)
        elif padding.lower() != "valid":
            raise ArgumentError(where, got=f"padding={padding!r}", expected="'valid' or 'same'")
        counts.append((n + sum(pads[1 + i]) - reach) // stride[i] + 1)
    x = jnp.pad(x, pads)
    views = []
    for tap in np.ndindex(*window):
        starts = [offset * step[i] for i, offset in enumerate(tap)]
        ends = [start + (counts[i] - 1) * stride[i] + 1 for i, start in enumerate(starts)]
        whole = (x.shape[0], *ends, x.shape[-1])
        views.append(jax.lax.slice(x, (0, *starts, 0), whole, (1, *stride, 1)))
    y = jnp.concatenate(views, axis=-1)
    y = y if last else jnp.moveaxis(y, -1, 1)
    return y[0] if single else y


@op(theme="image")
def rgb_to_grayscale(images: ArrayLike, data_format: str | None = None) -> Array:
    """One channel of brightness, 0.2989 red + 0.587 green + 0.114 blue; one channel stays as it is.

    Args:
        images: one or a batch, of one or three channels.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ShapeError: other numbers of channels.
    """
    x = _images("rgb_to_grayscale", images)
    axis = -1 if _last(data_format) else -3
    if x.shape[axis] == 1:
        return x
    if x.shape[axis] != 3:
        raise ShapeError("rgb_to_grayscale", got=f"{x.shape[axis]} channels", expected="1 or 3")
    work = x.astype(jnp.promote_types(x.dtype, "float32") if x.dtype.itemsize > 2 else "float32")
    weights = jnp.asarray([0.2989, 0.587, 0.114], work.dtype)
    gray = jnp.expand_dims(jnp.tensordot(work, weights, axes=((axis,), (0,))), axis)
    return gray.astype(x.dtype)


def _floating(where: str, images: ArrayLike) -> Array:
    x = _images(where, images)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise DTypeError(where, got=f"images of dtype {x.dtype.name}", expected="floats from 0 to 1")
    return x


@op(theme="image")
def rgb_to_hsv(images: ArrayLike, data_format: str | None = None) -> Array:
    """Hue, saturation and value, from 0 to 1.

    Args:
        images: one or a batch, floats from 0 to 1.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        DTypeError: integers.
    """
    axis = -1 if _last(data_format) else -3
    red, green, blue = jnp.moveaxis(_floating("rgb_to_hsv", images), axis, 0)
    value = jnp.maximum(jnp.maximum(red, green), blue)
    spread = value - jnp.minimum(jnp.minimum(red, green), blue)
    tiny = jnp.finfo(value.dtype).eps
    spread = jnp.where(jnp.abs(spread) < tiny, 0.0, spread)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0.0)
    unit = 1 / (6 * jnp.where(spread == 0, 1, spread))
    hue = jnp.where(
        value == red,
        unit * (green - blue),
        jnp.where(value == green, unit * (blue - red) + 2 / 6, unit * (red - green) + 4 / 6),
    )
    hue = jnp.where(spread > 0, hue, 0.0)
    hue = jnp.where(hue < 0, hue + 1, hue)
    return jnp.stack([hue, saturation, value], axis=axis)


@op(theme="image")
def hsv_to_rgb(images: ArrayLike, data_format: str | None = None) -> Array:
    """Red, green and blue, from 0 to 1.

    Args:
        images: one or a batch of hue, saturation and value, floats from 0 to 1.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        DTypeError: integers.
    """
    axis = -1 if _last(data_format) else -3
    hue, saturation, value = jnp.moveaxis(_floating("hsv_to_rgb", images), axis, 0)
    hue = jnp.mod(hue, 1.0) * 6
    parts = [
        jnp.clip(jnp.abs(hue - 3) - 1, 0, 1),
        jnp.clip(2 - jnp.abs(hue - 2), 0, 1),
        jnp.clip(2 - jnp.abs(hue - 4), 0, 1),
    ]
    return jnp.stack([(1 + saturation * (part - 1)) * value for part in parts], axis=axis)


@op(theme="image")
def map_coordinates(
    inputs: ArrayLike, coordinates: ArrayLike, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Array:
    """The values of an array at fractional places.

    Args:
        inputs: any array.
        coordinates: (axes of `inputs`, ...): the places.
        order: 0 takes the nearest element, 1 interpolates linearly.
        fill_mode: beyond the edges: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".

    Raises:
        ShapeError: coordinates for another number of axes.
        ArgumentError: another order or mode.
    """
    x, places = array(inputs), array(coordinates)
    if places.ndim < 2 or places.shape[0] != x.ndim:
        raise ShapeError("map_coordinates", got=f"coordinates of shape {places.shape}", expected=f"({x.ndim}, ...)")
    if order not in (0, 1):
        raise ArgumentError("map_coordinates", got=f"order={order}", expected="0 or 1")
    _check_fill("map_coordinates", fill_mode)
    return jax.scipy.ndimage.map_coordinates(x, list(places), order, fill_mode, fill_value)


def _check_fill(where: str, fill_mode: str) -> None:
    if fill_mode not in _FILLS:
        raise ArgumentError(where, got=f"fill_mode={fill_mode!r}", expected=f"one of {_FILLS}")


@op(theme="image")
def affine_transform(
    images: ArrayLike,
    transform: ArrayLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Each pixel (x, y) taken from ((a x + b y + c) / k, (d x + e y + f) / k), k = g x + h y + 1.

    Args:
        images: one or a batch.
        transform: (8,) or (batch, 8): a to h; g and h are 0 where lines stay parallel.
        interpolation: "bilinear" or "nearest".
        fill_mode: beyond the edges: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: an unknown interpolation or mode.
        ShapeError: not 8 numbers.
    """
    where = "affine_transform"
    if interpolation not in ("bilinear", "nearest"):
        raise ArgumentError(where, got=f"interpolation={interpolation!r}", expected="'bilinear' or 'nearest'")
    _check_fill(where, fill_mode)
    x, numbers = _images(where, images), floats(transform)
    if numbers.ndim not in (1, 2) or numbers.shape[-1] != 8:
        raise ShapeError(where, got=f"a transform of shape {numbers.shape}", expected="(8,) or (batch, 8)")
    single, last = x.ndim == 3, _last(data_format)
    x = x[None] if single else x
    x = x if last else jnp.moveaxis(x, 1, -1)
    numbers = jnp.broadcast_to(numbers, (x.shape[0], 8))
    ys, xs = jnp.meshgrid(jnp.arange(x.shape[1]), jnp.arange(x.shape[2]), indexing="ij")

    def one(image: Array, t: Array) -> Array:
        k = t[6] * xs + t[7] * ys + 1
        places = [(t[3] * xs + t[4] * ys + t[5]) / k, (t[0] * xs + t[1] * ys + t[2]) / k]
        sample = lambda plane: jax.scipy.ndimage.map_coordinates(  # noqa: E731
            plane, places, int(interpolation == "bilinear"), fill_mode, fill_value
        )
        return jax.vmap(sample, in_axes=-1, out_axes=-1)(image)

    y = jax.vmap(one)(x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype("float32"), numbers).astype(x.dtype)
    y = y if last else jnp.moveaxis(y, -1, 1)
    return y[0] if single else y


@op(theme="image")
def scale_and_translate(
    images: ArrayLike,
    output_shape: Sequence[int],
    scale: ArrayLike,
    translation: ArrayLike,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Array:
    """Images scaled and moved along some axes.

    Args:
        images: any array.
        output_shape: of the result.
        scale: one factor per axis in `spatial_dims`.
        translation: one distance, in pixels of the result, per axis.
        spatial_dims: the axes.
        method: "linear", "cubic", "lanczos3" or "lanczos5", or Keras's names "bilinear" and "bicubic".
        antialias: whether to blur first what gets smaller.
    """
    x, scale, translation = arrays(images, scale, translation)
    method = _METHODS.get(method, method)
    return jax.image.scale_and_translate(
        x, tuple(output_shape), tuple(spatial_dims), scale, translation, method, antialias=antialias
    )
