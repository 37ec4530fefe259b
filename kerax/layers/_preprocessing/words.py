"""Words of many documents looked up at once: split, hashed and compared in NumPy.

The interpreter makes an object of each word and looks for it all over the memory; here a word of up to 15 bytes is two
numbers of 64 bits, its length in the last byte, so that equal numbers are equal words. They are found in a hash table
with open addressing. Longer words, which are rare, are looked up one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

__all__ = ["Words"]

_LONGEST = 15  # bytes of a word that two numbers hold
_SPACE = np.isin(np.arange(256), list(b" \t\n\r\x0b\x0c"))  # what bytes.split() splits at
_END = b" \xff "  # between two documents: no word of UTF-8
_GROUP = 1 << 17  # bytes of documents that are looked up together
_HALVES = tuple(
    np.array([(1 << 8 * min(max(length - first, 0), 8)) - 1 for length in range(_LONGEST + 1)], "uint64")
    for first in (0, 8)
)
_FACTORS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)  # odd, bits well mixed


class Words:
    """A vocabulary for fast lookup.

    Args:
        places: word -> index; it is copied.
        unknown: the index of other words.
    """

    def __init__(self, places: Mapping[bytes, int], unknown: int) -> None:
        short = [word for word in places if 0 < len(word) <= _LONGEST]
        self._long = {word: index for word, index in places.items() if len(word) > _LONGEST}
        self._unknown = unknown
        bits = max(4, (3 * len(short)).bit_length())  # at most a third full
        self._shift, self._last = np.uint64(64 - bits), (1 << bits) - 1
        self._first, self._second = np.zeros((2, 1 << bits), "uint64")  # the second is 0 in empty slots
        self._index = np.full(1 << bits, unknown, "int32")
        text = np.frombuffer(b"".join(word.ljust(16, b"\0") for word in short), "<u8").reshape(-1, 2)
        lengths = np.array([len(word) for word in short], "uint64")
        self._insert(text[:, 0], text[:, 1] | lengths << np.uint64(56), np.array([places[word] for word in short], int))

    def _slots(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return ((first ^ second * _FACTORS[1]) * _FACTORS[0] >> self._shift).astype(np.intp)

    def _insert(self, first: np.ndarray, second: np.ndarray, index: np.ndarray) -> None:
        slots, left = self._slots(first, second), np.arange(len(first))
        while len(left):
            free = left[self._second[slots[left]] == 0]
            _, winners = np.unique(slots[free], return_index=True)  # of those that want the same slot
            put = free[winners]
            at = slots[put]
            self._first[at], self._second[at], self._index[at] = first[put], second[put], index[put]
            left = np.setdiff1d(left, put, assume_unique=True)
            slots[left] = slots[left] + 1 & self._last

    def indices(
        self, documents: list[bytes], table: bytes | None, dropped: bytes, most: int | None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """How many words each document has, and the indices of all; None where a document holds the byte FF.

        Args:
            documents: text.
            table, dropped: for `bytes.translate`, before they are split at white space.
            most: words of a document that count, None for all.
        """
        lengths, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for group in _groups(documents):
            text = _END.join(group)
            if text.count(b"\xff") != len(group) - 1:
                return None
            if table is not None or dropped:
                text = text.translate(table, dropped)
            counts, indices = self._of_group(text, most)
            lengths.append(counts)
            found.append(indices)
        return np.concatenate(lengths), np.concatenate(found)

    def _of_group(self, text: bytes, most: int | None) -> tuple[np.ndarray, np.ndarray]:
        text = b" " + text + b" " * 16  # the last word can be read 16 bytes far
        letters = np.frombuffer(text, "uint8")
        space = _SPACE.take(letters)
        edges = np.flatnonzero(space[1:] != space[:-1]) + 1
        start, stop = edges[::2], edges[1::2]
        ends = np.flatnonzero(letters[start] == 0xFF)
        counts = np.diff(ends, prepend=-1, append=len(start)) - 1
        kept = np.ones(len(start), bool)
        kept[ends] = False
        if most is not None and len(counts) and counts.max() > most:
            begins = np.append(0, ends + 1)
            kept &= np.arange(len(start)) - np.repeat(begins, np.diff(begins, append=len(start))) < most
            counts = np.minimum(counts, most)
        those = np.flatnonzero(kept)
        return counts, self._find(text, start[those], stop[those])

    def _find(self, text: bytes, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        length = stop - start
        short = np.minimum(length, _LONGEST)
        numbers = np.ndarray(len(text) - 7, "<u8", text, strides=(1,))  # those that begin at each byte
        first = numbers[start] & _HALVES[0][short]
        second = numbers[start + 8] & _HALVES[1][short] | short.astype("uint64") << np.uint64(56)
        slots = self._slots(first, second)
        out = self._index[slots]
        there = self._second[slots]
        left = np.flatnonzero(((there != second) | (self._first[slots] != first)) & (there != 0))
        while len(left):  # the slots of these hold other words: look at the next
            slots[left] = at = slots[left] + 1 & self._last
            out[left], there = self._index[at], self._second[at]
            left = left[((there != second[left]) | (self._first[at] != first[left])) & (there != 0)]
        for place in np.flatnonzero(length > _LONGEST):
            out[place] = self._long.get(text[start[place] : stop[place]], self._unknown)
        return out


def _groups(documents: list[bytes]) -> Iterator[list[bytes]]:
    """Neighbours of not much more than `_GROUP` bytes: memory is bounded, and stays in the caches."""
    group: list[bytes] = []
    size = 0
    for document in documents:
        group.append(document)
        size += len(document)
        if size > _GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group
