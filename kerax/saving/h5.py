"""Weights files: `.weights.h5`, whole or in parts of a limited size listed in a `.weights.json`."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from .._errors import ArgumentError, DataError
from .._host.files import atomic_write
from . import limits, weights

IN_MEMORY = 1 << 28
"""Bytes beyond which a file on its way is kept on the disk."""


@contextlib.contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends well; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        yield file


@contextlib.contextmanager
def drafted(fill: Any) -> Iterator[IO[bytes]]:
    """An HDF5 file filled by `fill(file)`, to be copied from: HDF5 cannot be trusted to report a full disk."""
    import h5py

    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as draft:
        with h5py.File(draft, "w") as file:
            fill(file)
        draft.seek(0)
        yield draft


def save(model: Any, path: Path) -> None:
    """Write the weights of a model, its optimizer's state too, in Keras's groups."""
    with drafted(lambda file: weights.write(model, file)) as draft, written(path) as target:
        shutil.copyfileobj(draft, target, 1 << 20)


def load(model: Any, path: Path, skip_mismatch: bool = False, objects_to_skip: Iterable[Any] | None = None) -> None:
    """Read the weights of a model.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: no HDF5 file, a damaged or a hostile one.
        ShapeError: the weights of another model.
    """
    with limits.open_h5(path, path.name) as file:
        weights.restore(model, weights.finder(file, path.name), path.name, skip_mismatch, objects_to_skip)


# -- in parts ------------------------------------------------------------------------------------


def save_sharded(model: Any, path: Path, max_shard_size: float) -> None:
    """Write the weights in files of at most `max_shard_size` GB, and the list of them.

    The files have names that no file beside them has; the list takes its place last, and then the files of the list
    before go: at every moment one whole save is there. The list holds the checksums of its files.

    Args:
        path: of the list, ending in ".weights.json"; the files stand beside it.
    """
    limit = max_shard_size * 1e9
    if not limit > 0:
        raise ArgumentError(
            "save_weights max_shard_size", got=max_shard_size, expected="a positive number of gigabytes"
        )
    shards: list[list[tuple[str, str, dict[str, Any]]]] = [[]]
    places: dict[str, list[int]] = {}
    room, total = limit, 0
    for owner, name, values in weights.gather(model):
        key = f"/{owner}/vars" if owner else "/vars"
        shards[-1].append((key, name, {}))
        for index, value in values.items():
            size = np.asarray(value).nbytes
            total += size
            if size > room and room < limit:
                shards.append([(key, "", {})])
                room = limit
            room -= size
            shards[-1][-1][2][index] = value
            if len(shards) - 1 not in places.setdefault(key, []):
                places[key].append(len(shards) - 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = _listed(path)
    names = _free_names(path, len(shards))
    checksums: dict[str, int] = {}
    try:
        for name, entries in zip(names, shards, strict=True):
            with drafted(lambda file, entries=entries: _fill(file, entries)) as draft:
                with atomic_write(path.with_name(name)) as target:
                    checksum = 0
                    while chunk := draft.read(1 << 20):
                        checksum = zlib.crc32(chunk, checksum)
                        target.write(chunk)
                checksums[name] = checksum
        about = {
            "metadata": {"total_size": float(total), "crc32": checksums},
            "weight_map": {key: [names[index] for index in held] for key, held in places.items()},
        }
        with atomic_write(path, "w", encoding="utf8") as listing:
            json.dump(about, listing, indent=4)
    except BaseException:
        for name in names:
            path.with_name(name).unlink(missing_ok=True)
        raise
    for name in before - set(names):
        path.with_name(name).unlink(missing_ok=True)


def _free_names(path: Path, count: int) -> list[str]:
    """Names for that many files, `m_00000.weights.h5` as Keras has them where it can be."""
    stem = path.name.removesuffix(".weights.json")
    for number in itertools.count():
        mark = f"{number}_" if number else ""
        names = [f"{stem}_{mark}{index:05d}.weights.h5" for index in range(count)]
        if not any(path.with_name(name).exists() for name in names):
            break
    return names


def _listed(path: Path) -> set[str]:
    """The files of the list that is there, as far as it can be read."""
    stem = path.name.removesuffix(".weights.json")
    try:
        found = json.loads(path.read_bytes())["weight_map"]
        names = {name for held in found.values() for name in ([held] if isinstance(held, str) else held)}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set()
    ours = re.compile(re.escape(stem) + r"_(\d+_)?\d{5}\.weights\.h5")
    return {name for name in names if isinstance(name, str) and ours.fullmatch(name)}


def _fill(file: Any, entries: list[tuple[str, str, dict[str, Any]]]) -> None:
    for key, name, values in entries:
        holder = file.create_group(key)
        if name:
            holder.attrs["name"] = name
        for index, value in values.items():
            weights.put(holder, index, value)


def load_sharded(
    model: Any, path: Path, skip_mismatch: bool = False, objects_to_skip: Iterable[Any] | None = None
) -> None:
    """Read weights that stand in several files.

    Raises:
        FileNotFoundError: the list or a file is missing.
        DataError: a list that is none, or files of another save.
        ShapeError: the weights of another model.
    """
    where = f"The list of weights {path.name}"
    if not path.exists():
        raise FileNotFoundError(f"There is no file {os.fspath(path)!r}.")
    listing = limits.parsed(path.read_bytes(), where)
    try:
        places, metadata = listing["weight_map"], listing.get("metadata", {})
        files = sorted({name for names in places.values() for name in names})
        checksums = metadata.get("crc32", {})
        if not all(isinstance(name, str) for name in files):
            raise TypeError("a file name that is no text")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(where, got=f"something else ({error!r})", expected="a JSON file with a weight_map") from error
    for name in files:
        if not name.endswith(".weights.h5") or Path(name).name != name or "\\" in name:
            raise DataError(where, got=f"the file name {name!r}", expected="names of .weights.h5 files beside it")
    with contextlib.ExitStack() as stack:
        opened = {}
        for name in files:
            shard = path.with_name(name)
            if not shard.exists():
                raise FileNotFoundError(f"{where} names {name!r}, and there is no such file beside it.")
            if name in checksums and _crc32(shard) != checksums[name]:
                raise DataError(
                    where,
                    got=f"another checksum of {name}",
                    expected="files written together",
                    hint="was a save cut short?",
                )
            opened[name] = stack.enter_context(limits.open_h5(shard, name))

        def find(owner: str) -> limits.Values:
            key = f"/{owner}/vars" if owner else "/vars"
            parts = [weights.finder(opened[name], name)(owner) for name in places.get(key, ())]
            return _Joined(parts, f"{path.name}, {owner or 'the model itself'}")

        weights.restore(model, find, path.name, skip_mismatch, objects_to_skip)


def _crc32(path: Path) -> int:
    checksum = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


class _Joined(limits.Values):
    """What several files hold for one object."""

    def __init__(self, parts: list[limits.Values], where: str) -> None:
        super().__init__(None, where)
        self._parts = parts

    def _found(self, key: str) -> Any:
        for part in self._parts:
            if key in part:
                return part._found(key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return (key for part in self._parts for key in part)

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def __contains__(self, key: object) -> bool:
        return any(key in part for part in self._parts)
