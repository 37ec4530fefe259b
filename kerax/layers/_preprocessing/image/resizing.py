"""`ops.image.resize` on NumPy arrays: images of many sizes, as files have them, would each be compiled on a device."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .... import config
from ...._errors import ArgumentError


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys, 1981, with a = -0.5."""
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


# Name -> how far it reaches, and its weight at a distance.
_KERNELS: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]] = {
    "bilinear": (1, lambda x: np.maximum(0, 1 - x)),
    "bicubic": (2, _cubic),
    "lanczos3": (3, _lanczos(3)),
    "lanczos5": (5, _lanczos(5)),
}
METHODS = ("nearest", *_KERNELS)


@functools.lru_cache(maxsize=256)
def _taps(have: int, want: int, interpolation: str, antialias: bool) -> tuple[np.ndarray, np.ndarray]:
    """(want, taps): which places along an axis make each new one, and their weights."""
    if interpolation == "nearest":
        places = np.floor((np.arange(want) + 0.5) * have / want).astype("int64")
        return np.minimum(places, have - 1)[:, None], np.ones((want, 1), "float32")
    reach, kernel = _KERNELS[interpolation]
    step = have / want
    wide = max(step, 1.0) if antialias else 1.0
    middle = (np.arange(want) + 0.5) * step - 0.5
    first = np.floor(middle - reach * wide).astype("int64") + 1
    places = first[:, None] + np.arange(int(np.ceil(2 * reach * wide)) + 1)
    weights = kernel(np.abs(middle[:, None] - places) / wide)
    weights[(places < 0) | (places >= have)] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    used = np.any(weights != 0, axis=0)
    return np.clip(places[:, used], 0, have - 1), weights[:, used].astype("float32")


def _along(x: np.ndarray, axis: int, want: int, interpolation: str, antialias: bool) -> np.ndarray:
    have = x.shape[axis]
    if have == want:
        return x
    places, weights = _taps(have, want, interpolation, antialias)
    if interpolation == "nearest":
        return np.take(x, places[:, 0], axis=axis)
    shape = [1] * x.ndim
    shape[axis] = want
    parts = (np.take(x, places[:, tap], axis=axis) * weights[:, tap].reshape(shape) for tap in range(places.shape[1]))
    total = next(parts)
    for part in parts:
        total += part
    return total


def resized(
    images: np.ndarray,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Images of another size in the same dtype, as `ops.image.resize` gives them, to float rounding.

    Raises:
        ArgumentError: an unknown interpolation, or both cropping and padding.
    """
    if interpolation not in METHODS:
        raise ArgumentError("resize", got=f"interpolation={interpolation!r}", expected=f"one of {METHODS}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError("resize", got="both crop_to_aspect_ratio and pad_to_aspect_ratio", expected="one of them")
    last = config.standardize_data_format(data_format) == "channels_last"
    rows, columns = (images.ndim - 3, images.ndim - 2) if last else (images.ndim - 2, images.ndim - 1)
    height, width = images.shape[rows], images.shape[columns]
    wanted = (int(width * size[0] / size[1]), int(height * size[1] / size[0]))
    x, dtype = images, images.dtype
    for axis, have, want in ((rows, height, wanted[0]), (columns, width, wanted[1])):
        if crop_to_aspect_ratio:
            want = min(have, want) or have
            start = int((have - want) / 2)
            x = x[(slice(None),) * axis + (slice(start, start + want),)]
        elif pad_to_aspect_ratio:
            missing = int((max(have, want) - have) / 2)
            pads: list[Any] = [(0, 0)] * x.ndim
            pads[axis] = (missing, missing)
            x = np.pad(x, pads, constant_values=np.asarray(fill_value).astype(dtype)) if missing else x
    if interpolation != "nearest":
        x = x.astype("float32") if x.dtype != np.float64 else x
    for axis, want in ((rows, size[0]), (columns, size[1])):
        x = _along(x, axis, want, interpolation, antialias)
    if np.issubdtype(dtype, np.integer) and x.dtype != dtype:
        info = np.iinfo(dtype)
        x = np.clip(np.round(x), info.min, info.max)
    return x.astype(dtype, copy=False)
