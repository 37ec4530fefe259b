"""CIFAR-10: 32x32 colour images in 10 classes, 50,000 to train on and 10,000 to test.

0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.
"""

from __future__ import annotations

import numpy as np

from . import _cifar
from ._content import Split

__all__ = ["load_data"]

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CHECKSUM = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
TRAINING = tuple(f"data_batch_{number}" for number in range(1, 6))


def load_data() -> Split:
    """Load CIFAR-10.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 (n, 32, 32, 3), or (n, 3, 32, 32) where
        `kerax.config.image_data_format()` is `"channels_first"`, and their classes, uint8 (n, 1).
    Raises:
        DataError: a cached file is damaged or something else, or there is none and the download failed.
    """
    folder = _cifar.folder("cifar-10-batches-py", (*TRAINING, "test_batch"), URL, CHECKSUM)
    batches = [_cifar.batch(folder / name, 10000, "labels", 10, URL) for name in (*TRAINING, "test_batch")]
    images = [_cifar.oriented(data) for data, _ in batches]
    labels = [np.array(label, "uint8")[:, None] for _, label in batches]
    return (np.concatenate(images[:5]), np.concatenate(labels[:5])), (images[5], labels[5])
