"""CIFAR-100: 32x32 colour images in 100 classes, grouped into 20; 50,000 to train on and 10,000 to test."""

from __future__ import annotations

import numpy as np

from .._errors import ArgumentError
from . import _cifar
from ._content import AnyArray, Split

__all__ = ["load_data"]

URL = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
CHECKSUM = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
CLASSES = {"fine": 100, "coarse": 20}


def load_data(label_mode: str = "fine") -> Split:
    """Load CIFAR-100.

    Args:
        label_mode: `"fine"` for the 100 classes, `"coarse"` for the 20 groups of them.
    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 (n, 32, 32, 3), or (n, 3, 32, 32) where
        `kerax.config.image_data_format()` is `"channels_first"`, and their labels, int64 (n, 1).
    Raises:
        ArgumentError: another `label_mode`.
        DataError: a cached file is damaged or something else, or there is none and the download failed.
    """
    if label_mode not in CLASSES:
        raise ArgumentError("cifar100.load_data", got=f"label_mode={label_mode!r}", expected="'fine' or 'coarse'")
    folder = _cifar.folder("cifar-100-python", ("train", "test"), URL, CHECKSUM)

    def part(name: str, count: int) -> tuple[AnyArray, AnyArray]:
        data, labels = _cifar.batch(folder / name, count, f"{label_mode}_labels", CLASSES[label_mode], URL)
        return _cifar.oriented(data), np.array(labels, "int64")[:, None]

    return part("train", 50000), part("test", 10000)
