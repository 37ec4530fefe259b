"""What stands at several places of a model is saved once, and is one thing again when it is loaded."""

import json
import zipfile

import keras
import numpy as np
import pytest

import kerax
from kerax._serial import SHARED, sharing

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
TEXTS = np.array([["red wine"], ["wine"], ["beer"]], object)


def siamese(library):
    """A layer in two models inside of one, and in that one itself."""
    layers = library.layers
    shared = layers.Dense(3, name="shared")
    left = library.Sequential([library.Input((3,)), shared, layers.Dense(2)], name="left")
    inputs = library.Input((3,))
    right = library.Model(inputs, layers.Dense(2)(shared(inputs)), name="right")
    x = library.Input((3,))
    return library.Model(x, [left(x), right(x), shared(x)])


@pytest.mark.parametrize("name", ["m.keras", "m"])
def test_a_shared_layer_is_one_again(name, tmp_path):
    model = siamese(kerax)
    model.save(tmp_path / name)
    loaded = kerax.models.load_model(tmp_path / name)
    assert loaded.get_layer("left").get_layer("shared") is loaded.get_layer("right").get_layer("shared")
    assert loaded.get_layer("left").get_layer("shared") is loaded.get_layer("shared")
    assert loaded.count_params() == model.count_params()
    for a, b in zip(loaded(X), model(X), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's, of its own Variables
def test_keras_still_reads_what_it_could_read(tmp_path):
    relu = kerax.layers.ReLU()
    parts = [kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(2), relu], name=name) for name in ("a", "b")]
    x = kerax.Input((3,))
    model = kerax.Model(x, [*(part(x) for part in parts), relu(x)])
    model.save(tmp_path / "m.keras")
    for library in (keras, kerax):
        for a, b in zip(library.models.load_model(tmp_path / "m.keras")(X), model(X), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's, of its own Variables
def test_a_file_of_keras_whose_graph_names_calls_that_are_not_in_it_is_refused(tmp_path):
    siamese(keras).save(tmp_path / "theirs.keras")  # Keras itself cannot read it either
    with pytest.raises(ValueError, match=r"The file theirs.keras, entry config.json: got a config that cannot be read"):
        kerax.models.load_model(tmp_path / "theirs.keras")


def test_only_what_is_shared_has_a_number(tmp_path):
    def numbers(config):
        if isinstance(config, dict):
            own = [(config.get("class_name"), config[SHARED])] if SHARED in config else []
            return own + [found for value in config.values() for found in numbers(value)]
        return [found for value in config for found in numbers(value)] if isinstance(config, list) else []

    for model, expected in ((siamese(kerax), [("Dense", 1)] * 3), (kerax.Sequential([kerax.layers.Dense(1)]), [])):
        model(X)
        model.save(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            assert numbers(json.loads(archive.read("config.json"))) == expected


@pytest.mark.parametrize(
    ("number", "made"), [(1, 1), (True, 2), ("1", 2), ([1], 2), ({"a": 1}, 2), (1.0, 2), (None, 2)]
)
def test_whole_numbers_alone_share(number, made):
    config = {**kerax.layers.serialize(kerax.layers.Dense(1)), SHARED: number}
    with sharing():
        first, second = (kerax.layers.deserialize(config) for _ in range(2))
    assert len({id(first), id(second)}) == made
    assert kerax.layers.deserialize(config) is not first


def test_a_model_of_text_inside_a_model_is_loaded_before_it_has_its_words(tmp_path):
    vectorizer = kerax.layers.TextVectorization(output_sequence_length=2)
    vectorizer.adapt(["red wine"])
    encoder = kerax.Sequential([kerax.Input((1,), dtype="string"), vectorizer])
    text = kerax.Input((1,), dtype="string")
    model = kerax.Model(text, kerax.layers.Embedding(5, 2)(encoder(text)))
    model.save(tmp_path / "m.keras")
    loaded = kerax.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(TEXTS, verbose=0), model.predict(TEXTS, verbose=0))
