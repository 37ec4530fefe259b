"""Bounding boxes: formats, clipping, overlap, deltas to anchors.

Formats: "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw" in pixels, "rel_xyxy", "rel_yxyx", "rel_xywh" and
"rel_center_xywh" in shares of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .._errors import ArgumentError, ShapeError, Unsupported
from .._types import Array, ArrayLike, DType
from ..layers._preprocessing.image import box_formats
from ..ops import convert_to_tensor

__all__ = [
    "affine_transform",
    "clip_to_image_size",
    "compute_ciou",
    "compute_iou",
    "convert_format",
    "crop",
    "decode_deltas_to_boxes",
    "encode_box_to_deltas",
    "pad",
]


def convert_format(
    boxes: Any,
    source: str,
    target: str,
    height: Any = None,
    width: Any = None,
    dtype: DType = "float32",
) -> Any:
    """Boxes in another format.

    Args:
        boxes: (..., 4), or a dict with them as "boxes", whose other keys stay.
        source: their format, in any case of letters.
        target: the format wanted.
        height: of the images in pixels, for relative formats.
        width: of the images.
        dtype: of the result.

    Raises:
        ArgumentError: an unknown format, or a relative one without the size of the images.
        ShapeError: a last axis that is not 4.

    Examples:
        >>> convert_format([[10.0, 20.0, 30.0, 40.0]], "xyxy", "center_xywh").tolist()
        [[20.0, 30.0, 20.0, 20.0]]
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    return jnp.asarray(box_formats.convert_format(convert_to_tensor(boxes), source, target, height, width, dtype))


def clip_to_image_size(
    bounding_boxes: dict[str, Any], height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> dict[str, Any]:
    """Boxes cut to their image; the label of one that has no area left becomes -1.

    Args:
        bounding_boxes: a dict of "boxes" (..., boxes, 4) and "labels" (..., boxes).
        height: of the image in pixels.
        width: of the image.
        bounding_box_format: "xyxy" or "rel_xyxy".

    Raises:
        ArgumentError: no such dict, or "xyxy" without the size of the image.
        Unsupported: another format.
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
        raise ArgumentError(
            "clip_to_image_size", got=type(bounding_boxes).__name__, expected="a dict of 'boxes' and 'labels'"
        )
    boxes = {**bounding_boxes, "boxes": convert_to_tensor(bounding_boxes["boxes"])}
    return box_formats.clip_to_image_size(boxes, height, width, bounding_box_format)


def _only_corners(where: str, bounding_box_format: str) -> None:
    if box_formats.checked_format(where, bounding_box_format) != "xyxy":
        raise Unsupported(
            where, got=f"the format {bounding_box_format!r}", expected="'xyxy'", hint="convert_format before and after"
        )


def affine_transform(
    boxes: ArrayLike,
    angle: ArrayLike,
    translate_x: ArrayLike,
    translate_y: ArrayLike,
    scale: ArrayLike,
    shear_x: ArrayLike,
    shear_y: ArrayLike,
    height: int,
    width: int,
    center_x: ArrayLike | None = None,
    center_y: ArrayLike | None = None,
    bounding_box_format: str = "xyxy",
) -> Array:
    """Upright boxes around boxes that are moved, then turned, sheared and scaled around a centre.

    Args:
        boxes: (boxes, 4), or (batch, boxes, 4).
        angle: degrees, anticlockwise; a number, or one for each image.
        translate_x: to the right, in widths less a pixel.
        translate_y: down, in heights less a pixel.
        scale: how many times larger.
        shear_x: degrees.
        shear_y: degrees.
        height: of the images in pixels.
        width: of the images.
        center_x: what stays, from 0 to 1; the middle by default.
        center_y: likewise.
        bounding_box_format: "xyxy".

    Raises:
        Unsupported: another format.
    """
    _only_corners("affine_transform", bounding_box_format)
    x = convert_to_tensor(boxes)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype("float32")
    middle = [0.5 if value is None else jnp.asarray(value) for value in (center_x, center_y)]
    numbers = box_formats.affine_numbers(
        angle, translate_x, translate_y, scale, shear_x, shear_y, height, width, *middle
    )
    numbers = numbers if numbers.ndim == 2 else numbers[None]
    moved = box_formats.through(x if x.ndim == 3 else x[None], numbers)
    return moved if x.ndim == 3 else moved[0]


def crop(boxes: ArrayLike, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Array:
    """Boxes in a part of the image, cut to it.

    Args:
        boxes: (..., boxes, 4).
        top: rows above the part.
        left: columns to the left of it.
        height: of the part.
        width: of the part.
        bounding_box_format: "xyxy".

    Raises:
        Unsupported: another format.
    """
    _only_corners("crop", bounding_box_format)
    return box_formats.crop(convert_to_tensor(boxes), top, left, height, width)


def pad(
    boxes: ArrayLike,
    top: Any,
    left: Any,
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Array:
    """Boxes after rows and columns were added before the image.

    Args:
        boxes: (..., boxes, 4).
        top: rows added above.
        left: columns added to the left.
        height: of the image; not needed.
        width: of the image; not needed.
        bounding_box_format: "xyxy".

    Raises:
        Unsupported: another format.
    """
    _only_corners("pad", bounding_box_format)
    return box_formats.pad(convert_to_tensor(boxes), top, left)


def _corners(where: str, boxes: ArrayLike, kind: str, image_shape: Sequence[int] | None, target: str) -> Array:
    kinds = [box_formats.checked_format(where, name) or "" for name in (kind, target)]
    if any(name.startswith("rel_") for name in kinds) and image_shape is None:
        raise ArgumentError(where, got=f"the format {kind!r} and image_shape=None", expected="image_shape")
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return convert_format(boxes, kind, target, height, width)


def _overlap(first: Any, second: Any) -> tuple[Array, Array]:
    """Areas of intersection and union of corner boxes, broadcast."""
    left, top = (jnp.maximum(first[..., i], second[..., i]) for i in (0, 1))
    right, bottom = (jnp.minimum(first[..., i], second[..., i]) for i in (2, 3))
    shared = jnp.maximum(right - left, 0) * jnp.maximum(bottom - top, 0)
    areas = [(x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1]) for x in (first, second)]
    return shared, areas[0] + areas[1] - shared


def compute_iou(
    boxes1: ArrayLike,
    boxes2: ArrayLike,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Sequence[int] | None = None,
) -> Array:
    """Intersection over union of each box of one set with each of another.

    Args:
        boxes1: (boxes, 4), or (batch, boxes, 4).
        boxes2: likewise.
        bounding_box_format: of both.
        use_masking: whether boxes below 0 in all four numbers are none.
        mask_val: the result for those.
        image_shape: (height, width, …) in pixels, for relative formats.

    Returns:
        (boxes1, boxes2), or (batch, boxes1, boxes2) where one of them has a batch.

    Raises:
        ShapeError: other ranks, or batches that differ.
        ArgumentError: an unknown format, or a relative one without `image_shape`.
    """
    where = "compute_iou"
    first, second = convert_to_tensor(boxes1), convert_to_tensor(boxes2)
    batches = {x.shape[0] for x in (first, second) if x.ndim == 3}
    if any(x.ndim not in (2, 3) for x in (first, second)) or len(batches) > 1:
        raise ShapeError(
            where, got=f"boxes of shapes {first.shape} and {second.shape}", expected="(boxes, 4), or (batch, boxes, 4)"
        )
    first, second = (_corners(where, x, bounding_box_format, image_shape, "xyxy") for x in (first, second))
    shared, union = _overlap(first[..., :, None, :], second[..., None, :, :])
    result = jnp.where(union == 0, 0.0, shared / jnp.where(union == 0, 1, union))
    if use_masking:
        none = [jnp.max(x, axis=-1) < 0 for x in (first, second)]
        result = jnp.where(none[0][..., :, None] | none[1][..., None, :], mask_val, result)
    return result


def compute_ciou(
    boxes1: ArrayLike, boxes2: ArrayLike, bounding_box_format: str, image_shape: Sequence[int] | None = None
) -> Array:
    """Complete IoU of boxes with boxes, pair by pair: Zheng et al., 2020.

    `iou - d² / c² - a v`: d between the centres, c the diagonal of the box around both, v the squared difference of the
    angles of the diagonals times 4 / π², a = v / (1 - iou + v).

    Args:
        boxes1: (..., 4).
        boxes2: of the same shape.
        bounding_box_format: of both.
        image_shape: (height, width, …) in pixels, for relative formats.

    Raises:
        ArgumentError: an unknown format, or a relative one without `image_shape`.
    """
    first, second = (
        _corners("compute_ciou", boxes, bounding_box_format, image_shape, "xyxy") for boxes in (boxes1, boxes2)
    )
    tiny = 1e-7
    shared, union = _overlap(first, second)
    iou = shared / (union + tiny)
    apart = sum(((first[..., i] + first[..., i + 2] - second[..., i] - second[..., i + 2]) / 2) ** 2 for i in (0, 1))
    around = sum(
        (jnp.maximum(first[..., i + 2], second[..., i + 2]) - jnp.minimum(first[..., i], second[..., i])) ** 2
        for i in (0, 1)
    )
    angles = [jnp.arctan((x[..., 2] - x[..., 0]) / (x[..., 3] - x[..., 1] + tiny)) for x in (first, second)]
    shape = (4 / jnp.pi**2) * (angles[0] - angles[1]) ** 2
    return iou - apart / (around + tiny) - shape * shape / (shape - iou + 1 + tiny)


_DELTAS = ("center_xywh", "center_yxhw")


def _delta_options(where: str, kind: str, name: str, variance: Any) -> Array:
    if box_formats.checked_format(where, kind) not in _DELTAS:
        raise ArgumentError(where, got=f"{name}={kind!r}", expected=f"one of {_DELTAS}")
    spread = jnp.ones(4, "float32") if variance is None else jnp.asarray(variance, "float32")
    if spread.shape[-1:] != (4,):
        raise ArgumentError(where, got=f"a variance of shape {spread.shape}", expected="4 numbers")
    return spread


def encode_box_to_deltas(
    anchors: ArrayLike,
    boxes: ArrayLike,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Sequence[float] | None = None,
    image_shape: Sequence[int] | None = None,
) -> Array:
    """What brings anchors to boxes: differences of centres in sizes of the anchor, logarithms of ratios of sizes.

    Args:
        anchors: (boxes, 4).
        boxes: (boxes, 4), or (batch, boxes, 4).
        anchor_format: of the anchors.
        box_format: of the boxes.
        encoding_format: "center_yxhw" or "center_xywh": the order of the result.
        variance: what each of the 4 numbers is divided by.
        image_shape: (height, width, …) in pixels, for relative formats.

    Raises:
        ArgumentError: another encoding, or a variance that is not of 4.
    """
    where = "encode_box_to_deltas"
    spread = _delta_options(where, encoding_format, "encoding_format", variance)
    given = _corners(where, anchors, anchor_format, image_shape, encoding_format)
    wanted = _corners(where, boxes, box_format, image_shape, encoding_format)
    if given.ndim < wanted.ndim:
        given = given[None]
    size, tiny = jnp.maximum(given[..., 2:], 1e-7), 1e-7
    places = (wanted[..., :2] - given[..., :2]) / size
    return jnp.concatenate([places, jnp.log(jnp.maximum(wanted[..., 2:], tiny) / size)], axis=-1) / spread


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Sequence[float] | None = None,
    image_shape: Sequence[int] | None = None,
) -> Any:
    """The boxes that deltas make of anchors, the inverse of `encode_box_to_deltas`.

    Args:
        anchors: (boxes, 4), or a dict of them by level.
        boxes_delta: (boxes, 4) or (batch, boxes, 4), or a dict of them with the same keys.
        anchor_format: of the anchors.
        box_format: of the result.
        encoded_format: "center_yxhw" or "center_xywh": the order of the deltas.
        variance: what each of the 4 numbers is multiplied by.
        image_shape: (height, width, …) in pixels, for relative formats.

    Raises:
        ArgumentError: another encoding, or a variance that is not of 4.
    """
    where = "decode_deltas_to_boxes"
    spread = _delta_options(where, encoded_format, "encoded_format", variance)
    if isinstance(anchors, dict):
        return {
            level: decode_deltas_to_boxes(
                one, boxes_delta[level], anchor_format, box_format, encoded_format, variance, image_shape
            )
            for level, one in anchors.items()
        }
    given = _corners(where, anchors, anchor_format, image_shape, encoded_format)
    deltas = convert_to_tensor(boxes_delta) * spread
    if given.ndim < deltas.ndim:
        given = given[None]
    size = given[..., 2:]
    boxes = jnp.concatenate([deltas[..., :2] * size + given[..., :2], jnp.exp(deltas[..., 2:]) * size], axis=-1)
    return _corners(where, boxes, encoded_format, image_shape, box_format)
