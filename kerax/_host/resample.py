"""One image resized on the host as TensorFlow does: half-pixel centres, and the weights of an axis apart.

An axis is a table of taps: which pixels of the source each pixel of the result sums up, and with what weights. Taps
outside the image are left out, and the others made to sum to one. NumPy does the work in few calls, each without the
lock of the interpreter: where threads resize side by side, handing it over costs more than the caches win by blocks.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from .._errors import ArgumentError

__all__ = ["METHODS", "check_method", "crop_box", "pad_widths", "resized"]

Kernel = Callable[[np.ndarray], np.ndarray]


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - x)


def _keys(x: np.ndarray) -> np.ndarray:
    """Keys' cubic with a = -1/2 (IEEE ASSP 29, 1981)."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _mitchell(x: np.ndarray) -> np.ndarray:
    """The cubic of Mitchell and Netravali with B = C = 1/3 (SIGGRAPH 1988)."""
    near = (7 / 6 * x - 2) * x * x + 8 / 9
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _gaussian(x: np.ndarray) -> np.ndarray:
    """Deviation 1/2, cut off at three of them."""
    return np.where(x < 1.5, np.exp(-2.0 * x * x), 0.0)


def _lanczos(radius: int) -> Kernel:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


_KERNELS: dict[str, tuple[Kernel, float]] = {
    "bilinear": (_triangle, 1),
    "bicubic": (_keys, 2),
    "lanczos3": (_lanczos(3), 3),
    "lanczos5": (_lanczos(5), 5),
    "gaussian": (_gaussian, 1.5),
    "mitchellcubic": (_mitchell, 2),
}
_BLURRING = ("gaussian", "mitchellcubic")  # even where the size stays
METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


@functools.lru_cache(maxsize=1024)
def _taps(have: int, want: int, method: str, antialias: bool) -> tuple[np.ndarray, np.ndarray]:
    """(taps, want) indices into an axis of length `have`, and as many float32 weights."""
    scale = have / want
    if method == "nearest":
        centre = (np.arange(want, dtype="float32") + np.float32(0.5)) * np.float32(scale)
        return np.minimum(np.floor(centre).astype(np.intp), have - 1)[None], np.ones((1, want), "float32")
    if method == "area":
        first = np.arange(want) * scale
        index = np.floor(first).astype(np.intp) + np.arange(math.ceil(scale) + 1)[:, None]
        weight = np.clip(np.minimum(index + 1, first + scale) - np.maximum(index, first), 0, None) / scale
        weight[weight < 1e-9] = 0
    else:
        kernel, radius = _KERNELS[method]
        wide = max(scale, 1.0) if antialias else 1.0
        centre = (np.arange(want) + 0.5) * scale - 0.5
        index = np.floor(centre - radius * wide).astype(np.intp) + 1 + np.arange(math.ceil(2 * radius * wide))[:, None]
        weight = kernel(np.abs(index - centre) / wide)
    weight = np.where((index < 0) | (index >= have), 0.0, weight)
    weight /= weight.sum(axis=0)
    used = weight.any(axis=1)
    return np.clip(index, 0, have - 1)[used], weight[used].astype("float32")


def _summed(take: Callable[[int], np.ndarray], weight: np.ndarray) -> np.ndarray:
    """The sum of what `take` gives for each tap, weighed, in float32."""
    total = np.multiply(take(0), weight[0], dtype="float32")
    for tap in range(1, len(weight)):
        part = take(tap)
        total += np.multiply(part, weight[tap], out=part if part.dtype == total.dtype else None, dtype="float32")
    return total


def _down(image: np.ndarray, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted sums of rows: (have, width, channels) of any dtype -> (want, width, channels) float32."""
    rows = image.reshape(len(image), -1)
    out = _summed(lambda tap: rows.take(index[tap], 0, mode="clip"), weight[:, :, None])
    return out.reshape(-1, *image.shape[1:])


def _across(image: np.ndarray, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted sums of columns: (height, have, channels) of any dtype -> (height, want, channels) float32."""
    height, _, channels = image.shape
    each = np.repeat(weight, channels, axis=1)
    out = _summed(lambda tap: image.take(index[tap], 1, mode="clip").reshape(height, -1), each)
    return out.reshape(height, -1, channels)


def resized(image: np.ndarray, size: tuple[int, int], method: str = "bilinear", antialias: bool = False) -> np.ndarray:
    """An image of another size.

    Args:
        image: (height, width, channels), integers or floats.
        size: (height, width) of the result.
        method: one of `METHODS`.
        antialias: whether the kernels widen where an image shrinks, so that every pixel counts.

    Returns:
        (*size, channels) float32, in the range of `image`, which the kernels with negative lobes may leave a little;
        in the dtype of `image` for "nearest".
    """
    height, width, _ = image.shape
    down, across = (_taps(*axis, method, antialias) for axis in ((height, size[0]), (width, size[1])))
    if method == "nearest":
        return image[down[0][0]].take(across[0][0], 1)
    sharp = method not in _BLURRING
    keeps_height, keeps_width = sharp and height == size[0], sharp and width == size[1]
    steps = [] if keeps_height else [(_down, down)]
    if not keeps_width:
        steps.insert(0 if height * size[1] < size[0] * width else len(steps), (_across, across))
    if not steps:
        return image.astype("float32")
    for step, taps in steps:  # the one that leaves less to the other comes first
        image = step(image, *taps)
    return image


def crop_box(have: tuple[int, int], want: tuple[int, int]) -> tuple[slice, slice]:
    """The largest window in the middle of an image that has the aspect ratio of `want`."""
    height = min(have[0], int(have[1] * want[0] / want[1])) or have[0]
    width = min(have[1], int(have[0] * want[1] / want[0])) or have[1]
    top, left = (have[0] - height) // 2, (have[1] - width) // 2
    return slice(top, top + height), slice(left, left + width)


def pad_widths(have: tuple[int, int], want: tuple[int, int]) -> tuple[int, int]:
    """How many rows above and below, and columns left and right, give an image the aspect ratio of `want`."""
    height = max(have[0], int(have[1] * want[0] / want[1]))
    width = max(have[1], int(have[0] * want[1] / want[0]))
    return (height - have[0]) // 2, (width - have[1]) // 2


def check_method(where: str, method: object) -> str:
    """`method`, one of `METHODS`."""
    if method not in METHODS:
        raise ArgumentError(where, got=f"interpolation={method!r}", expected=f"one of {METHODS}")
    return str(method)
