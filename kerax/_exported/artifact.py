"""The directory that `export` writes: programs and values in files, and one that says how they belong together.

    my_model/signature.json     endpoints, what they take and give, the variables; names and checksums of the files
    my_model/serve-0.bin        a program, as `jax.export` serializes it
    my_model/variables-0.npz    the values of the variables, by name

A save writes files of new names, then replaces `signature.json`, then removes the old files: at every moment the
directory holds one whole save.
"""

from __future__ import annotations

import contextlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from .._errors import ArgumentError, DataError
from .._host.files import atomic_write, file_hash

SIGNATURE = "signature.json"
FORMAT, VERSION = "kerax.export", 1
LARGEST = 1 << 26
"""The most bytes of a signature."""
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def write(path: Path, signature: dict[str, Any], files: Mapping[str, Callable[[IO[bytes]], Any]]) -> None:
    """Write a directory; until it is whole, what it held before stays readable.

    Args:
        path: the directory, made if need be; other files in it stay.
        signature: what the files mean.
        files: `"serve.bin"` -> what writes it.

    Raises:
        ArgumentError: `path` is a file.
    """
    if path.exists() and not path.is_dir():
        raise ArgumentError(f"export to {path.name!r}", got="the name of a file", expected="a directory, or a new name")
    path.mkdir(parents=True, exist_ok=True)
    before = _listed(path)
    number = 0
    while any((path / _numbered(name, number)).exists() for name in files):
        number += 1
    written: list[Path] = []
    about: dict[str, Any] = {}
    try:
        for name, fill in files.items():
            target = path / _numbered(name, number)
            with atomic_write(target) as file:
                fill(file)
            written.append(target)
            about[name] = {"name": target.name, "bytes": target.stat().st_size, "sha256": file_hash(target)}
        with atomic_write(path / SIGNATURE, "w", encoding="utf8") as file:
            json.dump({"format": FORMAT, "version": VERSION, **signature, "files": about}, file, indent=1)
    except BaseException:
        for target in written:
            target.unlink(missing_ok=True)
        raise
    for name in before - {target.name for target in written}:
        (path / name).unlink(missing_ok=True)


def _numbered(name: str, number: int) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-{number}{dot}{suffix}"


def _listed(path: Path) -> set[str]:
    """The files of the save that is there, as far as it can be read."""
    try:
        found = json.loads((path / SIGNATURE).read_bytes()[:LARGEST])
        names = {entry["name"] for entry in found["files"].values()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set()
    return {name for name in names if isinstance(name, str) and _PLAIN.fullmatch(name) and name != SIGNATURE}


def is_one(path: Path) -> bool:
    """Whether a directory holds what `write` wrote."""
    return (path / SIGNATURE).is_file()


class Artifact:
    """A directory opened for reading; every file is compared with its checksum before it is used.

    Args:
        path: the directory.

    Raises:
        FileNotFoundError: there is none.
        DataError: something else, or a damaged or hostile one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = f"The export {path.name}, {SIGNATURE}"
        if not path.exists():
            raise FileNotFoundError(f"There is no directory {str(path)!r}.")
        if not is_one(path):
            raise DataError(
                f"The export {path.name}",
                got="a file" if path.is_file() else f"no {SIGNATURE} in it",
                expected="a directory that export wrote",
                hint="load_model reads what save() wrote",
            )
        file = path / SIGNATURE
        if file.stat().st_size > LARGEST:
            raise DataError(self.where, got=f"{file.stat().st_size} bytes", expected=f"at most {LARGEST}")
        try:
            found = json.loads(file.read_text(encoding="utf8"))
        except (ValueError, RecursionError) as error:
            raise DataError(self.where, got=f"something that is not JSON ({error})", expected="a whole file") from error
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise DataError(self.where, got=f"{str(found)[:80]!r}", expected=f'"format": "{FORMAT}"')
        if not isinstance(found.get("version"), int) or found["version"] > VERSION:
            raise DataError(
                self.where, got=f"version {found.get('version')!r}", expected=f"{VERSION} or less", hint="a newer kerax"
            )
        self.signature: dict[str, Any] = found
        self._files = self.entry(found, "files", dict)

    def entry(self, holder: Any, key: str, kind: type) -> Any:
        """What stands under a key.

        Raises:
            DataError: nothing, or something of another type.
        """
        value = holder.get(key) if isinstance(holder, dict) else None
        if not isinstance(value, kind):
            raise DataError(self.where, got=f"{key} {str(value)[:80]!r}", expected=f"a {kind.__name__}")
        return value

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """A file of the save.

        Raises:
            DataError: it is missing, or is not what was written.
        """
        import hashlib

        about = self.entry(self._files, name, dict)
        plain = about.get("name")
        if not isinstance(plain, str) or not _PLAIN.fullmatch(plain):
            raise DataError(self.where, got=f"the file name {plain!r}", expected="the name of a file beside it")
        where = f"The export {self.path.name}, {plain}"
        try:
            file = open(self.path / plain, "rb")
        except OSError as error:
            raise DataError(where, got=f"no such file ({error.strerror})", expected="a whole export") from error
        with file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != about.get("sha256"):
                raise DataError(
                    where, got="another checksum", expected="the file that was written", hint="export again"
                )
            file.seek(0)
            yield file

    def values(self, name: str, shapes: Mapping[str, tuple[tuple[int, ...], np.dtype]]) -> dict[str, np.ndarray]:
        """The arrays of an `.npz` file that `write_values` wrote.

        Args:
            name: of the file.
            shapes: what it must hold.

        Raises:
            DataError: it holds something else.
        """
        found: dict[str, np.ndarray] = {}
        with self.opened(name) as file:
            where = f"The export {self.path.name}, {name}"
            try:
                with zipfile.ZipFile(file) as archive:
                    for key, (shape, dtype) in shapes.items():
                        found[key] = _value(archive, key, shape, dtype, f"{where}, entry {key!r}")
            except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, KeyError) as error:
                raise DataError(where, got=f"a damaged archive ({error})", expected="a whole one") from error
        return found


def _value(archive: zipfile.ZipFile, key: str, shape: tuple[int, ...], dtype: np.dtype, where: str) -> np.ndarray:
    entry = archive.getinfo(f"{key}.npy")
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    stored = np.dtype(f"V{dtype.itemsize}") if dtype.isbuiltin == 2 else dtype
    if entry.compress_type != zipfile.ZIP_STORED or not size < entry.file_size <= size + (1 << 16):
        raise DataError(where, got=f"{entry.file_size} bytes", expected=f"{size}, of shape {shape} and dtype {dtype}")
    with archive.open(entry) as file:
        try:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            header = read(file)
        except ValueError as error:
            raise DataError(where, got=f"no array ({error})", expected=f"one of shape {shape}") from error
        if header != (shape, False, stored):
            raise DataError(
                where, got=f"an array of shape {header[0]} and dtype {header[2]}", expected=f"{shape}, {dtype}"
            )
        data = file.read()
    if len(data) != size:
        raise DataError(where, got=f"{len(data)} bytes of numbers", expected=f"{size}")
    return np.frombuffer(data, dtype).reshape(shape)


def write_values(file: IO[bytes], values: Mapping[str, np.ndarray]) -> None:
    """Write arrays into an `.npz` file, uncompressed; those of bfloat16 and its like as bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for key, value in values.items():
            array = np.ascontiguousarray(value).reshape(np.shape(value))
            if array.dtype.isbuiltin == 2:
                array = array.view(f"V{array.dtype.itemsize}")
            with archive.open(f"{key}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
