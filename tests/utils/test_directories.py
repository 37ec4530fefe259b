"""Which files a loader finds, their labels, their order and the split: as Keras has them, with the same seed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import kerax
from kerax.utils._directories import Options, listed

# Keras leaves its pools of threads to the garbage collector, which complains.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed running multiprocessing pool:ResourceWarning")

TEXTS = [
    "b/1.txt", "b/10.txt", "b/2.TXT", "b/z/1.txt", "b/z/k/1.txt", "b/z-1/1.txt", "b/z.d/1.txt", "b/.hid/x.txt",
    "a/x.txt", "a/.h.txt", "a/A/x.txt", "a/a/x.txt", "a/notes.md", "top.txt", ".hid/x.txt", "Z/a.txt", "a-/1.txt",
]  # fmt: skip
COUNT = 17  # of files that end as they should, the one behind a link among them
LABELLED = 15  # of those, the ones in folders of classes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("texts")
    for name in TEXTS:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "empty").mkdir()
    outside = tmp_path_factory.mktemp("outside")
    (outside / "deep").mkdir()
    (outside / "e.txt").write_text("e")
    (outside / "deep" / "f.txt").write_text("f")
    (root / "b" / "link").symlink_to(outside)
    (root / "a" / "linked.txt").symlink_to(outside / "e.txt")
    return root


def ours(folder, **options):
    return kerax.utils.text_dataset_from_directory(folder, **{"verbose": False, **options})


def theirs(folder, **options):
    return keras.utils.text_dataset_from_directory(folder, format="grain", **{"verbose": False, **options})


def refused_by_keras(folder, options):
    try:
        theirs(folder, **options)
    except ValueError:
        return True
    return False


def texts_of(data):
    """All texts in order. Each is the name of its file, but for those behind links."""
    batches = (batch[0] if isinstance(batch, tuple) and len(batch) == 2 else batch for batch in data)
    return [str(text) for batch in batches for text in batch]


def labels_of(data):
    return [label for _, labels in data for label in np.asarray(labels).tolist()]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"class_names": ["b", "Z", "a"]},
        {"label_mode": "categorical"},
        {"label_mode": "binary", "class_names": ["b", "a"]},
        {"labels": None, "label_mode": None},
        {"labels": None},
        {"label_mode": None},
        {"follow_links": True},
        {"labels": None, "follow_links": True},
        {"labels": list(range(COUNT))},
        {"labels": [0, 1] * 8 + [1]},
        {"labels": tuple([2, 0, 1] * 5 + [0, 0]), "label_mode": "categorical"},
    ],
    ids=str,
)
def test_files_labels_and_names_are_those_of_keras(folder, options):
    mine, reference = ours(folder, shuffle=False, **options), theirs(folder, shuffle=False, **options)
    assert texts_of(mine) == texts_of(reference)
    assert texts_of(mine) == [Path(path).read_text() for path in mine.file_paths]
    assert mine.class_names == reference.class_names
    if options.get("labels", "") is not None and options.get("label_mode", "int") is not None:
        assert labels_of(mine) == labels_of(reference)
        assert next(iter(mine))[1].dtype == next(iter(reference))[1].dtype


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_gives_the_same_split_as_keras(folder, seed):
    for subset in ("training", "validation"):
        options = {"validation_split": 0.3, "subset": subset, "seed": seed}
        mine, reference = ours(folder, **options), theirs(folder, **options)
        assert sorted(texts_of(mine)) == sorted(texts_of(reference))
        assert sorted(labels_of(mine)) == sorted(labels_of(reference))
    both = ours(folder, validation_split=0.3, subset="both", seed=seed)
    assert both[1].file_paths == mine.file_paths
    assert not set(both[0].file_paths) & set(both[1].file_paths)
    assert len(both[0].file_paths) + len(both[1].file_paths) == LABELLED


def test_labels_stay_with_their_files_when_shuffled(folder):
    data = ours(folder, seed=3, batch_size=None)
    for _ in range(2):
        for text, label in data:
            # Every text is the name of its file, but for the one behind a link.
            assert str(text) == "e" or str(text).split("/")[0] == data.class_names[int(label)]


def test_training_order_changes_from_pass_to_pass_and_follows_from_the_seed(folder):
    def passes(data, count):
        return [texts_of(data) for _ in range(count)]

    first, second = passes(ours(folder, seed=5), 2)
    assert first != second
    assert sorted(first) == sorted(second)
    assert passes(ours(folder, seed=5), 2) == [first, second]
    assert passes(ours(folder, seed=6), 1) != [first]
    assert passes(ours(folder, shuffle=False), 1) == passes(ours(folder, shuffle=False), 1)


def test_a_validation_set_keeps_its_order(folder):
    data = ours(folder, validation_split=0.4, subset="validation", seed=1)
    assert labels_of(data) == labels_of(data)
    assert texts_of(data) == [Path(path).read_text() for path in data.file_paths]


def test_without_a_seed_the_order_follows_from_set_random_seed(folder):
    kerax.utils.set_random_seed(4)
    first = ours(folder).file_paths
    kerax.utils.set_random_seed(4)
    assert ours(folder).file_paths == first


@pytest.mark.parametrize("options", [{}, {"validation_split": 0.3, "subset": "both", "seed": 1}, {"labels": None}])
def test_what_is_printed_is_what_keras_prints(folder, options, capsys):
    theirs(folder, verbose=True, **options)
    expected = capsys.readouterr().out
    ours(folder, verbose=True, **options)
    assert capsys.readouterr().out == expected
    ours(folder, **options)
    assert capsys.readouterr().out == ""


def test_the_counts_go_to_the_log_without_interactive_logging(folder, capsys, caplog):
    kerax.config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", logger="kerax"):
            ours(folder, verbose=True)
    finally:
        kerax.config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert "belonging to 5 classes" in caplog.text


MISTAKES = {
    "a word for labels": ({"labels": "foo"}, "labels='foo'.*'inferred'"),
    "too few labels": ({"labels": [0, 1]}, r"2 labels for the 17 files"),
    "labels that are no integers": ({"labels": ["x"] * (COUNT)}, "expected integers"),
    "an unknown label mode": ({"label_mode": "foo"}, "label_mode='foo'"),
    "names without inferred labels": ({"labels": None, "class_names": ["a"]}, "class_names with labels=None"),
    "a class without a folder": ({"class_names": ["a", "q"]}, r"\['a', 'q'\].*from the folders in .*'Z', 'a'"),
    "a hidden folder as a class": ({"class_names": ["a", ".hid"]}, r"'\.hid'"),
    "binary with many classes": ({"label_mode": "binary"}, "5 classes.*just two.*label_mode='int'"),
    "binary with many labels": ({"label_mode": "binary", "labels": list(range(COUNT))}, "17 classes"),
    "a fraction without a subset": ({"validation_split": 0.2}, "validation_split=0.2 with subset=None.*both"),
    "a subset without a fraction": ({"subset": "training"}, "validation_split=None with subset='training'"),
    "a fraction above 1": ({"validation_split": 1.2, "subset": "training"}, "validation_split=1.2.*between 0 and 1"),
    "an unknown subset": ({"validation_split": 0.2, "subset": "foo"}, "subset='foo'"),
    "a split without a seed": ({"validation_split": 0.2, "subset": "training"}, "seed.*shuffle=False"),
    "an empty batch": ({"batch_size": 0}, "batch_size=0"),
}


TAKEN_BY_KERAS = ("labels that are no integers",)  # all as 0


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_value_error_that_says_what_is_wrong(folder, mistake):
    options, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        ours(folder, **options)
    assert refused_by_keras(folder, options) == (mistake not in TAKEN_BY_KERAS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_names": ["a", "a", "b"]}, "each of them once"),
        ({"labels": [0, 7] * 8 + [0], "label_mode": "categorical"}, r"labels \[0, 7\].*from 0 to 1"),
        ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "0 for validation.*at least one file"),
        ({"on_error": "ignore"}, "on_error='ignore'"),
        ({"format": "torch"}, "format='torch'"),
        ({"batch_size": True}, "batch_size=True"),
    ],
)
def test_what_keras_takes_in_silence_is_an_error(folder, options, message):
    with pytest.raises(ValueError, match=message):
        ours(folder, **options)


def test_a_missing_folder_and_a_file_are_the_errors_of_python(folder):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ours(folder / "nowhere")
    with pytest.raises(NotADirectoryError, match="top.txt"):
        ours(folder / "top.txt")


def test_a_folder_without_files_is_an_error_with_a_hint(folder, tmp_path):
    with pytest.raises(ValueError, match=r"no texts in .*empty.*\.txt"):
        ours(folder / "empty")
    (tmp_path / "lonely.txt").write_text("x")
    with pytest.raises(ValueError, match="labels=None: the files lie in the directory itself"):
        ours(tmp_path)
    assert ours(tmp_path, labels=None).file_paths == [str(tmp_path / "lonely.txt")]


def test_a_link_to_a_folder_above_ends(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.txt").write_text("x")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    found = ours(tmp_path, labels=None, follow_links=True).file_paths
    assert {os.path.realpath(path) for path in found} == {str(tmp_path.resolve() / "a" / "1.txt")}


def test_paths_and_arrays_of_labels_are_taken(folder):
    labels = np.arange(COUNT) % 3
    assert labels_of(ours(os.fspath(folder) + "/", labels=labels, shuffle=False)) == labels.tolist()


@pytest.mark.slow
def test_two_hundred_thousand_files_are_listed_within_two_seconds(tmp_path):
    for number in range(200):
        folder = tmp_path / f"class_{number:03}"
        folder.mkdir()
        for file in range(1000):
            os.close(os.open(folder / f"{file:04}.txt", os.O_CREAT | os.O_WRONLY))
    options = Options(
        "text", "texts", (".txt",), tmp_path, "inferred", "int", None, 32, True, 1, None, None, False, False
    )  # fmt: skip
    start = time.process_time()
    listing = listed(options)
    assert time.process_time() - start < 2
    assert len(listing.paths) == 200_000
    assert np.bincount(listing.labels).tolist() == [1000] * 200
