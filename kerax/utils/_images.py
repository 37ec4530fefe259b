"""Images as Pillow has them and as arrays."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import config
from .._errors import ArgumentError, DTypeError, ShapeError
from .._host.optional import optional
from .._host.resample import crop_box
from .._types import ArrayLike, PathLike
from ..ops.image import resize

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["array_to_img", "img_to_array", "in_mode", "load_img", "save_img", "smart_resize"]

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_FILTERS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
_BY_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}


def in_mode(image: Image, color_mode: str) -> Image:
    """A Pillow image with the channels of a colour mode; grey of 16 or 32 bits stays as it is for "grayscale"."""
    mode = MODES[color_mode]
    if image.mode == mode or (mode == "L" and image.mode in ("I;16", "I")):
        return image
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")  # straight to RGB, Pillow warns of what it leaves out
    return image.convert(mode)


def load_img(
    path: PathLike | bytes | io.BytesIO,
    color_mode: str = "rgb",
    target_size: Sequence[int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """An image file as a Pillow image.

    Args:
        path: a path, or an `io.BytesIO` with the bytes of a file.
        color_mode: "grayscale", "rgb" or "rgba". Grey images of 16 or 32 bits keep their depth for "grayscale".
        target_size: (height, width) to resize to, default the size it has.
        interpolation: how to resize: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming", Pillow's
            filters, which take all pixels into account when an image gets smaller.
        keep_aspect_ratio: cut the middle out before resizing, so that nothing is distorted.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        FileNotFoundError: there is no such file.
        PIL.UnidentifiedImageError: the file is no image.
        DTypeError: `path` is something else.
        ArgumentError: an unknown colour mode or interpolation, a size that is no pair.
        ImportError: Pillow is not installed.

    Examples:
        >>> import io
        >>> file = io.BytesIO()
        >>> save_img(file, np.zeros((4, 6, 3)), file_format="png")
        >>> load_img(file, target_size=(2, 3)).size
        (3, 2)
    """
    pillow = optional("PIL.Image", extra="vision", why="load_img")
    if color_mode not in MODES:
        raise ArgumentError("load_img", got=f"color_mode={color_mode!r}", expected=f"one of {tuple(MODES)}")
    if isinstance(path, io.BytesIO):
        data = path.getvalue()
    elif isinstance(path, (str, bytes, os.PathLike)):
        data = Path(os.fsdecode(path)).read_bytes()
    else:
        raise DTypeError("load_img", got=f"a {type(path).__name__}", expected="a path or an io.BytesIO")
    image = pillow.open(io.BytesIO(data))
    image.load()
    image = in_mode(image, color_mode)
    if target_size is None:
        return image
    height, width = _pair("load_img: target_size", target_size)
    if image.size == (width, height):
        return image
    if interpolation not in _FILTERS:
        raise ArgumentError("load_img", got=f"interpolation={interpolation!r}", expected=f"one of {_FILTERS}")
    box = None
    if keep_aspect_ratio:
        rows, columns = crop_box((image.height, image.width), (height, width))
        box = (columns.start, rows.start, columns.stop, rows.stop)
    return image.resize((width, height), pillow.Resampling[interpolation.upper()], box)


def _pair(where: str, size: Any) -> tuple[int, int]:
    if not isinstance(size, Sequence) or len(size) != 2 or not all(isinstance(n, (int, np.integer)) for n in size):
        raise ArgumentError(where, got=repr(size), expected="(height, width)")
    return int(size[0]), int(size[1])


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A Pillow image as an array.

    Args:
        img: a Pillow image, or a (height, width) or (height, width, channels) array.
        data_format: "channels_last" or "channels_first", default the global setting.
        dtype: default `kerax.config.floatx()`.

    Returns:
        (height, width, channels), or (channels, height, width). Values are what the image has, 0 to 255 as a rule.

    Raises:
        ArgumentError: an unknown `data_format`.
        ShapeError: an array of another rank.
    """
    channels_first = config.standardize_data_format(data_format) == "channels_first"
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim == 2:
        return x.copy()[None] if channels_first else x.copy()[..., None]
    if x.ndim != 3:
        raise ShapeError("img_to_array", got=f"shape {x.shape}", expected="2 or 3 axes")
    return np.array(x.transpose(2, 0, 1) if channels_first else x)


def array_to_img(x: ArrayLike, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Image:
    """An array as a Pillow image.

    Args:
        x: (height, width, channels), or (channels, height, width) with `data_format="channels_first"`; 1 channel
            makes a grey image, 3 colours, 4 colours and alpha.
        data_format: "channels_last" or "channels_first", default the global setting.
        scale: whether to stretch the values, so that the smallest is 0 and the largest 255. Without it they have to
            be 0 to 255; a single channel with larger ones makes an image of 32 bits.
        dtype: what to compute in, default `kerax.config.floatx()`.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        ShapeError: another rank, or another number of channels.
        ArgumentError: an unknown `data_format`.
        ImportError: Pillow is not installed.
    """
    pillow = optional("PIL.Image", extra="vision", why="array_to_img")
    channels_first = config.standardize_data_format(data_format) == "channels_first"
    values = np.asarray(x, dtype=dtype or config.floatx())
    if values.ndim != 3:
        raise ShapeError("array_to_img", got=f"shape {values.shape}", expected="3 axes, those of a single image")
    if channels_first:
        values = values.transpose(1, 2, 0)
    channels = values.shape[-1]
    if channels not in _BY_CHANNELS:
        raise ShapeError("array_to_img", got=f"shape {values.shape}: {channels} channels", expected="1, 3 or 4")
    if scale and values.size:
        values = values - values.min()
        largest = values.max()
        if largest != 0:
            values = values / largest * 255
    if channels == 1 and values.max(initial=0) > 255:
        return pillow.fromarray(values[..., 0].astype("int32"))
    pixels = np.ascontiguousarray(values).astype("uint8")
    return pillow.fromarray(pixels[..., 0] if channels == 1 else pixels)


def save_img(
    path: Any,
    x: ArrayLike,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image file.

    Args:
        path: a path, or a file that is open for writing.
        x: see `array_to_img`.
        data_format: see `array_to_img`.
        file_format: "png", "jpg" …, default the ending of the path; a file needs it.
        scale: see `array_to_img`.
        **kwargs: for `PIL.Image.Image.save`, such as `quality=90`.

    Raises:
        ShapeError, ArgumentError: see `array_to_img`.
        ValueError, KeyError: Pillow knows no such format.
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    named = file_format or (os.path.splitext(os.fspath(path))[1][1:] if isinstance(path, (str, os.PathLike)) else "")
    if named.lower() in ("jpg", "jpeg"):
        file_format = "jpeg" if file_format else None  # as Pillow calls it
        if image.mode == "RGBA":
            warnings.warn("save_img: JPEG has no transparency; the alpha channel is left out.", stacklevel=2)
            image = image.convert("RGB")
    image.save(path, format=file_format, **kwargs)


def smart_resize(
    x: ArrayLike,
    size: Sequence[int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: Any,
) -> Any:
    """Images resized without distortion: the largest window of the wanted aspect ratio is cut out of the middle.

    Args:
        x: (height, width, channels) or (batch, height, width, channels); channels first with `data_format`.
        size: (height, width) of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        data_format: "channels_last" or "channels_first".
        **kwargs: `backend_module`, which Keras has for its own use, is taken and left aside.

    Returns:
        Images of that size, float32 if those of `x` are integers; a NumPy array if `x` is one.

    Raises:
        ArgumentError: a size that is no pair, an unknown interpolation or argument.
        ShapeError: neither one image nor a batch of them.
    """
    if set(kwargs) - {"backend_module"}:
        raise ArgumentError("smart_resize", got=f"unknown arguments {sorted(kwargs)}")
    wanted = _pair("smart_resize: size", size)
    images = x if hasattr(x, "dtype") else np.asarray(x)
    if images.ndim not in (3, 4):
        raise ShapeError("smart_resize", got=f"shape {images.shape}", expected="one image (3 axes) or a batch (4 axes)")
    if np.issubdtype(images.dtype, np.integer):
        images = images.astype("float32")
    out = resize(images, wanted, interpolation=interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return np.asarray(out) if isinstance(x, np.ndarray) else out
