"""Files from the net, kept in the cache folder."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from .._errors import ArgumentError, DataError
from .._host import files
from ..saving import limits


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | None = None,
    force_download: bool = False,
) -> str:
    """The path of a file of the net, downloaded on first use.

    Args:
        fname: its name in the cache, default the last part of `origin`.
        origin: where it comes from.
        untar: the same as `extract`.
        md5_hash: the same as `file_hash`.
        file_hash: its sha256 or md5, which guards the download.
        cache_subdir: folder within the cache.
        hash_algorithm: "auto", "sha256" or "md5"; seen by the length.
        extract: unpack the archive, and return the folder.
        archive_format: "auto", "tar", "zip", a list of them, or None; seen by the content.
        cache_dir: the cache, default `KERAS_HOME` or `~/.keras`.
        force_download: download even if it is there.

    Returns:
        The path of the file, or of the folder it was unpacked to.

    Raises:
        ArgumentError: no origin, or an archive that is neither tar nor zip.
        DataError: no network, or a wrong checksum.
    """
    if origin is None:
        raise ArgumentError("get_file", got="no origin", expected="the address of the file")
    name = fname or Path(urlparse(origin).path).name
    if not name:
        raise ArgumentError("get_file", got=f"origin={origin!r}, which names no file", hint="pass fname=")
    checksum = file_hash or md5_hash
    if cache_dir is not None:
        folder = Path(cache_dir).expanduser() / cache_subdir
        folder.mkdir(parents=True, exist_ok=True)
        name = str(folder / name)
    if force_download:
        target = files.folder_for(cache_subdir) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        path = files.download(origin, target, checksum)
    else:
        path = files.fetch(name, origin, checksum, cache_subdir)
    return str(_unpacked(path, force_download) if extract or untar else path)


def _unpacked(path: Path, anew: bool) -> Path:
    """The folder beside an archive that holds its content."""
    folder = path.with_name(f"{path.name.split('.')[0]}_extracted")
    if folder.exists() and not anew:
        return folder
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                limits.check_tar(archive, path.name, path.stat().st_size)
                archive.extractall(part, filter="data")
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                limits.check_zip(archive, path.name)
                archive.extractall(part)
        else:
            raise ArgumentError(f"get_file: {path}", got="no tar and no zip archive", hint="leave out extract=True")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise DataError(f"The archive {path.name}", got=f"a damaged file ({error})", expected="a whole one") from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder
