"""Reading .npz files: shapes and dtypes are judged by the headers, before any data is read or unpickled."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from .._errors import DataError
from . import _pickles
from ._content import AnyArray, Content, described, unreadable, wrong

__all__ = ["DAMAGE", "read"]

# What zipfile, NumPy and pickle raise on files that are cut off or overwritten. KeyError, IndexError, TypeError,
# AttributeError and OverflowError are pickle's, on damaged streams; RuntimeError is zipfile's, on an encrypted member.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
)


def read(path: Path, contents: Mapping[str, Content], url: str) -> dict[str, AnyArray]:
    """The arrays that `contents` describes, each checked.

    Args:
        path: the .npz file.
        contents: what it must hold, by name; more arrays are ignored.
        url: where the real file is, for the error.
    Raises:
        DataError: the file is damaged, or holds something else. It is left as it is.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            present = [name.removesuffix(".npy") for name in archive.namelist()]
            missing = [name for name in contents if name not in present]
            if missing:
                held = ", ".join(present[:10]) or "nothing"
                raise wrong(path, f"a file that holds {held}", described(contents), url)
            return {name: _read_one(archive, path, name, contents[name], url) for name in contents}
    except DataError:
        raise
    except DAMAGE as error:
        raise unreadable(path, "an .npz file", error, described(contents), url) from error


def _read_one(archive: zipfile.ZipFile, path: Path, name: str, content: Content, url: str) -> AnyArray:
    with archive.open(name + ".npy") as file:
        shape, dtype = _header(file)
        if not content.fits(shape, dtype):
            raise wrong(path, f"{name} with dtype {dtype} and shape {shape}", f"{name}: {content}", url)
        if dtype.hasobject:
            array = _pickles.load(file)
            if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
                raise wrong(path, f"{name} with a header that does not fit its data", f"{name}: {content}", url)
    if not dtype.hasobject:
        with archive.open(name + ".npy") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    fault = content.fault(array)
    if fault:
        raise wrong(path, f"{name} with {fault}", f"{name}: {content}", url)
    return array


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    # Version 3 is version 2 with field names in UTF-8; these arrays have no fields.
    reader = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(file)
    return shape, dtype
