"""StringLookup and IntegerLookup: the results that Keras documents, their forms of data, their errors."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from kerax import layers
from kerax._errors import ArgumentError, DataError, DTypeError, NotBuiltError, StateError

ABCD = ["a", "b", "c", "d"]
NUMBERS = [12, 36, 1138, 42]
TEXTS = [["a", "c", "d", "d"], ["d", "z", "b", "z"]]
INTEGERS = np.array([[12, 1138, 42, 42], [42, 7, 36, 7]])


def adapted(layer, data):
    layer.adapt(data)
    return layer


def given(cls, vocabulary, **options):
    return getattr(layers, cls)(vocabulary=vocabulary, **options)


# What Keras documents, and the same computed by hand where it documents nothing. Both layers get the same rows.
DOCUMENTED = [
    ({}, [[1, 3, 4, 4], [4, 0, 2, 0]]),
    ({"output_mode": "multi_hot"}, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]]),
    ({"output_mode": "count"}, [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]]),
    (
        {"output_mode": "tf_idf", "idf_weights": [0.25, 0.75, 0.6, 0.4]},
        [[0, 0.25, 0, 0.6, 0.8], [1.0, 0, 0.75, 0, 0.4]],
    ),
    (
        {"output_mode": "count", "max_tokens": 7, "pad_to_max_tokens": True},
        [[0, 1, 0, 1, 2, 0, 0], [2, 0, 1, 0, 1, 0, 0]],
    ),
]


@pytest.mark.parametrize(("options", "expected"), DOCUMENTED)
@pytest.mark.parametrize(
    ("cls", "vocabulary", "data"),
    [("StringLookup", ABCD, TEXTS), ("IntegerLookup", NUMBERS, INTEGERS)],
    ids=["text", "integers"],
)
def test_indices_and_vectors(cls, vocabulary, data, options, expected):
    out = given(cls, vocabulary, **options)(data)
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    assert out.dtype == ("int32" if options == {} else "float32")


@pytest.mark.parametrize(("options", "expected"), DOCUMENTED)
def test_integers_are_looked_up_on_the_device(options, expected):
    layer = given("IntegerLookup", NUMBERS, **options)
    np.testing.assert_allclose(jax.jit(lambda x: layer(x))(INTEGERS), expected, rtol=1e-6)
    np.testing.assert_allclose(nnx.jit(lambda layer, x: layer(x))(layer, jnp.asarray(INTEGERS)), expected, rtol=1e-6)
    assert layer.compute_output_shape((2, 4)) == np.shape(expected)


def test_special_tokens_may_be_part_of_the_vocabulary():
    weights = [0.9, 0.25, 0.75, 0.6, 0.4]
    expected = [[0, 0.25, 0, 0.6, 0.8], [1.8, 0, 0.75, 0, 0.4]]
    for layer, vocabulary, data in (
        (layers.StringLookup(output_mode="tf_idf"), ["[UNK]", *ABCD], TEXTS),
        (layers.IntegerLookup(output_mode="tf_idf"), [-1, *NUMBERS], INTEGERS),
    ):
        layer.set_vocabulary(vocabulary, idf_weights=weights)
        np.testing.assert_allclose(layer(data), expected, rtol=1e-6)
        assert layer.get_vocabulary() == vocabulary


def test_one_hot_takes_the_place_of_an_axis_of_size_1():
    layer = given("StringLookup", ["a", "b"], output_mode="one_hot")
    assert np.asarray(layer(["b", "z"])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert layer([["b"], ["z"]]).shape == (2, 3)
    assert layer([["b", "a"], ["z", "a"]]).shape == (2, 2, 3)


def test_several_indices_share_what_is_unknown():
    texts = given("StringLookup", ABCD, num_oov_indices=2)
    assert np.asarray(texts([["a", "c", "d"], ["m", "z", "b"]])).tolist() == [[2, 4, 5], [0, 1, 3]]  # Keras's docs
    data = np.array([[12, 1138, 42], [37, 1000, 36]])
    numbers = given("IntegerLookup", NUMBERS, num_oov_indices=2)
    assert np.asarray(numbers(data)).tolist() == [[2, 4, 5], [1, 0, 3]]  # Keras's docs
    assert np.asarray(jax.jit(lambda x: numbers(x))(data)).tolist() == [[2, 4, 5], [1, 0, 3]]
    assert np.asarray(numbers([-3])).tolist() == [1]  # the remainder is never negative


def test_what_is_unknown_is_hashed_where_asked_for():
    unknown = [100, 300, 700, 1100, 1700, 2000]
    hashed = given("IntegerLookup", [10, 20, 30], num_oov_indices=4, oov_method="farmhash")
    assert np.asarray(hashed(unknown)).tolist() == [3, 3, 2, 2, 0, 1]  # Keras's docs
    by_remainder = given("IntegerLookup", [10, 20, 30], num_oov_indices=4)
    assert np.asarray(by_remainder(unknown)).tolist() == [0] * 6
    salted = given("StringLookup", ["a"], num_oov_indices=3, salt=[133, 137])
    assert np.asarray(salted(["A", "B", "C", "D", "E", "a"])).tolist() == [1, 2, 1, 0, 2, 3]  # as Hashing's docs
    with pytest.raises(StateError, match=r"IntegerLookup.*being compiled"):
        jax.jit(lambda x: hashed(x))(np.array([1]))


def test_the_mask_token_comes_first_or_counts_nowhere():
    layer = given("StringLookup", ["a", "b"], mask_token="")
    assert layer.get_vocabulary() == ["", "[UNK]", "a", "b"]
    assert np.asarray(layer(["", "z", "b"])).tolist() == [0, 1, 3]
    counting = given("StringLookup", ["a", "b"], mask_token="", output_mode="count")
    assert counting.get_vocabulary() == ["[UNK]", "a", "b"]
    assert np.asarray(counting([["", "z", "b"]])).tolist() == [[1, 0, 1]]
    numbers = given("IntegerLookup", [5, 7], mask_token=0)
    assert np.asarray(numbers([0, 3, 7])).tolist() == [0, 1, 3]
    multi = given("IntegerLookup", [5, 7], mask_token=0, output_mode="multi_hot")
    assert np.asarray(multi([[0, 3, 7]])).tolist() == [[1, 0, 1]]
    assert np.asarray(jax.jit(lambda x: multi(x))(np.array([[0, 3, 7]]))).tolist() == [[1, 0, 1]]


def test_without_indices_for_the_unknown_it_is_an_error():
    texts, numbers = given("StringLookup", ["a"], num_oov_indices=0), given("IntegerLookup", [5], num_oov_indices=0)
    assert np.asarray(texts(["a"])).tolist() == np.asarray(numbers([5])).tolist() == [0]
    with pytest.raises(DataError, match=r"'z', which is not in the vocabulary.*num_oov_indices=1"):
        texts(["a", "z"])
    with pytest.raises(DataError, match=r"7, which is not in the vocabulary.*num_oov_indices=1"):
        numbers([5, 7])


def test_back_from_indices():
    texts = given("StringLookup", ABCD, invert=True)
    assert texts([[1, 3, 4], [4, 0, 2]]).tolist() == [["a", "c", "d"], ["d", "[UNK]", "b"]]  # Keras's docs
    assert texts(jnp.array([99, -1])).tolist() == ["[UNK]", "[UNK]"]
    numbers = given("IntegerLookup", NUMBERS, invert=True)
    data = np.array([[1, 3, 4], [4, 0, 2]])
    assert np.asarray(numbers(data)).tolist() == [[12, 1138, 42], [42, -1, 36]]  # Keras's docs
    assert np.asarray(jax.jit(lambda x: numbers(x))(data)).tolist() == [[12, 1138, 42], [42, -1, 36]]
    masked = given("StringLookup", ["a"], mask_token="", invert=True)
    assert masked([0, 1, 2]).tolist() == ["", "[UNK]", "a"]


# -- adapt -------------------------------------------------------------------------------------------


def test_vocabularies_are_learned_as_keras_documents():
    texts = adapted(layers.StringLookup(), [["a", "c", "d"], ["d", "z", "b"]])
    assert texts.get_vocabulary() == ["[UNK]", "d", "z", "c", "b", "a"]
    numbers = adapted(layers.IntegerLookup(), np.array([[12, 1138, 42], [42, 1000, 36]]))
    assert numbers.get_vocabulary() == [-1, 42, 1138, 1000, 36, 12]
    assert all(type(term) is int for term in numbers.get_vocabulary())


def test_special_tokens_in_the_data_are_no_terms():
    texts = adapted(layers.StringLookup(mask_token="", max_tokens=3), ["", "", "[UNK]", "a", "a", "b"])
    assert texts.get_vocabulary() == ["", "[UNK]", "a"]
    numbers = adapted(layers.IntegerLookup(mask_token=0), [0, 0, -1, 5])
    assert numbers.get_vocabulary() == [0, -1, 5]


@pytest.mark.parametrize(
    "data",
    [
        lambda: np.array([3, 5, 3]),
        lambda: [3, 5, 3],
        lambda: iter([np.array([[3], [5]]), np.array([[3]])]),
        lambda: iter([3, 5, 3]),
        lambda: iter([(np.array([3, 5]), 0), (np.array([3]), 1)]),
        lambda: jnp.array([3, 5, 3]),
    ],
    ids=["array", "list", "batches", "one by one", "with targets", "jax"],
)
def test_integers_are_learned_from_every_form(data):
    assert adapted(layers.IntegerLookup(), data()).get_vocabulary() == [-1, 3, 5]


def test_documents_of_tf_idf_are_rows():
    for layer, data in (
        (layers.StringLookup(output_mode="tf_idf"), [["a", "a"], ["a", "b"], ["c", "c"]]),
        (layers.IntegerLookup(output_mode="tf_idf"), np.array([[7, 7], [7, 5], [3, 3]])),
    ):
        layer.adapt(data)
        counts = {"a": 2, "b": 1, "c": 1, 7: 2, 5: 1, 3: 1}
        idf = [np.log(1 + 3 / (1 + counts[term])) for term in layer.get_vocabulary()[1:]]
        np.testing.assert_allclose(layer.idf_weights, [np.mean(idf), *idf], rtol=1e-6)


def test_adapting_again_forgets_and_reaches_compiled_code():
    layer = adapted(layers.IntegerLookup(), [5])
    assert layer(np.array([7])).tolist() == [0]
    layer.adapt([7])
    assert layer.get_vocabulary() == [-1, 7]
    assert layer(np.array([7])).tolist() == [1]


def test_64_bit_integers_are_told_apart_on_the_host():
    big = [10**12, 10**12 + 1]
    layer = given("IntegerLookup", big)
    assert np.asarray(layer(np.array([*big, 5]))).tolist() == [1, 2, 0]
    assert layer._on_host
    assert not given("IntegerLookup", [1, 2])._on_host


# -- configs, copies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.StringLookup(vocabulary=ABCD, num_oov_indices=3, mask_token="m", salt=7, encoding="latin-1"),
        lambda: layers.StringLookup(output_mode="tf_idf", vocabulary=ABCD, idf_weights=[1.0, 2.0, 3.0, 4.0]),
        lambda: layers.IntegerLookup(
            vocabulary=NUMBERS, mask_token=0, num_oov_indices=2, oov_method="farmhash", salt=[1, 2]
        ),
        lambda: layers.IntegerLookup(max_tokens=9, pad_to_max_tokens=True, output_mode="count"),
    ],
)
def test_configs_make_the_same_layer(layer):
    layer = layer()
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    if layer.get_vocabulary(include_special_tokens=False):
        data = TEXTS if isinstance(layer, layers.StringLookup) else INTEGERS
        np.testing.assert_array_equal(again(data), layer(data))


def test_a_config_names_no_file(tmp_path):
    config = {**layers.IntegerLookup().get_config(), "vocabulary": str(tmp_path / "x.txt")}
    with pytest.raises(ArgumentError, match="the name of a file as vocabulary"):
        layers.IntegerLookup.from_config(config)


def test_integers_may_come_from_a_file(tmp_path):
    (tmp_path / "ids.txt").write_text("12\n36\n")
    assert layers.IntegerLookup(vocabulary=tmp_path / "ids.txt").get_vocabulary() == [-1, 12, 36]


def test_assets_are_those_of_keras_and_hold_every_term(tmp_path):
    layer = adapted(layers.StringLookup(mask_token=""), ["b", "a", "a"])
    layer.save_assets(tmp_path)
    assert (tmp_path / "vocabulary.txt").read_text() == "\n[UNK]\na\nb"
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.txt"]
    again = layers.StringLookup(mask_token="")
    again.load_assets(tmp_path)
    assert again.get_vocabulary() == layer.get_vocabulary()
    odd = adapted(layers.StringLookup(), ["a\nb", "\r", "é"])
    odd.save_assets(tmp_path)
    again = layers.StringLookup()
    again.load_assets(tmp_path)
    assert again.get_vocabulary() == odd.get_vocabulary() == ["[UNK]", "é", "a\nb", "\r"]


def test_assets_that_do_not_fit_are_named(tmp_path):
    (tmp_path / "vocabulary.txt").write_text("a\nb")
    with pytest.raises(DataError, match=r"vocabulary.txt.*\['a'\].*special tokens first"):
        layers.StringLookup().load_assets(tmp_path)
    (tmp_path / "vocabulary.txt").write_text("-1\nb")
    with pytest.raises(DataError, match=r"vocabulary.txt.*a line that cannot be read"):
        layers.IntegerLookup().load_assets(tmp_path)
    (tmp_path / "vocabulary.txt").write_text("[UNK]\na\na")
    with pytest.raises(ArgumentError, match="repeated terms: 'a'"):
        layers.StringLookup().load_assets(tmp_path)


def test_weights_that_do_not_go_with_the_terms_are_named(tmp_path):
    layer = adapted(layers.StringLookup(output_mode="tf_idf"), [["a", "b"]])
    layer.save_assets(tmp_path)
    again = layers.StringLookup(output_mode="tf_idf")
    again.load_own_variables({"idf_weights": np.ones(2, "float32")})
    with pytest.raises(DataError, match="2 terms beside 2 idf_weights"):
        again.load_assets(tmp_path)


# -- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "options", "match"),
    [
        ("StringLookup", {"vocabulary": ["a", "b", "a", "b"]}, "repeated terms: 'a', 'b'"),
        ("IntegerLookup", {"vocabulary": [3, 3]}, "repeated terms: 3"),
        ("StringLookup", {"max_tokens": 0}, "max_tokens=0"),
        ("StringLookup", {"num_oov_indices": -1}, "num_oov_indices=-1"),
        ("StringLookup", {"output_mode": "binary2"}, "output_mode='binary2'"),
        ("StringLookup", {"invert": True, "output_mode": "count"}, "invert=True and output_mode='count'"),
        ("StringLookup", {"sparse": True, "output_mode": "count"}, "sparse=True"),
        ("StringLookup", {"pad_to_max_tokens": True}, "without max_tokens"),
        ("StringLookup", {"vocabulary": ["a", "[UNK]"], "invert": True}, r"oov token '\[UNK\]' among the terms"),
        ("IntegerLookup", {"vocabulary": [1, 0], "mask_token": 0}, "mask token 0 among the terms"),
        ("IntegerLookup", {"vocabulary": ["a"]}, "'a' of type str.*StringLookup"),
        ("IntegerLookup", {"vocabulary": [1.5]}, "1.5 of type float"),
        ("IntegerLookup", {"vocabulary_dtype": "int32"}, "vocabulary_dtype='int32'"),
        ("IntegerLookup", {"oov_method": "sip"}, "oov_method='sip'"),
        ("IntegerLookup", {"salt": 3}, "a salt.*farmhash"),
        ("StringLookup", {"salt": "x"}, "salt='x'"),
        (
            "StringLookup",
            {"vocabulary": ["a", "b"], "output_mode": "tf_idf", "idf_weights": [1.0]},
            r"idf_weights of shape \(1,\).*\(2,\)",
        ),
    ],
)
def test_arguments_that_do_not_go_together(cls, options, match):
    with pytest.raises(ArgumentError, match=match):
        getattr(layers, cls)(**options)


@pytest.mark.parametrize("options", [{}, {"output_mode": "count"}])
def test_lookup_before_adapt(options):
    with pytest.raises(NotBuiltError, match=r"StringLookup 'words'.*before it has a vocabulary.*adapt\(data\)"):
        layers.StringLookup(name="words", **options)(["a"])
    with pytest.raises(NotBuiltError, match="IntegerLookup 'ids'.*before it has a vocabulary"):
        layers.IntegerLookup(name="ids", **options)(np.array([1]))


def test_the_wrong_kind_of_data():
    with pytest.raises(DTypeError, match="IntegerLookup.*layers.StringLookup for text"):
        given("IntegerLookup", [1])(np.array(["a"]))
    with pytest.raises(DTypeError, match="StringLookup.*numbers of dtype int64"):
        given("StringLookup", ["a"])(np.array([1]))
    with pytest.raises(DataError, match="adapt of IntegerLookup.*no data.*integer"):
        layers.IntegerLookup().adapt(np.array([], int))
    with pytest.raises(DTypeError, match=r"batch 0.*dict of \['id'\]"):
        layers.IntegerLookup().adapt(iter([{"id": [1]}]))
