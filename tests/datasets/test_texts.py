"""imdb and reuters: small files of random word numbers, edited in every way Keras edits them."""

import json
import pickle
import zipfile

import numpy as np
import pytest

from kerax._errors import ArgumentError, DataError
from kerax.datasets import imdb, reuters


def rows(count, seed):
    rng = np.random.default_rng(seed)
    array = np.empty(count, object)
    array[:] = [rng.integers(1, 60, rng.integers(2, 20)).tolist() for _ in range(count)]
    return array


def labels(count, classes):
    return np.arange(count, dtype="int64") * 5 % classes


def imdb_arrays():
    return {"x_train": rows(50, 0), "y_train": labels(50, 2), "x_test": rows(40, 1), "y_test": labels(40, 2)}


def reuters_arrays():
    return {"x": rows(90, 2), "y": labels(90, 46)}


OPTIONS = [
    {},
    {"num_words": 30},
    {"num_words": 30, "skip_top": 8},
    {"num_words": 30, "oov_char": None},
    {"oov_char": None, "skip_top": 5},
    {"maxlen": 12},
    {"maxlen": 12, "num_words": 20, "start_char": None},
    {"start_char": None},
    {"start_char": None, "index_from": 0},
    {"start_char": None, "index_from": None},
    {"start_char": 7, "oov_char": 9, "index_from": 10},
    {"seed": 5},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_imdb_is_edited_as_keras_edits_it(home, oracle, same, options):
    path = home / "imdb.npz"
    np.savez(path, **imdb_arrays())
    same(imdb.load_data(**options), oracle("imdb", path).load_data(**options))


@pytest.mark.parametrize("options", [*OPTIONS, {"test_split": 0.5}, {"test_split": 0}, {"test_split": 1}], ids=str)
def test_reuters_is_edited_as_keras_edits_it(home, oracle, same, options):
    path = home / "reuters.npz"
    np.savez(path, **reuters_arrays())
    same(reuters.load_data(**options), oracle("reuters", path).load_data(**options))


def test_files_written_by_the_first_numpy_are_read(home, oracle, same):
    """As the published files are: pickled by NumPy 1, which named its modules otherwise."""
    np.savez(home / "new.npz", **imdb_arrays())
    with zipfile.ZipFile(home / "new.npz") as new, zipfile.ZipFile(home / "imdb.npz", "w") as old:
        for name in new.namelist():
            data = new.read(name)
            # the text of a pickle carries its length: two bytes shorter, one byte before
            data = data.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")
            start = data.find(b"\x80\x04\x95")
            if start >= 0 and b"numpy.core" in data:
                size = int.from_bytes(data[start + 3 : start + 11], "little") - 1
                data = data[: start + 3] + size.to_bytes(8, "little") + data[start + 11 :]
            old.writestr(name, data)
    assert b"numpy.core.multiarray" in (home / "imdb.npz").read_bytes()
    same(imdb.load_data(), oracle("imdb", home / "imdb.npz").load_data())


def test_rows_of_one_length_stay_lists(home):
    x = np.empty(10, object)
    x[:] = [[index + 1, 2] for index in range(10)]
    np.savez(home / "reuters.npz", x=x, y=labels(10, 46))
    (x_train, _), _ = reuters.load_data()
    assert x_train.shape == (8,)
    assert isinstance(x_train[0], list)


@pytest.mark.parametrize(("module", "arrays"), [(imdb, imdb_arrays), (reuters, reuters_arrays)])
def test_a_maxlen_that_leaves_nothing_is_refused(home, module, arrays):
    np.savez(home / f"{module.__name__.rpartition('.')[2]}.npz", **arrays())
    with pytest.raises(ArgumentError, match="maxlen=2, which no sequence is shorter than, expected more than 3"):
        module.load_data(maxlen=2)


def test_an_unknown_argument_is_not_ignored(home):
    with pytest.raises(ArgumentError, match="'nb_words'.*num_words"):
        imdb.load_data(nb_words=1000)


def changed(arrays, **others):
    return arrays | others


def with_row(row):
    x = rows(90, 2)
    x[3] = row
    return x


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        (changed(reuters_arrays(), y=labels(89, 46)), "90 newswires in x, 89 labels in y"),
        (changed(reuters_arrays(), y=labels(90, 90)), r"y with \d+ at \[\d+\], expected y: integer \(n,\) .* 0 and 45"),
        (changed(reuters_arrays(), y=np.zeros(90)), "y with dtype float64"),
        (changed(reuters_arrays(), x=np.zeros((90, 4), int)), r"x with dtype int64 and shape \(90, 4\)"),
        (changed(reuters_arrays(), x=with_row([1, "two"])), r"x\[3\] = \[1, 'two'\], expected each row a list of"),
        (changed(reuters_arrays(), x=with_row([4, -1])), r"x\[3\] = \[4, -1\]"),
        (changed(reuters_arrays(), x=with_row(5)), r"x\[3\] = 5"),
        ({"x": np.empty(0, object), "y": labels(0, 46)}, r"x with dtype object and shape \(0,\)"),
    ],
    ids=["lengths", "topic 46", "float topics", "not ragged", "a word", "negative", "a number", "empty"],
)
def test_a_wrong_reuters_is_named_and_kept(home, fails, arrays, match):
    path = home / "reuters.npz"
    np.savez(path, **arrays)
    fails(reuters.load_data, path, match)


def test_a_wrong_imdb_is_named_and_kept(home, fails):
    path = home / "imdb.npz"
    np.savez(path, **changed(imdb_arrays(), y_test=labels(39, 2)))
    fails(imdb.load_data, path, "40 reviews in x_test, 39 labels")
    np.savez(path, **imdb_arrays())
    path.write_bytes(path.read_bytes()[:700])
    fails(imdb.load_data, path, r"cannot be read as an \.npz file")


@pytest.mark.parametrize("place", ["inside a row", "instead of the array"])
def test_a_file_cannot_run_code(home, fails, tmp_path, place):
    class Evil:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",))

    path = home / "reuters.npz"
    x = with_row([Evil()])
    np.savez(path, x=x, y=labels(90, 46))
    if place == "instead of the array":
        with zipfile.ZipFile(path) as archive:
            y, data = archive.read("y.npy"), archive.read("x.npy")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("y.npy", y)
            archive.writestr("x.npy", data[: data.index(b"\x80")] + pickle.dumps(Evil(), 4))
    fails(reuters.load_data, path, r"asks for builtins\.exec")
    assert not (tmp_path / "ran").exists()


def test_a_pickle_that_is_no_array_is_refused(home, fails):
    path = home / "reuters.npz"
    np.savez(path, **reuters_arrays())
    with zipfile.ZipFile(path) as archive:
        y, data = archive.read("y.npy"), archive.read("x.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("y.npy", y)
        archive.writestr("x.npy", data[: data.index(b"\x80")] + pickle.dumps([[1]] * 90, 4))
    fails(reuters.load_data, path, "header that does not fit its data")


@pytest.mark.parametrize("module", [imdb, reuters])
def test_the_word_index_is_a_dict(home, oracle, fails, module):
    name = module.__name__.rpartition(".")[2]
    path = home / f"{name}_word_index.json"
    path.write_text(json.dumps({"the": 1, "naïve": 2}, ensure_ascii=False), "utf-8")
    assert module.get_word_index() == {"the": 1, "naïve": 2} == oracle(name, path).get_word_index()
    path.write_text('{"the": 1', "utf-8")
    fails(module.get_word_index, path, r"cannot be read as a \.json file")
    path.write_text('["the"]', "utf-8")
    fails(module.get_word_index, path, r"got list \['the'\], expected a \.json object")
    path.write_text('{"the": "first"}', "utf-8")
    fails(module.get_word_index, path, "'the': 'first'")
    path.unlink()
    with pytest.raises(DataError, match=f"{name}_word_index.json: got no file at"):
        module.get_word_index()


def test_the_topics_are_those_of_keras(oracle, tmp_path):
    assert reuters.get_label_names() == oracle("reuters", tmp_path).get_label_names()
