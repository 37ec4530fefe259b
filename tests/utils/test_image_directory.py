"""Images in folders: pixels and labels against Keras, files that are broken, training, resuming."""

from __future__ import annotations

import logging
import threading

import jax
import keras
import numpy as np
import pytest
from PIL import Image

import kerax
from kerax import layers, ops

from .folders import fill, picture, pictures

# Keras leaves its pools of threads and its files to the garbage collector, which complains.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed (running multiprocessing pool|file):ResourceWarning")
SIZE = {"image_size": (4, 6), "verbose": False}
NAMES = ["a/1.png", "a/2.jpg", "a/3.bmp", "b/1.gif", "b/deep/2.jpeg"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = pictures(tmp_path_factory.mktemp("images"), *NAMES, shape=(9, 14, 3))
    return fill(root, {"a/4.png": picture(9, (9, 14, 4)), "b/3.png": picture(8, (9, 14))})


def ours(folder, **options):
    return kerax.utils.image_dataset_from_directory(folder, **{**SIZE, **options})


def all_of(data):
    images, labels = zip(*[(np.asarray(x), np.asarray(y)) for x, y in data])
    return np.concatenate(images), np.concatenate(labels)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"crop_to_aspect_ratio": True},
        {"pad_to_aspect_ratio": True, "label_mode": "categorical"},
        {"color_mode": "grayscale", "label_mode": "binary"},
        {"color_mode": "rgba", "interpolation": "nearest"},
        {"interpolation": "bicubic", "image_size": 7},
        {"data_format": "channels_first"},
    ],
    ids=str,
)
def test_batches_are_those_of_keras(folder, options):
    options = {**SIZE, "shuffle": False, "batch_size": 4, **options}
    mine = list(kerax.utils.image_dataset_from_directory(folder, **options))
    reference = list(keras.utils.image_dataset_from_directory(folder, format="grain", **options))
    assert [x.shape for x, _ in mine] == [x.shape for x, _ in reference]
    for (x, y), (x_keras, y_keras) in zip(mine, reference):
        assert (x.dtype, y.dtype) == (x_keras.dtype, y_keras.dtype)
        np.testing.assert_allclose(x, x_keras, atol=3e-3)  # of 255
        np.testing.assert_array_equal(y, y_keras)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"crop_to_aspect_ratio": True, "color_mode": "grayscale"},
        {"pad_to_aspect_ratio": True, "label_mode": "categorical"},
        {"color_mode": "rgba", "interpolation": "nearest"},
        {"data_format": "channels_first", "interpolation": "area"},
        {"label_mode": None},
    ],
    ids=str,
)
def test_batches_of_many_sizes_are_the_images_one_by_one(tmp_path, options, monkeypatch):
    monkeypatch.setattr("kerax._host.resample._PIXELS", 1000)  # a few of each size together
    shapes = [(9, 14, 3), (14, 9, 3), (40, 60, 3), (30, 20, 4), (12, 12)]
    fill(tmp_path, {f"{'ab'[n % 2]}/{n}.png": picture(n, shapes[n * n % 5]) for n in range(30)})
    options = {"image_size": (12, 10), "shuffle": False, **options}
    batches, singles = ours(tmp_path, batch_size=13, **options), list(ours(tmp_path, batch_size=None, **options))
    assert [len(leaves[0]) for leaves in map(jax.tree.leaves, batches)] == [13, 13, 4]
    together = jax.tree.map(lambda *parts: np.concatenate(parts), *batches)
    jax.tree.map(np.testing.assert_array_equal, together, jax.tree.map(lambda *parts: np.stack(parts), *singles))


@pytest.mark.parametrize(
    "options", [{}, {"shuffle": False}, {"validation_split": 0.4, "subset": "validation"}, {"labels": None}], ids=str
)
def test_paths_are_in_the_order_of_keras(folder, options):
    options = {"seed": 11, **options}
    reference = keras.utils.image_dataset_from_directory(folder, format="grain", **{**SIZE, **options})
    mine = ours(folder, **options)
    assert mine.file_paths == reference.file_paths
    assert mine.class_names == reference.class_names


def test_single_images_and_images_without_labels(folder):
    singles = ours(folder, batch_size=None, shuffle=False)
    assert [(x.shape, int(y)) for x, y in singles] == [((4, 6, 3), 0)] * 4 + [((4, 6, 3), 1)] * 3
    alone = ours(folder, label_mode=None, batch_size=5, shuffle=False)
    assert [x.shape for x in alone] == [(5, 4, 6, 3), (2, 4, 6, 3)]
    np.testing.assert_array_equal(np.concatenate(list(alone)), np.stack([x for x, _ in singles]))
    assert alone.class_names is None
    assert int(alone.cardinality()) == 2
    images, labels = ours(folder).element_spec
    assert images.shape == (None, 4, 6, 3)
    assert images.dtype == "float32"
    assert labels.dtype == "int32"


def test_webp_and_sixteen_bits_and_the_first_frame_are_read(tmp_path):
    colours, frames = picture(1, (4, 6, 3)), [np.full((4, 6), value, "uint8") for value in (40, 200)]
    deep = np.arange(24, dtype="uint16").reshape(4, 6) * 2700
    (tmp_path / "a").mkdir()
    Image.fromarray(colours).save(tmp_path / "a" / "1.webp", lossless=True)
    Image.fromarray(deep).save(tmp_path / "a" / "2.png")
    Image.fromarray(frames[0]).save(tmp_path / "a" / "3.gif", save_all=True, append_images=[Image.fromarray(frames[1])])
    webp, grey, gif = (x for x, _ in ours(tmp_path, shuffle=False, batch_size=None))
    np.testing.assert_array_equal(webp, colours)
    np.testing.assert_array_equal(grey, np.repeat((deep // 256)[..., None], 3, axis=-1))
    np.testing.assert_array_equal(gif, np.full((4, 6, 3), 40))


BROKEN = {
    "empty": (b"", "it is empty"),
    "no image": (b"these are words", "no image that Pillow knows"),
    "cut off": ("cut off", "truncated|cut"),
    "damaged": ("damaged", "broken"),
}


def broken(kind, tmp_path):
    content = BROKEN[kind][0]
    if kind == "cut off":
        Image.fromarray(picture(3, (60, 60, 3))).save(tmp_path / "whole.jpg")
        return (tmp_path / "whole.jpg").read_bytes()[:900]
    if kind == "damaged":
        Image.fromarray(picture(3, (60, 60, 3))).save(tmp_path / "whole.png")
        data = (tmp_path / "whole.png").read_bytes()
        return data[:1000] + bytes(500) + data[1500:]
    return content


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_or_skipped_and_counted(kind, tmp_path, caplog):
    root = pictures(tmp_path / "root", "a/1.png", "a/2.png", "b/1.png", "b/2.png")
    name = "b/bad.png" if kind == "damaged" else "b/bad.jpg"
    fill(root, {name: broken(kind, tmp_path)})
    with pytest.raises(ValueError, match=rf"file '.*{name}'.*({BROKEN[kind][1]}).*on_error=\"skip\"") as error:
        list(ours(root, seed=1))
    assert type(error.value).__name__ == "DataError"

    data = ours(root, on_error="skip", shuffle=False, batch_size=3)
    with caplog.at_level(logging.WARNING, logger="kerax"):
        for _ in range(2):
            images, labels = all_of(data)
            assert labels.tolist() == [0, 0, 1, 1]
            assert [x.shape for x, _ in data] == [(3, 4, 6, 3), (1, 4, 6, 3)]
    assert list(data.skipped) == [str(root / name)]
    assert len(caplog.records) == 1
    assert str(root / name) in caplog.text
    assert np.isfinite(images).all()


def test_a_file_that_is_gone_is_named(tmp_path):
    data = ours(pictures(tmp_path, "a/1.png", "a/2.png"), shuffle=False)
    (tmp_path / "a" / "2.png").unlink()
    with pytest.raises(ValueError, match=r"a/2\.png.*No such file"):
        list(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"color_mode": "cmyk"}, "color_mode='cmyk'"),
        ({"interpolation": "foo"}, "interpolation='foo'.*mitchellcubic"),
        ({"image_size": (3,)}, r"image_size=\(3,\)"),
        ({"image_size": (3, 0)}, r"image_size=\(3, 0\).*positive"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "both crop_to_aspect_ratio and pad"),
        ({"data_format": "foo"}, "data_format.*'foo'"),
        ({"format": "torch"}, "format='torch'"),
    ],
)
def test_options_that_do_not_fit_are_named(folder, options, message):
    with pytest.raises(ValueError, match=message):
        ours(folder, **options)


def test_a_folder_without_images_says_what_would_be_one(tmp_path):
    fill(tmp_path, {"a/words.txt": "words"})
    with pytest.raises(ValueError, match=r"no images in .*\.webp"):
        ours(tmp_path)


def light_and_dark(folder, count=12):
    """Two classes that a model tells apart at once."""
    noise = np.random.default_rng(0)
    for number in range(count):
        for name, level in (("dark", 40), ("light", 210)):
            fill(folder, {f"{name}/{number}.png": (level + noise.integers(-20, 20, (8, 8, 3))).astype("uint8")})
    return folder


def classifier():
    model = kerax.Sequential([layers.Rescaling(1 / 127.5, -1), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", kerax.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def left_over(before):
    """Threads that were not there before, a second later."""
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=1)
    return set(threading.enumerate()) - before


def test_a_model_learns_from_a_folder_and_no_thread_is_left(tmp_path):
    kerax.utils.set_random_seed(0)
    before = set(threading.enumerate())
    train, validation = ours(
        light_and_dark(tmp_path), label_mode="binary", validation_split=0.25, subset="both", seed=1, batch_size=5
    )
    model = classifier()
    history = model.fit(train, validation_data=validation, epochs=4, verbose=0).history
    assert history["val_accuracy"][-1] == 1
    assert history["loss"][-1] < history["loss"][0]
    predicted = (model.predict(validation, verbose=0) > 0).astype("float32")
    np.testing.assert_array_equal(predicted, all_of(validation)[1])
    assert not left_over(before)


def test_a_broken_file_ends_a_fit_with_its_name_and_no_thread_is_left(tmp_path):
    before = set(threading.enumerate())
    fill(light_and_dark(tmp_path), {"dark/bad.png": b""})
    with pytest.raises(ValueError, match=r"dark/bad\.png.*empty"):
        classifier().fit(ours(tmp_path, label_mode="binary", seed=1), verbose=0)
    assert not left_over(before)


def test_an_iterator_goes_on_from_a_saved_place(folder):
    straight = iter(ours(folder, seed=2, batch_size=2))
    first = next(straight)
    state = straight.get_state()
    rest = list(straight)
    resumed = iter(ours(folder, seed=2, batch_size=2))
    resumed.set_state(state)
    again = list(resumed)
    assert len(again) == len(rest) == 3
    for (x, y), (x_again, y_again) in zip(rest, again):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(y, y_again)
    assert not np.array_equal(first[0], rest[0][0])


def test_elements_can_be_mapped_and_cached(folder):
    scaled = ours(folder, shuffle=False).map(lambda x, y: (x / 255, y)).cache()
    for _ in range(2):
        images, _ = all_of(scaled)
        assert 0.5 < images.max() <= 1
    assert ops.shape(next(iter(scaled))[0]) == (7, 4, 6, 3)
