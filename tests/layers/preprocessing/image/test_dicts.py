"""Dicts of images, labels, boxes and masks: everything moves as the images do."""

from __future__ import annotations

import copy

import jax
import keras
import numpy as np
import pytest

import kerax.layers as layers
from kerax.utils import bounding_boxes

HEIGHT, WIDTH = 8, 9


def example(boxes_as="xyxy"):
    rng = np.random.default_rng(1)
    first, second = [[1, 2, 5, 6], [0, 0, 9, 8], [3, 3, 4, 7]], [[2, 1, 8, 3], [4, 4, 6, 6], [1, 1, 2, 3]]
    boxes = np.array([first, second], "float32")
    return {
        "images": rng.integers(0, 255, (2, HEIGHT, WIDTH, 3)).astype("float32"),
        "labels": np.eye(4, dtype="float32")[:2],
        "bounding_boxes": {
            "boxes": np.asarray(bounding_boxes.convert_format(boxes, "xyxy", boxes_as, HEIGHT, WIDTH)),
            "labels": np.array([[0, 1, 2], [1, 2, -1]], "int32"),
        },
        "segmentation_masks": rng.integers(0, 3, (2, HEIGHT, WIDTH, 1)).astype("float32"),
    }


def one_of(data, row=0):
    return jax.tree.map(lambda x: x[row], data)


MOVING = [
    ("RandomFlip", {"seed": 3}, "xyxy"),
    ("RandomFlip", {"seed": 3}, "rel_xywh"),
    ("RandomFlip", {"seed": 3, "mode": "horizontal"}, "center_yxhw"),
    ("RandomRotation", {"factor": 0.3, "seed": 3}, "xyxy"),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.2, "seed": 3}, "xywh"),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2, "seed": 3}, "rel_yxyx"),
    ("RandomPerspective", {"factor": (0.9, 1.0), "scale": 0.3, "seed": 3}, "xyxy"),
    ("Resizing", {"height": 4, "width": 5}, "rel_center_xywh"),
    ("CenterCrop", {"height": 4, "width": 5}, "xyxy"),
    ("RandomErasing", {"seed": 3}, "xyxy"),
    ("RandomBrightness", {"factor": 0.2, "seed": 3}, "xyxy"),
    ("MaxNumBoundingBoxes", {"max_number": 2}, "xyxy"),
    ("MaxNumBoundingBoxes", {"max_number": 5}, "xyxy"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "form"), MOVING, ids=[f"{row[0]}-{row[2]}" for row in MOVING])
def test_all_parts_become_what_they_become_in_keras(name, options, form):
    for data in (example(form), one_of(example(form))):
        ours = getattr(layers, name)(bounding_box_format=form, **options)(data)
        given = copy.deepcopy(data)  # Keras writes into what it is given
        theirs = getattr(keras.layers, name)(bounding_box_format=form, **options)(given)
        assert list(ours) == list(data)
        for part in data:
            for mine, other in zip(jax.tree.leaves(ours[part]), jax.tree.leaves(theirs[part]), strict=True):
                assert mine.shape == other.shape
                np.testing.assert_allclose(np.asarray(mine, "float64"), np.asarray(other, "float64"), atol=2e-2)


SEEN = {
    "RandomFlip": {"mode": "horizontal", "seed": 1},
    "RandomRotation": {"factor": (0.08, 0.08), "fill_mode": "constant"},
    "RandomZoom": {"height_factor": (0.2, 0.2), "width_factor": (-0.1, -0.1), "fill_mode": "constant"},
    "RandomTranslation": {"height_factor": (0.1, 0.1), "width_factor": (0.2, 0.2), "fill_mode": "constant"},
    "RandomShear": {"x_factor": (0.2, 0.2), "y_factor": (0.1, 0.1), "fill_mode": "constant", "seed": 1},
    "RandomPerspective": {"factor": (1.0, 1.0), "scale": 0.3, "seed": 2},
    "RandomCrop": {"height": 80, "width": 100, "seed": 1},
    "CenterCrop": {"height": 200, "width": 120},
    "Resizing": {"height": 60, "width": 60, "crop_to_aspect_ratio": True},
}


@pytest.mark.parametrize("padded", [False, True])
def test_boxes_follow_what_resizing_shows(padded):
    check_seen("Resizing", {"height": 90, "width": 60, "pad_to_aspect_ratio": padded})


@pytest.mark.parametrize("name", SEEN)
def test_boxes_stay_around_what_they_showed(name):
    """The box of a bright rectangle is where the rectangle is seen afterwards, to a pixel; so is its mask."""
    check_seen(name, SEEN[name])


def check_seen(name, options):
    images = np.zeros((1, 100, 120, 1), "float32")
    images[0, 30:50, 40:80] = 255
    boxes = {"boxes": np.array([[[40, 30, 80, 50]]], "float32"), "labels": np.array([[1]])}
    layer = getattr(layers, name)(bounding_box_format="xyxy", **options)
    out = layer({"images": images, "bounding_boxes": boxes, "segmentation_masks": (images > 0).astype("int32")})
    bright = np.asarray(out["images"])[0, :, :, 0] > 127
    rows, columns = np.where(bright.any(axis=1))[0], np.where(bright.any(axis=0))[0]
    seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    np.testing.assert_allclose(np.asarray(out["bounding_boxes"]["boxes"])[0, 0], seen, atol=1.6)
    assert out["segmentation_masks"].dtype == "int32"
    assert np.mean((np.asarray(out["segmentation_masks"])[0, :, :, 0] > 0) == bright) > 0.98


def test_boxes_that_leave_the_image_lose_their_label():
    data = {
        "images": np.zeros((10, 10, 1), "float32"),
        "bounding_boxes": {"boxes": np.array([[0, 0, 2, 2], [4, 4, 6, 6]], "float32"), "labels": np.array([5, 7])},
    }
    out = layers.CenterCrop(4, 4, bounding_box_format="xyxy")(data)["bounding_boxes"]
    assert np.asarray(out["labels"]).tolist() == [-1, 7]
    assert np.asarray(out["boxes"]).tolist() == [[0, 0, 0, 0], [1, 1, 3, 3]]


def test_other_keys_and_the_given_dict_stay_as_they_are():
    data = {**example(), "name": np.arange(2), "labels": np.array(["cat", "dog"])}
    before = copy.deepcopy(data)
    out = layers.RandomFlip(seed=3, bounding_box_format="xyxy")(data)
    assert list(out) == list(data)
    assert np.asarray(out["name"]).tolist() == [0, 1]
    assert out["labels"].tolist() == ["cat", "dog"]
    jax.tree.map(np.testing.assert_array_equal, data, before)


def test_without_training_all_parts_stay():
    data = example()
    for name in ("RandomRotation", "RandomFlip", "RandomShear"):
        layer = getattr(layers, name)(
            **({"factor": 0.2} if name == "RandomRotation" else {}), bounding_box_format="xyxy"
        )
        jax.tree.map(np.testing.assert_array_equal, layer(data, training=False), data)


def test_symbolic_dicts_tell_the_shapes_of_real_ones():
    data = example()
    for layer in (layers.Resizing(4, 5), layers.RandomFlip(), layers.MaxNumBoundingBoxes(2)):
        layer.bounding_box_format = "xyxy"
        symbols = layer(jax.tree.map(lambda x: layers.Input(x.shape[1:], dtype=str(x.dtype)), data))
        real = layer(data)
        assert jax.tree.map(lambda x: (x.shape[1:], str(x.dtype)), symbols, is_leaf=lambda x: hasattr(x, "shape")) == (
            jax.tree.map(lambda x: (x.shape[1:], str(x.dtype)), real)
        )


def test_boxes_of_no_format_are_an_error_that_says_what_to_pass():
    with pytest.raises(ValueError, match=r"RandomFlip.*bounding_box_format=None.*bounding_box_format='xyxy'"):
        layers.RandomFlip()(example())
    with pytest.raises(ValueError, match=r"the format of bounding boxes 'corners'.*center_yxhw"):
        layers.RandomFlip(bounding_box_format="corners")
    data = {**example(), "bounding_boxes": np.zeros((2, 3, 4))}
    with pytest.raises(ValueError, match=r"bounding_boxes ndarray, expected a dict of 'boxes'"):
        layers.RandomFlip(bounding_box_format="xyxy")(data)
    with pytest.raises(ValueError, match=r"keys \['labels'\].*the key 'images'"):
        layers.RandomFlip()({"labels": np.zeros(2)})


def test_layers_that_cannot_move_boxes_say_so():
    for layer in (layers.CutMix(), layers.RandomElasticTransform()):
        layer.bounding_box_format = "xyxy"
        with pytest.raises(NotImplementedError, match=r"got bounding boxes, expected images, labels and masks. Try:"):
            layer(example())
