"""What the loaders of images, texts and sounds share: which files there are, their labels, their order, the split.

Order and split are Keras's for the same seed: files by folder and name, shuffled by `numpy.random.RandomState(seed)`,
the last ones for validation.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import config
from .._errors import ArgumentError, DataError
from .._types import PathLike

__all__ = ["Listing", "Options", "encoder", "listed", "subsets"]

log = logging.getLogger("kerax")

LABEL_MODES = ("int", "categorical", "binary", None)
SUBSETS = ("training", "validation", "both", None)


@dataclasses.dataclass(frozen=True)
class Options:
    """The arguments that all loaders have, checked.

    Attributes:
        where: the loader, for messages.
        kind: what the files hold, for messages: "images".
        formats: the endings of files, lower-case, with their dots.
    """

    where: str
    kind: str
    formats: tuple[str, ...]
    directory: PathLike
    labels: Any
    label_mode: str | None
    class_names: Sequence[str] | None
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool

    def __post_init__(self) -> None:
        where = self.where
        labels = self.labels
        if isinstance(labels, np.ndarray):
            labels = labels.tolist()
            object.__setattr__(self, "labels", labels)
        if not (labels is None or labels == "inferred" or isinstance(labels, (list, tuple))):
            raise ArgumentError(
                where,
                got=f"labels={labels!r}",
                expected="'inferred', None, or a list of integers as long as there are files",
            )
        if self.label_mode not in LABEL_MODES:
            raise ArgumentError(where, got=f"label_mode={self.label_mode!r}", expected=f"one of {LABEL_MODES}")
        if self.class_names is not None and labels != "inferred":
            raise ArgumentError(where, got=f"class_names with labels={_short(labels)}", expected="labels='inferred'")
        if self.label_mode is None:
            object.__setattr__(self, "labels", None)
        size = self.batch_size
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1):
            raise ArgumentError(where, got=f"batch_size={size!r}", expected="a positive integer, or None")
        self._check_split()

    def _check_split(self) -> None:
        where, fraction = self.where, self.validation_split
        if fraction is not None and not 0 < fraction < 1:
            raise ArgumentError(where, got=f"validation_split={fraction!r}", expected="a number between 0 and 1")
        if (fraction is None) != (self.subset is None):
            raise ArgumentError(
                where,
                got=f"validation_split={fraction!r} with subset={self.subset!r}",
                expected="both of them, or none",
            )
        if self.subset not in SUBSETS:
            raise ArgumentError(where, got=f"subset={self.subset!r}", expected=f"one of {SUBSETS[:-1]}")
        if fraction is not None and self.shuffle and self.seed is None:
            raise ArgumentError(
                where,
                got="validation_split and shuffle=True without a seed: the two subsets could share files",
                expected="the same seed= in the calls for both subsets, or shuffle=False",
            )


@dataclasses.dataclass(frozen=True)
class Listing:
    """Files and their labels, in order; `labels` and `class_names` are None where there are none."""

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None

    def part(self, which: slice) -> Listing:
        """Some of them."""
        return Listing(self.paths[which], None if self.labels is None else self.labels[which], self.class_names)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:56]} …"


def _files_below(top: str, formats: tuple[str, ...], follow_links: bool) -> list[str]:
    """All files below a folder that end as they should, folder after folder, sorted by the paths of the folders."""
    found: list[tuple[str, list[str]]] = []
    waiting = [(top, frozenset[tuple[int, int]]())]
    while waiting:
        folder, above = waiting.pop()
        if follow_links:
            status = os.stat(folder)
            here = (status.st_dev, status.st_ino)
            if here in above:  # a link to a folder it lies in
                continue
            above |= {here}
        names = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=follow_links):
                    waiting.append((os.path.join(folder, entry.name), above))
                elif entry.name.lower().endswith(formats) and not entry.is_dir():
                    names.append(entry.name)
        found.append((folder, sorted(names)))
    return [os.path.join(folder, name) for folder, names in sorted(found) for name in names]


def _classes(options: Options, directory: str) -> list[str]:
    """The names of the classes: the folders, in alphabetical order or in that of `class_names`."""
    with os.scandir(directory) as entries:
        there = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    if options.class_names is None:
        return there
    wanted = list(options.class_names)
    if not set(wanted) <= set(there) or len(set(wanted)) < len(wanted):
        raise ArgumentError(
            options.where,
            got=f"class_names={_short(wanted)}",
            expected=f"each of them once, from the folders in {directory!r}: {_short(there)}",
        )
    return wanted


def _given_labels(options: Options, paths: list[str], directory: str) -> tuple[np.ndarray, list[str]]:
    given = list(options.labels)
    if len(given) != len(paths):
        raise ArgumentError(
            options.where,
            got=f"{len(given)} labels for the {len(paths)} files in {directory!r}",
            expected="a label for each file, in the order of sorted folders and names",
        )
    if not all(isinstance(one, (int, np.integer)) for one in given):
        raise ArgumentError(options.where, got=f"labels={_short(given)}", expected="integers")
    names = [str(one) for one in sorted(set(given))]
    if options.label_mode != "int" and not set(given) <= set(range(len(names))):
        raise ArgumentError(
            options.where,
            got=f"labels {_short(sorted(set(given)))} with label_mode={options.label_mode!r}",
            expected=f"labels from 0 to {len(names) - 1}, as there are {len(names)} classes",
        )
    return np.asarray(given, "int32"), names


def listed(options: Options) -> Listing:
    """The files of a directory with their labels, sorted.

    Raises:
        FileNotFoundError: the directory is not there.
        NotADirectoryError: it is a file.
        ArgumentError: labels or names of classes that do not fit what is there.
        DataError: there are no files of these formats.
    """
    directory = os.fspath(options.directory)
    if isinstance(directory, bytes):
        directory = os.fsdecode(directory)
    labels, names = None, None
    if options.labels == "inferred":
        names = _classes(options, directory)
        lists = [_files_below(os.path.join(directory, one), options.formats, options.follow_links) for one in names]
        paths = [path for files in lists for path in files]
        labels = np.repeat(np.arange(len(names), dtype="int32"), [len(files) for files in lists])
    else:
        paths = _files_below(directory, options.formats, options.follow_links)
    if not paths:
        hint = None
        if names == [] and _files_below(directory, options.formats, options.follow_links):
            hint = "labels=None: the files lie in the directory itself, not in a folder for each class"
        raise DataError(
            options.where,
            got=f"no {options.kind} in {directory!r}",
            expected=f"files that end in {', '.join(options.formats)}",
            hint=hint,
        )
    if isinstance(options.labels, (list, tuple)):
        labels, names = _given_labels(options, paths, directory)
    if options.label_mode == "binary" and names is not None and len(names) != 2:
        raise ArgumentError(
            options.where,
            got=f"label_mode='binary' with {len(names)} classes, {_short(names)}",
            expected="just two classes",
            hint="label_mode='int' or 'categorical', or class_names= with two of them",
        )
    return Listing(paths, labels, names)


def _tell(options: Options, message: str) -> None:
    if not options.verbose:
        return
    if config.is_interactive_logging_enabled():
        print(message)
    else:
        log.info(message)


def subsets(options: Options) -> tuple[list[Listing], int | None]:
    """What a loader makes data sets of: one listing, or for `subset="both"` two; and the seed for their order.

    Prints how many files there are, as Keras does.
    """
    listing = listed(options)
    count = len(listing.paths)
    classes = "" if listing.class_names is None else f" belonging to {len(listing.class_names)} classes"
    _tell(options, f"Found {count} files{classes}.")
    seed = options.seed
    if options.shuffle:
        if seed is None:
            seed = int(np.random.randint(1_000_000))  # kerax.utils.set_random_seed makes it repeat
        order = np.arange(count)
        np.random.RandomState(seed).shuffle(order)
        labels = None if listing.labels is None else listing.labels[order]
        listing = Listing([listing.paths[at] for at in order], labels, listing.class_names)
    if options.subset is None:
        return [listing], seed
    held_out = int(float(options.validation_split or 0) * count)
    if not 0 < held_out < count:
        raise DataError(
            options.where,
            got=f"validation_split={options.validation_split} of {count} files: {held_out} for validation",
            expected="at least one file in each subset",
        )
    parts = {"training": listing.part(slice(count - held_out)), "validation": listing.part(slice(-held_out, None))}
    chosen = list(parts) if options.subset == "both" else [options.subset]
    for name in chosen:
        _tell(options, f"Using {len(parts[name].paths)} files for {name}.")
    return [parts[name] for name in chosen], seed


def encoder(listing: Listing, label_mode: str | None) -> tuple[np.ndarray, Callable[[Any], Any] | None] | None:
    """The labels as they are kept, and what makes of one of them the label of an element."""
    if listing.labels is None or label_mode is None:
        return None
    if label_mode == "int":
        return listing.labels, None
    if label_mode == "binary":
        return listing.labels.astype("float32")[:, None], None
    classes = len(listing.class_names or ())

    def one_hot(label: Any) -> np.ndarray:
        row = np.zeros(classes, "float32")
        row[int(label)] = 1
        return row

    return listing.labels, one_hot
