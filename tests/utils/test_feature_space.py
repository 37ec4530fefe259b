"""FeatureSpace: every kind of column, crosses, both outputs, in models and in files."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

import kerax
from kerax import layers
from kerax._errors import ArgumentError, DataError, NotBuiltError
from kerax.utils import FeatureSpace

TABLE = {
    "plain": [1.0, 2.0, 3.0, 4.0],
    "scaled": [1.0, 2.0, 3.0, 4.0],
    "normal": [1.0, 2.0, 3.0, 4.0],
    "binned": [0.0, 1.0, 2.0, 3.0],
    "word": ["a", "b", "a", "c"],
    "number": [7, 5, 7, 7],
    "hashed_word": ["x", "y", "x", "z"],
    "hashed_number": [1, 2, 3, 1],
}


def kinds():
    """A column of every kind, with fresh layers."""
    return {
        "plain": "float",
        "normal": "float_normalized",
        "word": "string_categorical",
        "number": "integer_categorical",
        "scaled": FeatureSpace.float_rescaled(scale=2.0, offset=1.0),
        "binned": FeatureSpace.float_discretized(num_bins=2),
        "hashed_word": FeatureSpace.string_hashed(num_bins=4),
        "hashed_number": FeatureSpace.integer_hashed(num_bins=3),
    }


def adapted(features=None, table=TABLE, **options):
    space = FeatureSpace(features or kinds(), **options)
    space.adapt(table)
    return space


def one_hot(indices, depth):
    return np.eye(depth)[indices]


EXPECTED = {
    "plain": np.array(TABLE["plain"])[:, None],
    "scaled": np.array([[3.0], [5.0], [7.0], [9.0]]),
    "normal": (np.arange(1.0, 5.0)[:, None] - 2.5) / np.sqrt(1.25),
    "binned": one_hot([0, 1, 1, 1], 2),  # one boundary, 1.0
    "word": one_hot([1, 3, 1, 2], 4),
    "number": one_hot([1, 2, 1, 1], 3),
}


def test_a_dict_holds_every_kind_of_column():
    out = adapted(output_mode="dict")(TABLE)
    for name, expected in EXPECTED.items():
        np.testing.assert_allclose(out[name], expected, rtol=1e-5, err_msg=name)
    hashing = layers.Hashing(num_bins=4)
    np.testing.assert_array_equal(out["hashed_word"], one_hot(np.asarray(hashing(TABLE["hashed_word"])), 4))
    assert out["hashed_number"].shape == (4, 3)


def test_a_vector_holds_the_columns_by_name_and_then_the_crosses():
    space = adapted(
        {"b": "float", "a": "string_categorical", "c": "integer_categorical"},
        {"b": [1.0, 2.0], "a": ["x", "y"], "c": [3, 3]},
        crosses=[("c", "a"), FeatureSpace.cross(("a", "c"), crossing_dim=5)],
        crossing_dim=4,
    )
    out = np.asarray(space({"b": [9.0], "a": ["x"], "c": [3]}))
    assert out.shape == (1, 3 + 1 + 2 + 5 + 4)
    assert out[0, :6].tolist() == [0, 0, 1, 9, 0, 1]
    index = np.array([[2]]), np.array([[1]])  # of a and c
    crossed = [
        layers.HashedCrossing(5, output_mode="one_hot")(index),
        layers.HashedCrossing(4, output_mode="one_hot")(index[::-1]),
    ]
    np.testing.assert_array_equal(out[:, 6:], np.concatenate(crossed, axis=1))


def test_keras_agrees_where_it_needs_no_tensorflow():
    """Its FeatureSpace is told that it has learned all it needs, since its adapt asks for tf.data."""
    table = {"z": [1.0, 2.0], "b": [1.0, 2.0], "c": [0.5, 3.0]}

    def made(library):
        space = library.utils.FeatureSpace
        return space(
            {
                "z": "float",
                "b": space.float_rescaled(2.0, 1.0),
                "c": space.feature("float32", library.layers.Normalization(mean=2.0, variance=4.0), "float"),
            }
        )

    theirs = made(keras)
    theirs._is_adapted = True
    ours = made(kerax)
    ours.adapt(table)
    assert ours.get_encoded_features().shape == theirs.get_encoded_features().shape
    inputs = theirs.get_inputs()
    whole = keras.Model([inputs[name] for name in table], theirs.get_encoded_features())
    columns = [np.array(values, "float32")[:, None] for values in table.values()]
    np.testing.assert_allclose(ours(table), whole(columns), rtol=1e-6)
    config, other = ours.get_config(), theirs.get_config()
    assert list(config) == list(other)
    assert {key: list(value["config"]) for key, value in config["features"].items()} == {
        key: list(value["config"]) for key, value in other["features"].items()
    }


@pytest.mark.parametrize(
    "data",
    [
        lambda: TABLE,
        lambda: {name: np.array(column)[:, None] for name, column in TABLE.items()},
        lambda: iter([{name: column[i] for name, column in TABLE.items()} for i in range(4)]),
        lambda: [{name: np.array(column[i : i + 2]) for name, column in TABLE.items()} for i in (0, 2)],
    ],
    ids=["columns", "column arrays", "rows", "batches"],
)
def test_data_comes_in_columns_rows_and_batches(data):
    space = FeatureSpace(kinds())
    space.adapt(data())
    np.testing.assert_allclose(space(TABLE), adapted()(TABLE), rtol=1e-5)


def test_pandas_tables_are_data():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(TABLE)
    space = FeatureSpace(kinds())
    space.adapt(table)
    np.testing.assert_allclose(space(dict(table)), adapted()(TABLE), rtol=1e-5)


def test_a_single_row_has_no_axis_of_rows():
    space = adapted()
    row = {name: column[0] for name, column in TABLE.items()}
    out = space(row)
    np.testing.assert_allclose(out, space(TABLE)[0], rtol=1e-6)
    assert out.ndim == 1


@pytest.mark.parametrize("output_mode", ["concat", "dict"])
def test_models_take_raw_tables(output_mode, tmp_path):
    space = adapted(crosses=[("word", "number")], output_mode=output_mode)
    encoded = space.get_encoded_features()
    x = layers.Concatenate()(list(encoded.values())) if output_mode == "dict" else encoded
    model = kerax.Model(space.get_inputs(), layers.Dense(1)(x))
    columns = {name: np.array(column) for name, column in TABLE.items()}
    model.compile("sgd", "mse")
    model.fit(columns, np.ones(4), verbose=0)
    expected = model.predict(columns, verbose=0)
    model.save(tmp_path / "model.keras")
    again = kerax.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(columns, verbose=0), expected, rtol=1e-6)
    assert set(space.get_preprocessed_features()) == set(TABLE)


def test_a_space_in_a_model_is_a_layer_of_it():
    space = adapted()
    inputs = {name: kerax.Input((1,), dtype=tensor.dtype, name=name) for name, tensor in space.get_inputs().items()}
    model = kerax.Model(inputs, layers.Dense(1)(space(inputs)))
    columns = {name: np.array(column) for name, column in TABLE.items()}
    wanted = np.asarray(space(TABLE)) @ np.asarray(model.layers[-1].kernel)
    np.testing.assert_allclose(model.predict(columns, verbose=0), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kind", "on_host"), [("integer_hashed", True), ("integer_categorical", False)])
def test_a_space_without_text_runs_on_the_device_where_its_layers_do(kind, on_host):
    space = adapted({"n": kind}, {"n": [3, 5]})
    inputs = {"n": kerax.Input((1,), dtype="int32", name="n")}
    model = kerax.Model(inputs, space(inputs))
    assert (model._host_part() is not None) == on_host
    column = {"n": np.array([5, 9])}
    np.testing.assert_array_equal(model.predict(column, verbose=0), space(column))


def test_a_space_is_saved_with_all_it_learned(tmp_path):
    space = adapted(crosses=[("word", "number")])
    space.save(tmp_path / "space.keras")
    again = kerax.models.load_model(tmp_path / "space.keras")
    np.testing.assert_allclose(again(TABLE), space(TABLE), rtol=1e-6)
    assert json.dumps(again.get_config()) == json.dumps(space.get_config())
    fresh = FeatureSpace.from_config(space.get_config())
    fresh.adapt(TABLE)
    np.testing.assert_allclose(fresh(TABLE), space(TABLE), rtol=1e-6)


def test_a_layer_of_ones_own_prepares_a_column():
    words = layers.TextVectorization(output_mode="count")
    space = adapted({"text": FeatureSpace.feature("string", words, "float")}, {"text": ["1st text", "2nd text"]})
    assert np.asarray(space({"text": ["text text"]})).tolist() == [[0, 2, 0, 0]]
    assert space.preprocessors["text"] is words
    given = FeatureSpace.feature("string", layers.StringLookup(vocabulary=["a"]), "one_hot")
    assert np.asarray(adapted({"w": given}, {"w": ["x"]})({"w": ["a"]})).tolist() == [[0, 1]]


def test_integers_stay_integers_in_a_dict():
    space = adapted(
        {
            "w": FeatureSpace.string_categorical(output_mode="int"),
            "n": FeatureSpace.integer_hashed(3, output_mode="int"),
        },
        {"w": ["a"], "n": [1]},
        crosses=[FeatureSpace.cross(("w", "n"), 8, output_mode="int")],
        output_mode="dict",
    )
    out = space({"w": ["a"], "n": [1]})
    assert {name: str(value.dtype) for name, value in out.items()} == dict.fromkeys(("n", "w", "w_X_n"), "int32")
    assert set(space.crossers) == {"w_X_n"}


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: FeatureSpace({}), "features={}"),
        (lambda: FeatureSpace({"a": "floats"}), "feature 'a'.*kind 'floats'.*float_normalized"),
        (lambda: FeatureSpace({"a": "float"}, output_mode="list"), "output_mode='list'"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), r"cross of \('a', 'b'\).*\['a'\]"),
        (lambda: FeatureSpace({"a": "float"}, crosses=["a"]), r"cross of \('a',\).*at least 2"),
        (lambda: FeatureSpace.float_discretized(2, output_mode="hot"), "output_mode='hot'"),
        (
            lambda: adapted({"a": FeatureSpace.string_hashed(3, output_mode="int")}, {"a": ["x"]}),
            "feature 'a' of dtype int32.*not encoded.*output_mode=\"dict\"",
        ),
        (
            lambda: adapted({"a": FeatureSpace.feature("float32", layers.Rescaling(2.0), "one_hot")}, {"a": [1.0]}),
            "feature 'a'.*gives float32.*integers",
        ),
    ],
)
def test_descriptions_that_make_no_sense(make, match):
    with pytest.raises(ArgumentError, match=match):
        make()


def test_data_that_does_not_fit():
    space = FeatureSpace({"a": "float", "b": "string_categorical"})
    with pytest.raises(NotBuiltError, match=r"before adapt\(\).*feature_space.adapt"):
        space({"a": [1.0], "b": ["x"]})
    with pytest.raises(NotBuiltError, match=r"before adapt\(\)"):
        space.get_inputs()
    with pytest.raises(DataError, match=r"columns \['a'\].*\['b'\] among them"):
        space.adapt({"a": [1.0]})
    with pytest.raises(DataError, match="no data.*at least one row"):
        space.adapt(iter([]))
    with pytest.raises(DataError, match=r"a batch that is a tuple.*lambda x, y: x"):
        space.adapt(iter([({"a": [1.0], "b": ["x"]}, [0])]))
    space.adapt({"a": [1.0], "b": ["x"]})
    with pytest.raises(DataError, match=r"columns \['b'\].*\['a'\] among them"):
        space({"b": ["x"]})
