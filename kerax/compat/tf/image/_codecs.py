"""Images from and to the bytes of files; Pillow does the work, on the host."""

from __future__ import annotations

import io
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...._core.variable import plain
from ...._errors import ArgumentError
from ...._host.optional import optional
from ...._types import Array, ArrayLike
from .._static import eager
from .._types import as_dtype, uint8
from ..errors import InvalidArgumentError
from ._colors import convert_image_dtype

__all__ = [
    "decode_bmp",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "encode_jpeg",
    "encode_png",
]

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_OURS = {"1": 1, "L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "P": 3, "CMYK": 3, "YCbCr": 3}


def _bytes(where: str, contents: Any) -> bytes:
    found = np.asarray(contents)[()] if isinstance(contents, np.ndarray) else contents
    if not isinstance(found, bytes):
        raise ArgumentError(where, got=f"{type(found).__name__}", expected="bytes", hint="tf.io.read_file(path)")
    return found


def _opened(where: str, contents: Any) -> Any:
    image = optional("PIL.Image", extra="vision", why="Decoding images")
    data = _bytes(where, contents)
    try:
        return image.open(io.BytesIO(data))
    except image.UnidentifiedImageError:
        raise InvalidArgumentError(
            where, got=f"{len(data)} bytes that are no image", expected="an image file"
        ) from None


def _pixels(where: str, image: Any, channels: int | None) -> np.ndarray:
    count = channels or 0
    if count not in (0, 1, 2, 3, 4):
        raise ArgumentError(where, got=f"channels={channels}", expected="0, 1, 2, 3 or 4")
    if image.mode.startswith("I") and count in (0, 1):  # 16 bits of grey
        return np.asarray(image).astype("uint16")[..., None]
    if not count:
        transparent = image.mode == "P" and "transparency" in image.info
        count = 4 if transparent else _OURS.get(image.mode, 3)
    pixels = np.asarray(image.convert(_MODES[count]))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _decoded(where: str, contents: Any, channels: int | None, dtype: Any) -> Array:
    pixels = _pixels(where, _opened(where, contents), channels)
    wanted = as_dtype(dtype)
    if wanted == "uint8" and pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype("uint8")
    if wanted == "uint16" and pixels.dtype == np.uint8:
        pixels = pixels.astype("uint16") * 257
    return convert_image_dtype(jnp.asarray(pixels), wanted)


def decode_png(contents: Any, channels: int | None = 0, dtype: Any = uint8, name: str | None = None) -> Array:
    """(height, width, channels) from the bytes of an image file.

    Args:
        contents: bytes, as `tf.io.read_file` gives them.
        channels: 1 grey, 2 grey and alpha, 3 colours, 4 colours and alpha; 0 what the file has.
        dtype: uint8 or uint16; of `decode_image` floats as well.

    Raises:
        InvalidArgumentError: no image.
    """
    return _decoded("tf.image.decode_png", contents, channels, dtype)


def decode_jpeg(
    contents: Any,
    channels: int | None = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Array:
    """(height, width, channels) uint8 from the bytes of an image file, see `decode_png`; made `ratio` times smaller."""
    where = "tf.image.decode_jpeg"
    if ratio not in (1, 2, 4, 8):
        raise ArgumentError(where, got=f"ratio={ratio}", expected="1, 2, 4 or 8")
    image = _opened(where, contents)
    if ratio > 1:
        image.draft(None, (image.width // ratio, image.height // ratio))
    return jnp.asarray(_pixels(where, image, channels))


def decode_bmp(contents: Any, channels: int | None = 0, name: str | None = None) -> Array:
    """(height, width, channels) uint8 from the bytes of an image file, see `decode_png`."""
    return _decoded("tf.image.decode_bmp", contents, channels, uint8)


def decode_gif(contents: Any, name: str | None = None) -> Array:
    """(frames, height, width, 3) uint8 from the bytes of a GIF file."""
    image = _opened("tf.image.decode_gif", contents)
    frames = []
    for index in range(getattr(image, "n_frames", 1)):
        image.seek(index)
        frames.append(np.asarray(image.convert("RGB")))
    return jnp.asarray(np.stack(frames))


def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Array:
    """(height, width, channels) from the bytes of an image file; GIFs (frames, height, width, 3).

    Args:
        contents: bytes, as `tf.io.read_file` gives them.
        channels: see `decode_png`.
        dtype: integers, or floats from 0 to 1.
        expand_animations: whether GIFs have an axis of frames; without it the first frame alone.
    """
    where = "tf.image.decode_image"
    if expand_animations and _bytes(where, contents)[:4] == b"GIF8":
        return convert_image_dtype(decode_gif(contents), dtype)
    return _decoded(where, contents, channels, dtype)


def _encoded(where: str, image: ArrayLike, kind: str, **options: Any) -> bytes:
    eager(where, "it outside; files are written on the host", image)
    pixels = np.asarray(plain(image))
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[-1] not in _MODES:
        raise ArgumentError(
            where, got=f"{pixels.dtype.name}{list(pixels.shape)}", expected="uint8 (height, width, 1 to 4 channels)",
            hint="tf.image.convert_image_dtype(image, tf.uint8)",
        )  # fmt: skip
    library = optional("PIL.Image", extra="vision", why="Encoding images")
    out = io.BytesIO()
    library.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(out, kind, **options)
    return out.getvalue()


def encode_png(image: ArrayLike, compression: int = -1, name: str | None = None) -> bytes:
    """The bytes of a PNG file of a uint8 image; `compression` from 0 to 9."""
    return _encoded("tf.image.encode_png", image, "PNG", **({} if compression < 0 else {"compress_level": compression}))


def encode_jpeg(
    image: ArrayLike, format: str = "", quality: int = 95, progressive: bool = False, name: str | None = None
) -> bytes:
    """The bytes of a JPEG file of a uint8 image of 1 or 3 channels."""
    return _encoded("tf.image.encode_jpeg", image, "JPEG", quality=quality, progressive=progressive)
