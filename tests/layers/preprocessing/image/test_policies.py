"""MixUp, RandAugment and AugMix."""

from __future__ import annotations

import json

import jax
import keras
import numpy as np
import pytest

import kerax
from kerax import layers

PIXELS = np.random.default_rng(0).integers(0, 255, (3, 8, 9, 3)).astype("float32")


def test_mixup_mixes_images_and_labels_by_the_same_share():
    layer = layers.MixUp(0.4, seed=2)
    data = {"images": PIXELS, "labels": np.eye(3, dtype="float32")}
    drawn = layer.get_random_transformation(data, seed=kerax.random.SeedGenerator(2))
    weight, order = (np.asarray(drawn[key]) for key in ("mix_weight", "permutation_order"))
    out = layer(data)
    share = weight[:, None, None, None]
    np.testing.assert_allclose(out["images"], share * PIXELS + (1 - share) * PIXELS[order], atol=1e-3)
    np.testing.assert_allclose(
        out["labels"], weight[:, None] * np.eye(3) + (1 - weight[:, None]) * np.eye(3)[order], atol=1e-6
    )
    with pytest.raises(TypeError, match=r"labels of dtype int32.*one-hot labels"):
        layer({"images": PIXELS, "labels": np.arange(3, dtype="int32")})
    with pytest.raises(ValueError, match=r"alpha=-1.*above 0"):
        layers.MixUp(-1)


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype:UserWarning")
def test_mixup_draws_what_keras_draws():
    ours, theirs = (np.asarray(library.MixUp(seed=3)(PIXELS)) for library in (layers, keras.layers))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_both_images_keep_their_boxes():
    boxes = {"boxes": np.arange(24, dtype="float32").reshape(3, 2, 4), "labels": np.arange(6).reshape(3, 2)}
    out = layers.MixUp(seed=2, bounding_box_format="xyxy")({"images": PIXELS, "bounding_boxes": boxes})[
        "bounding_boxes"
    ]
    assert out["boxes"].shape == (3, 4, 4)
    assert out["labels"].shape == (3, 4)
    np.testing.assert_array_equal(out["boxes"][:, :2], boxes["boxes"])
    np.testing.assert_array_equal(np.asarray(out["boxes"])[..., 0] // 4, out["labels"])


@pytest.mark.slow
def test_rand_augment_chooses_and_changes_as_keras_does():
    for seed in range(8):
        ours, theirs = (library.RandAugment(seed=seed) for library in (layers, keras.layers))
        np.testing.assert_allclose(np.asarray(ours(PIXELS[:1])), np.asarray(theirs(PIXELS[:1])), atol=5e-2)


@pytest.mark.slow
def test_rand_augment_moves_boxes_and_masks_with_the_images():
    images = np.zeros((1, 40, 50, 3), "float32")
    images[0, 15:25, 20:35] = 255
    boxes = {"boxes": np.array([[[20, 15, 35, 25]]], "float32"), "labels": np.array([[1]])}
    masks = (images[..., :1] > 0).astype("int32")
    layer = layers.RandAugment(num_ops=1, factor=0.2, bounding_box_format="xyxy", seed=1)
    chosen = set()
    for _ in range(12):
        before = np.asarray(layer.generator.state.value)
        out = layer({"images": images, "bounding_boxes": boxes, "segmentation_masks": masks})
        start = kerax.random.SeedGenerator(0)
        start.state.assign(before)
        chosen.add(int(layer.get_random_transformation(images, seed=start)["layers"][0]))
        seen = np.asarray(out["segmentation_masks"])[0, :, :, 0] > 0
        rows, columns = np.where(seen.any(axis=1))[0], np.where(seen.any(axis=0))[0]
        found = np.asarray(out["bounding_boxes"]["boxes"])[0, 0]
        np.testing.assert_allclose(found, [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], atol=1.6)
    assert len(chosen) > 4


@pytest.mark.slow
def test_aug_mix_mixes_chains_of_layers():
    layer = layers.AugMix(seed=4)
    outs = np.stack([np.asarray(layer(PIXELS)) for _ in range(6)])
    theirs = keras.layers.AugMix(seed=4)
    other = np.stack([np.asarray(theirs(PIXELS)) for _ in range(6)])
    assert outs.shape == other.shape
    assert outs.min() >= 0
    assert outs.max() <= 255
    # As far from the images as Keras's are, on average.
    ours, keras_gap = (np.abs(x - PIXELS).mean() for x in (outs, other))
    assert 0.3 < ours / keras_gap < 3
    assert np.ptp(np.abs(outs - PIXELS).mean(axis=(1, 2, 3, 4))) > 1
    data = {"images": PIXELS, "labels": np.eye(3, dtype="float32"), "segmentation_masks": PIXELS[..., :1]}
    mixed = layer(data)
    np.testing.assert_array_equal(mixed["labels"], data["labels"])
    np.testing.assert_array_equal(mixed["segmentation_masks"], data["segmentation_masks"])


def test_the_parts_of_aug_mix_add_up():
    """One chain of one AutoContrast: the image and its stretched self, by the share drawn."""
    layer = layers.AugMix(num_chains=1, chain_depth=1)
    index = next(i for i, one in enumerate(layer._used()) if isinstance(one, layers.AutoContrast))
    drawn = {
        "chain_mixing_weights": np.ones(1, "float32"),
        "weight_sample": np.float32(0.3),
        "depths": np.ones(1, "int32"),
        "layers": np.array([[index]]),
        "states": np.zeros((1, 1, 2), "uint32"),
    }
    stretched = np.asarray(layers.AutoContrast()(PIXELS))
    out = layer.transform_images(PIXELS, drawn)
    np.testing.assert_allclose(out, 0.3 * PIXELS + 0.7 * stretched, atol=1e-3)
    assert len(layers.AugMix(all_ops=False)._used()) == len(layer._used()) - 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MixUp", "RandAugment", "AugMix"])
def test_they_train_in_half_precision_and_their_configs_are_those_of_keras(name):
    layer = getattr(layers, name)(seed=1, dtype="mixed_bfloat16")
    model = kerax.Sequential([kerax.Input((8, 9, 3)), layer, layers.Flatten(), layers.Dense(1)])
    model.compile(kerax.optimizers.SGD(1e-9), "mse")
    assert np.isfinite(model.fit(PIXELS, np.ones((3, 1)), verbose=0).history["loss"][0])
    assert layer(PIXELS, training=False).dtype == "bfloat16"
    np.testing.assert_array_equal(np.asarray(layer(PIXELS, training=False), "float32"), PIXELS)
    plain = json.loads(json.dumps(layers.serialize(layer)["config"]))
    theirs = getattr(keras.layers, name)(seed=1, dtype="mixed_bfloat16")
    other = json.loads(json.dumps(keras.layers.serialize(theirs)["config"]))
    assert {**plain, "name": ""} == {**other, "name": ""}
    again = keras.layers.deserialize(layers.serialize(layer))
    assert jax.tree.leaves(again.get_config()) == jax.tree.leaves(theirs.get_config() | {"name": layer.name})
