"""Arguments: their forms, errors, older spellings."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import kerax
from kerax import layers

FORMS = [
    ("RandomRotation", (0.2,), {"factor": (-0.2, 0.2)}),
    ("RandomRotation", ((0.2, -0.1),), {"factor": (-0.1, 0.2)}),
    ("RandomRotation", ([-0.1, 0.3],), {"factor": (-0.1, 0.3)}),
    ("RandomContrast", (0.2,), {"factor": (0, 0.2)}),
    ("RandomBrightness", (-1,), {"factor": (-1, 1)}),
    ("RandomHue", (0.2,), {"factor": (0, 0.2)}),
    ("RandomPosterization", (3,), {"factor": (1, 3)}),
    ("RandomZoom", (-0.2,), {"height_lower": -0.2, "height_upper": 0.2}),
    ("RandomZoom", ((0.3, 0.1),), {"height_lower": 0.1, "height_upper": 0.3}),
    ("RandomTranslation", ((-0.2, 0.3), 0.1), {"height_lower": -0.2, "width_upper": 0.1}),
    ("RandomShear", (0.2, (0.1, 0.3)), {"x_factor": (-0.2, 0.2), "y_factor": (0.1, 0.3)}),
    ("RandomErasing", (0.3, 0.2), {"factor": (0, 0.3), "scale": (0, 0.2)}),
    ("RandomGaussianBlur", (1.0, 3, 0.5), {"kernel_size": (3, 3), "sigma": (0, 0.5)}),
    ("AutoContrast", ((1, 0),), {"value_range": [0, 1]}),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), FORMS)
def test_numbers_and_pairs_mean_what_they_mean_in_keras(name, arguments, expected):
    import keras

    ours, theirs = (getattr(library, name)(*arguments) for library in (layers, keras.layers))
    for key, value in expected.items():
        assert getattr(ours, key) == value
        found = getattr(theirs, key)
        assert (tuple(found) if isinstance(found, list) else found) == (
            tuple(value) if isinstance(value, list) else value
        )


ERRORS = [
    ("RandomFlip", ("diagonal",), ValueError, r"RandomFlip.*mode='diagonal'.*horizontal_and_vertical"),
    ("RandomRotation", (2,), ValueError, r"factor=2, expected a number from -1.0 to 1.0"),
    ("RandomRotation", ("a",), ValueError, r"factor='a', expected a number from -1.0 to 1.0, or two of them"),
    ("RandomRotation", ((1, 0.5, 0.2),), ValueError, r"factor=\(1, 0.5, 0.2\)"),
    ("RandomRotation", (0.1, "mirror"), NotImplementedError, r"fill_mode='mirror', expected one of \('reflect'"),
    ("RandomRotation", (0.1, "wrap", "bicubic"), NotImplementedError, r"interpolation='bicubic'"),
    ("RandomZoom", (1.5,), ValueError, r"height_factor=1.5"),
    ("RandomZoom", (-1.0,), ValueError, r"a factor of -1.0, expected more than -1"),
    ("RandomTranslation", (0.1, 2), ValueError, r"width_factor=2"),
    ("RandomShear", (-0.1,), ValueError, r"x_factor=-0.1, expected a number from 0.0 to 1.0"),
    ("RandomContrast", (1.5,), ValueError, r"factor=1.5, expected a number from 0.0 to 1.0"),
    ("RandomBrightness", (0.1, (5,)), ValueError, r"value_range=\(5,\), expected two numbers"),
    ("RandomPosterization", (9,), ValueError, r"factor=9, expected a number from 1 to 8"),
    ("RandomGrayscale", (2,), ValueError, r"factor=2, expected a number from 0 to 1"),
    ("RandomGaussianBlur", (1.0, 4), ValueError, r"kernel_size=4, expected odd numbers"),
    ("RandomGaussianBlur", (1.0, 3, 2.0), ValueError, r"sigma=2.0"),
    ("RandomPerspective", (1.0, 2), ValueError, r"scale=2"),
    ("RandomErasing", (1.0, 3), ValueError, r"scale=3"),
    ("Solarization", (2,), ValueError, r"addition_factor=2"),
    ("Resizing", (3, 4, "area"), ValueError, r"interpolation='area'.*lanczos5"),
    ("Resizing", (3, 4, "bilinear", True, True), ValueError, r"both crop_to_aspect_ratio and pad_to_aspect_ratio"),
    ("Resizing", (0, 4), ValueError, r"height=0, expected a positive integer"),
    ("CenterCrop", (2.5, 4), ValueError, r"height=2.5, expected a positive integer"),
    ("MaxNumBoundingBoxes", (0,), ValueError, r"max_number=0, expected a positive integer"),
    ("Equalization", ((0, 255), 0), ValueError, r"bins=0"),
    ("ContrastLimitedAdaptiveHistogramEqualization", ((0, 255), -2.0), ValueError, r"clip_limit=-2.0"),
    ("RandAugment", ((0, 255), 2, 2), ValueError, r"factor=2"),
    ("AugMix", ((0, 255), 0), ValueError, r"num_chains=0"),
]


@pytest.mark.parametrize(("name", "arguments", "error", "text"), ERRORS)
def test_arguments_that_mean_nothing_are_named(name, arguments, error, text):
    with pytest.raises(error, match=text):
        getattr(layers, name)(*arguments)


@pytest.mark.parametrize("shape", [(9, 3), (1, 2, 8, 9, 3)])
def test_images_of_another_rank_are_an_error(shape):
    with pytest.raises(ValueError, match=r"RandomFlip.*images of shape.*\(height, width, channels\), or a batch"):
        layers.RandomFlip()(np.zeros(shape, "float32"))


def test_a_subclass_says_what_it_draws_and_what_that_does():
    base = layers.RandomFlip.__mro__[1]

    class Shade(base):
        def __init__(self, seed=None, **kwargs):
            super().__init__(factor=0.5, **kwargs)
            self.generator = kerax.random.SeedGenerator(seed)

        def get_random_transformation(self, data, training=True, seed=None):
            return kerax.random.uniform((), seed=seed) if training else None

        def transform_images(self, images, transformation, training=True):
            return images if transformation is None else images * transformation

    layer = Shade(seed=1)
    out = np.asarray(layer(np.ones((2, 4, 4, 3), "float32")))
    assert len(set(out.ravel().tolist())) == 1
    assert 0 < out.max() < 1
    np.testing.assert_array_equal(layer(np.ones((4, 4, 3), "float32"), training=False), 1)


@pytest.mark.parametrize("home", ["kerax", "kerax.compat.tf.keras"])
def test_older_names_are_the_same_layers(home):
    old = importlib.import_module(f"{home}.layers.experimental.preprocessing")
    assert old.RandomFlip is layers.RandomFlip
    assert old.Rescaling is layers.Rescaling
    assert layers.experimental.preprocessing.Resizing is layers.Resizing
    assert "RandomZoom" in dir(old)
    assert "Dense" not in dir(old)
    with pytest.raises(AttributeError, match="has no attribute 'RandomFlop'"):
        old.RandomFlop  # noqa: B018


def test_the_augmentation_of_tutorials_runs():
    augmentation = kerax.Sequential(
        [
            layers.RandomFlip("horizontal_and_vertical"),
            layers.RandomRotation(0.2),
            layers.RandomZoom(height_factor=(-0.3, -0.2)),
            layers.RandomContrast(0.1),
        ]
    )
    out = augmentation(np.random.default_rng(0).random((2, 12, 12, 3)).astype("float32"), training=True)
    assert out.shape == (2, 12, 12, 3)
