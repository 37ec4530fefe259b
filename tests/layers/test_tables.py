"""Layers on columns of numbers: what they learn from data, beside Keras where it can; and the older path."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kerax
from kerax import layers, models
from kerax._errors import ArgumentError, DataError, DTypeError, NotBuiltError, StateError
from kerax.compat import tf
from kerax.layers.experimental import preprocessing
from kerax.layers.experimental.preprocessing import TextVectorization


def learned(layer, *batches):
    for batch in batches:
        layer.update_state(batch)
    layer.finalize_state()
    return layer


@pytest.mark.parametrize(
    ("data", "bins"),
    [
        (np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]]), 4),
        (np.arange(10.0), 4),
        (np.arange(100.0)[:, None], 7),
        (np.array([[1.0], [2.0]]), 4),
        (np.array([3.0, 3.0, 3.0]), 2),
        (np.array([np.nan, 1.0, 2.0, 3.0, 4.0]), 4),
        (np.random.default_rng(0).normal(size=(90, 1)), 1),
    ],
)
def test_boundaries_are_those_of_keras(data, bins):
    ours, theirs = learned(layers.Discretization(num_bins=bins), data), keras.layers.Discretization(num_bins=bins)
    learned(theirs, data)
    np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(ours(data.reshape(-1, 1)), theirs(data.reshape(-1, 1)))


def test_boundaries_of_many_batches_are_within_epsilon():
    data = np.random.default_rng(1).gamma(2.0, size=40_000)
    layer = layers.Discretization(num_bins=10, epsilon=0.01)
    layer.adapt(np.array_split(data, 50).__iter__())
    shares = np.searchsorted(np.sort(data), layer.bin_boundaries) / len(data)
    np.testing.assert_allclose(shares, np.arange(1, 10) / 10, atol=0.01)
    assert len(layer.bin_boundaries) == 9


@pytest.mark.parametrize("data", [lambda x: x, list, lambda x: iter([x[:2], x[2:]]), lambda x: iter(x)])
def test_adapt_takes_arrays_lists_batches_and_numbers(data):
    numbers = np.array([4.0, 0.0, 2.0, 6.0])
    layer = layers.Discretization(num_bins=2)
    layer.adapt(data(numbers))
    assert layer.bin_boundaries == [2.0]
    normalizer = layers.Normalization(axis=None)
    normalizer.adapt(data(numbers))
    np.testing.assert_allclose(normalizer(np.array([[3.0]])), 0.0)
    np.testing.assert_allclose(normalizer.variance, 5.0)


def test_a_learned_discretization_is_in_the_config_and_the_file(tmp_path):
    layer = learned(layers.Discretization(num_bins=3, output_mode="one_hot"), np.arange(9.0))
    config = layer.get_config()
    assert config["bin_boundaries"] == layer.bin_boundaries
    again = layers.Discretization.from_config(config)
    assert again.get_config() == config
    again.adapt(np.arange(90.0))  # it may learn anew
    assert again.bin_boundaries != layer.bin_boundaries
    model = kerax.Sequential([kerax.Input((1,)), layer])
    model.save(tmp_path / "bins.keras")
    assert models.load_model(tmp_path / "bins.keras").layers[0].bin_boundaries == layer.bin_boundaries
    assert keras.models.load_model(tmp_path / "bins.keras").layers[0].bin_boundaries == layer.bin_boundaries


@pytest.mark.parametrize("options", [{}, {"axis": None}])
def test_normalization_learns_batch_by_batch_what_it_learns_at_once(options):
    data = np.random.default_rng(0).normal(3.0, 2.0, (6, 4)).astype("float32")
    whole, parts = layers.Normalization(**options), layers.Normalization(**options)
    whole.adapt(data)
    learned(parts, data[:1], data[1:4], data[4:])
    np.testing.assert_allclose(parts(data), whole(data), rtol=1e-4, atol=1e-5)
    theirs = keras.layers.Normalization(**options)
    theirs.adapt(data)
    np.testing.assert_allclose(whole(data), theirs(data), rtol=1e-4, atol=1e-5)
    back = layers.Normalization(**options, invert=True)
    back.adapt(data)
    np.testing.assert_allclose(back(whole(data)), data, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.Discretization(), "neither bin_boundaries nor num_bins"),
        (lambda: layers.Discretization([0.0], 2), "both bin_boundaries and num_bins"),
        (lambda: layers.Discretization(num_bins=-1), "num_bins=-1"),
        (lambda: layers.Discretization(num_bins=2, epsilon=0), "epsilon=0"),
        (lambda: layers.Discretization([0.0], sparse=True), "sparse=True"),
        (lambda: layers.Discretization([0.0], output_mode="tf_idf"), "output_mode='tf_idf'"),
        (lambda: layers.Discretization([0.0]).adapt([1.0]), "made with bin_boundaries"),
        (lambda: layers.CategoryEncoding(), "no num_tokens.*IntegerLookup"),
        (lambda: layers.CategoryEncoding(0), "num_tokens=0"),
        (lambda: layers.CategoryEncoding(3, "int"), "output_mode='int'"),
        (lambda: layers.CategoryEncoding(3, sparse=True), "sparse=True"),
        (
            lambda: layers.CategoryEncoding(3)(np.array([[1]]), count_weights=np.ones((1, 1))),
            "count_weights and output_mode='multi_hot'",
        ),
    ],
)
def test_arguments_that_do_not_go_together(make, match):
    with pytest.raises(ArgumentError, match=match):
        make()


def test_what_was_not_adapted_and_what_cannot_be():
    with pytest.raises(NotBuiltError, match=r"Discretization 'bins'.*before it has boundaries.*adapt\(data\)"):
        layers.Discretization(num_bins=2, name="bins")(np.array([[1.0]]))
    with pytest.raises(DataError, match="adapt of Discretization.*no data"):
        layers.Discretization(num_bins=2).adapt(np.array([]))
    with pytest.raises(ArgumentError, match="adapt of Normalization.*no data"):
        layers.Normalization().adapt(iter([]))
    with pytest.raises(DTypeError, match=r"batch 0.*dict"):
        layers.Normalization().adapt(iter([{"x": 1}]))
    with pytest.raises(StateError, match="mean and variance from the constructor"):
        layers.Normalization(mean=0.0, variance=1.0).adapt([1.0])


def test_counts_may_be_weighed():
    layer = layers.CategoryEncoding(4, "count")
    indices, weights = [[0, 1], [0, 0], [1, 2]], np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3]])
    theirs = keras.layers.CategoryEncoding(4, "count")(indices, count_weights=weights)
    np.testing.assert_allclose(layer(indices, count_weights=weights), theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("mode", "indices"),
    [
        ("one_hot", 2),
        *[(mode, rows) for mode in ("one_hot", "multi_hot", "count") for rows in ([3, 9, -1], [[1], [9]], [[0, 0, 5]])],
    ],
)
def test_indices_outside_count_nowhere_as_in_keras(mode, indices):
    theirs = keras.layers.CategoryEncoding(4, mode)(indices)
    np.testing.assert_array_equal(layers.CategoryEncoding(4, mode)(np.array(indices)), theirs)


def test_the_older_path_leads_to_the_same_layers():
    assert TextVectorization is layers.TextVectorization
    assert tf.keras.layers.experimental.preprocessing.Normalization is layers.Normalization
    assert {"StringLookup", "CategoryEncoding", "Rescaling"} <= set(dir(preprocessing))
    with pytest.raises(AttributeError, match="no attribute 'Dense'"):
        _ = preprocessing.Dense
