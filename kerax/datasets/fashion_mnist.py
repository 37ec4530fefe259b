"""Fashion-MNIST: 28x28 grey images of clothes in 10 classes, 60,000 to train on and 10,000 to test.

0 T-shirt/top, 1 Trouser, 2 Pullover, 3 Dress, 4 Coat, 5 Sandal, 6 Shirt, 7 Sneaker, 8 Bag, 9 Ankle boot.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import partial
from pathlib import Path

import numpy as np

from .._host.files import fetch
from ._content import ORIGIN, AnyArray, Content, Split, unreadable, wrong

__all__ = ["load_data"]

FILES = {
    "train-images-idx3-ubyte.gz": Content((60000, 28, 28), "uint8"),
    "train-labels-idx1-ubyte.gz": Content((60000,), "uint8", 0, 9),
    "t10k-images-idx3-ubyte.gz": Content((10000, 28, 28), "uint8"),
    "t10k-labels-idx1-ubyte.gz": Content((10000,), "uint8", 0, 9),
}


def load_data() -> Split:
    """Load Fashion-MNIST from the four files in `~/.keras/datasets/fashion-mnist`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 (n, 28, 28), and their classes, uint8 (n,).
    Raises:
        DataError: a cached file is damaged or something else, or there is none and the download failed.

    The images are Zalando SE's; licence: MIT.
    """
    x_train, y_train, x_test, y_test = (_load(name, content) for name, content in FILES.items())
    return (x_train, y_train), (x_test, y_test)


def _load(name: str, content: Content) -> AnyArray:
    url = ORIGIN + name
    read = partial(_read, content=content, url=url)
    # No checksum is published for these files: what arrives is read before it is kept.
    return read(fetch(name, url, subfolder="datasets/fashion-mnist", check=read))


def _read(path: Path, content: Content, url: str) -> AnyArray:
    """An IDX file: two zero bytes, a type (8: bytes), the number of axes, each size in 4 bytes, the bytes."""
    sizes = content.shape
    head = struct.pack(f">HBB{len(sizes)}I", 0, 8, len(sizes), *sizes)
    count = int(np.prod(sizes))  # type: ignore[arg-type]
    try:
        with gzip.open(path) as file:
            found = file.read(len(head))
            body = bytearray(file.read(count + 1)) if found == head else bytearray()
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, "a gzip file", error, f"IDX data: {content}", url) from error
    if found != head:
        raise wrong(path, f"data that begins with {found.hex()}", f"IDX data ({head.hex()}): {content}", url)
    if len(body) != count:
        got = f"{len(body)} bytes of data" if len(body) < count else f"more than {count} bytes of data"
        raise wrong(path, got, f"{count}, for {content}", url)
    array = np.frombuffer(body, np.uint8).reshape(sizes)  # type: ignore[arg-type]
    fault = content.fault(array)
    if fault:
        raise wrong(path, fault, content, url)
    return array
