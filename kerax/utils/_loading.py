"""From a listing of files to a data set that reads them."""

from __future__ import annotations

import abc
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .._errors import ArgumentError, DataError
from ..data import AUTOTUNE, Dataset
from ..data._stages.mapping import Stacking
from ._directories import Listing, Options, encoder, subsets

__all__ = ["ManyReader", "Unreadable", "check_on_error", "datasets_of"]

log = logging.getLogger("kerax")


class Unreadable(Exception):
    """What a reader raises of a file that it cannot read; the message says why."""


def check_on_error(where: str, on_error: str) -> None:
    """Whether `on_error` is one of its words."""
    if on_error not in ("raise", "skip"):
        raise ArgumentError(where, got=f"on_error={on_error!r}", expected="'raise' or 'skip'")


class ManyReader(abc.ABC):
    """A reader that makes one array of many files faster than arrays of each."""

    @abc.abstractmethod
    def __call__(self, path: str) -> np.ndarray:
        """What is in a file."""

    @abc.abstractmethod
    def raw(self, path: str) -> Any:
        """Of a file what `together` takes."""

    @abc.abstractmethod
    def together(self, raws: Iterable[Any], count: int) -> np.ndarray:
        """What is in so many files, stacked."""


class _Elements:
    """The element that belongs to a number: the content of a file, and its label.

    Args:
        blank: what stands for the content of a file that is skipped, until the element is dropped.
    """

    def __init__(
        self, options: Options, listing: Listing, read: Callable[[str], Any], on_error: str, blank: Any
    ) -> None:
        self.where, self.kind = options.where, options.kind
        self.paths = listing.paths
        self.read, self.skips, self.blank = read, on_error == "skip", blank
        self.labels = encoder(listing, options.label_mode)
        self.skipped: dict[str, str] = {}
        self._lock = threading.Lock()

    def content(self, path: str, read: Callable[[str], Any]) -> tuple[Any, bool]:
        """What is in a file, and whether it could be read."""
        try:
            return read(path), True
        except (Unreadable, OSError) as error:
            reason = str(error) or type(error).__name__
            if not self.skips:
                raise DataError(
                    f"{self.where}: file {path!r}",
                    got=f"one that cannot be read ({reason})",
                    hint='on_error="skip", which leaves such files out and counts them',
                ) from error
        with self._lock:
            if path not in self.skipped:
                self.skipped[path] = reason
                log.warning("Skipping %r, which cannot be read (%s): %d so far.", path, reason, len(self.skipped))
        return self.blank, False

    def label(self, at: int) -> tuple[Any, ...]:
        """That of a file; nothing without labels."""
        if self.labels is None:
            return ()
        kept, encode = self.labels
        return (kept[at] if encode is None else encode(kept[at]),)

    def __call__(self, number: Any) -> Any:
        at = int(number)
        content, readable = self.content(self.paths[at], self.read)
        parts = (content, *self.label(at))
        if self.skips:
            return (*parts, np.bool_(readable))
        return parts if len(parts) > 1 else content


class _ManyElements(_Elements, Stacking):
    """The same with a `ManyReader`; what cannot be read is not skipped."""

    read: ManyReader

    def stacked(self, elements: Sequence[Any]) -> Any:
        """The elements of some numbers as a batch."""
        every = [int(number) for number in elements]
        raws = (self.content(self.paths[at], self.read.raw)[0] for at in every)
        content = self.read.together(raws, len(every))
        labels = [np.stack(each) for each in zip(*map(self.label, every), strict=True)]
        return (content, *labels) if labels else content


def _is_readable(*parts: Any) -> Any:
    return parts[-1]


def _without_mark(*parts: Any) -> Any:
    return parts[:-1] if len(parts) > 2 else parts[0]


def datasets_of(options: Options, read: Callable[[str], Any], **how: Any) -> Any:
    """The data set that a loader gives, or the two of `subset="both"`; see `dataset_of`.

    The order of a training set changes from pass to pass; that of a validation set does not, so that predictions and
    labels of two passes belong together.
    """
    parts, seed = subsets(options)
    validation = {"validation": (0,), "both": (1,)}.get(options.subset or "", ())
    made = [
        dataset_of(options, part, seed, read, shuffle=options.shuffle and at not in validation, **how)
        for at, part in enumerate(parts)
    ]
    return tuple(made) if options.subset == "both" else made[0]


def dataset_of(
    options: Options,
    listing: Listing,
    seed: int | None,
    read: Callable[[str], Any],
    *,
    shuffle: bool,
    on_error: str = "raise",
    blank: Any = None,
    threads: int = AUTOTUNE,
    batched: Callable[[Dataset, int], Dataset] | None = None,
) -> Dataset:
    """A data set of what `read` makes of each file, and of its label; threads read ahead.

    Args:
        seed: what the orders follow from; the listing has been shuffled with it already.
        read: from a path to an array or a string; raises `Unreadable` or OSError.
        shuffle: whether every pass has an order of its own.
        on_error: "raise" or "skip", what happens then.
        blank: an element of the shape that `read` gives, for "skip".
        threads: how many of them.
        batched: how to batch, default `Dataset.batch`.

    Returns:
        The data set, with the attributes `class_names`, `file_paths` and, for "skip", `skipped`: path -> reason.
    """
    kind = _ManyElements if isinstance(read, ManyReader) and on_error == "raise" else _Elements
    elements = kind(options, listing, read, on_error, blank)
    count = len(listing.paths)
    data = Dataset.range(count)
    if shuffle:
        data = data.shuffle(count, seed=seed, reshuffle_each_iteration=True)
    data = data.map(elements, num_parallel_calls=threads)
    if elements.skips:
        data = data.filter(_is_readable).map(_without_mark)
    if options.batch_size is not None:
        data = batched(data, options.batch_size) if batched else data.batch(options.batch_size)
    data = data.prefetch(AUTOTUNE)
    vars(data).update(class_names=listing.class_names, file_paths=listing.paths)
    if elements.skips:
        vars(data).update(skipped=elements.skipped)
    return data
