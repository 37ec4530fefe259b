"""kerax.ops.image against keras.ops.image."""

from __future__ import annotations

import warnings

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerax import ops
from kerax._graph.tensor import KerasTensor

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(2, 6, 8, 3)).astype("float32")
BYTES = (IMAGES * 255).astype("uint8")
PLACES = np.array([[0.5, 2.2, -1.7], [3.0, 9.1, 1.5]], "float32")
TRANSFORM = np.array([[1, 0.1, 2, 0.2, 1, 0.5, 0, 0], [0.5, 0, 0, 0, 2, -1, 0, 0]], "float32")

CASES = [
    *(
        ("resize", (IMAGES, (4, 5)), {"interpolation": method, "antialias": antialias})
        for method in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
        for antialias in (False, True)
    ),
    ("resize", (BYTES, (4, 9)), {}),
    ("resize", (BYTES[0], (4, 9)), {"interpolation": "bicubic"}),
    ("resize", (IMAGES, (4, 4)), {"crop_to_aspect_ratio": True}),
    ("resize", (IMAGES, (4, 9)), {"crop_to_aspect_ratio": True}),
    ("resize", (IMAGES, (4, 4)), {"pad_to_aspect_ratio": True, "fill_value": 0.5}),
    ("resize", (IMAGES, (9, 4)), {"pad_to_aspect_ratio": True}),
    ("resize", (IMAGES, (5, 4)), {"data_format": "channels_first"}),
    ("pad_images", (IMAGES, 1, 2, 3, 4), {}),
    ("pad_images", (IMAGES, 1), {"right_padding": 2, "target_height": 8, "target_width": 12}),
    ("pad_images", (IMAGES[0], 1, 2, 3, 4), {"data_format": "channels_first"}),
    ("crop_images", (IMAGES, 1, 2, 2, 1), {}),
    ("crop_images", (IMAGES, 1), {"right_cropping": 2, "target_height": 3, "target_width": 4}),
    ("extract_patches", (IMAGES, 2), {}),
    ("extract_patches", (IMAGES, (2, 3)), {"strides": 1, "padding": "same"}),
    ("extract_patches", (IMAGES, 2), {"dilation_rate": 2, "strides": 1}),
    ("extract_patches", (IMAGES[0], 3), {"strides": 2}),
    ("extract_patches", (IMAGES, 2), {"data_format": "channels_first", "strides": 1}),
    ("extract_patches_3d", (RNG.normal(size=(1, 4, 5, 4, 2)).astype("float32"), 2), {"strides": 1}),
    ("rgb_to_grayscale", (IMAGES,), {}),
    ("rgb_to_grayscale", (BYTES,), {}),
    ("rgb_to_hsv", (IMAGES,), {}),
    ("hsv_to_rgb", (IMAGES,), {}),
    *(
        ("map_coordinates", (IMAGES[0, :, :, 0], PLACES, order, mode), {})
        for order in (0, 1)
        for mode in ("constant", "nearest", "wrap", "mirror", "reflect")
    ),
    *(
        ("affine_transform", (IMAGES, TRANSFORM), {"interpolation": method, "fill_mode": mode, "fill_value": 3})
        for method in ("bilinear", "nearest")
        for mode in ("constant", "nearest", "wrap", "mirror", "reflect")
    ),
    ("affine_transform", (IMAGES[0], TRANSFORM[0]), {}),
    (
        "scale_and_translate",
        (IMAGES, (2, 9, 9, 3), np.array([2.0, 0.5], "float32"), np.array([0.5, 1.0], "float32"), (1, 2), "linear"),
        {},
    ),
]


# Every third case, and what is left for when there is time.
CASES = [pytest.param(case, marks=[pytest.mark.slow] if i % 3 else [], id=case[0]) for i, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES)
def test_equals_keras(case):
    name, args, kwargs = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(keras.ops.image, name)(*args, **kwargs)
    ours = getattr(ops.image, name)(*args, **kwargs)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(np.asarray(ours, "float32"), np.asarray(theirs, "float32"), rtol=1e-5, atol=1e-5)


def test_an_affine_transform_may_narrow_towards_a_side():
    narrowing = np.array([1, 0, 0, 0, 1, 0, 0.1, 0], "float32")
    y = ops.image.affine_transform(IMAGES[0], narrowing, interpolation="nearest", fill_mode="nearest")
    np.testing.assert_array_equal(y[4, 5], IMAGES[0][round(4 / 1.5), round(5 / 1.5)])


def test_an_unknown_height_stays_unknown_where_it_can():
    images = KerasTensor((None, None, None, 3))
    assert ops.image.resize(images, (4, 5)).shape == (None, 4, 5, 3)
    assert ops.image.rgb_to_grayscale(images).shape == (None, None, None, 1)
    assert ops.image.pad_images(images, 1, 1, 1, 1).shape == (None, None, None, 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.image.resize(IMAGES, (2, 2), interpolation="area"), "interpolation='area'.*bilinear"),
        (lambda: ops.image.resize(IMAGES, 2), "size=2.*height, width"),
        (lambda: ops.image.resize(IMAGES[0, 0], (2, 2)), "batch"),
        (lambda: ops.image.pad_images(IMAGES, 1), "just two of the three"),
        (lambda: ops.image.crop_images(IMAGES, 1, 1, target_height=9, target_width=2), "none below 0"),
        (lambda: ops.image.rgb_to_grayscale(jnp.ones((2, 2, 4))), "4 channels"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
