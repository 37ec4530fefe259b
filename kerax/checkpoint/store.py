"""Checkpoints in a directory, one folder each: written aside, synced and renamed; checked when read."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import DataError
from .._host.files import atomic_write
from .._types import PathLike
from .._version import __version__

__all__ = ["Damaged", "Store"]

FORMAT = 1


class Damaged(DataError):
    """A checkpoint that is not whole."""


class Store:
    """The checkpoints in a directory.

    Args:
        directory: where they are; made by `prepare`.
    """

    def __init__(self, directory: PathLike) -> None:
        self.path = Path(directory).expanduser().absolute()

    def prepare(self, where: str) -> None:
        """Make the directory, and remove what saves that were killed left in it.

        Raises:
            DataError: it cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            probe = self.path / f".{secrets.token_hex(4)}.part"
            probe.mkdir()
            for left in self.path.glob(".*.part"):
                shutil.rmtree(left, ignore_errors=True)
            for left in self.path.glob(".*.old"):  # of a replacement that was killed in between
                step = self.path / left.name.split(".")[1]
                if step.exists():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.rename(step)
        except OSError as error:
            raise DataError(
                where,
                got=f"the directory {self.path}, which cannot be written to ({error.strerror or error})",
                expected="a directory, or a place where one can be made",
            ) from error

    def steps(self) -> list[int]:
        """The numbers of the checkpoints, lowest first."""
        try:
            names = [entry.name for entry in os.scandir(self.path) if entry.is_dir()]
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if name.isdigit())

    def folder(self, step: int) -> Path:
        """Where a checkpoint is."""
        return self.path / str(step)

    def save(self, step: int, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
        """Write a checkpoint, in place of one with this number.

        Args:
            step: its number.
            arrays: by group and name, `model/dense.kernel`.
            about: what JSON takes.

        Raises:
            OSError: no room, no permission; nothing is left of it. Orbax may raise ValueError instead.
        """
        part = self.path / f".{step}.{secrets.token_hex(4)}.part"
        try:
            part.mkdir()
            _write_arrays(part / "state", arrays)
            sums = [[key, array.dtype.name, list(array.shape), _sum(array)] for key, array in arrays.items()]
            facts = {"format": FORMAT, "kerax": __version__, "arrays": sums, "files": _files(part / "state"), **about}
            body = json.dumps(facts)
            with atomic_write(part / "about.json", "w", encoding="utf-8") as file:
                file.write(f"{zlib.crc32(body.encode()):08x}\n{body}\n")
            _sync(part)
            self._place(part, step)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _place(self, part: Path, step: int) -> None:
        """Give a finished folder its name."""
        final = self.folder(step)
        old = self.path / f".{step}.{secrets.token_hex(4)}.old"
        if final.exists():
            final.rename(old)
        part.rename(final)
        _sync_folder(self.path)
        shutil.rmtree(old, ignore_errors=True)

    def about(self, step: int) -> dict[str, Any]:
        """What a checkpoint says of itself.

        Raises:
            Damaged: the text is not what was written, or of a newer kerax.
        """
        where = f"The checkpoint {self.folder(step)}"
        try:
            total, _, body = (self.folder(step) / "about.json").read_text(encoding="utf-8").partition("\n")
            body = body.removesuffix("\n")
            if total != f"{zlib.crc32(body.encode()):08x}":
                raise Damaged(where, got="an about.json whose checksum is wrong", expected="the one that was written")
            found = json.loads(body)
        except (OSError, ValueError) as error:
            if isinstance(error, Damaged):
                raise
            raise Damaged(
                where, got=f"no readable about.json ({error})", expected="the one that was written"
            ) from error
        if found["format"] > FORMAT:
            raise DataError(
                where,
                got=f"format {found['format']}, of kerax {found['kerax']}",
                expected=f"format {FORMAT} at most",
                hint="a newer kerax reads it",
            )
        return found

    def read(self, step: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The arrays and the rest of a checkpoint, every file and every array checked against its checksum.

        Raises:
            Damaged: it is not whole.
        """
        about = self.about(step)
        where = f"The checkpoint {self.folder(step)}"
        if about["files"] != (files := _files(self.folder(step) / "state")):
            other = sorted(name for name in {*files, *about["files"]} if files.get(name) != about["files"].get(name))
            raise Damaged(where, got=f"other bytes in state/{other[0]} than were written", expected="those of the save")
        found = _read_arrays(self.folder(step) / "state", where)
        arrays: dict[str, np.ndarray] = {}
        for key, dtype, shape, total in about["arrays"]:
            array = found.get(key) if np.prod(shape) else np.zeros(shape, np.dtype(dtype))
            if array is None or list(array.shape) != shape or array.dtype.name != dtype or _sum(array) != total:
                raise Damaged(where, got=f"other values of {key} than were saved", expected="those that were saved")
            arrays[key] = array
        return arrays, about

    def set_aside(self, step: int) -> None:
        """Rename a damaged checkpoint, so that it counts no longer; its files stay for whoever wants to look."""
        with contextlib.suppress(OSError):
            self.folder(step).rename(self.path / f"{step}.damaged.{secrets.token_hex(2)}")

    def remove(self, step: int) -> None:
        """Remove a checkpoint: it is gone at once, or not at all."""
        part = self.path / f".{step}.{secrets.token_hex(4)}.part"
        self.folder(step).rename(part)
        shutil.rmtree(part, ignore_errors=True)

    def clear(self) -> None:
        """Remove all checkpoints, and the directory where nothing else is in it."""
        for step in self.steps():
            self.remove(step)
        with contextlib.suppress(OSError):
            self.path.rmdir()


def _sum(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data) if array.size else 0


def _files(folder: Path) -> dict[str, list[int]]:
    """The size and checksum of each file in a folder, at any depth."""
    found: dict[str, list[int]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            found[path.relative_to(folder).as_posix()] = [len(data), zlib.crc32(data)]
    return found


def _write_arrays(folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
    import orbax.checkpoint as ocp
    from etils import epath

    tree: dict[str, dict[str, np.ndarray]] = {}
    for key, array in arrays.items():
        if array.size:  # Orbax takes no array without elements
            group, _, name = key.partition("/")
            tree.setdefault(group, {})[name] = array
    folder.mkdir()
    if not tree:
        return
    handler = ocp.PyTreeCheckpointHandler()
    try:
        handler.save(epath.Path(folder), args=ocp.args.PyTreeSave(tree))
        handler.finalize(epath.Path(folder))
    finally:
        handler.close()


def _read_arrays(folder: Path, where: str) -> dict[str, np.ndarray]:
    import jax
    import orbax.checkpoint as ocp
    from etils import epath

    if folder.is_dir() and not any(folder.iterdir()):
        return {}
    handler = ocp.PyTreeCheckpointHandler()
    try:
        shapes = handler.metadata(epath.Path(folder)).tree
        restore = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), shapes)
        tree = handler.restore(epath.Path(folder), args=ocp.args.PyTreeRestore(restore_args=restore))
        return {f"{group}/{name}": np.asarray(array) for group, held in tree.items() for name, array in held.items()}
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError) as error:
        raise Damaged(
            where, got=f"arrays that Orbax cannot read ({error})", expected="those that were saved"
        ) from error
    finally:
        handler.close()


def _sync(folder: Path) -> None:
    """Have all of a folder on the disk, whatever happens to the machine."""
    for base, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(base, name), "rb") as file:
                os.fsync(file.fileno())
        _sync_folder(base)


def _sync_folder(folder: PathLike) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
