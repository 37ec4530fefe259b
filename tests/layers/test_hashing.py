"""Hashing and HashedCrossing: the buckets of TensorFlow, from its documentation and from FarmHash's own library."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from kerax import layers
from kerax._errors import ArgumentError, DTypeError, ShapeError, StateError
from kerax.layers._preprocessing.fingerprints import fingerprints, siphashes

LETTERS = [["A"], ["B"], ["C"], ["D"], ["E"]]

# Of the C++ library, for the first n bytes of 0, 7, 14, … modulo 128: each way its code goes for a length.
FARMHASH = {
    0: 11160318154034397263,
    1: 13718060045003475796,
    3: 7836721383716570152,
    4: 365121004050576997,
    7: 1123016345076934235,
    8: 15872949792654440359,
    16: 18136686206037405083,
    17: 11915285948536389748,
    32: 17961745316390264192,
    33: 15678397913169282272,
    64: 9676296723729567584,
    65: 13914110477027613457,
    127: 15428973872369446062,
    128: 9088877852803709361,
    129: 12711660412136217784,
    200: 13514015143531184952,
}
# Appendix A of the paper of SipHash: bytes 0, 1, 2, … under the key 00 01 … 0f.
SIPHASH = {0: 0x726FDB47DD0E0E31, 8: 0x93F5F5799A932462, 15: 0xA129CA6149BE45E5}


def test_fingerprints_are_those_of_farmhash():
    text = bytes(i * 7 % 128 for i in range(200))
    assert fingerprints([text[:n] for n in FARMHASH]).tolist() == list(FARMHASH.values())
    assert fingerprints([b"Hello", b"World"]).tolist() == [15404698994557526151, 18308117990299812472]
    assert fingerprints([]).shape == (0,)


def test_siphashes_are_those_of_the_paper():
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphashes([bytes(range(n)) for n in SIPHASH], key).tolist() == list(SIPHASH.values())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [1, 0, 1, 1, 2]),
        ({"salt": [133, 137]}, [1, 2, 1, 0, 2]),
        ({"salt": 133}, [0, 0, 2, 1, 0]),
    ],
)
def test_bins_are_those_that_keras_documents(options, expected):
    layer = layers.Hashing(num_bins=3, **options)
    assert np.asarray(layer(LETTERS)).ravel().tolist() == expected
    assert layers.Hashing.from_config(layer.get_config()).get_config() == layer.get_config()
    assert np.asarray(layer(np.array(LETTERS, "S"))).ravel().tolist() == expected


def test_the_mask_value_has_a_bin_of_its_own():
    layer = layers.Hashing(num_bins=3, mask_value="")
    assert np.asarray(layer([["A"], ["B"], [""], ["C"], ["D"]])).ravel().tolist() == [1, 1, 0, 2, 2]  # Keras's docs
    numbers = layers.Hashing(num_bins=4, mask_value=-1)
    out = np.asarray(numbers(np.array([-1, 5, -1, 7])))
    assert out[0] == out[2] == 0
    assert (out[[1, 3]] > 0).all()


def test_integers_are_hashed_as_text():
    numbers = np.array([[0], [-17], [2**40], [101]])
    layer = layers.Hashing(num_bins=1000)
    expected = layer([[str(n)] for n in numbers.ravel()])
    np.testing.assert_array_equal(layer(numbers), expected)
    np.testing.assert_array_equal(layer(numbers.astype("float64") + 0.0), expected)


@pytest.mark.parametrize(
    ("mode", "shape"), [("int", (2, 2)), ("one_hot", (2, 2, 3)), ("multi_hot", (2, 3)), ("count", (2, 3))]
)
def test_modes(mode, shape):
    layer = layers.Hashing(num_bins=3, output_mode=mode)
    out = np.asarray(layer([["A", "C"], ["A", "E"]]))  # bins 1 1, 1 2
    assert out.shape == shape == layer.compute_output_shape((2, 2))
    expected = {
        "int": [[1, 1], [1, 2]],
        "one_hot": [[[0, 1, 0], [0, 1, 0]], [[0, 1, 0], [0, 0, 1]]],
        "multi_hot": [[0, 1, 0], [0, 1, 1]],
        "count": [[0, 2, 0], [0, 1, 1]],
    }
    assert out.tolist() == expected[mode]


def test_crosses_are_those_that_keras_documents():
    first, second = np.array(list("ABABA")), np.array([101, 101, 101, 102, 102])
    layer = layers.HashedCrossing(num_bins=5)
    assert np.asarray(layer((first, second))).tolist() == [1, 4, 1, 1, 3]
    assert np.asarray(layer([first[:, None], second[:, None]])).tolist() == [[1], [4], [1], [1], [3]]
    assert np.asarray(layer((list("AB"), [101, 101]))).tolist() == [1, 4]
    assert int(layer((np.array("A"), np.array(101)))) == 1
    vectors = layers.HashedCrossing(num_bins=5, output_mode="one_hot")
    np.testing.assert_array_equal(vectors((first, second)), np.eye(5)[[1, 4, 1, 1, 3]])
    assert vectors.compute_output_shape([(None, 1), (None, 1)]) == (None, 5)
    assert layers.HashedCrossing.from_config(vectors.get_config()).get_config() == vectors.get_config()


def test_three_features_cross():
    layer = layers.HashedCrossing(num_bins=1000)
    parts = np.array(["a", "b"]), np.array([1, 1]), np.array(["x", "x"])
    out = np.asarray(layer(parts))
    assert out[0] != out[1]
    assert (np.asarray(layer([part[::-1] for part in parts])) == out[::-1]).all()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.Hashing(0), "num_bins=0"),
        (lambda: layers.Hashing(3, output_mode="tf_idf"), "output_mode='tf_idf'"),
        (lambda: layers.Hashing(3, salt=[1, 2, 3]), r"salt=\[1, 2, 3\]"),
        (lambda: layers.Hashing(3, sparse=True), "sparse=True"),
        (lambda: layers.HashedCrossing(-1), "num_bins=-1"),
        (lambda: layers.HashedCrossing(3, output_mode="count"), "output_mode='count'"),
    ],
)
def test_arguments_that_cannot_be(make, match):
    with pytest.raises(ArgumentError, match=match):
        make()


def test_crosses_of_what_cannot_be_crossed():
    layer = layers.HashedCrossing(num_bins=5)
    with pytest.raises(ShapeError, match=r"1 features.*at least 2"):
        layer([np.array(["a"])])
    with pytest.raises(ShapeError, match=r"shapes \[\(1,\), \(2,\)\]"):
        layer([np.array(["a"]), np.array([1, 2])])
    with pytest.raises(ShapeError, match=r"features of shape \(1, 2\).*one category a row"):
        layer([np.array([["a", "b"]]), np.array([[1, 2]])])
    with pytest.raises(DTypeError, match="dtype float64.*text or integers"):
        layer([np.array(["a"]), np.array([1.5])])


def test_a_trace_is_told_what_to_do():
    with pytest.raises(StateError, match=r"Hashing 'bins'.*being compiled.*dataset.map"):
        jax.jit(lambda x: layers.Hashing(3, name="bins")(x))(np.array([1]))
