"""Datasets cut in two, and windows of time series as Keras has them."""

import itertools

import numpy as np
import pytest

import kerax
from kerax.data import Dataset
from kerax.utils import split_dataset, timeseries_dataset_from_array

X = np.arange(40.0).reshape(20, 2)


def plain(data):
    return [tuple(part.tolist() for part in one) if isinstance(one, tuple) else one.tolist() for one in data]


@pytest.fixture(scope="module")
def keras_windows():
    pytest.importorskip("grain")
    import keras

    def windows(targets, **options):
        data = keras.utils.timeseries_dataset_from_array(X, targets, format="grain", **options)
        parts = (tuple(map(np.asarray, one)) if isinstance(one, tuple) else np.asarray(one) for one in data)
        return plain(parts)

    return windows


CASES = [
    dict(zip(("sequence_length", "sequence_stride", "sampling_rate", "batch_size", "start_index", "end_index"), values))
    for values in itertools.product([1, 3, 20], [1, 4], [1, 2], [None, 4], [None, 3], [None, 15])
    if values[0] < 20 or values[2:] == (1, 4, None, None)
]


@pytest.mark.parametrize("targets", [None, np.arange(20), np.arange(16)], ids=["none", "all", "some"])
def test_windows_are_those_of_keras(keras_windows, targets):
    for options in CASES:
        if targets is not None and len(targets) == 16 and options["start_index"]:
            continue  # there Keras looks beyond the end of the targets
        assert plain(timeseries_dataset_from_array(X, targets, **options)) == keras_windows(targets, **options), options


def test_targets_that_are_fewer_end_the_windows():
    found = plain(timeseries_dataset_from_array(X, np.arange(6), 2, start_index=3, batch_size=None))
    assert [target for _, target in found] == [3, 4, 5]


def test_windows_are_shuffled_and_not_copied():
    data = timeseries_dataset_from_array(X, np.arange(20), 3, shuffle=True, seed=2, batch_size=4)
    first, second = plain(data), plain(data)
    assert first != second
    order = [target for _, targets in first for target in targets]
    assert sorted(order) == list(range(18))
    assert order != sorted(order)
    for window, target in timeseries_dataset_from_array(X, np.arange(20), 3, batch_size=None):
        assert np.shares_memory(window, X)
        assert window[0, 0] == 2 * target


def test_a_model_trains_on_windows():
    model = kerax.Sequential([kerax.layers.Flatten(), kerax.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = timeseries_dataset_from_array(X[:, :1] / 40, X[3:, 0] / 40, 3, batch_size=4, shuffle=True)
    losses = model.fit(data, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sequence_length": 0}, "sequence_length: got 0"),
        ({"sequence_length": 21}, "got 20 steps, expected at least 21"),
        ({"sequence_length": 10, "sampling_rate": 3}, "expected at least 28"),
        ({"sequence_length": 3, "sampling_rate": 0}, "sampling_rate: got 0"),
        ({"sequence_length": 3, "sampling_rate": 20}, "sampling_rate: got 20, expected less than 20"),
        ({"sequence_length": 3, "sequence_stride": 20}, "sequence_stride: got 20"),
        ({"sequence_length": 3, "start_index": -1}, "start_index: got -1, expected 0 to 19"),
        ({"sequence_length": 3, "start_index": 20}, "start_index: got 20"),
        ({"sequence_length": 3, "end_index": 21}, "end_index: got 21"),
        ({"sequence_length": 3, "start_index": 5, "end_index": 5}, "more than start_index=5"),
    ],
)
def test_numbers_that_no_window_fits(options, message):
    with pytest.raises(ValueError, match=message):
        timeseries_dataset_from_array(X, None, **options)


SOURCES = {
    "array": lambda: np.arange(10),
    "list of numbers": lambda: list(range(10)),
    "dataset": lambda: Dataset.range(10),
    "generator dataset": lambda: Dataset.from_generator(lambda: iter(range(10))),
    "items": lambda: type("Items", (), {"__len__": lambda self: 10, "__getitem__": lambda self, i: i})(),
    "iterable": lambda: iter(range(10)),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize(
    ("sizes", "left", "right"),
    [
        ({"left_size": 0.8}, range(8), range(8, 10)),
        ({"left_size": 7}, range(7), range(7, 10)),
        ({"right_size": 0.25}, range(8), range(8, 10)),
        ({"right_size": 3}, range(7), range(7, 10)),
        ({"left_size": 4, "right_size": 0.3}, range(4), range(7, 10)),
    ],
)
def test_sizes(make, sizes, left, right):
    parts = split_dataset(make(), **sizes)
    assert [plain(part) for part in parts] == [list(left), list(right)]
    assert len(parts[0]) == len(left)


@pytest.mark.parametrize("make", [SOURCES["array"], SOURCES["generator dataset"]])
def test_a_shuffled_cut_stays(make):
    left, right = split_dataset(make(), left_size=6, shuffle=True, seed=3)
    assert sorted(plain(left) + plain(right)) == list(range(10))
    assert plain(left) == plain(left) != list(range(6))
    again, _ = split_dataset(make(), left_size=6, shuffle=True, seed=3)
    assert plain(again) == plain(left)


def test_structures_and_batches_stay():
    x, y = np.ones((10, 2)), np.arange(10)
    for form in ((x, y), [x, y]):
        _, right = split_dataset(form, left_size=0.9)
        assert plain(right) == [([1.0, 1.0], 9)]
    left, right = split_dataset(Dataset.from_tensor_slices({"a": y}).batch(4).prefetch(1), left_size=6)
    assert [one["a"].tolist() for one in left] == [[0, 1, 2, 3], [4, 5]]
    assert [one["a"].tolist() for one in right] == [[6, 7, 8, 9]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "neither left_size nor right_size"),
        ({"left_size": 11}, ValueError, "left_size: got 11, expected 1 to 9"),
        ({"right_size": -1}, ValueError, "right_size: got -1"),
        ({"left_size": 1.5}, ValueError, "fraction from 0 to 1"),
        ({"left_size": "half"}, TypeError, "left_size: got 'half'"),
        ({"left_size": 0.6, "right_size": 0.6}, ValueError, "expected at most all"),
        ({"left_size": 0.01}, ValueError, "0 samples in the first part"),
    ],
)
def test_sizes_that_do_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        split_dataset(np.arange(10), **arguments)


def test_what_cannot_be_cut():
    with pytest.raises(TypeError, match="got a int"):
        split_dataset(3, left_size=1)
    with pytest.raises(ValueError, match="without end"):
        split_dataset(Dataset.range(3).repeat(), left_size=1)
