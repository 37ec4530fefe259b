"""Images in folders as a data set."""

from __future__ import annotations

import dataclasses
import os
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import config
from .._errors import ArgumentError
from .._host.optional import optional
from .._host.pixels import padded_pixels
from .._host.resample import at_once, check_method, crop_box, pad_widths, resize_into
from .._types import PathLike
from ._directories import Options
from ._images import MODES, in_mode
from ._loading import ManyReader, Unreadable, check_on_error, datasets_of

__all__ = ["image_dataset_from_directory"]

_FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
# What Pillow raises of broken files, beside OSError.
_BROKEN = (SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, OverflowError, struct.error)


def pixels_of(path: str, color_mode: str) -> np.ndarray:
    """(height, width, channels) uint8 of an image file; of 16 bits the upper 8, of a GIF the first frame.

    "rgb" comes with a fourth channel that means nothing: pixels of 4 bytes, as Pillow has them, are resized faster.

    Raises:
        Unreadable: it is empty, broken or no image.
        OSError: it cannot be opened.
    """
    pillow = optional("PIL.Image", extra="vision", why="Reading images")
    try:
        with pillow.open(path) as image:
            if image.mode == "I" or image.mode.startswith("I;16"):
                upper = np.asarray(image).astype("int64") >> 8
                image = pillow.fromarray(np.clip(upper, 0, 255).astype("uint8"))
            image.load()
            image = in_mode(image, color_mode)
            if image.mode == "RGB":
                return padded_pixels(image)
            pixels = np.asarray(image)
    except pillow.UnidentifiedImageError:
        with open(path, "rb") as file:
            empty = not file.read(1)
        raise Unreadable("it is empty" if empty else "it is no image that Pillow knows") from None
    except (*_BROKEN, pillow.DecompressionBombError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


@dataclasses.dataclass(frozen=True)
class _Reader(ManyReader):
    """From the path of a file to an image of the wanted size."""

    color_mode: str
    size: tuple[int, int]
    method: str
    fit: str
    channels_first: bool

    def __call__(self, path: str) -> np.ndarray:
        return self.together([self.raw(path)], 1)[0]

    def raw(self, path: str) -> np.ndarray:
        image = pixels_of(path, self.color_mode)
        if self.fit == "crop":
            return image[crop_box(image.shape[:2], self.size)]
        if self.fit == "pad":
            rows, columns = pad_widths(image.shape[:2], self.size)
            return np.pad(image, ((rows, rows), (columns, columns), (0, 0)))
        return image

    def together(self, raws: Iterable[np.ndarray], count: int) -> np.ndarray:
        out = np.empty((count, *self.size, _CHANNELS[self.color_mode]), "float32")
        waiting: dict[tuple, tuple[list, list]] = {}
        for place, image in zip(out, raws, strict=True):
            places, images = waiting.setdefault(image.shape, ([], []))
            places.append(place)
            images.append(image)
            if len(images) == at_once(image.shape, self.size):
                resize_into(*waiting.pop(image.shape), self.method)
        for places, images in waiting.values():
            resize_into(places, images, self.method)
        return np.ascontiguousarray(out.transpose(0, 3, 1, 2)) if self.channels_first else out

    @property
    def blank(self) -> np.ndarray:
        """Zeros in the shape of an image."""
        channels = _CHANNELS[self.color_mode]
        return np.zeros((channels, *self.size) if self.channels_first else (*self.size, channels), "float32")


def _size(where: str, size: Any) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, (int, np.integer)) else size
    if (
        not isinstance(pair, Sequence)
        or len(pair) != 2
        or not all(isinstance(one, (int, np.integer)) and one > 0 for one in pair)
    ):
        raise ArgumentError(where, got=f"image_size={size!r}", expected="(height, width), two positive integers")
    return int(pair[0]), int(pair[1])


def image_dataset_from_directory(
    directory: PathLike,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | Sequence[int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
    *,
    on_error: str = "raise",
) -> Any:
    """A data set of the images in a folder, which `fit` takes.

    With one folder a class,

        photos/cat/1.jpg
        photos/cat/2.jpg
        photos/dog/1.jpg

    `image_dataset_from_directory("photos")` gives batches of images of both folders, and labels 0 (cat) and 1 (dog).
    Threads decode and resize ahead of what trains.

    Args:
        directory: the folder. JPEG, PNG, BMP, GIF (its first frame) and WebP files below it are read.
        labels: "inferred" from the folders, None, or a list of integers, one for each file in the order of sorted
            folders and names; with a list or None the folders mean nothing.
        label_mode: "int"; "categorical", one-hot; "binary", 0 or 1 of two classes; or None for images alone.
        class_names: the folders to read, in the order of their labels, default all in alphabetical order.
        color_mode: "grayscale", "rgb" or "rgba": 1, 3 or 4 channels.
        batch_size: None for images one by one.
        image_size: (height, width) that every image is resized to, or one number for both.
        shuffle: whether to shuffle: all files, anew in each pass. Without it they are sorted. A validation subset is
            shuffled once, and keeps its order.
        seed: of the order, and of what falls to which subset: the same as Keras's for the same seed.
        validation_split: the fraction, between 0 and 1, of the files that "validation" gets.
        subset: "training", "validation", or "both" for a tuple of the two. Without `shuffle=False` needs `seed`.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian" or
            "mitchellcubic"; as in TensorFlow, without antialiasing.
        follow_links: whether to look into folders that are links.
        crop_to_aspect_ratio: cut the middle out before resizing, so that nothing is distorted.
        pad_to_aspect_ratio: pad with zeros before resizing, so that nothing is distorted.
        data_format: "channels_last" or "channels_first", default the global setting.
        format: "tf" or "grain", as Keras has it; both give a `kerax.data.Dataset`.
        verbose: whether to print how many files there are.
        on_error: what to do about a file that cannot be read: "raise", or "skip", which leaves it out and notes it in
            `dataset.skipped`.

    Returns:
        A `Dataset` with the attributes `class_names` and `file_paths`. Its elements are (images, labels), or
        images alone: float32 (batch, height, width, channels), values 0 to 255; labels int32 (batch,), or float32
        (batch, 1) for "binary" and (batch, classes) for "categorical".

    Raises:
        FileNotFoundError: there is no such folder.
        ArgumentError: values that fit neither each other nor the folder.
        DataError: no images; or, while reading, a file that is no image, named.
        ImportError: Pillow is not installed.
    """
    where = "image_dataset_from_directory"
    optional("PIL.Image", extra="vision", why=where)
    check_on_error(where, on_error)
    options = Options(
        where, "images", _FORMATS, directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip
    if color_mode not in MODES:
        raise ArgumentError(where, got=f"color_mode={color_mode!r}", expected=f"one of {tuple(MODES)}")
    if format not in ("tf", "grain"):
        raise ArgumentError(where, got=f"format={format!r}", expected="'tf' or 'grain'")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(where, got="both crop_to_aspect_ratio and pad_to_aspect_ratio", expected="one of them")
    size = _size(where, image_size)
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"
    channels_first = config.standardize_data_format(data_format) == "channels_first"
    read = _Reader(color_mode, size, check_method(where, interpolation), fit, channels_first)
    threads = max(2, os.cpu_count() or 1)  # decoding and resizing leave no core waiting: more would stand in their way
    return datasets_of(options, read, on_error=on_error, blank=read.blank, threads=threads)
