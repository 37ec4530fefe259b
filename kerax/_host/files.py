"""Keras's home folder, checksums, writing without half-written files, and downloads.

    home()/keras.json                        the user's settings
    home()/datasets/mnist.npz                what `fetch` finds, or downloads
    home()/datasets/.mnist.npz.1f3a.part     a download on its way; renamed once its checksum is right

The home folder is `$KERAS_HOME`, or `~/.keras`; the environment is asked at every call.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import secrets
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from .._errors import DataError
from . import terminal

__all__ = ["atomic_write", "cached", "download", "fetch", "file_hash", "folder_for", "home", "matches"]

CHUNK = 1 << 18
PATIENCE = 30.0
"""Seconds without a byte after which a download gives up."""


def home() -> Path:
    """`$KERAS_HOME`, or `~/.keras`."""
    named = os.environ.get("KERAS_HOME")
    return Path(named).expanduser() if named else Path("~/.keras").expanduser()


def _spare_home() -> Path:
    return Path(tempfile.gettempdir()) / ".keras"


def cached(name: str | os.PathLike[str], subfolder: str = "datasets") -> Path | None:
    """Where `name` already is: in the home folder, or where downloads went because that one is read-only."""
    for base in (home(), _spare_home()):
        path = base / subfolder / Path(name).expanduser()  # an absolute name stands for itself
        if path.exists():
            return path
    return None


def folder_for(subfolder: str = "datasets") -> Path:
    """The folder to write to, made if need be: in the home folder, or in the temporary one when that is read-only."""
    for base in (home(), _spare_home()):
        folder = base / subfolder
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    raise DataError(
        "The cache folder",
        got=f"no permission to write to {home() / subfolder}, nor to {_spare_home() / subfolder}",
        hint="set KERAS_HOME to a folder you can write to",
    )


def file_hash(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """The checksum of a file, in hexadecimal; `algorithm` is any that hashlib knows.

    Examples:
        >>> import os
        >>> file_hash(os.devnull, "md5")
        'd41d8cd98f00b204e9800998ecf8427e'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def matches(path: str | os.PathLike[str], checksum: str) -> bool:
    """Whether a file has this checksum: sha256 if it has 64 digits, md5 if it has 32."""
    return file_hash(path, _algorithm(checksum)) == checksum.lower()


def _algorithm(checksum: str) -> str:
    return {32: "md5", 40: "sha1", 64: "sha256"}[len(checksum)]


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "wb", **options: Any) -> Iterator[IO[Any]]:
    """Open a file beside `path` that takes its place when the block ends; when it raises, `path` stays as it was.

    Args:
        path: the file to write. Its folder must exist.
        mode: `"wb"` or `"w"`.
        **options: for `open`, such as `encoding`.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, mode.replace("w", "x"), **options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def download(
    url: str,
    path: str | os.PathLike[str],
    checksum: str | None = None,
    check: Callable[[Path], object] | None = None,
) -> Path:
    """Download `url` to `path`. Nothing appears at `path` before all of it is there and was found right.

    Args:
        url: what to download.
        path: where to put it; its folder must exist.
        checksum: the published sha256 (64 digits) or md5 (32).
        check: called with the downloaded file; it raises when the content is wrong.
    Returns:
        `path`.
    Raises:
        DataError: no network, a connection that broke off, a wrong checksum.
    """
    path = Path(path)
    try:
        with atomic_write(path) as file:
            _receive(url, file)
            file.flush()
            _judge(url, Path(file.name), checksum)
            if check is not None:
                check(Path(file.name))
    except (OSError, http.client.HTTPException) as error:  # URLError, timeouts and broken connections among them
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise DataError(
            path.name,
            got=f"no file at {path}, and {url} could not be downloaded ({_reason(error)})",
            hint=f"download {url} where there is a network and place it at {path}; "
            f"the KERAS_HOME variable names another cache folder (now {home()})",
        ) from error
    return path


def fetch(
    name: str,
    url: str,
    checksum: str | None = None,
    subfolder: str = "datasets",
    check: Callable[[Path], object] | None = None,
) -> Path:
    """The path of a cached file, downloaded first if it is not there.

    The checksum guards the download only. A file that is already there is returned as it is: it may be a repacked
    copy with the same content, and only its reader can judge that.
    """
    found = cached(name, subfolder)
    if found is not None:
        return found
    wanted = folder_for(subfolder) / Path(name).expanduser()
    if not wanted.parent.is_dir():
        raise DataError(
            str(name),
            got=f"no folder {wanted.parent}",
            expected=f"a file name, kept in {folder_for(subfolder)}, or the path of a file that exists",
        )
    return download(url, wanted, checksum, check)


def _judge(url: str, path: Path, checksum: str | None) -> None:
    if checksum is None or matches(path, checksum):
        return
    algorithm = _algorithm(checksum)
    raise DataError(
        f"The download of {url}",
        got=f"{path.stat().st_size} bytes with {algorithm} {file_hash(path, algorithm)}",
        expected=f"{algorithm} {checksum}",
        hint="run it again; if it fails again, a proxy answers in place of the server. Nothing was kept",
    )


def _receive(url: str, file: IO[bytes]) -> None:
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        announced = response.headers.get("Content-Length")
        total = int(announced) if announced and announced.isdigit() else None
        progress = _Progress(url, total)
        done = 0
        while chunk := response.read(CHUNK):
            file.write(chunk)
            done += len(chunk)
            progress.show(done)
        progress.end()
    if total is not None and done != total:  # urllib ends in silence when the connection closes early
        raise ConnectionError(f"the connection closed after {done} of {total} bytes")


def _reason(error: BaseException) -> str:
    inner = getattr(error, "reason", None)
    return f"{type(error).__name__}: {inner if isinstance(inner, str | BaseException) else error}"


class _Progress:
    """One line that is rewritten in a terminal, and written once in a log file. Goes to standard error."""

    def __init__(self, url: str, total: int | None) -> None:
        self.total = total
        self.moving = terminal.is_tty(sys.stderr) or terminal.in_notebook()
        self.next = 0.0
        size = f" ({total / 1e6:.1f} MB)" if total else ""
        self._write(f"Downloading {url}{size}\n")

    def show(self, done: int) -> None:
        now = time.monotonic()
        if self.moving and now >= self.next:
            self.next = now + 0.1
            share = f" {100 * done // self.total:3d}%" if self.total else ""
            self._write(f"\r{share} {done / 1e6:.1f} MB")

    def end(self) -> None:
        if self.moving:
            self._write("\r" + " " * 24 + "\r")

    @staticmethod
    def _write(text: str) -> None:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
