"""Small folders of files for the tests of the loaders."""

from __future__ import annotations

import numpy as np
from PIL import Image


def fill(folder, files):
    """Write files, path -> bytes, text, or an array of pixels."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        else:
            Image.fromarray(content).save(path)
    return folder


def picture(seed=0, shape=(5, 7, 3)):
    """uint8 pixels."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype="uint8")


def pictures(folder, *names, shape=(5, 7, 3)):
    """A folder of images, each with pixels of its own."""
    return fill(folder, {name: picture(seed, shape) for seed, name in enumerate(names)})
