"""Older names of the helpers for images."""

from __future__ import annotations

from typing import Any

from .._errors import NameError_, near_misses
from ..utils import array_to_img, img_to_array, load_img, save_img
from ..utils._images import smart_resize

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]

_GONE = {
    "DirectoryIterator": "kerax.utils.image_dataset_from_directory",
    "ImageDataGenerator": "kerax.utils.image_dataset_from_directory and layers such as Rescaling and RandomFlip, in "
    "the model or in dataset.map",
    "NumpyArrayIterator": "kerax.data.Dataset.from_tensor_slices",
}


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    hint = _GONE.get(name) or near_misses(name, __all__)
    raise NameError_(f"keras.preprocessing.image.{name} is not in kerax", hint=hint)
