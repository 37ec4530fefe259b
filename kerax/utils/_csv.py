"""CSV: records from files, and typed columns from records."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import ArgumentError, DataError

__all__ = ["DTYPES", "Column", "Dialect", "Fault", "Record", "as_column", "converted", "inferred", "records"]

DTYPES = ("int32", "int64", "float32", "float64", "string")
_INTEGER = re.compile(r"\s*[+-]?\d{1,19}\s*", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)\s*", re.ASCII | re.IGNORECASE)
_BITS = {"int32": 31, "int64": 63}


class Fault(Exception):
    """A record that cannot be read; the message says why."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at  # the record's number among those handed in
        self.column = ""


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How files are written."""

    delimiter: str = ","
    quotes: bool = True
    compression: str | None = None
    encoding: str = "utf-8"


@dataclasses.dataclass(frozen=True)
class Record:
    """The fields of one record, and where it stands. `reason` says why it is none."""

    fields: list[str]
    path: str
    line: int
    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class Column:
    """The type of a column, and what stands for a missing value; `default` is None where one is required."""

    dtype: str
    default: Any


def _next(reader: Any) -> list[str]:
    """The next record, however long its fields; the limit of the module is that of all of Python."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(before)


def _text(path: str, dialect: Dialect) -> Any:
    encoding = "utf-8-sig" if dialect.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else dialect.encoding
    kind = dialect.compression or ""
    if kind == "GZIP":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    if kind == "ZLIB":
        return io.TextIOWrapper(io.BytesIO(zlib.decompress(Path(path).read_bytes())), encoding=encoding, newline="")
    return open(path, encoding=encoding, newline="")


def records(where: str, path: str, dialect: Dialect) -> Iterator[Record]:
    """The records of a file, empty lines left out. One that breaks the rules of quoting has a `reason`.

    Raises:
        DataError: the file is not in the encoding, or not compressed as it should be.
    """
    quoting: Any = csv.QUOTE_MINIMAL if dialect.quotes else csv.QUOTE_NONE
    line = 1
    try:
        with _text(path, dialect) as file:
            reader = csv.reader(file, delimiter=dialect.delimiter, quoting=quoting, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    fields = _next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Record([], path, line, str(error))
                    continue
                if fields:
                    yield Record(fields, path, line)
    except (UnicodeDecodeError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{where}: file {path!r}, line {line} or later",
            got=f"what cannot be read ({error})",
            hint="encoding= or compression_type=",
        ) from error


def _fits(dtype: str, text: str) -> bool:
    """Whether a field is a value of a type."""
    if dtype == "string":
        return True
    if dtype in _BITS:
        return bool(_INTEGER.fullmatch(text)) and -(2 ** _BITS[dtype]) <= int(text) < 2 ** _BITS[dtype]
    if not _FLOAT.fullmatch(text):
        return False
    value = abs(float(text))
    return dtype == "float64" or value == 0 or not np.isfinite(value) or 1.2e-38 < value < 3.4e38


def inferred(fields: Sequence[str], na_value: str) -> str | None:
    """The first of `DTYPES` that holds all fields but the missing ones; None if all are missing."""
    told = [text for text in fields if text not in ("", na_value)]
    if not told:
        return None
    return next(dtype for dtype in DTYPES if all(_fits(dtype, text) for text in told))


def as_column(where: str, value: Any) -> Column:
    """An item of `column_defaults`: a type, of a required value, or the value where one is missing."""
    name = value if isinstance(value, str) else getattr(value, "name", None) or getattr(value, "__name__", None)
    if not isinstance(value, str) and name in ("object", "str", "str_"):
        name = "string"
    if name in DTYPES:
        return Column(str(name), None)
    array = np.asarray(value)
    if array.size > 1 or array.ndim > 1:
        raise ArgumentError(where, got=repr(value), expected=f"one of {DTYPES}, or a single value of such a type")
    kind = array.dtype
    plain = isinstance(value, (int, float, list, tuple)) and kind.kind in "if"
    dtype = {"i": "int32", "f": "float32"}[kind.kind] if plain else "string" if kind.kind in "USOT" else kind.name
    if dtype not in DTYPES:
        raise ArgumentError(where, got=repr(value), expected=f"one of {DTYPES}, or a single value of such a type")
    if not array.size:
        return Column(dtype, None)
    only = array.reshape(-1)[0]
    return Column(dtype, (only.decode() if isinstance(only, bytes) else str(only)) if dtype == "string" else only)


def converted(fields: Sequence[str], column: Column, na_value: str) -> np.ndarray:
    """One column of records as an array; texts as objects.

    Raises:
        Fault: a field that is missing although it is required, or is no value of the type.
    """
    missing = [at for at, text in enumerate(fields) if text == "" or text == na_value]
    if missing and column.default is None:
        raise Fault("a value is missing", missing[0])
    if column.dtype == "string":
        texts = np.empty(len(fields), object)
        texts[:] = fields
        texts[missing] = column.default
        return texts
    told = list(fields)
    for at in missing:
        told[at] = "0"
    number = int if column.dtype.startswith("int") else float
    try:
        if any("_" in text for text in told):
            raise ValueError("numbers have no underscores here")
        values = np.array([number(text) for text in told], column.dtype)
    except (ValueError, OverflowError) as error:
        wrong = next((at for at, text in enumerate(told) if not _fits(column.dtype, text)), None)
        if wrong is None:
            raise
        raise Fault(f"{told[wrong]!r} is no {column.dtype}", wrong) from error
    if missing:
        values[missing] = column.default
    return values
