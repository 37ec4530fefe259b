"""What a file may make us do: nothing but hand over numbers and texts of the size they have.

Every read of a zip archive or an HDF5 file passes here. Archives: no names that lead outside, no links, no
entry twice, no bombs. HDF5: hard links only, nothing stored in other files, numbers only, and no array
larger than what lies in the file can be unpacked to.
"""

from __future__ import annotations

import json
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from .._errors import DataError

RATIO = 1032
"""The most that deflate can shrink."""
FREE = 1 << 26
"""Bytes that anything may unpack to without being looked at."""
DAMAGED = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, MemoryError)
"""What HDF5 raises on a damaged file."""
TEXT = 1 << 29
"""The most bytes of a config."""
DEEPEST = 300
"""How deep a config may be nested: forty models inside each other are not."""


def open_h5(file: Any, name: str) -> Any:
    """An HDF5 file opened for reading.

    Args:
        file: a path or a file object.
        name: what errors call it.

    Raises:
        FileNotFoundError: there is none.
        DataError: not an HDF5 file, or one cut short.
    """
    import h5py

    if isinstance(file, (str, os.PathLike)) and not os.path.exists(file):
        raise FileNotFoundError(f"There is no file {os.fspath(file)!r}.")
    try:
        return h5py.File(file, "r")
    except DAMAGED as error:
        raise DataError(
            f"The file {name}",
            got=f"something HDF5 cannot read ({error})",
            expected="a weights file written by Keras or kerax",
            hint="was the file cut short, or is it something else?",
        ) from error


def child(group: Any, name: str, where: str) -> Any:
    """A member of an HDF5 group, or None where there is none.

    Raises:
        DataError: a link to elsewhere, a name that is a path, a damaged file.
    """
    import h5py

    if not name or "/" in name or name in (".", ".."):
        raise DataError(f"{where}, entry {name!r}", got="a path", expected="the name of one entry")
    try:
        link = group.get(name, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise DataError(
                f"{where}, entry {name!r}",
                got=f"a link to elsewhere ({type(link).__name__})",
                expected="a file that holds what it lists",
                hint="do not load this file: links can read other files of yours",
            )
        return group[name]
    except DAMAGED as error:
        raise DataError(f"{where}, entry {name!r}", got=f"a damaged file ({error})", expected="a whole one") from error


def group(parent: Any, name: str, where: str) -> Any:
    """A group inside a group, or None.

    Raises:
        DataError: a dataset in its place, and what `child` raises.
    """
    import h5py

    found = child(parent, name, where)
    if found is not None and not isinstance(found, h5py.Group):
        raise DataError(f"{where}, entry {name!r}", got="an array", expected="a group")
    return found


def descend(parent: Any, path: str, where: str) -> Any:
    """The group at a path of names, or None."""
    found = parent
    for name in path.split("/") if path else ():
        found = group(found, name, where)
        if found is None:
            return None
    return found


def dataset(parent: Any, name: str, where: str) -> Any:
    """An array of numbers, not read yet, whose size was judged; None where there is none.

    Raises:
        DataError: no plain array of numbers, or a size that the file cannot hold.
    """
    import h5py

    found = child(parent, name, where)
    if found is None:
        return None
    place = f"{where}, entry {name!r}"
    if not isinstance(found, h5py.Dataset):
        raise DataError(place, got="a group", expected="an array")
    if found.is_virtual or found.external:
        raise DataError(
            place,
            got="an array kept in another file",
            expected="a file that holds its arrays",
            hint="do not load this file: it can read other files of yours",
        )
    if found.shape is None or found.dtype.kind not in "biufcV" or found.dtype.names or found.dtype.hasobject:
        raise DataError(place, got=f"an array of {found.dtype}", expected="numbers")
    stored = found.id.get_storage_size()
    if found.nbytes > (stored if found.chunks is None else RATIO * stored) + FREE:
        raise DataError(
            place,
            got=f"shape {found.shape}, {found.nbytes} bytes, of which the file holds {stored}",
            expected="them all",
        )
    return found


def read(found: Any, where: str, like: Any = None) -> np.ndarray:
    """The values of an array that `dataset` gave, in the dtype noted beside it.

    Args:
        found: what `dataset` gave.
        where: how errors name it.
        like: the dtype of bytes with none noted: legacy files that Keras 3 wrote have bfloat16 so.

    Raises:
        DataError: a damaged file, an unknown dtype.
    """
    import ml_dtypes

    try:
        values = found[()]
        noted = found.attrs.get("dtype")
    except DAMAGED as error:
        raise DataError(where, got=f"an array that cannot be read ({error})", expected="a whole file") from error
    values = np.asarray(values)
    if noted is None and values.dtype.kind != "V":
        return values
    kind = getattr(ml_dtypes, str(like if noted is None else noted), None)
    if not isinstance(kind, type) or np.dtype(kind).itemsize != values.dtype.itemsize:
        raise DataError(where, got=f"{values.dtype} noted as {noted!r}", expected="a dtype such as bfloat16")
    return values.view(kind)


def attribute(holder: Any, name: str, where: str) -> Any:
    """An attribute of a group, None where there is none; a list where it is an array."""
    try:
        value = holder.attrs.get(name)
    except DAMAGED as error:
        raise DataError(where, got=f"an attribute {name!r} that cannot be read ({error})") from error
    if isinstance(value, bytes):
        return value.decode("utf8", "replace")
    if isinstance(value, np.ndarray):
        return [item.decode("utf8", "replace") if isinstance(item, bytes) else item for item in value.tolist()]
    return value


class Values(Mapping):
    """What a file holds for one object: name -> array, read when asked for.

    Args:
        holder: the HDF5 group, or None: nothing.
        where: what errors call it.
    """

    def __init__(self, holder: Any, where: str) -> None:
        self._holder, self._where = holder, where

    def __getitem__(self, key: str) -> np.ndarray:
        found = self._found(key)
        return read(found, f"{self._where}, entry {key!r}")

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of an array that is not read."""
        return tuple(self._found(key).shape)

    def _found(self, key: str) -> Any:
        found = None if self._holder is None else dataset(self._holder, key, self._where)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(() if self._holder is None else self._holder.keys())

    def __len__(self) -> int:
        return 0 if self._holder is None else len(self._holder)

    def __contains__(self, key: object) -> bool:
        return self._holder is not None and key in self._holder.keys()


def parsed(text: str | bytes, where: str) -> Any:
    """JSON from a file: whole, of a sane depth, every key once.

    Raises:
        DataError: something else.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)[:40]!r} twice in one place")
        return found

    try:
        found = json.loads(text, object_pairs_hook=once)
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(
            where, got=f"something that is not JSON ({str(error)[:200]})", expected="a whole file"
        ) from error
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise DataError(where, got=f"JSON nested more than {DEEPEST} times", expected="that of a config")
        level = [
            item
            for held in level
            for item in (held.values() if isinstance(held, dict) else held if isinstance(held, list) else ())
            if isinstance(item, (dict, list))
        ]
    return found


def elements(file: Any, name: str) -> int:
    """How many numbers the arrays of an HDF5 file hold, or can be unpacked to.

    Raises:
        DataError: a damaged file.
    """
    import h5py

    total = 0

    def count(_: str, found: Any) -> None:
        nonlocal total
        if isinstance(found, h5py.Dataset) and found.shape is not None and found.dtype.itemsize:
            stored = found.id.get_storage_size() // found.dtype.itemsize
            total += min(found.size, stored if found.chunks is None else RATIO * stored)

    try:
        file.visititems(count)
    except DAMAGED as error:
        raise DataError(f"The file {name}", got=f"a damaged file ({error})", expected="a whole one") from error
    return total


def check_tar(archive: tarfile.TarFile, name: str, size: int) -> None:
    """Look at the list of an archive before anything is unpacked. Files and folders alone pass: what a link may
    do has been got wrong in every filter so far.

    Args:
        archive: to be unpacked.
        name: what errors call it.
        size: its bytes.

    Raises:
        DataError: an entry that leads outside, a link or a device, a bomb.
    """
    total = 0
    for entry in archive:
        where = f"The archive {name}, entry {entry.name[:200]!r}"
        parts = PurePosixPath(entry.name).parts
        if parts and (parts[0] == "/" or ".." in parts or "\\" in entry.name or ":" in parts[0]):
            raise DataError(where, got="a name that leads outside the archive", hint="do not unpack this file")
        if not (entry.isfile() or entry.isdir()):
            raise DataError(
                where, got="a link or a device", expected="files", hint="unpack it by hand if you trust its author"
            )
        total += entry.size
        if total > RATIO * size + FREE:
            raise DataError(where, got=f"{total} bytes out of {size}", expected="no bomb")


def check_zip(archive: zipfile.ZipFile, name: str) -> None:
    """Look at the list of an archive before anything is unpacked.

    Raises:
        DataError: an entry that leads outside, a link, a second entry of a name, a bomb.
    """
    seen: set[str] = set()
    for entry in archive.infolist():
        where = f"The archive {name}, entry {entry.filename!r}"
        parts = PurePosixPath(entry.filename).parts
        if not parts or parts[0] == "/" or ".." in parts or "\\" in entry.filename or ":" in parts[0]:
            raise DataError(where, got="a name that leads outside the archive", hint="do not load this file")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(where, got="a link", expected="files", hint="do not load this file")
        if entry.filename in seen:
            raise DataError(where, got="the same name twice", expected="each once")
        if entry.flag_bits & 1:
            raise DataError(where, got="an encrypted entry", expected="one that can be read")
        if entry.file_size > RATIO * entry.compress_size + FREE or (
            entry.filename.endswith(".json") and entry.file_size > TEXT
        ):
            raise DataError(where, got=f"{entry.file_size} bytes out of {entry.compress_size}", expected="no zip bomb")
        seen.add(entry.filename)
