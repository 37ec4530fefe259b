"""What a lookup layer knows: its terms in order, and where each is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..._errors import ArgumentError
from .words import Words

__all__ = ["Counts", "Table", "inverse_document_frequency", "repeated"]

Term = Hashable  # bytes or int
_MUCH = 1 << 12  # bytes of text from which NumPy is faster than the interpreter


class Table:
    """Terms and their indices; it never changes.

    Args:
        terms: in order, special tokens left out, each once.
        start: the index of the first of them.
        mask: the term at index 0, where there is one.
        idf: what each index counts, for TF-IDF, special tokens included.
    """

    def __init__(self, terms: Sequence[Any], start: int, mask: Any = None, idf: np.ndarray | None = None) -> None:
        self.terms = terms
        self.start = start
        self.idf = idf
        self.places: dict[Any, int] = dict(zip(terms, range(start, start + len(terms)), strict=True))
        if mask is not None:
            self.places[mask] = 0
        self._words: Words | None = None
        self._read = 0

    def words(self, size: int, unknown: int) -> Words | None:
        """For fast lookup in `size` bytes of text; None for little text, or before making it pays."""
        self._read += size
        if size < _MUCH:
            return None
        if self._words is None and self._read > 8 * len(self.places):
            self._words = Words(self.places, unknown)
        return self._words

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_words": None}

    def __deepcopy__(self, memo: dict) -> Table:
        return self

    def __len__(self) -> int:
        return self.start + len(self.terms)


class Counts:
    """How often terms occur in the data of an `adapt`, and in how many documents.

    Args:
        documents: whether documents are counted.
    """

    def __init__(self, documents: bool) -> None:
        self.terms: Counter[Any] = Counter()
        self.documents_with: Counter[Any] | None = Counter() if documents else None
        self.documents = 0
        self.seen = 0  # texts or values, blank ones too

    def add(self, document: Iterable[Any]) -> None:
        """Count the terms of one document."""
        if self.documents_with is None:
            self.terms.update(document)
            return
        document = list(document)
        self.terms.update(document)
        self.documents_with.update(set(document))
        self.documents += 1

    def most_frequent(self, without: Iterable[Any], most: int | None) -> list[Any]:
        """The terms by how often they occur; those that occur as often as others from the last to the first.

        Args:
            without: terms to leave out.
            most: how many to give at most.
        """
        left_out = set(without)
        found = [(count, term) for term, count in self.terms.items() if term not in left_out]
        found.sort(reverse=True)
        return [term for _, term in found[:most]]


def inverse_document_frequency(terms: Sequence[Any], counts: Counts) -> np.ndarray:
    """log(1 + documents / (1 + documents with the term)), float32."""
    with_term: Mapping[Any, int] = counts.documents_with or {}
    found = np.array([with_term.get(term, 0) for term in terms], np.float64)
    return np.log(1 + counts.documents / (1 + found)).astype("float32")


def repeated(terms: Sequence[Any], where: str, written: Any) -> None:
    """Raise if a term stands twice.

    Raises:
        ArgumentError: it names the first of them.
    """
    if len(set(terms)) == len(terms):
        return
    twice = [written(term) for term, count in Counter(terms).items() if count > 1]
    shown = ", ".join(map(repr, twice[:5])) + (f" and {len(twice) - 5} more" if len(twice) > 5 else "")
    raise ArgumentError(
        where,
        got=f"a vocabulary with repeated terms: {shown}",
        expected="each once",
        hint="list(dict.fromkeys(vocabulary))",
    )
