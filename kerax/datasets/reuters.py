"""Reuters: 11,228 newswires as word numbers, each with one of 46 topics."""

from __future__ import annotations

import numpy as np

from .._errors import ArgumentError
from .._host.files import fetch
from . import _npz
from . import _sequences as seq
from ._content import ORIGIN, Content, Split, wrong

__all__ = ["get_label_names", "get_word_index", "load_data"]

URL = ORIGIN + "reuters.npz"
CHECKSUM = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
INDEX_URL = ORIGIN + "reuters_word_index.json"
INDEX_CHECKSUM = "4d44cc38712099c9e383dc6e5f11a921"
CONTENTS = {"x": Content((None,), "object"), "y": Content((None,), "integer", 0, 45)}

# The topics in the order of their labels, as the authors of the file numbered them.
TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass "
    "crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi "
    "iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Load the Reuters newswires.

    Args:
        path: the file in `~/.keras/datasets`, or an absolute path.
        num_words: numbers from here on become `oov_char`. None: only the largest one does.
        skip_top: numbers below become `oov_char` too.
        maxlen: only the newswires with fewer numbers than this, the start mark counted, are kept.
        test_split: the fraction kept for testing.
        seed: for the shuffling before the split.
        start_char: put before each newswire; None for nothing.
        oov_char: what stands for words left out; None to drop them.
        index_from: added to every rank.
    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays (n,) of lists of numbers, and int64 (n,) topics.
    Raises:
        ArgumentError: a `test_split` outside [0, 1], or a `maxlen` that leaves no newswire.
        DataError: the cached file is damaged or something else, or there is none and the download failed.
    """
    if not 0 <= test_split <= 1:
        raise ArgumentError("reuters.load_data", got=f"test_split={test_split!r}", expected="a fraction from 0 to 1")
    where = fetch(path, URL, CHECKSUM)
    arrays = _npz.read(where, CONTENTS, URL)
    rows, labels = arrays["x"], arrays["y"]
    if len(rows) != len(labels):
        raise wrong(where, f"{len(rows)} newswires in x, {len(labels)} labels in y", "a label for each", URL)
    seq.check_rows(where, "x", rows, URL)
    rows, labels = seq.shuffled(np.random.RandomState(seed), rows, labels)
    xs, labels = seq.shorter("reuters.load_data", maxlen, seq.mark(rows, start_char, index_from), labels)
    xs = seq.limit_words(xs, num_words, skip_top, oov_char)
    cut = int(len(xs) * (1 - test_split))
    return (seq.ragged(xs[:cut]), labels[:cut]), (seq.ragged(xs[cut:]), labels[cut:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The rank of each word, 1 for the most frequent; `load_data` adds its `index_from` to it.

    Args:
        path: the file in `~/.keras/datasets`, or an absolute path.
    """
    return seq.read_index(fetch(path, INDEX_URL, INDEX_CHECKSUM), INDEX_URL)


def get_label_names() -> tuple[str, ...]:
    """The 46 topics; the position of each is its label.

    Examples:
        >>> get_label_names()[3]
        'earn'
    """
    return tuple(TOPICS.split())
