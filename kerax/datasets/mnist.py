"""MNIST: 28x28 grey images of handwritten digits, 60,000 to train on and 10,000 to test."""

from __future__ import annotations

from .._host.files import fetch
from . import _npz
from ._content import ORIGIN, Content, Split

__all__ = ["load_data"]

URL = ORIGIN + "mnist.npz"
CHECKSUM = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
CONTENTS = {
    "x_train": Content((60000, 28, 28), "uint8"),
    "y_train": Content((60000,), "uint8", 0, 9),
    "x_test": Content((10000, 28, 28), "uint8"),
    "y_test": Content((10000,), "uint8", 0, 9),
}


def load_data(path: str = "mnist.npz") -> Split:
    """Load MNIST.

    Args:
        path: the file in `~/.keras/datasets`, or an absolute path.
    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 (n, 28, 28) from 0 (paper) to 255 (ink), and their
        digits, uint8 (n,).
    Raises:
        DataError: the cached file is damaged or something else, or there is none and the download failed.
    Examples:
        ```python
        (x_train, y_train), (x_test, y_test) = kerax.datasets.mnist.load_data()
        x_train = x_train[..., None].astype("float32") / 255
        ```

    The images are Yann LeCun's and Corinna Cortes's, made from sets of NIST; licence: CC BY-SA 3.0.
    """
    arrays = _npz.read(fetch(path, URL, CHECKSUM), CONTENTS, URL)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
