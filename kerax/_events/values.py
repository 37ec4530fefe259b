"""What summaries hold, made from NumPy arrays: the form in which TensorBoard's plugins want scalars, histograms …"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError, ShapeError
from .codecs import png, wav
from .protos import protos

__all__ = ["audio", "histogram", "image", "metadata", "raw", "scalar", "summary", "tensor", "text", "value"]

_WAV = b"\x10\x0b"  # AudioPluginData(encoding=WAV): without it browsers are not told what they get
_KINDS = {
    "bool": "DT_BOOL",
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
    "int32": "DT_INT32",
    "int64": "DT_INT64",
    "uint8": "DT_UINT8",
}


def scalar(name: str, data: Any, description: str | None = None) -> Any:
    """A single number, as float32."""
    number = np.asarray(data)
    if not _is_number(number.dtype):
        raise DTypeError(f"summary.scalar {name!r}", got=f"{number.dtype}: {data!r:.60}", expected="a number")
    if number.shape != ():
        raise ShapeError(f"summary.scalar {name!r}", got=f"data of shape {number.shape}", expected="a single number")
    return value(name, tensor(number.astype("float32")), metadata("scalars", description))


def histogram(name: str, data: Any, buckets: int | None = None, description: str | None = None) -> Any:
    """Numbers of any shape, counted in `buckets` (default 30) intervals of one width; NaN and Inf are left out."""
    buckets = 30 if buckets is None else buckets
    if buckets < 0:
        raise ArgumentError(f"summary.histogram {name!r}", got=f"buckets={buckets}", expected="0 or more")
    numbers = np.asarray(data)
    if not _is_number(numbers.dtype):
        raise DTypeError(f"summary.histogram {name!r}", got=f"{numbers.dtype}", expected="numbers")
    return value(name, tensor(bins(numbers.astype("float64").ravel(), buckets)), metadata("histograms", description))


def bins(numbers: np.ndarray, buckets: int) -> np.ndarray:
    """(buckets, 3): left edge, right edge and count of each interval between the least and the greatest number.

    Where all numbers are the same, the intervals have no width, and the last holds all. Without numbers, zeros.
    """
    numbers = numbers[np.isfinite(numbers)]
    if buckets == 0 or numbers.size == 0:
        return np.zeros((buckets, 3))
    low, high = numbers.min(), numbers.max()
    if low == high:
        same = np.full((buckets, 3), [low, low, 0.0])
        same[-1, 2] = numbers.size
        return same
    counts, limits = np.histogram(numbers, bins=buckets, range=(low, high))
    return np.stack([limits[:-1], limits[1:], counts.astype("float64")], axis=1)


def image(name: str, data: Any, max_outputs: int = 3, description: str | None = None) -> Any:
    """Pictures (number, height, width, 1 to 4 channels), the first `max_outputs` of them.

    uint8 as they are, floats from 0 to 1; beyond that they are clipped.
    """
    pictures = np.asarray(data)
    where = f"summary.image {name!r}"
    if pictures.ndim != 4 or pictures.shape[-1] not in (1, 2, 3, 4):
        raise ShapeError(
            where,
            got=f"data of shape {pictures.shape}",
            expected="(number of pictures, height, width, channels), channels being 1, 2, 3 or 4",
            hint="data[None] for one picture, data[..., None] for gray ones",
        )
    if max_outputs < 0:
        raise ArgumentError(where, got=f"max_outputs={max_outputs}", expected="0 or more")
    first = pictures[:max_outputs]
    height, width = pictures.shape[1:3]
    parts = [str(width).encode(), str(height).encode(), *(png(as_uint8(one, where)) for one in first)]
    return value(name, strings(parts), metadata("images", description))


def as_uint8(picture: np.ndarray, where: str) -> np.ndarray:
    """Levels of brightness from 0 to 255."""
    dtype = picture.dtype
    if dtype == np.uint8:
        return picture
    if _is_float(dtype):
        return (np.clip(np.nan_to_num(picture.astype("float32")), 0.0, 1.0) * 255.99).astype("uint8")
    if dtype.kind == "b":
        return picture.astype("uint8") * np.uint8(255)
    if dtype.kind in "iu":  # the whole range of the type, as convert_image_dtype has it
        shift = 8 * dtype.itemsize - (1 if dtype.kind == "i" else 0) - 8
        levels = picture.astype("int64" if dtype != np.uint64 else "uint64")
        return np.clip(levels >> shift if shift > 0 else levels << -shift, 0, 255).astype("uint8")
    raise DTypeError(where, got=f"data of {dtype}", expected="uint8, or floats from 0 to 1")


def audio(
    name: str,
    data: Any,
    sample_rate: int,
    max_outputs: int = 3,
    encoding: str | None = None,
    description: str | None = None,
) -> Any:
    """Sounds (number, frames, channels) of floats from -1 to 1, the first `max_outputs` of them, as WAV."""
    sounds = np.asarray(data)
    where = f"summary.audio {name!r}"
    if encoding not in (None, "wav"):
        raise ArgumentError(where, got=f"encoding={encoding!r}", expected="'wav'")
    if sounds.ndim != 3:
        raise ShapeError(where, got=f"data of shape {sounds.shape}", expected="(number of sounds, frames, channels)")
    if not _is_float(sounds.dtype):
        raise DTypeError(where, got=f"data of {sounds.dtype}", expected="floats from -1 to 1")
    if max_outputs < 0:
        raise ArgumentError(where, got=f"max_outputs={max_outputs}", expected="0 or more")
    if int(sample_rate) < 1:
        raise ArgumentError(where, got=f"sample_rate={sample_rate}", expected="a positive number of frames a second")
    clips = [wav(one.astype("float32"), int(sample_rate)) for one in sounds[:max_outputs]]
    parts = strings([part for clip in clips for part in (clip, b"")], (len(clips), 2))  # each with its label
    return value(name, parts, metadata("audio", description, _WAV))


def text(name: str, data: Any, description: str | None = None) -> Any:
    """Text, in Markdown: a string, or an array of strings, shown as a table."""
    words = np.asarray(data)
    if words.dtype.kind not in "SUOT":
        raise DTypeError(f"summary.text {name!r}", got=f"{words.dtype}: {data!r:.60}", expected="strings")
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words.ravel().tolist()]
    return value(name, strings(parts, words.shape), metadata("text", description))


def _is_number(dtype: np.dtype) -> bool:
    return dtype.kind in "biu" or _is_float(dtype)


def _is_float(dtype: np.dtype) -> bool:
    return dtype.kind == "f" or dtype.name == "bfloat16" or dtype.name.startswith("float8")


def raw(tag: str, data: Any, about: bytes | None = None) -> Any:
    """A tensor of numbers or strings, for the plugin that `about`, a `SummaryMetadata`, names."""
    array = np.asarray(data)
    if array.dtype.kind in "SUOT":
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in array.ravel().tolist()]
        content = strings(parts, array.shape)
    else:
        content = tensor(array)
    return value(tag, content, None if about is None else protos().summary.SummaryMetadata.FromString(about))


# -- messages ------------------------------------------------------------------------------------


def summary(*values: Any) -> Any:
    """The message that carries values."""
    return protos().summary.Summary(value=values)


def value(tag: str, content: Any = None, about: Any = None) -> Any:
    """One entry: a tag, what it holds, and which plugin shows it."""
    return protos().summary.Summary.Value(tag=tag, tensor=content, metadata=about)


def metadata(plugin: str, description: str | None = None, content: bytes = b"") -> Any:
    """Which plugin shows a value, and the text beside it."""
    messages = protos().summary
    data = messages.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return messages.SummaryMetadata(plugin_data=data, summary_description=description or "")


def tensor(array: np.ndarray) -> Any:
    """An array of float32, float64 or integers as a message."""
    name = array.dtype.name
    if name not in _KINDS:
        raise DTypeError("summary.write", got=f"a tensor of {name}", expected=f"one of {', '.join(_KINDS)}, or strings")
    kind = getattr(protos().types, _KINDS[name])
    content = np.ascontiguousarray(array).tobytes()
    return protos().tensor.TensorProto(dtype=kind, tensor_shape=shape(array.shape), tensor_content=content)


def strings(parts: list[bytes], sizes: tuple[int, ...] | None = None) -> Any:
    """Byte strings as a tensor; of one axis where no shape is given."""
    sizes = (len(parts),) if sizes is None else sizes
    return protos().tensor.TensorProto(dtype=protos().types.DT_STRING, tensor_shape=shape(sizes), string_val=parts)


def shape(sizes: Any) -> Any:
    """A shape; -1 where a size is not known."""
    message = protos().tensor_shape.TensorShapeProto
    return message(dim=[message.Dim(size=-1 if size is None else size) for size in sizes])
