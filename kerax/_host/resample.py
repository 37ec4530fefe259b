"""Images resized on the host as TensorFlow does: half-pixel centres, and the weights of an axis apart.

An axis is a table of taps: which pixels of the source each pixel of the result sums up, and with what weights. Taps
outside the image are left out, and the others made to sum to one. NumPy gathers and sums in few calls, each without the
lock of the interpreter: where threads resize side by side, handing it over costs more than the caches win by blocks.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .._errors import ArgumentError
from .scratch import Scratch

__all__ = ["METHODS", "at_once", "check_method", "crop_box", "pad_widths", "resize_into", "resized"]

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
_WORDS = {2: "uint16", 4: "uint32", 8: "uint64", 16: "complex128"}
_TOGETHER = 8  # taps
_PIXELS = 1 << 18  # of images resized together
_scratch = Scratch()
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


def _summed(equation: str, taps: Callable[[slice], np.ndarray], weight: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The sum over taps of pixels and weights; few at a time, as all taps of a wide kernel are large."""
    for first in range(0, len(weight), _TOGETHER):
        few = slice(first, first + _TOGETHER)
        part = _scratch.array("part", out.shape, out.dtype) if first else out
        np.einsum(equation, taps(few), weight[few], out=part, dtype="float32", casting="same_kind")
        if first:
            out += part
    return out


def _down(images: np.ndarray, index: np.ndarray | None, weight: np.ndarray) -> np.ndarray:
    """Weighted sums of rows: (images, have, width, channels) of any dtype -> (images, want, width, channels) float32.

    Without an index the rows are those of the taps, one tap after the other.
    """
    count, have, width, channels = images.shape
    row = width * channels
    if index is None:
        every = images.reshape(count, *weight.shape, row)
    else:
        rows = images.reshape(count * have, row)
        first = np.arange(count)[:, None, None] * have

    def taps(few: slice) -> np.ndarray:
        if index is None:
            return every[:, few]
        wanted = first + index[few]
        return rows.take(wanted, 0, _scratch.array("taps", (*wanted.shape, row), rows.dtype), "clip")

    out = _scratch.array("down", (count, weight.shape[1], row), "float32")
    return _summed("nthr,th->nhr", taps, weight, out).reshape(count, -1, width, channels)


def _across(images: np.ndarray, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted sums of columns: (images, height, have, channels) of any dtype -> (…, want, channels) float32."""
    count, height, have, channels = images.shape
    word = _WORDS.get(channels * images.itemsize) if images.strides[3] == images.itemsize else None
    pixels = images.view(word) if word else images  # as words, pixels are copied twice as fast
    rows = pixels.reshape(count * height, have, -1)

    def taps(few: slice) -> np.ndarray:
        memory = _scratch.array("taps", (len(rows), *index[few].shape, rows.shape[2]), rows.dtype)
        taken = rows.take(index[few], 1, memory, "clip").view(images.dtype)
        return taken.reshape(len(rows), len(index[few]), -1)

    each = np.repeat(weight, channels, axis=1)
    out = _scratch.array("across", (len(rows), each.shape[1]), "float32")
    return _summed("rtc,tc->rc", taps, each, out).reshape(count, height, -1, channels)


def _stacked(images: Sequence[np.ndarray], rows: np.ndarray | None) -> np.ndarray:
    """Images as one array, all or some of their rows."""
    if rows is None and len(images) == 1:
        return images[0][None]
    height, *row = images[0].shape
    stack = _scratch.array("stack", (len(images), height if rows is None else rows.size, *row), images[0].dtype)
    for image, place in zip(images, stack, strict=True):
        if rows is None:
            place[...] = image
        else:
            image.take(rows.ravel(), 0, place, "clip")
    return stack


def at_once(have: tuple[int, ...], want: tuple[int, ...]) -> int:
    """How many images to resize together: threads wait for each other before each call of NumPy, small ones mostly."""
    return max(1, _PIXELS // max(have[0] * have[1], want[0] * want[1]))


def resize_into(
    places: Sequence[np.ndarray], images: Sequence[np.ndarray], method: str = "bilinear", antialias: bool = False
) -> None:
    """Images of one shape resized.

    Args:
        places: what to write each result to: (height, width, channels) float32, or in the dtype of the images for
            "nearest". Channels that the images have more are left out.
        images: (height, width, channels) each, integers or floats.
        method: one of `METHODS`.
        antialias: whether the kernels widen where an image shrinks, so that every pixel counts.
    """
    if not len(images):
        return
    size, kept = places[0].shape[:2], np.arange(places[0].shape[2])
    step = at_once(images[0].shape, size)
    for first in range(0, len(images), step):
        group = slice(first, first + step)
        for place, image in zip(places[group], _made(images[group], size, method, antialias), strict=True):
            if image.dtype == place.dtype and place.flags.c_contiguous:
                image.take(kept, 2, place, "clip")  # faster than to copy a slice
            else:
                place[...] = image[..., : len(kept)]


def _made(images: Sequence[np.ndarray], size: tuple[int, ...], method: str, antialias: bool) -> Iterable[np.ndarray]:
    """Images of one shape in another size, in memory that is used again."""
    height, width, _ = images[0].shape
    down, across = (_taps(*axis, method, antialias) for axis in ((height, size[0]), (width, size[1])))
    if method == "nearest":
        return (image[down[0][0]].take(across[0][0], 1) for image in images)
    sharp = method not in _BLURRING
    keeps_height, keeps_width = sharp and height == size[0], sharp and width == size[1]
    if keeps_height and keeps_width:
        return images
    if keeps_height:
        return _across(_stacked(images, None), *across)
    if keeps_width:
        return _down(_stacked(images, None), *down)
    rows = min(height, down[0].size)  # those that count
    if size[0] * width < rows * size[1]:  # the step that leaves less to the other comes first
        return _across(_down(_stacked(images, None), *down), *across)
    if rows == height:
        return _down(_across(_stacked(images, None), *across), *down)
    return _down(_across(_stacked(images, down[0]), *across), None, down[1])


def resized(image: np.ndarray, size: tuple[int, int], method: str = "bilinear", antialias: bool = False) -> np.ndarray:
    """One image of another size.

    Returns:
        (*size, channels) float32, in the range of `image`, which the kernels with negative lobes may leave a little;
        in the dtype of `image` for "nearest". The arguments are those of `resize_into`.
    """
    out = np.empty((*size, image.shape[2]), image.dtype if method == "nearest" else "float32")
    resize_into([out], [image], method, antialias)
    return out


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
