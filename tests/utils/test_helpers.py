"""The public helpers, against Keras where it has them."""

from __future__ import annotations

import zipfile

import keras
import numpy as np
import pytest

import kerax
from kerax import layers

RAGGED = [[1], [2, 3, 4], [], [5, 6]]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"maxlen": 2},
        {"maxlen": 5, "padding": "post"},
        {"maxlen": 2, "truncating": "post"},
        {"value": 9, "dtype": "float32"},
        {"maxlen": 2, "padding": "post", "truncating": "post", "value": -1.5, "dtype": "float64"},
    ],
)
def test_sequences_are_padded_as_keras_pads_them(options):
    ours, theirs = kerax.utils.pad_sequences(RAGGED, **options), keras.utils.pad_sequences(RAGGED, **options)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    assert kerax.preprocessing.sequence.pad_sequences is kerax.utils.pad_sequences


def test_sequences_of_vectors_and_of_words_are_padded(rng):
    vectors = [rng.normal(size=(n, 2)) for n in (1, 3)]
    np.testing.assert_array_equal(
        kerax.utils.pad_sequences(vectors, dtype="float64"), keras.utils.pad_sequences(vectors, dtype="float64")
    )
    words = kerax.utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="")
    assert words.tolist() == [["", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([[1]], None, "int32", "front"), "padding='front'"),
        ((3,), "a list of sequences"),
        (([1, 2],), "lists or arrays"),
        (([np.ones((1, 2)), np.ones((2, 3))],), "whose steps have shape"),
        (([["a"]], None, "int32", "pre", "pre", "x"), "dtype=object"),
    ],
)
def test_what_cannot_be_padded_is_told(arguments, text):
    with pytest.raises(ValueError, match=text):
        kerax.utils.pad_sequences(*arguments)


def test_labels_become_one_hot_rows():
    labels = np.array([[0], [2], [1]])
    np.testing.assert_array_equal(kerax.utils.to_categorical(labels), keras.utils.to_categorical(labels))
    np.testing.assert_array_equal(kerax.utils.to_categorical([1], 4), [[0, 1, 0, 0]])
    with pytest.raises(ValueError, match="labels from 0 to 1"):
        kerax.utils.to_categorical([0, 5], 2)


@pytest.mark.parametrize(("axis", "order"), [(-1, 2), (1, 1)])
def test_vectors_are_normalized(rng, axis, order):
    x = rng.normal(size=(3, 4))
    x[1] = 0
    np.testing.assert_allclose(kerax.utils.normalize(x, axis, order), keras.utils.normalize(x, axis, order))


def test_a_seed_repeats_weights_dropout_and_training(rng):
    x = rng.normal(size=(64, 4)).astype("float32")

    def run():
        kerax.utils.set_random_seed(7)
        model = kerax.Sequential([layers.Dense(8), layers.Dropout(0.5), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, x[:, :1], epochs=2, verbose=0)
        return model.get_weights()

    for a, b in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_files_are_fetched_once_and_unpacked(tmp_path):
    source = tmp_path / "source.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("inside.txt", "hello")
    cache = tmp_path / "cache"
    path = kerax.utils.get_file(origin=source.as_uri(), cache_dir=str(cache), extract=True)
    assert path.endswith("source_extracted")
    assert (cache / "datasets" / "source_extracted" / "inside.txt").read_text() == "hello"
    source.unlink()
    assert kerax.utils.get_file("source.zip", "https://nowhere.invalid/source.zip", cache_dir=str(cache)).endswith(
        ".zip"
    )


def test_registered_classes_are_found_by_name():
    @kerax.saving.register_keras_serializable(package="mine")
    class Twice(layers.Layer):
        def call(self, x):
            return 2 * x

    x = kerax.Input((2,))
    model = kerax.models.model_from_json(kerax.Model(x, Twice()(x)).to_json())
    np.testing.assert_array_equal(model(np.ones((1, 2), "float32")), [[2, 2]])
    assert kerax.saving.get_registered_name(Twice) == "mine>Twice"


def test_unknown_classes_in_a_config_are_told():
    class Stranger(layers.Layer):
        def call(self, x):
            return x

    config = kerax.saving.serialize_keras_object(Stranger())
    with pytest.raises(ValueError, match="Unknown class 'Stranger'.*custom_objects"):
        kerax.saving.deserialize_keras_object(config)
    assert isinstance(kerax.saving.deserialize_keras_object(config, {"Stranger": Stranger}), Stranger)


def test_the_old_backend_helpers_count_and_clear():
    assert kerax.backend.floatx() == "float32"
    assert [kerax.backend.get_uid("x"), kerax.backend.get_uid("x")] == [1, 2]
    kerax.backend.clear_session()
    assert kerax.backend.get_uid("x") == 1
