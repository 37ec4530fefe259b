"""Bounding boxes: formats, clipping, overlap, and how they move with their images.

NumPy arrays stay NumPy where nothing is traced, so that boxes can be changed on the host; the public functions
(`kerax.utils.bounding_boxes`) give JAX arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...._core.dtypes import real_dtype
from ...._core.variable import plain
from ...._errors import ArgumentError, ShapeError, Unsupported
from ...._types import Array, ArrayLike, DType

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)


def checked_format(where: str, name: Any) -> str | None:
    """A format in lower case; None stays.

    Raises:
        ArgumentError: no format.
    """
    if name is None:
        return None
    lowered = name.lower() if isinstance(name, str) else name
    if lowered not in FORMATS:
        raise ArgumentError(where, got=f"the format of bounding boxes {name!r}", expected=f"one of {FORMATS}")
    return lowered


def _array(boxes: ArrayLike, where: str) -> Any:
    boxes = plain(boxes)
    boxes = boxes if hasattr(boxes, "dtype") else np.asarray(boxes)
    if boxes.ndim < 1 or boxes.shape[-1] != 4:
        raise ShapeError(where, got=f"boxes of shape {boxes.shape}", expected="a last axis of 4")
    return boxes if jnp.issubdtype(boxes.dtype, jnp.floating) else boxes.astype("float32")


def _joined(parts: list) -> Any:
    return (np if isinstance(parts[0], (np.ndarray, np.generic)) else jnp).stack(parts, axis=-1)


def _scaled(boxes: Any, height: Any, width: Any, into: bool, flipped: bool) -> Any:
    """Boxes in pixels from shares of the image, or the other way round."""
    sizes = [height, width, height, width] if flipped else [width, height, width, height]
    parts = [boxes[..., i] * size if into else boxes[..., i] / size for i, size in enumerate(sizes)]
    return _joined(parts)


def _to_corners(boxes: Any, kind: str) -> Any:
    a, b, c, d = (boxes[..., i] for i in range(4))
    if kind == "xyxy":
        return boxes
    if kind == "yxyx":
        return _joined([b, a, d, c])
    if kind == "xywh":
        return _joined([a, b, a + c, b + d])
    if kind == "center_yxhw":
        a, b, c, d = b, a, d, c
    return _joined([a - c / 2, b - d / 2, a + c / 2, b + d / 2])


def _from_corners(boxes: Any, kind: str) -> Any:
    left, top, right, bottom = (boxes[..., i] for i in range(4))
    if kind == "xyxy":
        return boxes
    if kind == "yxyx":
        return _joined([top, left, bottom, right])
    width, height = right - left, bottom - top
    if kind == "xywh":
        return _joined([left, top, width, height])
    x, y = (left + right) / 2, (top + bottom) / 2
    return _joined([x, y, width, height] if kind == "center_xywh" else [y, x, height, width])


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: DType | None = None
) -> Any:
    """Boxes in another format: arrays of numbers stay of their library."""
    source, target = (checked_format("convert_format", name) or "xyxy" for name in (source, target))
    relative = [name.startswith("rel_") for name in (source, target)]
    x = _array(boxes, "convert_format")
    if dtype is not None:
        x = x.astype(jnp.dtype(real_dtype(dtype)))
    if source == target:
        return x
    if any(relative) and (height is None or width is None):
        raise ArgumentError(
            "convert_format",
            got=f"source={source!r}, target={target!r}, height={height} and width={width}",
            expected="height and width of the images, for a relative format",
        )
    kinds = [name.removeprefix("rel_") for name in (source, target)]
    if relative[0] and not relative[1]:
        x = _scaled(x, height, width, True, kinds[0] in ("yxyx", "center_yxhw"))
    x = _from_corners(_to_corners(x, kinds[0]), kinds[1])
    if relative[1] and not relative[0]:
        x = _scaled(x, height, width, False, kinds[1] in ("yxyx", "center_yxhw"))
    return x


def clip_to_image_size(boxes: dict, height: Any, width: Any, bounding_box_format: str = "xyxy") -> dict:
    """Boxes cut to their image; the label of one that has no area left is -1."""
    kind = checked_format("clip_to_image_size", bounding_box_format)
    if kind not in ("xyxy", "rel_xyxy"):
        raise Unsupported(
            "clip_to_image_size", got=f"the format {kind!r}", expected="'xyxy' or 'rel_xyxy'", hint="convert_format"
        )
    if kind == "xyxy" and (height is None or width is None):
        raise ArgumentError("clip_to_image_size", got=f"height={height}, width={width}", expected="both, for 'xyxy'")
    if kind == "rel_xyxy":
        height = width = 1.0
    x = _array(boxes["boxes"], "clip_to_image_size")
    xp = np if isinstance(x, np.ndarray) else jnp
    zero = xp.zeros((), x.dtype)
    parts = [xp.clip(x[..., i], zero, xp.asarray(size, x.dtype)) for i, size in enumerate((width, height) * 2)]
    x = _joined(parts)
    area = (x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1])
    return {**boxes, "boxes": x, "labels": xp.where(area > 0, boxes["labels"], -1)}


def crop(boxes: ArrayLike, top: Any, left: Any, height: Any, width: Any) -> Any:
    """Corners of boxes in a part of the image, cut to it."""
    x = _array(boxes, "crop")
    xp = np if isinstance(x, np.ndarray) else jnp
    x = pad(x, -top, -left)
    return _joined([xp.clip(x[..., i], 0, size).astype(x.dtype) for i, size in enumerate((width, height) * 2)])


def pad(boxes: ArrayLike, top: Any, left: Any) -> Any:
    """Corners of boxes after rows and columns were added before the image."""
    x = _array(boxes, "pad")
    return _joined([(x[..., i] + shift).astype(x.dtype) for i, shift in enumerate((left, top) * 2)])


def moved(boxes: Any, place: Callable[[Any, Any], tuple[Any, Any]]) -> Any:
    """The upright boxes around where `place(x, y)` takes the four corners of boxes: (..., boxes, 4)."""
    left, top, right, bottom = (boxes[..., i] for i in range(4))
    corners = [place(x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
    xs, ys = (jnp.stack(values, axis=-1) for values in zip(*corners, strict=True))
    return _joined([xs.min(-1), ys.min(-1), xs.max(-1), ys.max(-1)])


def through(boxes: Any, numbers: Any) -> Any:
    """Upright boxes around corner boxes (batch, boxes, 4) taken through `numbers` (batch, 8)."""
    t = jnp.asarray(numbers, "float32")[..., None]  # (batch, 8, 1)
    a, b, c, d, e, f, g, h = (t[..., i, :] for i in range(8))

    def place(x: Array, y: Array) -> tuple[Array, Array]:
        k = g * x + h * y + 1
        return (a * x + b * y + c) / k, (d * x + e * y + f) / k

    return moved(jnp.asarray(boxes), place)


def affine_numbers(
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = 0.5,
    center_y: Any = 0.5,
) -> Array:
    """(batch, 8): moved by shares of the image, then turned, sheared and scaled around a centre; angles in degrees.

    Turning is anticlockwise as one looks at the image. Where both shears, or one and a turn, come together, the first
    number is Keras's, whose sign of the shared part is not that of a product of the two.
    """
    across, down = width - 1, height - 1
    turn, lean_x, lean_y = (jnp.deg2rad(jnp.asarray(value, "float32")) for value in (angle, shear_x, shear_y))
    lean_x, lean_y, cos, sin = jnp.tan(lean_x), jnp.tan(lean_y), jnp.cos(turn), jnp.sin(turn)
    d, e = -sin + lean_y * cos, cos + lean_y * sin
    a, b = cos - lean_x * d, sin + lean_x * e
    a, b, d, e = (scale * value for value in (a, b, d, e))
    x, y = center_x * across, center_y * down
    from_x, from_y = translate_x * across - x, translate_y * down - y
    zero = jnp.zeros_like(a)
    numbers = (a, b, a * from_x + b * from_y + x, d, e, d * from_x + e * from_y + y, zero, zero)
    return jnp.stack(jnp.broadcast_arrays(*numbers), axis=-1)
