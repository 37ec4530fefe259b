"""Words found in NumPy are those that the interpreter finds one by one."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from kerax import layers
from kerax.layers._preprocessing import words
from kerax.layers._preprocessing.words import Words

LETTERS = [*"abcdefgh", "é", "日", "\0", "-", "X"]
SPACES = [" ", "\t", "\n", "\r", "\x0b", "\x0c", "  ", " \n\t "]


def documents(count, longest=20, seed=0):
    """Words of up to `longest` letters, of which the longest have more than 15 bytes, between spaces of all kinds."""
    rng = np.random.default_rng(seed)
    known = ["".join(rng.choice(LETTERS, rng.integers(1, longest))) for _ in range(300)]
    out = []
    for _ in range(count):
        parts = [str(rng.choice(SPACES)) if rng.random() < 0.3 else ""]
        for word in rng.choice(known, rng.integers(0, 30)):
            parts += [str(word), str(rng.choice(SPACES))]
        out.append("".join(parts).encode())
    return out


def one_by_one(places, texts, most):
    found = [[places.get(word, 1) for word in text.split()[:most]] for text in texts]
    return [len(row) for row in found], [index for row in found for index in row]


@pytest.mark.parametrize("most", [None, 1, 7, 1000])
@pytest.mark.parametrize("group", [1, 200, 1 << 17])
def test_words_of_any_length_between_any_spaces(most, group, monkeypatch):
    monkeypatch.setattr(words, "_GROUP", group)
    texts = documents(80)
    every = sorted({word for text in texts for word in text.split()})
    assert {1, 7, 8, 9, 15, 16, 20} <= set(map(len, every))
    places = {word: number for number, word in enumerate(every[::2], 2)}
    lengths, found = Words(places, 1).indices(texts, None, b"", most)
    assert (lengths.tolist(), found.tolist()) == one_by_one(places, texts, most)


def test_words_that_want_the_same_slot(monkeypatch):
    monkeypatch.setattr(words, "_FACTORS", (np.uint64(0), np.uint64(0)))
    texts = documents(20)
    every = sorted({word for text in texts for word in text.split()})
    places = {word: number for number, word in enumerate(every[::2], 2)}
    lengths, found = Words(places, 1).indices(texts, None, b"", None)
    assert (lengths.tolist(), found.tolist()) == one_by_one(places, texts, None)


def test_words_that_zeros_would_make_alike():
    places = {b"a": 2, b"a\0": 3, b"a" * 8: 4, b"a" * 8 + b"\0": 5, b"\0": 6, b"a" * 15: 7, b"a" * 16: 8, b"": 9}
    texts = [b" ".join(word for word in places if word) + b" a\0\0 \0\0 " + b"a" * 7 + b" " + b"a" * 17]
    lengths, found = Words(places, 1).indices(texts, None, b"", None)
    assert lengths.tolist() == [11]
    assert found.tolist() == [2, 3, 4, 5, 6, 7, 8, 1, 1, 1, 1]


@pytest.mark.parametrize("texts", [[], [b""], [b"", b"  ", b""], [b"a"], [b"", b"a"], [b"a", b""]], ids=str)
def test_few_words(texts):
    lengths, found = Words({b"a": 2}, 1).indices(texts, None, b"", None)
    assert (lengths.tolist(), found.tolist()) == one_by_one({b"a": 2}, texts, None)


def test_no_vocabulary():
    lengths, found = Words({}, 1).indices([b"a b", b"c"], None, b"", None)
    assert (lengths.tolist(), found.tolist()) == ([2, 1], [1, 1, 1])


def test_bytes_that_end_documents_are_left_to_others():
    assert Words({b"a": 2}, 1).indices([b"a \xff b", b"c"], None, b"", None) is None


@pytest.mark.parametrize("standardize", ["lower_and_strip_punctuation", "lower", "strip_punctuation", None])
@pytest.mark.parametrize("options", [{"output_sequence_length": 9}, {}, {"output_mode": "count"}], ids=str)
def test_a_layer_gives_the_same_for_much_text_and_for_little(standardize, options):
    texts = [*documents(400, seed=1), b"[UNK] a [UNK]", b"latin \xe9\xff \xff", b"\xff"]
    layer = layers.TextVectorization(max_tokens=150, standardize=standardize, **options)
    layer.adapt(texts)
    assert sum(map(len, texts)) > 1 << 15
    longest = 0 if options else max(layer.compute([text]).shape[1] for text in texts)

    def alone(text):
        row = layer.compute([text])[0]
        return np.pad(row, (0, longest - len(row))) if longest else row

    for some in (texts, texts[:-3]):  # those with FF are found one by one, and so are all beside them
        together = layer.compute(some)
        np.testing.assert_array_equal(together, np.stack([alone(text) for text in some])[:, : together.shape[1]])
    assert layer._lookup_layer._table._words is not None


def test_the_arrays_are_kept_but_not_written():
    layer = layers.TextVectorization(vocabulary=["a", "b"])
    texts = ["a b c " * 1000, "b"]
    first = layer.compute(texts)
    table = layer._lookup_layer._table
    kept = table._words
    np.testing.assert_array_equal(layer.compute(texts), first)
    assert kept is not None
    assert table._words is kept
    for other in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        assert other.places == table.places
    assert pickle.loads(pickle.dumps(table))._words is None
    layer.set_vocabulary(["c", "a"])
    assert layer.compute(texts)[0, :3].tolist() == [3, 1, 2]
