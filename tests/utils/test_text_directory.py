"""Texts in folders: what Keras reads, files that are no UTF-8."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kerax

from .folders import fill

# Keras leaves its pools of threads to the garbage collector, which complains.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed running multiprocessing pool:ResourceWarning")
TEXTS = {
    "bad/1.txt": "hello wörld é",
    "bad/2.TXT": "",
    "bad/no.md": "no",
    "good/1.txt": "two\nlines\r\nend\n",
    "good/2.txt": "x" * 20,
    "good/3.txt": "\ufeffmark 😀",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("texts"), TEXTS)


def ours(folder, **options):
    return kerax.utils.text_dataset_from_directory(folder, **{"verbose": False, **options})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_length": 3},
        {"max_length": 7, "batch_size": 2},
        {"label_mode": "binary"},
        {"label_mode": "categorical"},
    ],
    ids=str,
)
def test_batches_are_those_of_keras(folder, options):
    options = {"shuffle": False, "verbose": False, **options}
    mine = list(kerax.utils.text_dataset_from_directory(folder, **options))
    reference = list(keras.utils.text_dataset_from_directory(folder, format="grain", **options))
    assert [x.tolist() for x, _ in mine] == [list(x) for x, _ in reference]
    for (_, y), (_, y_keras) in zip(mine, reference):
        assert y.dtype == y_keras.dtype
        np.testing.assert_array_equal(y, y_keras)


def test_single_texts_and_texts_without_labels(folder):
    assert str(next(iter(ours(folder, batch_size=None, shuffle=False)))[0]) == "hello wörld é"
    (texts,) = ours(folder, label_mode=None, shuffle=False)
    assert texts.tolist() == ["hello wörld é", "", "two\nlines\nend\n", "x" * 20, "\ufeffmark 😀"]
    assert texts.numpy()[0] == "hello wörld é".encode()
    assert ours(folder).element_spec[0].dtype == "string"


def test_functions_get_texts(folder):
    lengths = ours(folder, batch_size=None, shuffle=False).map(lambda text, label: (len(text), label))
    assert [int(length) for length, _ in lengths] == [13, 0, 14, 20, 7]


def test_a_file_that_is_not_utf8_is_named_or_skipped_and_counted(tmp_path):
    fill(tmp_path, {"a/1.txt": "fine", "a/2.txt": b"ok \xff\xfe", "b/1.txt": "fine too"})
    with pytest.raises(ValueError, match=r"a/2\.txt.*not UTF-8: byte 0xff at 3.*on_error"):
        list(ours(tmp_path))
    data = ours(tmp_path, on_error="skip", shuffle=False)
    ((texts, labels),) = data
    assert (texts.tolist(), labels.tolist()) == (["fine", "fine too"], [0, 1])
    assert list(data.skipped) == [str(tmp_path / "a" / "2.txt")]


@pytest.mark.parametrize("length", [0, -1, "a", 2.5])
def test_a_length_that_is_none_is_an_error(folder, length):
    with pytest.raises(ValueError, match="max_length="):
        ours(folder, max_length=length)
