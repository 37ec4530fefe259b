"""TextVectorization: what TensorFlow documents of it, since Keras on JAX has none; its texts, its errors, its speed."""

from __future__ import annotations

import time
import tracemalloc

import jax
import numpy as np
import pytest

from kerax import layers
from kerax._errors import ArgumentError, DataError, DTypeError, NotBuiltError, ShapeError, StateError

SAMPLES = ["This is the 1st sample.", "And here's the 2nd sample."]


def adapted(*texts, **options):
    layer = layers.TextVectorization(**options)
    layer.adapt(list(texts))
    return layer


def vectors(layer, *texts):
    return np.asarray(layer(list(texts))).tolist()


def test_the_classic_example():
    assert vectors(adapted(*SAMPLES), *SAMPLES) == [[4, 5, 2, 9, 3], [7, 6, 2, 8, 3]]


def test_the_example_of_keras_documentation():
    layer = adapted("foo bar", "bar baz", "baz bada boom", max_tokens=5000, output_sequence_length=4)
    assert np.asarray(layer([["foo qux bar"], ["qux baz"]])).tolist() == [[4, 1, 3, 0], [1, 2, 0, 0]]
    given = layers.TextVectorization(vocabulary=["earth", "wind", "and", "fire"], output_sequence_length=4)
    assert given.get_vocabulary() == ["", "[UNK]", "earth", "wind", "and", "fire"]
    assert given.get_vocabulary(include_special_tokens=False) == ["earth", "wind", "and", "fire"]
    assert given.vocabulary_size() == 6


def test_terms_that_occur_as_often_come_from_the_last_to_the_first():
    assert adapted("b a", "c a d").get_vocabulary() == ["", "[UNK]", "a", "d", "c", "b"]
    assert adapted("é z e", "\U0001f600").get_vocabulary()[2:] == ["\U0001f600", "é", "z", "e"]  # by code point


@pytest.mark.parametrize(
    ("standardize", "text", "expected"),
    [
        ("lower_and_strip_punctuation", "It's A-B_c, (É)!", "its abc É"),
        ("lower", "It's A, É!", "it's a, É!"),
        ("strip_punctuation", "It's A, «É»!", "Its A «É»"),
        (None, "It's A", "It's A"),
        (lambda text: text.replace("<br />", " ").upper(), "a<br />b", "A B"),
        (np.char.upper, "a b", "A B"),
    ],
)
def test_texts_are_standardized(standardize, text, expected):
    layer = adapted(text, standardize=standardize, split=None)
    assert layer.get_vocabulary()[2:] == [expected]


@pytest.mark.parametrize(
    ("split", "text", "expected"),
    [
        ("whitespace", " a\tb\n\x0bc  d ", ["d", "c", "b", "a"]),
        ("whitespace", "a\u00a0b", ["a\u00a0b"]),  # TensorFlow knows white space of ASCII alone
        ("character", "añ\U0001f600", ["\U0001f600", "ñ", "a"]),
        (None, "a b", ["a b"]),
        (lambda text: text.split("|"), "a b|c", ["c", "a b"]),
        (lambda text: np.array(text.split("|")), "a b|c", ["c", "a b"]),
    ],
)
def test_texts_are_split(split, text, expected):
    assert adapted(text, standardize=None, split=split).get_vocabulary()[2:] == expected


def test_functions_get_one_document_as_str():
    seen = []
    layer = layers.TextVectorization(standardize=lambda text: seen.append(text) or text, vocabulary=["a"])
    layer(["a b", b"c"])
    assert seen == ["a b", "c"]


@pytest.mark.parametrize(
    ("ngrams", "expected"),
    [
        (2, ["a", "b", "c", "a b", "b c"]),
        (3, ["a", "b", "c", "a b", "b c", "a b c"]),
        ((2,), ["a b", "b c"]),
        ((3, 1), ["a b c", "a", "b", "c"]),
        (4, ["a", "b", "c", "a b", "b c", "a b c"]),
    ],
)
def test_ngrams_come_size_by_size(ngrams, expected):
    layer = layers.TextVectorization(ngrams=ngrams, vocabulary=expected)
    assert vectors(layer, "a b c") == [list(range(2, len(expected) + 2))]


def test_modes_that_give_vectors():
    texts = ["a b b", "c a", "a"]
    assert vectors(adapted(*texts, output_mode="multi_hot"), "b b z", "") == [[1, 0, 1, 0], [0, 0, 0, 0]]
    assert vectors(adapted(*texts, output_mode="binary"), "b b z") == [[1, 0, 1, 0]]
    assert vectors(adapted(*texts, output_mode="count"), "b b z", "a") == [[1, 0, 2, 0], [0, 1, 0, 0]]
    assert adapted(*texts, output_mode="count").get_vocabulary() == ["[UNK]", "a", "b", "c"]
    found = adapted(*texts, output_mode="tf_idf")
    idf = np.log(1 + 3 / (1 + np.array([3, 1, 1])))  # documents with a, b, c
    np.testing.assert_allclose(found.idf_weights, [idf.mean(), *idf], rtol=1e-6)
    np.testing.assert_allclose(found(["b b z"]), [[idf.mean(), 0, 2 * idf[1], 0]], rtol=1e-6)


def test_vectors_are_padded_to_max_tokens_where_asked_for():
    for mode in ("multi_hot", "count", "tf_idf"):
        layer = adapted("a b", max_tokens=6, pad_to_max_tokens=True, output_mode=mode)
        assert layer(["a"]).shape == (1, 6)
        assert float(layer(["a"])[0, 3:].sum()) == 0
    assert adapted("a b", max_tokens=6, output_mode="count")(["a"]).shape == (1, 3)


def test_the_vocabulary_is_cut_at_max_tokens():
    assert adapted("a a b b c", max_tokens=4).get_vocabulary() == ["", "[UNK]", "b", "a"]
    assert adapted("a a b b c", max_tokens=3, output_mode="count").get_vocabulary() == ["[UNK]", "b", "a"]


def test_sequences_are_cut_and_filled():
    layer = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=2)
    assert vectors(layer, "a b a", "b", "") == [[2, 3], [3, 0], [0, 0]]
    unsplit = layers.TextVectorization(vocabulary=["a", "b"], split=None, output_sequence_length=3)
    assert np.asarray(unsplit([["a", "z"]])).tolist() == [[2, 1, 0]]
    open_ended = layers.TextVectorization(vocabulary=["a", "b"])
    assert vectors(open_ended, "a b a", "b") == [[2, 3, 2], [3, 0, 0]]
    assert open_ended(["", ""]).shape == (2, 0)


@pytest.mark.parametrize(
    "texts",
    [
        ["a b", "b"],
        [["a b"], ["b"]],
        (b"a b", b"b"),
        np.array(["a b", "b"]),
        np.array([b"a b", b"b"]),
        np.array(["a b", b"b"], object),
        np.array([["a b"], ["b"]], object),
        np.array(["a b", "b"], np.dtypes.StringDType()),
    ],
    ids=["list", "column", "bytes", "U", "S", "mixed", "object column", "StringDType"],
)
def test_text_comes_in_every_form(texts):
    layer = layers.TextVectorization(vocabulary=["a", "b"])
    out = layer(texts)
    assert isinstance(out, jax.Array)
    assert out.dtype == "int32"
    assert np.asarray(out).tolist() == [[2, 3], [3, 0]]
    learned = layers.TextVectorization()
    learned.adapt(texts)
    assert learned.get_vocabulary() == ["", "[UNK]", "b", "a"]


def test_one_text_gives_one_sequence():
    layer = layers.TextVectorization(vocabulary=["a", "b"])
    assert np.asarray(layer("b a")).tolist() == [3, 2]
    assert np.asarray(layer(np.array("b a"))).tolist() == [3, 2]
    assert layers.TextVectorization(vocabulary=["a"], output_mode="count")("a a z").shape == (2,)


def test_pandas_columns_are_text():
    pandas = pytest.importorskip("pandas")
    column = pandas.Series(["a b", "b"], index=[5, 3])
    layer = adapted("x")
    layer.adapt(column)
    assert layer.get_vocabulary()[2:] == ["b", "a"]
    assert np.asarray(layer(column)).tolist() == [[3, 2], [2, 0]]


@pytest.mark.parametrize(
    "data",
    [
        lambda: iter([["a b"], ["a"]]),
        lambda: iter(["a b", "a"]),
        lambda: (np.array([["a b"], ["a"]]) for _ in range(1)),
        lambda: [np.array(["a b"]), np.array(["a"])],
        lambda: iter([np.array("a b"), np.array("a")]),
        lambda: {"a b": 1, "a": 2}.keys(),
    ],
    ids=["batches", "texts", "columns", "arrays", "scalars", "any iterable"],
)
def test_adapt_takes_batches_or_texts_one_by_one(data):
    layer = layers.TextVectorization()
    layer.adapt(data())
    assert layer.get_vocabulary() == ["", "[UNK]", "a", "b"]


def test_adapt_takes_only_so_many_steps_and_begins_anew():
    layer = adapted("z")
    layer.adapt(iter([["a"], ["b"], ["c"]]), steps=2)
    assert sorted(layer.get_vocabulary()) == ["", "[UNK]", "a", "b"]


def test_state_can_be_learned_batch_by_batch():
    layer = layers.TextVectorization()
    layer.update_state(["a b"])
    layer.update_state(["b"])
    layer.finalize_state()
    assert layer.get_vocabulary()[2:] == ["b", "a"]
    layer.reset_state()
    assert layer.vocabulary_size() == 2


def test_a_vocabulary_may_come_from_a_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes("b\r\né\r\n".encode())
    assert layers.TextVectorization(vocabulary=str(path)).get_vocabulary() == ["", "[UNK]", "b", "é"]
    with pytest.raises(ArgumentError, match=r"nowhere.txt.*no such file"):
        layers.TextVectorization(vocabulary=str(tmp_path / "nowhere.txt"))


def test_a_vocabulary_may_be_set_with_or_without_special_tokens():
    layer = layers.TextVectorization()
    layer.set_vocabulary(["", "[UNK]", "a"])
    assert layer.get_vocabulary() == ["", "[UNK]", "a"]
    layer.set_vocabulary(np.array(["b"]))
    assert layer.get_vocabulary() == ["", "[UNK]", "b"]


def test_bytes_are_read_in_the_encoding_given():
    layer = layers.TextVectorization(encoding="latin-1", vocabulary=["é"])
    assert np.asarray(layer(["é".encode("latin-1"), "é"])).tolist() == [[2], [2]]
    broken = adapted(b"\xff\xfe a")
    assert broken.get_vocabulary() == ["", "[UNK]", "\ufffd\ufffd", "a"]
    assert vectors(adapted("\ud800 a"), "\ud800") == [[2]]  # a lone surrogate


def test_a_long_document_is_read_in_no_time():
    text = "word " * 200_000 + "end"  # 1 MB
    start = time.perf_counter()
    layer = adapted(text, output_sequence_length=10)
    out = layer([text, "end"])
    assert time.perf_counter() - start < 2
    assert np.asarray(out).tolist() == [[2] * 10, [3] + [0] * 9]
    assert layers.TextVectorization(vocabulary=["end"])([text]).shape == (1, 200_001)


def test_a_million_tokens_take_less_than_a_second():
    texts = np.array([" ".join(f"Word{(i * j) % 5000}," for j in range(100)) for i in range(1000)], object)
    layer = adapted(*texts[:200], output_sequence_length=100)
    seconds = []
    for _ in range(5):
        start = time.process_time()
        layer.compute(texts)
        seconds.append(time.process_time() - start)
    assert 1e5 / min(seconds) > 1e6


def test_adapt_streams_its_data():
    texts = [f"a few words of {i % 500} short texts" for i in range(1000)]
    layer = layers.TextVectorization()
    layer.adapt(texts)
    tracemalloc.start()
    layer.adapt(texts[start : start + 100] for _ in range(10) for start in range(0, 1000, 100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert layer.vocabulary_size() == 2 + 6 + 500


# -- configs -----------------------------------------------------------------------------------------


def test_the_config_holds_a_vocabulary_that_was_given_and_none_that_was_learned():
    given = layers.TextVectorization(vocabulary=["a", "b"], output_mode="tf_idf", idf_weights=[0.5, 0.25], ngrams=2)
    config = given.get_config()
    assert (config["vocabulary"], config["idf_weights"], config["ngrams"]) == (["a", "b"], [0.5, 0.25], (1, 2))
    again = layers.TextVectorization.from_config(config)
    np.testing.assert_array_equal(again(["a b"]), given(["a b"]))
    assert adapted("a").get_config()["vocabulary"] is None
    assert list(adapted("a").get_config())[3:] == [
        "max_tokens",
        "standardize",
        "split",
        "ngrams",
        "output_mode",
        "output_sequence_length",
        "pad_to_max_tokens",
        "vocabulary",
        "idf_weights",
        "sparse",
        "ragged",
        "encoding",
        "vocabulary_size",
    ]


def test_a_config_names_no_file(tmp_path):
    (tmp_path / "secret.txt").write_text("a\nb")
    config = {**layers.TextVectorization().get_config(), "vocabulary": str(tmp_path / "secret.txt")}
    with pytest.raises(ArgumentError, match="the name of a file as vocabulary.*name no files"):
        layers.TextVectorization.from_config(config)
    written = layers.TextVectorization(vocabulary=str(tmp_path / "secret.txt")).get_config()
    assert written["vocabulary"] == ["a", "b"]


# -- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"standardize": "upper"}, "standardize='upper'.*lower_and_strip_punctuation"),
        ({"split": ","}, "split=','.*whitespace"),
        ({"ngrams": 0}, "ngrams=0.*positive integer"),
        ({"ngrams": "2"}, "ngrams='2'"),
        ({"output_mode": "one_hot"}, "output_mode='one_hot'.*multi_hot"),
        ({"output_mode": "count", "output_sequence_length": 3}, "output_sequence_length and output_mode='count'"),
        ({"output_sequence_length": 0}, "output_sequence_length=0"),
        ({"max_tokens": 1}, "max_tokens=1.*from 2 up"),
        ({"output_mode": "count", "pad_to_max_tokens": True}, "without max_tokens"),
        ({"ragged": True}, "ragged=True.*mask_zero"),
        ({"sparse": True, "output_mode": "count"}, "sparse=True.*dense"),
        ({"output_mode": "tf_idf", "vocabulary": ["a"]}, "without idf_weights"),
        ({"vocabulary": ["a"], "idf_weights": [1.0]}, "idf_weights and output_mode='int'"),
        ({"vocabulary": ["a", "b", "a"]}, "repeated terms: 'a'"),
        ({"vocabulary": []}, "no terms"),
        ({"vocabulary": ["a", ""]}, "mask token '' among the terms"),
        ({"vocabulary": [1, 2]}, "1 of type int.*IntegerLookup"),
        ({"vocabulary": ["a", "b"], "max_tokens": 3}, "4 terms.*max_tokens=3"),
        ({"encoding": "klingon"}, "encoding='klingon'"),
    ],
)
def test_arguments_that_do_not_go_together(options, match):
    with pytest.raises(ArgumentError, match=match):
        layers.TextVectorization(**options)


def test_a_call_before_adapt():
    with pytest.raises(NotBuiltError, match=r"TextVectorization 'words'.*before it has a vocabulary.*adapt"):
        layers.TextVectorization(name="words")(["a"])


@pytest.mark.parametrize("data", [[], np.array([], str), iter([]), iter([[]])], ids=["list", "array", "none", "empty"])
def test_adapt_on_no_data(data):
    with pytest.raises(DataError, match=r"adapt of TextVectorization.*no data.*used up"):
        layers.TextVectorization().adapt(data)


def test_texts_without_a_token_make_an_empty_vocabulary():
    layer = adapted("", " ")
    assert layer.get_vocabulary() == ["", "[UNK]"]
    assert vectors(layer, "a", "") == [[1], [0]]


def test_adapt_of_a_layer_that_was_made_with_a_vocabulary():
    with pytest.raises(ArgumentError, match="made with a vocabulary.*leave vocabulary= out"):
        layers.TextVectorization(vocabulary=["a"]).adapt(["b"])


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (np.array(["a", None], object), r"element \[1\].*None of type NoneType.*fill what is missing"),
        (["a", None], r"element \[1\].*None"),
        (np.array([["a"], [float("nan")]], object), r"element \[1\].*nan.*fill what is missing"),
        (np.array(["a", 3], object), r"element \[1\].*3 of type int"),
    ],
)
def test_what_is_no_text_is_named_with_its_place(value, match):
    with pytest.raises(DataError, match=match):
        layers.TextVectorization(vocabulary=["a"])(value)


def test_numbers_are_no_text():
    layer = layers.TextVectorization(vocabulary=["a"])
    with pytest.raises(DTypeError, match="numbers of dtype float32.*expected text"):
        layer(np.ones(3, "float32"))
    with pytest.raises(DTypeError, match="numbers of dtype int"):
        layer.adapt([1, 2])
    with pytest.raises(DTypeError, match=r"batch 0.*tuple of 2.*lambda x, y: x"):
        layers.TextVectorization().adapt(iter([(np.array(["a"]), np.array([1]))]))
    with pytest.raises(DTypeError, match=r"batch 0.*dict"):
        layers.TextVectorization().adapt(iter([{"text": ["a"]}]))


def test_several_texts_a_row_are_not_split():
    layer = layers.TextVectorization(vocabulary=["a"])
    with pytest.raises(ShapeError, match=r"\(1, 2\).*one document a row.*split=None"):
        layer([["a", "b"]])


def test_functions_that_give_something_else():
    with pytest.raises(DataError, match=r"standardize function.*None of type NoneType.*one document at a time"):
        layers.TextVectorization(standardize=lambda text: None, vocabulary=["a"])(["a"])
    with pytest.raises(DataError, match=r"split function.*list of text"):
        layers.TextVectorization(split=lambda text: [1], vocabulary=["a"])(["a"])


def test_a_trace_is_told_what_to_do():
    layer = layers.TextVectorization(vocabulary=["a"])
    with pytest.raises(StateError, match=r"being compiled.*Functional or Sequential.*run_eagerly"):
        jax.jit(lambda x: layer(x))(np.ones(2))
