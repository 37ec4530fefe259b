"""Images through kerax and through Keras: equal seeds draw the same, and what is drawn does the same."""

from __future__ import annotations

import jax
import keras
import numpy as np
import pytest

import kerax.layers

PIXELS = np.random.default_rng(0).integers(0, 255, (2, 8, 9, 3)).astype("float32")
FIRST = PIXELS.transpose(0, 3, 1, 2)
CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"

# Name of the layer, its arguments, the images.
DRAWN = [
    ("RandomCrop", {"height": 4, "width": 5}, PIXELS),
    ("RandomFlip", {}, PIXELS),
    ("RandomFlip", {"mode": "vertical", "data_format": "channels_first"}, FIRST),
    ("RandomRotation", {"factor": 0.3}, PIXELS),
    ("RandomRotation", {"factor": (-0.1, 0.2), "fill_mode": "constant", "interpolation": "nearest"}, PIXELS),
    ("RandomZoom", {"height_factor": (-0.3, -0.2)}, PIXELS),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "constant", "fill_value": 9.0}, PIXELS),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "wrap"}, PIXELS),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2, "data_format": "channels_first"}, FIRST),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2, "fill_mode": "nearest"}, PIXELS),
    ("RandomPerspective", {"factor": (0.9, 1.0), "scale": 0.3}, PIXELS),
    ("RandomElasticTransform", {"factor": (0.9, 1.0), "fill_mode": "constant"}, PIXELS),
    ("RandomBrightness", {"factor": 0.3}, PIXELS),
    ("RandomBrightness", {"factor": (0.1, 0.3), "value_range": (0, 1)}, PIXELS / 255),
    ("RandomContrast", {"factor": (0.3, 0.9)}, PIXELS),
    ("RandomContrast", {"factor": 0.9, "data_format": "channels_first"}, FIRST),
    ("RandomInvert", {"factor": (0.9, 1.0)}, PIXELS),
    ("RandomPosterization", {"factor": (4, 7), "value_range": (0, 1)}, PIXELS / 255),
    ("Solarization", {"addition_factor": 0.3, "threshold_factor": 0.5}, PIXELS),
    ("RandomHue", {"factor": (0.3, 0.8)}, PIXELS),
    ("RandomSaturation", {"factor": (0.3, 1.0), "value_range": (0, 1)}, PIXELS / 255),
    ("RandomColorDegeneration", {"factor": 0.8}, PIXELS),
    ("RandomGrayscale", {"factor": 0.8}, PIXELS),
    ("RandomGrayscale", {"factor": 0.8, "data_format": "channels_first"}, FIRST.astype("uint8")),
    ("RandomColorJitter", {"brightness_factor": 0.3, "contrast_factor": 0.3, "hue_factor": 0.3}, PIXELS),
    ("RandomSharpness", {"factor": (0.2, 0.9)}, PIXELS),
    ("RandomGaussianBlur", {"factor": (0.9, 1.0), "kernel_size": (3, 5), "sigma": (0.3, 0.9)}, PIXELS),
    ("RandomErasing", {"factor": (0.9, 1.0)}, PIXELS),
    ("RandomErasing", {"factor": (0.9, 1.0), "scale": (0.1, 0.5), "fill_value": 7.0}, PIXELS),
    ("RandomErasing", {"factor": (0.9, 1.0), "value_range": (-1, 1)}, PIXELS / 127.5 - 1),
    ("CutMix", {}, PIXELS),
    ("CutMix", {"factor": (0.5, 1.0), "data_format": "channels_first"}, FIRST),
]
FIXED = [
    *[
        ("Resizing", {"height": 5, "width": 15, "interpolation": name, **more}, PIXELS)
        for name in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        for more in ({}, {"antialias": True})
    ],
    ("Resizing", {"height": 5, "width": 15, "crop_to_aspect_ratio": True}, PIXELS),
    ("Resizing", {"height": 12, "width": 5, "pad_to_aspect_ratio": True, "fill_value": 3.0}, PIXELS),
    ("Resizing", {"height": 5, "width": 4, "data_format": "channels_first"}, FIRST),
    ("CenterCrop", {"height": 4, "width": 5}, PIXELS),
    ("CenterCrop", {"height": 10, "width": 6}, PIXELS),
    ("CenterCrop", {"height": 3, "width": 4, "data_format": "channels_first"}, FIRST),
    ("AutoContrast", {}, PIXELS),
    ("AutoContrast", {"value_range": (0, 1)}, PIXELS / 300),
    ("AutoContrast", {}, PIXELS * 0 + 7),
    *[("Equalization", {"bins": bins}, PIXELS[0]) for bins in (10, 256, 300)],
    ("Equalization", {"value_range": (0, 1)}, PIXELS[0] / 255),
    (CLAHE, {"tile_grid_size": (3, 2)}, PIXELS),
    (CLAHE, {"clip_limit": 20.0, "value_range": (0, 1)}, PIXELS / 255),
    (CLAHE, {"tile_grid_size": (2, 3), "data_format": "channels_first"}, FIRST),
]


def named(rows):
    return [pytest.param(*row, id=f"{number}-{row[0]}") for number, row in enumerate(rows)]


def close(ours, theirs):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    scale = 1e-4 * max(1.0, np.abs(theirs.astype("float64")).max())
    np.testing.assert_allclose(ours.astype("float64"), theirs.astype("float64"), atol=scale)


@pytest.mark.parametrize(("name", "options", "images"), named(DRAWN))
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype:UserWarning")
def test_equal_seeds_make_the_images_that_keras_makes(name, options, images):
    ours, theirs = (getattr(library, name)(seed=3, **options) for library in (kerax.layers, keras.layers))
    for given in (images, images[0]):
        close(ours(given), theirs(given))


@pytest.mark.parametrize(("name", "options", "images"), named(FIXED))
@pytest.mark.slow
def test_layers_without_chance_make_the_images_that_keras_makes(name, options, images):
    ours, theirs = (getattr(library, name)(**options) for library in (kerax.layers, keras.layers))
    close(ours(images), theirs(images))
    if ours._on_host:  # then a model runs another code
        close(jax.jit(lambda x: ours(x))(images), theirs(images))


def test_resized_integers_are_those_of_keras_but_for_halves():
    for kind in ("uint8", "int32"):
        given = PIXELS.astype(kind)
        ours, theirs = (np.asarray(library.Resizing(5, 4)(given)) for library in (kerax.layers, keras.layers))
        assert ours.dtype == theirs.dtype == kind
        assert np.abs(ours.astype("int64") - theirs).max() <= 1


# A transformation written by hand: what each library makes of it.
GIVEN = [
    ("RandomBrightness", {"factor": 1.0}, {"rgb_delta": np.full((2, 1, 1, 1), -40.5, "float32")}),
    ("RandomContrast", {"factor": 1.0}, {"contrast_factor": np.array([0.2, 1.7], "float32").reshape(2, 1, 1, 1)}),
    ("RandomHue", {"factor": 1.0}, {"factor": np.array([-0.3, 0.4], "float32")}),
    ("RandomSaturation", {"factor": 1.0}, {"factor": np.array([0.3, 1.1], "float32")}),
    ("RandomSharpness", {"factor": 1.0}, {"factor": np.array([0.0, 1.0], "float32")}),
    ("RandomInvert", {}, {"apply_inversion": np.array([True, False])}),
    ("RandomPosterization", {"factor": 4}, {"shift_factor": np.array([2, 7], "uint8")}),
    (
        "RandomTranslation",
        {"height_factor": 1.0, "width_factor": 1.0},
        {"translations": np.array([[1.5, -2], [0, 3.2]])},
    ),
    ("RandomShear", {"x_factor": 1.0}, {"shear_factor": np.array([[0.2, -0.3], [0.0, 0.4]], "float32")}),
    ("MixUp", {}, {"mix_weight": np.array([0.3, 0.9], "float32"), "permutation_order": np.array([1, 0])}),
    (
        "Solarization",
        {},
        {key: np.array([60.0, 110.0], "float32").reshape(2, 1, 1, 1) for key in ("additions", "thresholds")},
    ),
]


@pytest.mark.parametrize(("name", "options", "transformation"), named(GIVEN))
def test_a_transformation_does_what_it_does_in_keras(name, options, transformation):
    whole = {**transformation, "input_shape": PIXELS.shape}
    ours, theirs = (getattr(library, name)(**options) for library in (kerax.layers, keras.layers))
    images = PIXELS if name != "RandomSaturation" else PIXELS * 0.5 + 60  # Keras lets stronger colours leave the range
    close(ours.transform_images(images, whole), theirs.transform_images(images, whole))


DISTRIBUTED = [
    ("RandomRotation", {"factor": (-0.1, 0.3)}, "angle"),
    ("RandomZoom", {"height_factor": (-0.3, 0.2), "width_factor": 0.1}, "width_zoom"),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": (0.1, 0.3)}, "translations"),
    ("RandomShear", {"x_factor": 0.2, "y_factor": (0.1, 0.4)}, "shear_factor"),
    ("RandomBrightness", {"factor": (-0.2, 0.5)}, "rgb_delta"),
    ("RandomContrast", {"factor": (0.1, 0.6)}, "contrast_factor"),
    ("RandomHue", {"factor": 0.4}, "factor"),
    ("RandomFlip", {}, "flips"),
    ("RandomInvert", {"factor": (0.2, 0.4)}, "apply_inversion"),
    ("RandomErasing", {"factor": 0.7}, "apply_erasing"),
    ("RandomPosterization", {"factor": (2, 6)}, "shift_factor"),
]


@pytest.mark.parametrize(("name", "options", "part"), named(DISTRIBUTED))
@pytest.mark.slow
def test_what_is_drawn_is_distributed_as_in_keras(name, options, part):
    """Other seeds than Keras's: ranges, means and deviations of 2,000 draws agree."""
    images = np.zeros((2000, 2, 2, 3), "float32")
    drawn = []
    for library, seed in ((kerax.layers, 5), (keras.layers, 11)):
        layer = getattr(library, name)(seed=seed, **options)
        values = layer.get_random_transformation(images, training=True, seed=layer.generator)[part]
        drawn.append(np.asarray(values, "float64").reshape(2000, -1))
    ours, theirs = drawn
    spread = theirs.std(axis=0) + 1e-6
    np.testing.assert_array_less(np.abs(ours.mean(0) - theirs.mean(0)) / spread, 0.15)
    np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.1, atol=1e-6)
    np.testing.assert_allclose(ours.min(0), theirs.min(0), atol=0.02 * (np.ptp(theirs) + 1e-6))
    np.testing.assert_allclose(ours.max(0), theirs.max(0), atol=0.02 * (np.ptp(theirs) + 1e-6))


def test_crops_begin_at_every_place_as_often_as_in_keras():
    starts = []
    for library in (kerax.layers, keras.layers):
        layer = library.RandomCrop(2, 4, seed=1)
        image = np.zeros((5, 6, 1), "float32")
        drawn = [layer.get_random_transformation(image, True, layer.generator)[:2] for _ in range(300)]
        starts.append(np.asarray([[int(top), int(left)] for top, left in drawn]))
    np.testing.assert_array_equal(starts[0], starts[1])
    assert set(starts[0][:, 0]) == {0, 1, 2, 3}
    assert set(starts[0][:, 1]) == {0, 1, 2}
