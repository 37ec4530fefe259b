"""The memory of Pillow's images."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from PIL import Image

from kerax._host.pixels import padded_pixels

PIXELS = np.random.default_rng(0).integers(0, 256, (13, 19, 3), dtype="uint8")


def test_pixels_are_those_of_the_image_and_outlive_it():
    image = Image.fromarray(PIXELS)
    pixels = padded_pixels(image)
    assert pixels.shape == (13, 19, 4)
    del image
    gc.collect()
    others = [Image.new("RGB", (19, 13), "red") for _ in range(20)]  # would take the memory if it were free
    np.testing.assert_array_equal(pixels[..., :3], PIXELS)
    assert len(others) == 20


def test_nothing_is_copied_and_nobody_can_write():
    image = Image.fromarray(PIXELS)
    pixels = padded_pixels(image)
    image.putpixel((4, 2), (1, 2, 3))
    assert pixels[2, 4, :3].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        pixels[0] = 0


def test_memory_in_several_pieces_is_copied():
    image = Image.new("RGB", (2100, 2100), (10, 20, 30))
    image.putpixel((2099, 2099), (1, 2, 3))
    with pytest.raises(ValueError, match="contiguous"):
        image.__arrow_c_array__()
    pixels = padded_pixels(image)
    assert pixels.shape == (2100, 2100, 4)
    assert pixels[0, 0, :3].tolist() == [10, 20, 30]
    assert pixels[-1, -1, :3].tolist() == [1, 2, 3]


def test_a_pillow_without_arrow_copies(monkeypatch):
    monkeypatch.delattr(Image.Image, "__arrow_c_array__")
    np.testing.assert_array_equal(padded_pixels(Image.fromarray(PIXELS))[..., :3], PIXELS)
