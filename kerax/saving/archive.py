"""`.keras`, Keras 3's archive: a zip file of config.json, metadata.json, model.weights.h5 and a folder of assets."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import _serial
from .._core.allowance import allowing, of_a_file
from .._errors import ArgumentError, DataError, DTypeError, KeraxError, Unsupported
from .._types import Config
from .._version import __version__
from . import h5, limits, weights
from .walk import walk

log = logging.getLogger("kerax")

FORMAT = "3.15.0"
"""The version of Keras whose format is written."""
CONFIG, METADATA, WEIGHTS, ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets"
SLOTS = 8
"""No optimizer holds more values than this for a weight."""
MALFORMED = (TypeError, KeyError, ValueError, AttributeError, IndexError, RecursionError, OverflowError)
"""What reading a config raises that is none."""


def config_of(model: Any, include_optimizer: bool = True) -> Config:
    """The config of a model as it stands in a file; how it was compiled is left out, with a warning, if it has none."""
    module, name, registered = _serial.saved_module(type(model))
    config: Config = {
        "module": module,
        "class_name": name,
        "config": _serial.serialize_whole(lambda: _serial.serialize_keras_object(model.get_config())),
        "registered_name": registered,
        "build_config": _serial.serialize_keras_object(model.get_build_config()),
    }
    if include_optimizer and getattr(model, "compiled", False):
        try:
            config["compile_config"] = _serial.serialize_keras_object(model.get_compile_config())
        except (Unsupported, DTypeError) as error:
            log.warning(
                "%s is saved without what it was compiled with, which has no config (%s). The weights and the state "
                "of the optimizer are saved; call compile() on the loaded model, then load_weights().",
                model.name,
                error,
            )
    return config


def metadata() -> Config:
    """Who wrote a file, and when."""
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    return {"keras_version": FORMAT, "date_saved": now, "kerax_version": __version__}


def save(model: Any, path: Path, include_optimizer: bool = True) -> None:
    """Write a model to a `.keras` file."""
    config = json.dumps(config_of(model, include_optimizer))
    with h5.drafted(lambda file: weights.write(model, file, include_optimizer)) as draft, h5.written(path) as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(METADATA, json.dumps(metadata()))
            archive.writestr(CONFIG, config)
            with archive.open(WEIGHTS, "w", force_zip64=True) as entry:
                shutil.copyfileobj(draft, entry, 1 << 20)
            _save_assets(model, archive)


def _save_assets(model: Any, archive: zipfile.ZipFile) -> None:
    for inner, thing in walk(model):
        if not hasattr(thing, "save_assets"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            thing.save_assets(folder)
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    archive.write(
                        file, "/".join([ASSETS, *([inner] if inner else []), file.relative_to(folder).as_posix()])
                    )


def load(
    path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model of a `.keras` file.

    Raises:
        DataError: no such archive, a damaged or a hostile one.
        ArgumentError: a class that is not known.
    """
    with _opened(path) as archive:
        _check_version(_text(archive, METADATA, path), path)
        config = _text(archive, CONFIG, path)
        name = f"{path.name}, {WEIGHTS}"
        with _weights(archive, path) as opened:
            where = f"The file {path.name}, entry config.json"
            held = limits.elements(opened, name) if safe_mode else None
            model = model_of(config, where, custom_objects, compile, safe_mode, held)
            weights.restore(model, weights.finder(opened, name), name)
        _load_assets(model, archive)
    return model


def load_weights(
    model: Any, path: Path, skip_mismatch: bool = False, objects_to_skip: Iterable[Any] | None = None
) -> None:
    """Give a model the weights in a `.keras` file; its config is not looked at."""
    name = f"{path.name}, {WEIGHTS}"
    with _opened(path) as archive:
        with _weights(archive, path) as opened:
            weights.restore(model, weights.finder(opened, name), name, skip_mismatch, objects_to_skip)
        _load_assets(model, archive)


def model_of(
    config: Any,
    where: str,
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    safe_mode: bool,
    held: int | None = None,
) -> Any:
    """The model of a config that came from a file, ready for its weights.

    Args:
        held: how many numbers the weights have that came with it: no model asks for many more.

    Raises:
        DataError: it is no config of a model, or it asks for more than the file holds.
        ArgumentError: a class that is not known.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise DataError(where, got=f"{str(config)[:80]!r}", expected="the config of a model")
    config = dict(config)
    compiling = config.pop("compile_config", None)
    try:
        with _serial.custom_object_scope(custom_objects or {}):
            with allowing(None if held is None else of_a_file(held, where)), _serial.sharing():
                model = _serial.deserialize_keras_object(config, safe_mode=safe_mode)
            if not hasattr(model, "load_own_variables") or not hasattr(model, "get_build_config"):
                raise DataError(
                    where, got=f"the config of a {config['class_name']}", expected="that of a model or layer"
                )
            if compile and compiling and hasattr(model, "compile_from_config"):
                with allowing(None if held is None else of_a_file(SLOTS * held, where)):
                    model.compile_from_config(compiling)
    except KeraxError as error:
        if error.where.startswith(where):
            raise
        raise type(error)(f"{where}: {error.where}", got=error.got, expected=error.expected, hint=error.hint) from error
    except MALFORMED as error:
        raise DataError(
            where,
            got=f"a config that cannot be read ({type(error).__name__}: {error})",
            expected="what get_config of its classes gives",
        ) from error
    if compile and getattr(model, "optimizer", None) is not None and model.built:
        model.optimizer.build(model.trainable_variables)
    return model


def _opened(path: Path) -> zipfile.ZipFile:
    if not path.is_file():
        raise ArgumentError(
            "load_model", got=f"{os.fspath(path)!r}, and there is no such file", expected="the path of a saved model"
        )
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise DataError(
            f"The file {path.name}",
            got=f"no zip archive ({error})",
            expected="a .keras file written by Keras 3 or kerax",
            hint="was it cut short, or is it something else?",
        ) from error
    try:
        limits.check_zip(archive, path.name)
    except BaseException:
        archive.close()
        raise
    return archive


def _entry(archive: zipfile.ZipFile, name: str, path: Path) -> Any:
    try:
        return archive.open(name)
    except KeyError:
        raise DataError(
            f"The file {path.name}",
            got=f"an archive without {name}: it holds {archive.namelist()[:10]}",
            expected="a .keras file written by Keras 3 or kerax",
        ) from None
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise DataError(f"The file {path.name}, entry {name}", got=f"a damaged archive ({error})") from error


def _text(archive: zipfile.ZipFile, name: str, path: Path) -> Any:
    with _entry(archive, name, path) as file:
        where = f"The file {path.name}, entry {name}"
        try:
            text = file.read()
        except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
            raise DataError(where, got=f"a damaged archive ({error})", expected="a whole file") from error
        return limits.parsed(text, where)


def _check_version(found: Any, path: Path) -> None:
    version = found.get("keras_version") if isinstance(found, dict) else None
    major = str(version).split(".")[0]
    if not isinstance(version, str) or not major.isdigit():
        raise DataError(
            f"The file {path.name}, entry metadata.json", got=f"keras_version {version!r}", expected="a number"
        )
    if int(major) > int(FORMAT.split(".")[0]):
        raise DataError(
            f"The file {path.name}",
            got=f"a file of Keras {version}",
            expected=f"one of Keras {FORMAT.split('.')[0]} or older",
            hint="a newer kerax",
        )


@contextlib.contextmanager
def _weights(archive: zipfile.ZipFile, path: Path) -> Iterator[Any]:
    """The HDF5 file inside an archive."""
    name = f"{path.name}, {WEIGHTS}"
    with tempfile.SpooledTemporaryFile(max_size=h5.IN_MEMORY) as copy:
        with _entry(archive, WEIGHTS, path) as file:
            try:
                shutil.copyfileobj(file, copy, 1 << 20)
            except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
                raise DataError(
                    f"The file {name}", got=f"a damaged archive ({error})", expected="a whole file"
                ) from error
        copy.seek(0)
        with limits.open_h5(copy, name) as opened:
            yield opened


def _load_assets(model: Any, archive: zipfile.ZipFile) -> None:
    names = [name for name in archive.namelist() if name.startswith(f"{ASSETS}/") and not name.endswith("/")]
    for inner, thing in walk(model) if names else ():
        if not hasattr(thing, "load_assets"):
            continue
        prefix = "/".join([ASSETS, *([inner] if inner else []), ""])
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                if name.startswith(prefix):
                    target = Path(folder) / name.removeprefix(prefix)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(name) as file, open(target, "wb") as copy:
                        shutil.copyfileobj(file, copy)
            thing.load_assets(folder)
