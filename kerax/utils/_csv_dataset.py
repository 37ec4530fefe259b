"""CSV files as a data set of columns."""

from __future__ import annotations

import glob
import itertools
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .._errors import ArgumentError, DataError
from ..data import AUTOTUNE, Dataset
from ._csv import DTYPES, Column, Dialect, Fault, Record, as_column, converted, inferred, records

__all__ = ["make_csv_dataset"]

log = logging.getLogger("kerax")
_WHERE = "make_csv_dataset"
_BLOCK = 16384  # rows whose texts are in memory at once


def make_csv_dataset(
    file_pattern: Any,
    batch_size: int,
    column_names: Sequence[str] | None = None,
    column_defaults: Sequence[Any] | None = None,
    label_name: str | None = None,
    select_columns: Sequence[int | str] | None = None,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    header: bool = True,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    num_parallel_reads: int | None = None,
    sloppy: bool = False,
    num_rows_for_inference: int | None = 100,
    compression_type: str | None = None,
    ignore_errors: bool = False,
    encoding: str = "utf-8",
) -> Dataset:
    """A data set of the columns of CSV files; TensorFlow's `tf.data.experimental.make_csv_dataset`.

    The files are read once, here, and kept by column; files larger than the memory need `TextLineDataset`.

    Args:
        file_pattern: a path, a pattern such as "data/*.csv", or a list of them.
        batch_size: rows a batch.
        column_names: the names of all columns, default the first line of the files.
        column_defaults: one item for each column, of `select_columns` if given, in the order of the file: a type
            ("int32", "int64", "float32", "float64", "string") of a column whose values must be there, or the value
            that stands for a missing one. By default types are inferred and missing values are 0 or "".
        label_name: the column that becomes the label.
        select_columns: names or numbers of the columns to keep, default all.
        field_delim: what separates fields.
        use_quote_delim: whether quotes have a meaning.
        na_value: a text that means a missing value, as the empty one always does.
        header: whether the first line of every file holds the names.
        num_epochs: how many times to go through the rows; None without end, and then every batch is full.
        shuffle: whether to shuffle: all rows, anew in each epoch.
        shuffle_buffer_size: TensorFlow's; all rows are shuffled here, whatever it is.
        shuffle_seed: of the order.
        prefetch_buffer_size: batches made ahead.
        num_parallel_reads: TensorFlow's, without effect.
        sloppy: TensorFlow's, without effect.
        num_rows_for_inference: rows that types are inferred from, None for all: the first of int32, int64, float32,
            float64 and string that holds each value.
        compression_type: "GZIP", "ZLIB", or None.
        ignore_errors: leave out rows that cannot be read, and log how many there are.
        encoding: of the files.

    Returns:
        A `Dataset`. Its elements are dicts, name -> array (batch,), or with `label_name` pairs of a dict of the other
        columns and the array of labels. Texts are arrays of `str`.

    Raises:
        ArgumentError: arguments that fit neither each other nor the files.
        DataError: no files, no rows, or a row with another number of fields or a value that is none of its type; the
            file, the line and the column are named.

    Examples:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "few.csv"
        >>> _ = path.write_text("age,name,left\\n30,Ann,0\\n,Bo,1\\n")
        >>> data = make_csv_dataset(path, 2, label_name="left", num_epochs=1, shuffle=False)
        >>> [({name: list(x) for name, x in features.items()}, list(y)) for features, y in data.as_numpy_iterator()]
        [({'age': [np.int32(30), np.int32(0)], 'name': ['Ann', 'Bo']}, [np.int32(0), np.int32(1)])]
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ArgumentError(_WHERE, got=f"batch_size={batch_size!r}", expected="a positive integer")
    if compression_type not in (None, "", "GZIP", "ZLIB"):
        raise ArgumentError(_WHERE, got=f"compression_type={compression_type!r}", expected="'GZIP', 'ZLIB' or None")
    if num_rows_for_inference is not None and num_rows_for_inference < 1:
        raise ArgumentError(_WHERE, got=f"num_rows_for_inference={num_rows_for_inference!r}", expected="at least 1")
    paths = _paths(file_pattern)
    dialect = Dialect(field_delim, use_quote_delim, compression_type, encoding)
    names = _names(paths, dialect, column_names, header)
    chosen = _chosen(names, select_columns)
    kept_names = [names[at] for at in chosen]
    if label_name is not None and label_name not in kept_names:
        raise ArgumentError(_WHERE, got=f"label_name={label_name!r}", expected=f"one of the columns {kept_names}")
    if column_defaults is not None and len(column_defaults) != len(chosen):
        raise ArgumentError(
            _WHERE,
            got=f"{len(column_defaults)} column_defaults",
            expected=f"{len(chosen)}, one for each of {kept_names}",
        )

    table = _Table(paths, dialect, len(names), header, ignore_errors)
    if column_defaults is None:
        columns = table.inferred(chosen, na_value, num_rows_for_inference)
    else:
        columns = [as_column(f"{_WHERE}: column_defaults", item) for item in column_defaults]
    arrays = table.arrays(dict(zip(kept_names, chosen, strict=True)), columns, na_value)
    features = dict(zip(kept_names, arrays, strict=True))
    count = len(next(iter(features.values())))
    if label_name is None:
        data = Dataset.from_tensor_slices(features)
    else:
        label = features.pop(label_name)
        data = Dataset.from_tensor_slices((features, label))
    if shuffle:
        data = data.shuffle(count, seed=shuffle_seed, reshuffle_each_iteration=True)
    if num_epochs != 1:
        data = data.repeat(num_epochs)
    data = data.batch(int(batch_size), drop_remainder=num_epochs is None)
    return data.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)


def _paths(file_pattern: Any) -> list[str]:
    """The files of patterns, sorted."""
    patterns = list(file_pattern) if isinstance(file_pattern, (list, tuple, np.ndarray)) else [file_pattern]
    found: set[str] = set()
    for pattern in patterns:
        text = os.fspath(pattern)
        matches = [text] if os.path.isfile(text) else glob.glob(text)
        if not matches:
            raise DataError(_WHERE, got=f"no file that matches {text!r}", expected="at least one")
        found.update(matches)
    if not found:
        raise ArgumentError(_WHERE, got=f"file_pattern={file_pattern!r}", expected="at least one file")
    return sorted(found)


def _names(paths: list[str], dialect: Dialect, given: Sequence[str] | None, header: bool) -> list[str]:
    """The names of all columns: those given, or the first lines of the files, which must agree."""
    if given is None and not header:
        raise ArgumentError(_WHERE, got="header=False without column_names", expected="the names of the columns")
    if given is not None:
        names = [str(name) for name in given]
    else:
        first: dict[str, Record] = {}
        for path in paths:
            line = next(records(_WHERE, path, dialect), None)
            if line is None or line.reason:
                raise DataError(
                    f"{_WHERE}: file {path!r}",
                    got="no first line with names" if line is None else line.reason,
                    expected="the names of the columns",
                )
            first[path] = line
        names = first[paths[0]].fields
        for path, line in first.items():
            if line.fields != names:
                raise DataError(
                    f"{_WHERE}: file {path!r}", got=f"columns {line.fields}", expected=f"{names}, as in {paths[0]!r}"
                )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ArgumentError(_WHERE, got=f"columns {twice} more than once", expected="a name for each column")
    return names


def _chosen(names: list[str], select: Sequence[int | str] | None) -> list[int]:
    """The numbers of the columns to keep, sorted."""
    if select is None:
        return list(range(len(names)))
    found = []
    for one in select:
        known = one in names if isinstance(one, str) else 0 <= one < len(names)
        if not known:
            raise ArgumentError(_WHERE, got=f"{one!r} in select_columns", expected=f"names or numbers of {names}")
        found.append(names.index(one) if isinstance(one, str) else int(one))
    if len(set(found)) < len(found) or not found:
        raise ArgumentError(_WHERE, got=f"select_columns={list(select)}", expected="each column once, at least one")
    return sorted(found)


class _Table:
    """The records of files that have as many fields as there are columns, read a block at a time."""

    def __init__(self, paths: list[str], dialect: Dialect, width: int, header: bool, ignore_errors: bool) -> None:
        self.paths, self.dialect, self.width, self.header = paths, dialect, width, header
        self.ignore_errors = ignore_errors
        self.left_out = 0

    def rows(self) -> Iterator[Record]:
        """All of them; others are an error, or counted."""
        for path in self.paths:
            for row in itertools.islice(records(_WHERE, path, self.dialect), int(self.header), None):
                if row.reason is None and len(row.fields) == self.width:
                    yield row
                    continue
                if not self.ignore_errors:
                    got = row.reason or f"{len(row.fields)} fields"
                    raise DataError(_place(row), got=got, expected=f"{self.width} fields", hint="ignore_errors=True")
                self.left_out += 1

    def blocks(self, limit: int | None = None) -> Iterator[list[Record]]:
        """The first `limit` of them in lists."""
        rows = itertools.islice(self.rows(), limit)
        while block := list(itertools.islice(rows, _BLOCK)):
            yield block

    def inferred(self, chosen: list[int], na_value: str, limit: int | None) -> list[Column]:
        """Types and values for missing ones of the columns with these numbers, from the first `limit` rows."""
        found = [0] * len(chosen)
        told = [False] * len(chosen)
        for block in self.blocks(limit):
            for number, at in enumerate(chosen):
                dtype = inferred([row.fields[at] for row in block], na_value)
                if dtype is not None:
                    found[number] = max(found[number], DTYPES.index(dtype))
                    told[number] = True
        dtypes = [DTYPES[at] if any_value else "string" for at, any_value in zip(found, told, strict=True)]
        return [Column(dtype, "" if dtype == "string" else 0) for dtype in dtypes]

    def arrays(self, places: dict[str, int], columns: list[Column], na_value: str) -> list[np.ndarray]:
        """The columns as arrays; a row with a value that is none of its type is an error, or left out of them all."""
        self.left_out = 0
        parts: list[list[np.ndarray]] = []
        for block in self.blocks():
            try:
                parts.append(_typed(block, places, columns, na_value))
            except Fault as fault:
                if not self.ignore_errors:
                    raise DataError(
                        f"{_place(block[fault.at])}, column {fault.column!r}",
                        got=str(fault),
                        hint="column_defaults with the type and a value for missing ones, or "
                        "num_rows_for_inference=None, which looks at every row for the types",
                    ) from fault
                good = [row for row in block if _is_good(row, places, columns, na_value)]
                self.left_out += len(block) - len(good)
                parts.append(_typed(good, places, columns, na_value))
        if self.left_out:
            log.warning("%s: left out %d rows that cannot be read.", _WHERE, self.left_out)
        if not sum(len(part[0]) for part in parts):
            raise DataError(_WHERE, got=f"no rows in {', '.join(map(repr, self.paths[:3]))}", expected="at least one")
        return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _place(row: Record) -> str:
    return f"{_WHERE}: file {row.path!r}, line {row.line}"


def _typed(rows: list[Record], places: dict[str, int], columns: list[Column], na_value: str) -> list[np.ndarray]:
    arrays = []
    for (name, at), column in zip(places.items(), columns, strict=True):
        try:
            arrays.append(converted([row.fields[at] for row in rows], column, na_value))
        except Fault as fault:
            fault.column = name
            raise
    return arrays


def _is_good(row: Record, places: dict[str, int], columns: list[Column], na_value: str) -> bool:
    try:
        _typed([row], places, columns, na_value)
    except Fault:
        return False
    return True
