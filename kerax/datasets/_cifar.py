"""The files of CIFAR-10 and CIFAR-100: an archive that Keras keeps extracted, with one pickled dict a batch.

datasets/cifar-10-batches-py-target_archive                          the download
datasets/cifar-10-batches-py-target/cifar-10-batches-py/test_batch   extracted, as Keras 3 keeps it
datasets/cifar-10-batches-py/test_batch                              as earlier versions of Keras kept it
"""

from __future__ import annotations

import os
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import config
from .._host.files import cached, fetch, folder_for
from . import _pickles
from ._content import AnyArray, Content, unreadable, wrong
from ._npz import DAMAGE

__all__ = ["batch", "folder", "oriented"]


def folder(inner: str, names: Sequence[str], url: str, checksum: str) -> Path:
    """The folder with the batches `names`, extracted from the archive (downloaded, if need be) unless it is there.

    Args:
        inner: the folder inside the archive: `"cifar-10-batches-py"`.
        names: the files it must hold.
        url: where the archive is.
        checksum: the sha256 of the archive.
    """
    for place in (f"{inner}-target/{inner}", inner):
        found = cached(place)
        if found is not None:
            missing = [name for name in names if not (found / name).is_file()]
            if missing:
                raise wrong(found, f"a folder without {', '.join(missing)}", f"the files {', '.join(names)}", url)
            return found
    archive = cached(url.rpartition("/")[2]) or fetch(f"{inner}-target_archive", url, checksum)
    target = folder_for() / f"{inner}-target"
    _extract(archive, inner, names, target, url)
    return target / inner


def _extract(archive: Path, inner: str, names: Sequence[str], target: Path, url: str) -> None:
    """Extract beside `target` and rename, so that a folder is there with all its files or not at all."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(part, filter="data")
        missing = [name for name in names if not (part / inner / name).is_file()]
        if missing:
            raise wrong(archive, f"an archive without {inner}/{missing[0]}", f"{inner}/ with {', '.join(names)}", url)
        try:
            os.replace(part, target)
        except OSError:
            if not all((target / inner / name).is_file() for name in names):  # else another process was faster
                raise
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise unreadable(archive, "a .tar.gz archive", error, f"{inner}/ with {', '.join(names)}", url) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def batch(path: Path, count: int, label_key: str, classes: int, url: str) -> tuple[AnyArray, list[int]]:
    """The images of one file, uint8 (count, 3, 32, 32), and their labels."""
    expected = f"a pickled dict with data: uint8 ({count}, 3072) and {label_key}: {count} from 0 to {classes - 1}"
    try:
        with open(path, "rb") as file:
            found: Any = _pickles.load(file, encoding="bytes")
    except DAMAGE as error:
        raise unreadable(path, "a batch of images", error, expected, url) from error
    held = {_text(key): value for key, value in found.items()} if isinstance(found, dict) else {}
    data, labels = held.get("data"), held.get(label_key)
    if data is None or labels is None:
        raise wrong(path, f"a dict of {sorted(held)}" if held else type(found).__name__, expected, url)
    if not isinstance(data, np.ndarray) or not Content((count, 3072), "uint8").fits(data.shape, data.dtype):
        raise wrong(path, f"data: {getattr(data, 'dtype', type(data))} {getattr(data, 'shape', '')}", expected, url)
    if not isinstance(labels, list) or len(labels) != count or not all(type(label) is int for label in labels):
        size = f" of {len(labels)}" if hasattr(labels, "__len__") else ""
        raise wrong(path, f"{label_key}: {type(labels).__name__}{size}", expected, url)
    outside = [label for label in labels if not 0 <= label < classes]
    if outside:
        raise wrong(path, f"the label {outside[0]}", expected, url)
    return data.reshape(count, 3, 32, 32), labels


def _text(key: Any) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)


def oriented(images: AnyArray) -> AnyArray:
    """(n, 3, 32, 32) to the image format that is set; (n, 32, 32, 3) by default."""
    return images.transpose(0, 2, 3, 1) if config.image_data_format() == "channels_last" else images
