"""`ops.image.resize` on NumPy arrays: images of many sizes, as files have them, would each be compiled on a device."""

from __future__ import annotations

import numpy as np

from .... import config
from ...._errors import ArgumentError
from ...._host import resample

METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


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
    x = images if last else np.moveaxis(images, -3, -1)
    sides = x.shape[-3:-1]
    if crop_to_aspect_ratio:
        rows, columns = resample.crop_box(sides, size)
        x = x[..., rows, columns, :]
    elif pad_to_aspect_ratio:
        down, across = resample.pad_widths(sides, size)
        around = [(0, 0)] * (x.ndim - 3) + [(down, down), (across, across), (0, 0)]
        x = np.pad(x, around, constant_values=np.asarray(fill_value).astype(x.dtype))
    if x.shape[-3:-1] != tuple(size):
        whole = x.reshape(-1, *x.shape[-3:])
        made = np.empty((len(whole), *size, x.shape[-1]), x.dtype if interpolation == "nearest" else "float32")
        resample.resize_into(made, whole, interpolation, antialias)  # type: ignore[arg-type]
        x = _cast(made, images.dtype).reshape(*x.shape[:-3], *size, x.shape[-1])
    return x if last else np.moveaxis(x, -1, -3)


def _cast(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if np.issubdtype(dtype, np.integer) and x.dtype != dtype:
        info = np.iinfo(dtype)
        x = np.clip(np.round(x), info.min, info.max)
    return x.astype(dtype, copy=False)
