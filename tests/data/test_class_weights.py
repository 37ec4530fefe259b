import numpy as np
import pandas as pd
import pytest

from kerax._errors import ArgumentError, DataError
from kerax.data._adapters import class_sample_weight, make_adapter

WEIGHTS = {0: 2.0, 2: 5.0}


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 2, 0, 7]),
        np.array([[0], [1], [2]]),
        np.array([0.0, 1.0, 2.0]),
        np.array([[0.0], [2.0]]),
        np.eye(3),
        np.eye(3, dtype="int64"),
        np.array([[0.8, 0.1, 0.1], [0.1, 0.2, 0.7]]),
        np.array([-1, 0, 255], "int16"),
        np.array([True, False]),
        pd.Series([0, 1, 2]),
    ],
    ids=["ints", "column", "floats", "float column", "one-hot", "int one-hot", "soft", "negative", "bools", "pandas"],
)
def test_weights_are_those_of_keras(keras_batches, y):
    wanted = keras_batches(np.ones(len(y)), y, class_weight=WEIGHTS, batch_size=2, shuffle=False)
    found = list(make_adapter(np.ones(len(y)), y, class_weight=WEIGHTS, batch_size=2, shuffle=False).batches())
    for (_, _, ours), (_, _, theirs) in zip(found, wanted, strict=True):
        assert ours.dtype == theirs.dtype == "float32"
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [None, (None, 3, 4), (None, 3, 1)])
def test_labels_over_time_are_weighed_one_by_one(shape):
    y = np.array([[0, 1, 2], [2, 2, 3]]) if shape != (None, 3, 1) else np.array([[0, 1, 0], [1, 1, 0]])
    weights = {0: 2.0, 1: 3.0}
    found = class_sample_weight(y, weights, shape)
    np.testing.assert_array_equal(found, np.vectorize(lambda label: weights.get(label, 1.0))(y))
    np.testing.assert_array_equal(class_sample_weight(y[..., None], weights, shape), found)


def test_one_hot_labels_over_time_are_weighed_one_by_one():
    labels = np.array([[0, 1], [2, 2]])
    found = class_sample_weight(np.eye(3)[labels], WEIGHTS)
    np.testing.assert_array_equal(found, [[2, 1], [5, 5]])


def test_the_output_shape_tells_binary_sequences_from_one_hot_rows():
    y = np.array([[1, 0], [0, 1]])
    weights = {1: 3.0}
    np.testing.assert_array_equal(class_sample_weight(y, weights, (None, 2)), [1, 3])
    np.testing.assert_array_equal(class_sample_weight(y, weights, (None, 2, 1)), [[3, 1], [1, 3]])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"0": 1.0}, "the key '0'"),
        ({-1: 1.0}, "the key -1"),
        ({0.5: 1.0}, "the key 0.5"),
        ({True: 1.0}, "the key True"),
        ({0: "a"}, "the weight 'a' of class 0"),
        ({0: float("nan")}, "the weight nan of class 0"),
        ([1.0, 2.0], "got a list"),
    ],
)
def test_keys_and_weights_that_mean_nothing_are_rejected(weights, message):
    with pytest.raises(ArgumentError, match=message):
        class_sample_weight(np.array([0, 1]), weights)


@pytest.mark.parametrize(
    ("y", "shape", "key"),
    [
        (np.eye(3), None, 3),
        (np.array([0, 1]), (None, 3), 3),
        (np.array([0, 1]), (None, 1), 2),
        (np.array([[0, 1]]), (None, 2, 5), 5),
    ],
)
def test_keys_that_cannot_occur_are_rejected(y, shape, key):
    with pytest.raises(ArgumentError, match=f"the key {key}, which cannot occur, expected keys from 0 to {key - 1}"):
        class_sample_weight(y, {key: 2.0}, shape)


def test_a_class_without_samples_may_be_named():
    assert class_sample_weight(np.array([0, 1]), {5: 2.0}).tolist() == [1, 1]


def test_no_weights_at_all_weigh_one():
    assert class_sample_weight(np.array([0, 1]), {}).tolist() == [1, 1]


def test_class_and_sample_weights_exclude_each_other():
    with pytest.raises(ArgumentError, match="both class_weight and sample_weight"):
        make_adapter(np.ones(2), np.ones(2), np.ones(2), class_weight={0: 1.0})


@pytest.mark.parametrize(("y", "message"), [(None, "no targets"), ([np.ones(2)] * 2, "targets in a list")])
def test_class_weights_need_one_array_of_targets(y, message):
    with pytest.raises(DataError, match=message):
        make_adapter(np.ones(2), y, class_weight={0: 1.0})


def test_labels_that_are_no_numbers_are_rejected():
    with pytest.raises(DataError, match="targets with NaN"):
        class_sample_weight(np.array([0.0, np.nan]), {0: 1.0})
    with pytest.raises(DataError, match="dtype <U1"):
        class_sample_weight(np.array(["a"]), {0: 1.0})


def test_weights_can_be_given_once_the_output_is_known():
    adapter = make_adapter(np.ones(2), np.array([[0, 1], [1, 1]]))
    adapter.weigh_classes({1: 4.0}, (None, 2, 1))
    assert adapter.arrays[2].tolist() == [[1, 4], [4, 4]]
