"""Images resized, cropped, padded, turned and cut into patches: (height, width, channels) or a batch of them."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .... import ops
from ...._core.variable import plain
from ...._errors import ArgumentError, ShapeError, Unsupported
from ...._types import Array, ArrayLike
from .._static import integer, integers, symbolic

__all__ = [
    "ResizeMethod",
    "central_crop",
    "crop_and_resize",
    "crop_to_bounding_box",
    "extract_patches",
    "flip_left_right",
    "flip_up_down",
    "pad_to_bounding_box",
    "resize",
    "resize_with_crop_or_pad",
    "resize_with_pad",
    "rot90",
    "transpose",
]


class ResizeMethod:
    """The names of ways to resize."""

    AREA = "area"
    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    GAUSSIAN = "gaussian"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    MITCHELLCUBIC = "mitchellcubic"
    NEAREST_NEIGHBOR = "nearest"


_METHODS = {
    "bilinear": "linear",
    "nearest": "nearest",
    "bicubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def size_of(where: str, image: ArrayLike) -> tuple[int, int]:
    """(height, width).

    Raises:
        ShapeError: neither an image nor a batch of images, or a size that is not known.
    """
    shape = ops.shape(plain(image))
    if len(shape) not in (3, 4):
        raise ShapeError(where, got=f"images of shape {shape}", expected="one image (3 axes) or a batch (4 axes)")
    height, width = shape[-3], shape[-2]
    if height is None or width is None:
        raise ShapeError(where, got=f"images of shape {shape}", expected="a known height and width")
    return height, width


def _area(have: int, want: int) -> np.ndarray:
    """(want, have): the share that each old pixel has in each new one."""
    edges = np.arange(want + 1) * (have / want)
    overlap = np.minimum(edges[1:, None], np.arange(1, have + 1)) - np.maximum(edges[:-1, None], np.arange(have))
    return np.maximum(overlap, 0) * (want / have)


@symbolic
def _resized(images: ArrayLike, size: tuple[int, int], method: str, antialias: bool) -> Array:
    x = jnp.asarray(images)
    shape = (*x.shape[:-3], *size, x.shape[-1])
    if method == "nearest":
        return jax.image.resize(x, shape, "nearest")
    work = x if x.dtype == jnp.float32 else x.astype("float32")
    if method == "area":
        rows, columns = _area(x.shape[-3], size[0]), _area(x.shape[-2], size[1])
        return jnp.einsum("ph,qw,...hwc->...pqc", rows.astype("float32"), columns.astype("float32"), work)
    return jax.image.resize(work, shape, _METHODS[method], antialias=antialias)


def resize(
    images: ArrayLike,
    size: Any,
    method: str = ResizeMethod.BILINEAR,
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Any:
    """Images of another size; pixels are sampled at their centres.

    Args:
        images: one or a batch.
        size: (height, width) of the result, the most they may be with `preserve_aspect_ratio`.
        method: "bilinear", "nearest", "bicubic", "area", "lanczos3" or "lanczos5".
        preserve_aspect_ratio: whether one side gets smaller than `size` so that nothing is distorted.
        antialias: whether to blur first what gets smaller.

    Returns:
        float32; the dtype of `images` for "nearest".

    Raises:
        ArgumentError: another method, or a size that is no pair.
    """
    where = "tf.image.resize"
    kind = str(method).lower()
    if kind in ("gaussian", "mitchellcubic"):
        raise Unsupported(where, got=f"method={kind!r}", hint="'bicubic' or 'area'")
    if kind not in (*_METHODS, "area"):
        raise ArgumentError(where, got=f"method={method!r}", expected=f"one of {(*_METHODS, 'area')}")
    new = integers(where, size)
    if len(new) != 2:
        raise ArgumentError(where, got=f"size={size!r}", expected="(height, width)")
    if preserve_aspect_ratio:
        height, width = size_of(where, images)
        scale = min(new[0] / height, new[1] / width)
        new = round(scale * height), round(scale * width)
    return _resized(images, (new[0], new[1]), kind, antialias)


def resize_with_pad(
    image: ArrayLike,
    target_height: Any,
    target_width: Any,
    method: str = ResizeMethod.BILINEAR,
    antialias: bool = False,
) -> Any:
    """Images resized without distortion, zeros around them."""
    where = "tf.image.resize_with_pad"
    height, width = size_of(where, image)
    wanted = integer(where, target_height), integer(where, target_width)
    ratio = max(width / wanted[1], height / wanted[0])
    exact = height / ratio, width / ratio
    tops = [max(0, math.floor((want - size) / 2)) for want, size in zip(wanted, exact, strict=True)]
    small = resize(image, [math.floor(size) for size in exact], method, antialias=antialias)
    return pad_to_bounding_box(small, tops[0], tops[1], *wanted)


def crop_to_bounding_box(
    image: ArrayLike, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """The part of this size from this corner on."""
    where = "tf.image.crop_to_bounding_box"
    height, width = size_of(where, image)
    top, left = integer(where, offset_height), integer(where, offset_width)
    bottom, right = top + integer(where, target_height), left + integer(where, target_width)
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise ArgumentError(
            where, got=f"rows {top} to {bottom} and columns {left} to {right}", expected=f"a part of {(height, width)}"
        )
    return ops.get_item(image, (Ellipsis, np.s_[top:bottom], np.s_[left:right], np.s_[:]))


def pad_to_bounding_box(
    image: ArrayLike, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """Zeros around, so that the image starts at this corner of one of this size."""
    where = "tf.image.pad_to_bounding_box"
    height, width = size_of(where, image)
    top, left = integer(where, offset_height), integer(where, offset_width)
    bottom, right = integer(where, target_height) - top - height, integer(where, target_width) - left - width
    if min(top, left, bottom, right) < 0:
        raise ArgumentError(
            where, got=f"an image of {(height, width)} at {(top, left)}", expected="one that fits into the target"
        )
    batch = [(0, 0)] * (len(ops.shape(plain(image))) - 3)
    return ops.pad(image, [*batch, (top, bottom), (left, right), (0, 0)])


def resize_with_crop_or_pad(image: ArrayLike, target_height: Any, target_width: Any) -> Any:
    """The middle of images, zeros around where they are too small."""
    where = "tf.image.resize_with_crop_or_pad"
    have = size_of(where, image)
    want = integer(where, target_height), integer(where, target_width)
    cut = [max((h - w) // 2, 0) for h, w in zip(have, want, strict=True)]
    added = [max((w - h) // 2, 0) for h, w in zip(have, want, strict=True)]
    least = [min(h, w) for h, w in zip(have, want, strict=True)]
    middle = crop_to_bounding_box(image, cut[0], cut[1], least[0], least[1])
    return pad_to_bounding_box(middle, added[0], added[1], *want)


def central_crop(image: ArrayLike, central_fraction: float) -> Any:
    """The middle of images: so much of each side.

    Raises:
        ArgumentError: a share that is not above 0 and at most 1.
    """
    share = float(central_fraction)
    if not 0 < share <= 1:
        raise ArgumentError("tf.image.central_crop", got=f"{share}", expected="a share above 0 and at most 1")
    height, width = size_of("tf.image.central_crop", image)
    top, left = int((height - height * share) / 2), int((width - width * share) / 2)
    return crop_to_bounding_box(image, top, left, height - 2 * top, width - 2 * left)


def flip_left_right(image: ArrayLike) -> Any:
    """Columns in reverse."""
    size_of("tf.image.flip_left_right", image)
    return ops.flip(image, -2)


def flip_up_down(image: ArrayLike) -> Any:
    """Rows in reverse."""
    size_of("tf.image.flip_up_down", image)
    return ops.flip(image, -3)


def rot90(image: ArrayLike, k: Any = 1, name: str | None = None) -> Any:
    """Turned by 90 degrees `k` times, counter-clockwise."""
    return ops.rot90(image, integer("tf.image.rot90", k), (-3, -2))


def transpose(image: ArrayLike, name: str | None = None) -> Any:
    """Rows and columns exchanged."""
    return ops.swapaxes(image, -3, -2)


@symbolic
def _boxes(
    image: ArrayLike, boxes: ArrayLike, box_indices: ArrayLike, size: tuple[int, int], order: int, outside: float
) -> Array:
    x, boxes, which = jnp.asarray(image, "float32"), jnp.asarray(boxes, "float32"), jnp.asarray(box_indices)
    limits = x.shape[1] - 1, x.shape[2] - 1

    def places(low: Array, high: Array, count: int, limit: int) -> Array:
        if count == 1:
            return (0.5 * (low + high) * limit)[None]
        return low * limit + jnp.arange(count) * ((high - low) * limit / (count - 1))

    def one(box: Array, index: Array) -> Array:
        rows, columns = places(box[0], box[2], size[0], limits[0]), places(box[1], box[3], size[1], limits[1])
        inside = ((rows >= 0) & (rows <= limits[0]))[:, None] & ((columns >= 0) & (columns <= limits[1]))[None, :]
        if order == 0:
            rows, columns = jnp.floor(rows + 0.5), jnp.floor(columns + 0.5)
        grid = list(jnp.meshgrid(rows, columns, indexing="ij"))
        sampled = jax.vmap(
            lambda plane: jax.scipy.ndimage.map_coordinates(plane, grid, order, mode="nearest"), in_axes=-1, out_axes=-1
        )(x[index])
        return jnp.where(inside[..., None], sampled, outside)

    return jax.vmap(one)(boxes, which)


def crop_and_resize(
    image: ArrayLike,
    boxes: ArrayLike,
    box_indices: ArrayLike,
    crop_size: Any,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
    name: str | None = None,
) -> Any:
    """Parts of images, each resized to one size.

    Args:
        image: (batch, height, width, channels).
        boxes: (n, 4): top, left, bottom, right, from 0 to 1; a corner pixel is at 0, the opposite one at 1.
        box_indices: (n,) the image of each.
        crop_size: (height, width) of the result.
        method: "bilinear" or "nearest".
        extrapolation_value: beyond the image.

    Returns:
        (n, height, width, channels) float32.
    """
    if method not in ("bilinear", "nearest"):
        raise ArgumentError("tf.image.crop_and_resize", got=f"method={method!r}", expected="'bilinear' or 'nearest'")
    height, width = integers("tf.image.crop_and_resize", crop_size)
    return _boxes(image, boxes, box_indices, (height, width), int(method == "bilinear"), extrapolation_value)


def extract_patches(
    images: ArrayLike, sizes: Any, strides: Any, rates: Any, padding: str, name: str | None = None
) -> Any:
    """Windows of a batch of images, each as one vector of channels.

    Args:
        images: (batch, height, width, channels).
        sizes: [1, rows, columns, 1] of a window.
        strides: [1, rows, columns, 1] how far it moves.
        rates: [1, rows, columns, 1] the distance of its pixels.
        padding: "VALID" or "SAME".
    """
    window, steps, apart = (integers("tf.image.extract_patches", value)[1:3] for value in (sizes, strides, rates))
    return ops.image.extract_patches(images, window, steps, apart, padding.lower(), "channels_last")
