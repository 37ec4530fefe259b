"""Resizing on the host: against Keras where it has the method, else against the definition in double precision."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kerax import ops
from kerax._host import scratch
from kerax._host.resample import METHODS, at_once, crop_box, pad_widths, resize_into, resized

IMAGE = np.random.default_rng(0).integers(0, 256, (13, 19, 3), dtype="uint8")
SIZES = [(5, 7), (30, 41), (13, 8), (26, 19), (13, 19)]


@pytest.mark.parametrize(
    ("method", "size"),
    [*[("bilinear", size) for size in SIZES], ("nearest", (5, 7)), ("nearest", (30, 41)), ("bicubic", (5, 41)),
     ("lanczos3", (30, 7)), ("lanczos5", (26, 8))],
    ids=str,
)  # fmt: skip
def test_values_are_those_of_the_op(method, size):
    expected = np.asarray(ops.image.resize(IMAGE.astype("float32"), size, method))
    mine = resized(IMAGE, size, method)
    assert mine.dtype == (np.uint8 if method == "nearest" else np.float32)
    np.testing.assert_allclose(mine, expected, atol=3e-3)  # of 255; the op computes its weights in single precision


def gaussian(x):
    return math.exp(-(x**2) / (2 * 0.5**2)) if abs(x) < 1.5 else 0.0


def mitchell(x, b=1 / 3, c=1 / 3):
    """As in the paper, for any b and c."""
    x = abs(x)
    if x < 1:
        return ((12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)) / 6
    if x < 2:
        return ((-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)) / 6
    return 0.0


def by_kernel(kernel):
    def matrix(have, want):
        weights = [[kernel(at + 0.5 - (to + 0.5) * have / want) for at in range(have)] for to in range(want)]
        return np.array(weights) / np.sum(weights, axis=1, keepdims=True)

    return matrix


def by_area(have, want):
    """What share of each pixel lies under a pixel of the result."""
    scale = have / want
    share = [[max(0, min(at + 1, (to + 1) * scale) - max(at, to * scale)) for at in range(have)] for to in range(want)]
    return np.array(share) / scale


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("method", "matrix"),
    [("gaussian", by_kernel(gaussian)), ("mitchellcubic", by_kernel(mitchell)), ("area", by_area)],
    ids=["gaussian", "mitchellcubic", "area"],
)
def test_values_are_those_of_the_definition(method, matrix, size):
    down, across = matrix(IMAGE.shape[0], size[0]), matrix(IMAGE.shape[1], size[1])
    expected = np.einsum("ih,jw,hwc->ijc", down, across, IMAGE.astype("float64"))
    np.testing.assert_allclose(resized(IMAGE, size, method), expected, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_image_stays_constant(method):
    image = np.full((7, 5, 2), 200, "uint8")
    np.testing.assert_allclose(resized(image, (11, 3), method), 200, rtol=1e-6)


def test_values_of_large_images_are_those_of_the_op():
    image = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype="uint8")
    expected = np.asarray(ops.image.resize(image.astype("float32"), (500, 450)))
    np.testing.assert_allclose(resized(image, (500, 450)), expected, atol=1e-2)


@pytest.mark.parametrize(
    ("have", "want"), [((10, 10), (4, 8)), ((10, 31), (5, 5)), ((31, 10), (8, 3)), ((1, 50), (90, 7))]
)
def test_cut_and_padded_windows_are_those_of_the_op(have, want):
    image = np.random.default_rng(2).integers(0, 256, (*have, 1), dtype="uint8")
    cut = resized(image[crop_box(have, want)], want)
    x = image.astype("float32")
    np.testing.assert_allclose(cut, ops.image.resize(x, want, crop_to_aspect_ratio=True), atol=3e-3)
    rows, columns = pad_widths(have, want)
    padded = resized(np.pad(image, ((rows, rows), (columns, columns), (0, 0))), want)
    np.testing.assert_allclose(padded, ops.image.resize(x, want, pad_to_aspect_ratio=True), atol=3e-3)


RNG = np.random.default_rng(3)


@pytest.mark.parametrize("size", [(5, 7), (30, 41), (4, 41), (30, 3), (13, 8), (26, 19), (13, 19)], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_many_at_once_are_those_one_by_one(method, size):
    images = RNG.integers(0, 256, (5, 13, 19, 4), dtype="uint8")
    made = np.empty((5, *size, 3), "uint8" if method == "nearest" else "float32")
    resize_into(made, images, method, antialias=True)
    expected = [resized(image, size, method, antialias=True)[..., :3] for image in images]
    np.testing.assert_array_equal(made, expected)


def test_more_than_go_together_are_split(monkeypatch):
    monkeypatch.setattr("kerax._host.resample._PIXELS", 2 * 30 * 41)
    assert at_once((13, 19), (30, 41)) == 2
    assert at_once((4000, 3000), (30, 41)) == 1
    images = RNG.integers(0, 256, (5, 13, 19, 3), dtype="uint8")
    made = np.empty((5, 30, 41, 3), "float32")
    resize_into(made, images)
    np.testing.assert_array_equal(made, [resized(image, (30, 41)) for image in images])
    resize_into([], [])


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_pixels_of_any_width(channels, dtype):
    image = RNG.integers(0, 256, (13, 19, channels)).astype(dtype)
    expected = np.asarray(ops.image.resize(image.astype("float32"), (21, 9)))
    np.testing.assert_allclose(resized(image, (21, 9)), expected, atol=3e-3)


def test_a_cut_out_a_turned_image_and_a_view_to_write_to():
    whole = RNG.integers(0, 256, (20, 30, 4), dtype="uint8")
    for image in (whole[3:16, 2:21], whole[::2, ::-1], whole[..., 1:], whole.transpose(1, 0, 2), whole[..., ::-1]):
        np.testing.assert_array_equal(resized(image, (8, 8)), resized(image.copy(), (8, 8)))
    made = np.zeros((4, 8, 8), "float32")
    resize_into([made.transpose(1, 2, 0)], [whole])
    np.testing.assert_array_equal(made.transpose(1, 2, 0), resized(whole, (8, 8)))


def test_threads_do_not_share_memory():
    images = [RNG.integers(0, 256, (40 + n, 50, 3), dtype="uint8") for n in range(60)]
    expected = [resized(image, (64, 64)) for image in images]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            made = list(pool.map(lambda image: resized(image, (64, 64)), images))
            assert all(np.array_equal(a, b) for a, b in zip(made, expected, strict=True))


def test_small_memory_is_used_again_and_large_is_not_kept():
    memory = scratch.Scratch()
    first = memory.array("a", (10, 10), "float32")
    assert np.shares_memory(first, memory.array("a", (4,), "uint8"))
    assert not np.shares_memory(first, memory.array("b", (4,), "uint8"))
    large = memory.array("c", (scratch._KEPT + 1,), "uint8")
    assert not np.shares_memory(large, memory.array("c", (scratch._KEPT + 1,), "uint8"))
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(memory.array, "a", (10, 10), "float32").result()
    assert not np.shares_memory(first, other)
