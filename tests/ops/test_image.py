"""kerax.ops.image against keras.ops.image."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
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

SAME = {"data_format": "channels_first"}
OTHERS = RNG.uniform(size=(2, 6, 8, 3)).astype("float32")
FROM = np.array([[0, 0], [7, 0], [0, 5], [7, 5]], "float32")
TO = FROM + RNG.uniform(-1, 1, size=(2, 4, 2)).astype("float32")
CASES += [
    # Channels first and square windows only: elsewhere Keras 3.15 blurs along other axes than height and width.
    ("gaussian_blur", (IMAGES, (3, 3)), SAME),
    ("gaussian_blur", (IMAGES, (4, 4), (0.7, 0.7)), SAME),
    ("sobel_edges", (IMAGES,), {}),
    ("sobel_edges", (IMAGES,), SAME),
    ("sobel_edges", (BYTES.astype("int32"),), {}),
    ("ssim", (IMAGES, OTHERS), {"filter_size": 5}),
    ("ssim", (IMAGES[0], OTHERS[0]), {"filter_size": 4, "filter_sigma": 0.8, "max_val": 2.0, "k1": 0.1}),
    ("ssim", (IMAGES.transpose(0, 3, 1, 2), OTHERS.transpose(0, 3, 1, 2)), {"filter_size": 3, **SAME}),
    ("perspective_transform", (IMAGES, np.stack([FROM, FROM]), TO), {"fill_value": 0.3}),
    ("perspective_transform", (IMAGES, np.stack([FROM, FROM]), TO), {"interpolation": "nearest"}),
    ("perspective_transform", (BYTES[0], FROM, TO[0]), {}),
    ("perspective_transform", (IMAGES.transpose(0, 3, 1, 2), np.stack([FROM, FROM]), TO), SAME),
    ("elastic_transform", (IMAGES,), {"seed": 3, "sigma": 1.0}),
    ("elastic_transform", (IMAGES,), {"seed": 3, "sigma": 1.0, "interpolation": "nearest"}),
    ("elastic_transform", (IMAGES[0],), {"seed": 3, "sigma": 2.0, "fill_mode": "constant", "fill_value": 0.3}),
    ("elastic_transform", (IMAGES.transpose(0, 3, 1, 2),), {"seed": 3, "alpha": 3.0, "sigma": 0.4, **SAME}),
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


def test_a_blur_smooths_along_height_and_width_in_either_layout():
    taps = np.outer(*(np.exp(-(np.arange(-r, r + 1) ** 2) / (2 * sigma**2)) for r, sigma in ((1, 0.7), (2, 1.5))))
    taps = (taps / taps.sum()).astype("float32")
    wide = np.pad(IMAGES, ((0, 0), (1, 1), (2, 2), (0, 0)))
    expected = sum(taps[i, j] * wide[:, i : i + 6, j : j + 8] for i in range(3) for j in range(5))
    last = ops.image.gaussian_blur(IMAGES, (3, 5), (0.7, 1.5))
    first = ops.image.gaussian_blur(IMAGES.transpose(0, 3, 1, 2), (3, 5), (0.7, 1.5), "channels_first")
    np.testing.assert_allclose(last, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        ops.image.gaussian_blur(IMAGES[0], (3, 5), (0.7, 1.5)), expected[0], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "bfloat16"])
def test_filters_and_warps_keep_the_dtype_of_images(dtype):
    images = jnp.asarray(BYTES).astype(dtype)
    small = dtype in ("float16", "bfloat16")
    for name, args in (("gaussian_blur", ()), ("perspective_transform", (FROM, TO)), ("elastic_transform", ())):
        assert getattr(ops.image, name)(images, *args).dtype == dtype
    assert ops.image.sobel_edges(images).dtype == ("float32" if dtype == "uint8" else dtype)
    alike = ops.image.ssim(images, images, 255.0, 5)
    assert alike.dtype == (dtype if small else "float32")
    np.testing.assert_allclose(np.asarray(alike, "float32"), 1.0, rtol=1e-2 if small else 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "args", "options"),
    [
        ("gaussian_blur", ((3, 3),), SAME),
        ("sobel_edges", (), {}),
        ("ssim", (OTHERS, 1.0, 5), {}),
        ("perspective_transform", (FROM, TO[0]), {}),
        ("elastic_transform", (), {"seed": 3, "sigma": 1.0}),
    ],
)
def test_gradients_of_filters_and_warps_are_those_of_keras(name, args, options):
    x = IMAGES[:1]
    args = tuple(arg[:1] if arg is OTHERS else arg for arg in args)
    mine, other = (
        jax.grad(lambda x, lib=lib: jnp.sum(jnp.sin(getattr(lib, name)(x, *args, **options))))(jnp.asarray(x))
        for lib in (ops.image, keras.ops.image)
    )
    np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


def test_a_generator_draws_another_bend_each_time():
    seed, other = kerax.random.SeedGenerator(5), keras.random.SeedGenerator(5)
    first, second = (ops.image.elastic_transform(IMAGES, sigma=1.0, seed=seed) for _ in range(2))
    np.testing.assert_allclose(first, keras.ops.image.elastic_transform(IMAGES, sigma=1.0, seed=other), atol=1e-5)
    assert not np.allclose(first, second)
    kerax.utils.set_random_seed(3)
    once = ops.image.elastic_transform(IMAGES, sigma=1.0)
    kerax.utils.set_random_seed(3)
    np.testing.assert_array_equal(once, ops.image.elastic_transform(IMAGES, sigma=1.0))


def test_an_affine_transform_may_narrow_towards_a_side():
    narrowing = np.array([1, 0, 0, 0, 1, 0, 0.1, 0], "float32")
    y = ops.image.affine_transform(IMAGES[0], narrowing, interpolation="nearest", fill_mode="nearest")
    np.testing.assert_array_equal(y[4, 5], IMAGES[0][round(4 / 1.5), round(5 / 1.5)])


def test_an_unknown_height_stays_unknown_where_it_can():
    images = KerasTensor((None, None, None, 3))
    assert ops.image.resize(images, (4, 5)).shape == (None, 4, 5, 3)
    assert ops.image.rgb_to_grayscale(images).shape == (None, None, None, 1)
    assert ops.image.pad_images(images, 1, 1, 1, 1).shape == (None, None, None, 3)
    assert ops.image.gaussian_blur(images).shape == (None, None, None, 3)
    images = KerasTensor((None, 12, 14, 3))
    assert ops.image.sobel_edges(images).shape == (None, 12, 14, 3, 2)
    assert ops.image.ssim(images, images).shape == (None,)
    assert ops.image.perspective_transform(images, FROM, KerasTensor((None, 4, 2))).shape == (None, 12, 14, 3)
    assert ops.image.elastic_transform(images).shape == (None, 12, 14, 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.image.resize(IMAGES, (2, 2), interpolation="area"), "interpolation='area'.*bilinear"),
        (lambda: ops.image.resize(IMAGES, 2), "size=2.*height, width"),
        (lambda: ops.image.resize(IMAGES[0, 0], (2, 2)), "batch"),
        (lambda: ops.image.pad_images(IMAGES, 1), "just two of the three"),
        (lambda: ops.image.crop_images(IMAGES, 1, 1, target_height=9, target_width=2), "none below 0"),
        (lambda: ops.image.rgb_to_grayscale(jnp.ones((2, 2, 4))), "4 channels"),
        (lambda: ops.image.gaussian_blur(IMAGES, (3,)), "kernel_size=.3,.*one for width"),
        (lambda: ops.image.gaussian_blur(IMAGES, (0, 3)), "size 0.*at least 1"),
        (lambda: ops.image.sobel_edges(IMAGES[0]), "a batch"),
        (lambda: ops.image.ssim(IMAGES, IMAGES[:1]), "equal shapes"),
        (lambda: ops.image.ssim(IMAGES, IMAGES), "filter_size=11"),
        (lambda: ops.image.perspective_transform(IMAGES, FROM[:3], FROM), r"start_points of shape \(3, 2\)"),
        (lambda: ops.image.perspective_transform(IMAGES, FROM, FROM, "bicubic"), "'bicubic'.*bilinear"),
        (lambda: ops.image.elastic_transform(IMAGES, fill_mode="edge"), "fill_mode='edge'"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
