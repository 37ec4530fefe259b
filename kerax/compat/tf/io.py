"""tf.io: files read and written whole, and images decoded."""

from __future__ import annotations

import glob as _glob
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from ._missing import absent
from .errors import NotFoundError
from .image import decode_bmp, decode_gif, decode_image, decode_jpeg, decode_png, encode_jpeg, encode_png

__all__ = [
    "decode_bmp",
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
