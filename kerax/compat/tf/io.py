"""tf.io: files read and written whole, and images decoded."""

from __future__ import annotations

import csv as _csv
import glob as _glob
import os
import shutil
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...utils._csv import Fault, as_column, converted
from ._missing import absent
from .errors import InvalidArgumentError, NotFoundError
from .image import decode_bmp, decode_gif, decode_image, decode_jpeg, decode_png, encode_jpeg, encode_png

__all__ = [
    "decode_bmp",
    "decode_csv",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "encode_jpeg",
    "encode_png",
    "gfile",
    "matching_files",
    "read_file",
    "write_file",
]


def _path(filename: Any) -> str:
    """A path, a text or an array of one text as a path of Python."""
    if isinstance(filename, np.ndarray):
        filename = filename[()]
    return os.fsdecode(filename)


def read_file(filename: Any, name: str | None = None) -> bytes:
    """The bytes of a file.

    Raises:
        NotFoundError: it is not there.
    """
    try:
        return Path(_path(filename)).read_bytes()
    except FileNotFoundError:
        raise NotFoundError("tf.io.read_file", got=f"{_path(filename)!r}", expected="a file") from None


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Write text or bytes to a file, making its folders."""
    path = Path(_path(filename))
    path.parent.mkdir(parents=True, exist_ok=True)
    data: Any = contents[()] if isinstance(contents, np.ndarray) else contents
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def matching_files(pattern: Any, name: str | None = None) -> list[str]:
    """The files that a pattern such as "data/*.txt" names, sorted."""
    return gfile.glob(pattern)


def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Any = None,
    name: str | None = None,
) -> list[Any]:
    """The columns of lines of CSV.

    Args:
        records: one line, or an array of them.
        record_defaults: one item for each column: what stands for a missing value, such as `[0.0]`, which also gives
            the type; or a type, or an empty array of it, of a column whose values must be there.
        field_delim: what separates fields.
        use_quote_delim: whether quotes have a meaning.
        na_value: a text that means a missing value, as the empty one always does.
        select_cols: the numbers of the columns to keep, ascending; `record_defaults` has an item for each.

    Returns:
        A list of arrays shaped like `records`, texts as arrays of `str`.

    Raises:
        InvalidArgumentError: a line with another number of fields, or a value that is none of its type.
    """
    where = "tf.io.decode_csv"
    lines = np.asarray(records, object)
    texts = [line.decode() if isinstance(line, bytes) else str(line) for line in lines.ravel()]
    columns = [as_column(f"{where}: record_defaults", one) for one in record_defaults]
    places = list(range(len(columns))) if select_cols is None else [int(at) for at in select_cols]
    if len(places) != len(columns):
        raise InvalidArgumentError(where, got=f"{len(columns)} record_defaults", expected=f"{len(places)}")
    quoting: Any = _csv.QUOTE_MINIMAL if use_quote_delim else _csv.QUOTE_NONE
    rows = []
    for number, text in enumerate(texts):
        try:
            fields = next(_csv.reader([text], delimiter=field_delim, quoting=quoting, strict=True), [""])
        except _csv.Error as error:
            raise InvalidArgumentError(f"{where}: record {number}", got=f"{text!r} ({error})") from None
        fits = len(fields) == len(columns) if select_cols is None else len(fields) > max(places, default=-1)
        if not fits:
            wanted = f"{len(columns)} fields" if select_cols is None else f"at least {max(places) + 1} fields"
            raise InvalidArgumentError(f"{where}: record {number}", got=f"{len(fields)} fields", expected=wanted)
        rows.append(fields)
    arrays = []
    for at, column in zip(places, columns, strict=True):
        try:
            values = converted([fields[at] for fields in rows], column, na_value).reshape(lines.shape)
        except Fault as fault:
            raise InvalidArgumentError(f"{where}: record {fault.at}, field {at}", got=str(fault)) from None
        arrays.append(values if column.dtype == "string" else jnp.asarray(values))
    return arrays


class _Gfile:
    """tf.io.gfile: the file system of this machine."""

    @staticmethod
    def exists(path: Any) -> bool:
        """Whether there is a file or folder."""
        return os.path.exists(_path(path))

    @staticmethod
    def isdir(path: Any) -> bool:
        """Whether it is a folder."""
        return os.path.isdir(_path(path))

    @staticmethod
    def makedirs(path: Any) -> None:
        """Make a folder and those it lies in."""
        os.makedirs(_path(path), exist_ok=True)

    @staticmethod
    def mkdir(path: Any) -> None:
        """Make a folder."""
        os.mkdir(_path(path))

    @staticmethod
    def listdir(path: Any) -> list[str]:
        """The names in a folder."""
        return os.listdir(_path(path))

    @staticmethod
    def glob(pattern: Any) -> list[str]:
        """The paths that a pattern, or one of several, names, sorted."""
        patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
        return sorted({found for one in patterns for found in _glob.glob(_path(one))})

    @staticmethod
    def join(path: Any, *paths: Any) -> str:
        """Parts of a path put together."""
        return os.path.join(_path(path), *map(_path, paths))

    @staticmethod
    def remove(path: Any) -> None:
        """Delete a file."""
        os.remove(_path(path))

    @staticmethod
    def rmtree(path: Any) -> None:
        """Delete a folder with all it holds."""
        shutil.rmtree(_path(path))

    @staticmethod
    def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
        """Copy a file; over another one only with `overwrite`."""
        if not overwrite and os.path.exists(_path(dst)):
            raise FileExistsError(_path(dst))
        shutil.copyfile(_path(src), _path(dst))

    @staticmethod
    def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
        """Move a file; over another one only with `overwrite`."""
        if not overwrite and os.path.exists(_path(dst)):
            raise FileExistsError(_path(dst))
        os.replace(_path(src), _path(dst))

    @staticmethod
    def stat(path: Any) -> os.stat_result:
        """Facts about a file; the size is `st_size`."""
        return os.stat(_path(path))

    @staticmethod
    def walk(top: Any, topdown: bool = True, onerror: Any = None) -> Any:
        """(folder, folders in it, files in it) of a folder and all below."""
        return os.walk(_path(top), topdown, onerror)

    @staticmethod
    def GFile(name: Any, mode: str = "r") -> Any:
        """An open file."""
        return open(_path(name), mode)


gfile = _Gfile

__getattr__ = absent(__name__)
