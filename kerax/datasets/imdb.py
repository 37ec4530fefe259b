"""IMDB: 25,000 reviews of films to train on and 25,000 to test, as word numbers, each liked (1) or not (0)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import ArgumentError, near_misses
from .._host.files import fetch
from . import _npz
from . import _sequences as seq
from ._content import ORIGIN, Content, Split, wrong

__all__ = ["get_word_index", "load_data"]

URL = ORIGIN + "imdb.npz"
CHECKSUM = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX_URL = ORIGIN + "imdb_word_index.json"
INDEX_CHECKSUM = "bfafd718b763782e994055a2d397834f"
CONTENTS = {
    "x_train": Content((None,), "object"),
    "y_train": Content((None,), "integer", 0, 1),
    "x_test": Content((None,), "object"),
    "y_test": Content((None,), "integer", 0, 1),
}
NAMES = ("path", "num_words", "skip_top", "maxlen", "seed", "start_char", "oov_char", "index_from")


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> Split:
    """Load the IMDB reviews.

    A word is a number: its rank by frequency, plus `index_from`. `num_words=10000` keeps the frequent words.

    Args:
        path: the file in `~/.keras/datasets`, or an absolute path.
        num_words: numbers from here on become `oov_char`. None: only the largest one does.
        skip_top: numbers below become `oov_char` too.
        maxlen: only the reviews with fewer numbers than this, the start mark counted, are kept.
        seed: for the shuffling, of the training and of the test reviews.
        start_char: put before each review; None for nothing.
        oov_char: what stands for words left out; None to drop them.
        index_from: added to every rank.
        **kwargs: none is known. Keras ignores them in silence; here they raise.
    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays (n,) of lists of numbers, and int64 (n,) labels.
    Raises:
        ArgumentError: an unknown argument, or a `maxlen` that leaves no review.
        DataError: the cached file is damaged or something else, or there is none and the download failed.
    """
    for name in kwargs:
        raise ArgumentError("imdb.load_data", got=f"an unknown argument {name!r}", hint=near_misses(name, NAMES))
    where = fetch(path, URL, CHECKSUM)
    arrays = _npz.read(where, CONTENTS, URL)
    rng = np.random.RandomState(seed)  # one stream for both parts
    xs: seq.Rows = []
    ys = []
    for part in ("train", "test"):
        rows, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if len(rows) != len(labels):
            raise wrong(where, f"{len(rows)} reviews in x_{part}, {len(labels)} labels", "a label for each", URL)
        seq.check_rows(where, f"x_{part}", rows, URL)
        rows, labels = seq.shuffled(rng, rows, labels)
        kept, labels = seq.shorter("imdb.load_data", maxlen, seq.mark(rows, start_char, index_from), labels)
        xs += kept
        ys.append(labels)
    xs = seq.limit_words(xs, num_words, skip_top, oov_char)
    cut = len(ys[0])
    return (seq.ragged(xs[:cut]), ys[0]), (seq.ragged(xs[cut:]), ys[1])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The rank of each word, 1 for the most frequent; `load_data` adds its `index_from` to it.

    Args:
        path: the file in `~/.keras/datasets`, or an absolute path.
    Examples:
        ```python
        words = {rank + 3: word for word, rank in imdb.get_word_index().items()}
        print(" ".join(words.get(number, "?") for number in x_train[0]))
        ```
    """
    return seq.read_index(fetch(path, INDEX_URL, INDEX_CHECKSUM), INDEX_URL)
