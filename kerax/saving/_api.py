"""save_model, load_model, save_weights and load_weights: which format a name means."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .._errors import ArgumentError, NotBuiltError, Unsupported
from .._types import PathLike
from . import archive, directory, flat, h5, legacy

log = logging.getLogger("kerax")

_LEGACY = (".h5", ".hdf5")
_FORMATS = {"tf": "", "h5": ".h5", "hdf5": ".h5", "keras": ".keras"}


def save_model(
    model: Any,
    filepath: PathLike,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    save_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Write a model: its config, its weights, what it was compiled with and the state of its optimizer.

    What is written appears at once when it is whole; until then an older file of that name stays.

    Args:
        model: built or not.
        filepath: ends in `.keras` (Keras 3's format) or `.h5` (that of Keras 2); without a suffix it becomes
            a directory of Orbax. Folders are made.
        overwrite: False asks on the terminal before a file is replaced.
        zipped: True, or None; archives are always zipped.
        include_optimizer: whether what `compile` was given, and the optimizer's state, is written.
        save_format: an older name of the suffix: "keras", "h5", or "tf" for the directory.

    Raises:
        ArgumentError: another suffix, an unknown argument.
        Unsupported: `zipped=False`; a layer without a config.
    """
    for old in ("signatures", "options", "save_traces"):  # of SavedModel
        kwargs.pop(old, None)
    if kwargs:
        raise ArgumentError("save", got=f"the unknown arguments {sorted(kwargs)}", expected="those of its signature")
    if zipped is False:
        raise Unsupported(
            "save", got="zipped=False", hint="leave zipped out; a name without a suffix gives a directory"
        )
    path, kind = _kind(filepath, save_format)
    if kind not in (".keras", ".h5", ""):
        raise ArgumentError(
            f"save to {path.name!r}",
            got=f"the suffix {path.suffix!r}",
            expected="a name ending in .keras, or .h5, or without a suffix",
            hint=f"{path.name}.keras; for serving use model.export",
        )
    if not _may_write(path, overwrite):
        return
    if kind == ".keras":
        archive.save(model, path, include_optimizer)
        return
    learned = [layer.name for layer in model._flatten_layers() if getattr(layer, "keeps_assets", False)]
    if learned:
        raise Unsupported(
            f"save to {path.name!r}",
            got=f"vocabularies that layers have learned ({', '.join(learned)}), for which this format has no place",
            hint="a name ending in .keras",
        )
    if kind == ".h5":
        legacy.save(model, path, include_optimizer)
    else:
        directory.save(model, path, True, include_optimizer)


def load_model(
    filepath: PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    options: Any = None,
) -> Any:
    """The model that a file or directory holds, with the state of its optimizer: training goes on.

    Files are read as data. A config names classes of kerax, registered ones and custom objects, nothing else.

    Args:
        filepath: a `.keras` file, a `.h5` file, or the directory that a name without a suffix became.
        custom_objects: name -> class or function, for those that are not registered.
        compile: whether the model is compiled as it was when it was saved.
        safe_mode: whether to refuse Python code stored in the file (that of lambdas in `Lambda` layers).
        options: kept for compatibility.

    Raises:
        ArgumentError: no such file; a class that is not known.
        DataError: not the file of a model, a damaged, hostile or too new one.
        ShapeError: weights that do not fit the config.
    """
    path = Path(filepath).expanduser()
    if path.is_dir():
        if directory.is_one(path):
            return directory.load(path, custom_objects, compile, safe_mode)
        raise _no_format("load_model", path, "a directory without a checkpoint of kerax in it")
    if path.suffix in _LEGACY and not path.name.endswith(".weights.h5"):
        return legacy.load(path, custom_objects, compile, safe_mode)
    if path.suffix == ".keras" or (path.is_file() and _starts(path, b"PK")):
        return archive.load(path, custom_objects, compile, safe_mode)
    if path.is_file() and _starts(path, b"\x89HDF") and not path.name.endswith(".weights.h5"):
        return legacy.load(path, custom_objects, compile, safe_mode)
    raise _no_format("load_model", path, "weights alone" if path.exists() else "no such file")


def save_weights(
    model: Any,
    filepath: PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    save_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Write the weights of a model, and the state of its optimizer.

    Args:
        model: a built model.
        filepath: ends in `.weights.h5` (Keras 3's format) or `.h5` (that of Keras 2), or in `.safetensors` or
            `.msgpack` (values by name, for other tools, without the optimizer); without a suffix it becomes a
            directory of Orbax.
        overwrite: False asks on the terminal before a file is replaced.
        max_shard_size: gigabytes that a file may have at most; more become several, listed in `.weights.json`.
        save_format: an older name of the suffix: "h5", or "tf" for the directory.

    Raises:
        ArgumentError: another suffix, an unknown argument.
    """
    kwargs.pop("options", None)
    if kwargs:
        raise ArgumentError(
            "save_weights", got=f"the unknown arguments {sorted(kwargs)}", expected="those of its signature"
        )
    path, kind = _kind(filepath, save_format)
    sharded = kind == ".weights.json" or (kind == ".weights.h5" and max_shard_size is not None)
    if sharded:
        path = path.with_name(path.name.removesuffix(kind) + ".weights.json")
        if max_shard_size is None:
            raise ArgumentError(
                f"save_weights to {path.name!r}", got="no max_shard_size", expected="the gigabytes a file may have"
            )
    elif kind not in (".weights.h5", ".h5", "", *flat.SUFFIXES):
        raise ArgumentError(
            f"save_weights to {path.name!r}",
            got=f"the suffix {path.suffix!r}",
            expected="a name ending in .weights.h5, .h5, .safetensors or .msgpack, or without a suffix",
        )
    _need_built(model, "save_weights")
    if not _may_write(path, overwrite):
        return
    if sharded and max_shard_size is not None:
        h5.save_sharded(model, path, max_shard_size)
    elif kind == ".weights.h5":
        h5.save(model, path)
    elif kind == ".h5":
        legacy.save_weights(model, path)
    elif kind in flat.SUFFIXES:
        flat.save(model, path)
    else:
        directory.save(model, path, False)


def load_weights(
    model: Any,
    filepath: PathLike,
    skip_mismatch: bool = False,
    by_name: bool = False,
    objects_to_skip: Iterable[Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Give a model the weights of a file; the state of its optimizer too, if it is built.

    All values are loaded, or after an error none.

    Args:
        model: a built model.
        filepath: `.weights.h5`, `.weights.json`, `.keras`, `.h5`, `.safetensors`, `.msgpack`, or the directory that a
            name without a suffix became.
        skip_mismatch: leave objects alone whose values do not fit, with a warning.
        by_name: of `.h5`: match layers by name instead of order.
        objects_to_skip: layers and others to leave alone.

    Raises:
        ArgumentError: another suffix, `by_name` where names are not in the file, an unknown argument.
        FileNotFoundError: no such file.
        DataError: a damaged or a hostile file.
        ShapeError: weights of another model.
        NotBuiltError: the model has no weights yet.
    """
    kwargs.pop("options", None)
    if kwargs:
        raise ArgumentError(
            "load_weights", got=f"the unknown arguments {sorted(kwargs)}", expected="those of its signature"
        )
    path = Path(filepath).expanduser()
    old = path.suffix in _LEGACY and not path.name.endswith(".weights.h5")
    if path.name.endswith(".weights.h5") and path.is_file():
        with_names = legacy.is_legacy(path)  # tutorials called old files so, too
        old = old or with_names
    if by_name and not old:
        raise ArgumentError(
            f"load_weights from {path.name!r}", got="by_name=True", expected="a legacy .h5 file, which has layer names"
        )
    _need_built(model, "load_weights")
    if old:
        legacy.load_weights(model, path, by_name, skip_mismatch)
    elif path.name.endswith(".weights.h5"):
        h5.load(model, path, skip_mismatch, objects_to_skip)
    elif path.name.endswith(".weights.json"):
        h5.load_sharded(model, path, skip_mismatch, objects_to_skip)
    elif path.suffix in flat.SUFFIXES:
        flat.load(model, path, skip_mismatch, objects_to_skip)
    elif path.suffix == ".keras":
        archive.load_weights(model, path, skip_mismatch, objects_to_skip)
    elif directory.is_one(path):
        directory.load_weights(model, path, skip_mismatch, objects_to_skip)
    elif not path.exists() and not path.suffix:
        raise FileNotFoundError(f"There is no file or directory {os.fspath(filepath)!r}.")
    else:
        raise _no_format("load_weights", path, "no such file" if not path.exists() else "something else")
    return None


def _kind(filepath: PathLike, save_format: str | None) -> tuple[Path, str]:
    """The path, and the suffix that says the format; "" for a directory."""
    path = Path(filepath).expanduser()
    if save_format is not None:
        if save_format not in _FORMATS:
            raise ArgumentError("save_format", got=repr(save_format), expected=f"one of {sorted(_FORMATS)}")
        kind = _FORMATS[save_format]
        if kind == ".h5" and path.name.endswith(".weights.h5"):
            kind = ".weights.h5"
        return path, kind
    for kind in (".weights.h5", ".weights.json", ".keras"):
        if path.name.endswith(kind):
            return path, kind
    if path.suffix in _LEGACY:
        return path, ".h5"
    # "cp-0.25", "model_0.91" and "cp.ckpt" are names of checkpoints, not files with a suffix
    known = path.suffix in ("", ".ckpt", ".tf") or path.suffix[1:].isdigit()
    return path, "" if known else path.suffix


def _may_write(path: Path, overwrite: bool) -> bool:
    if overwrite or not path.exists():
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise ArgumentError(
            f"save to {path.name!r}", got="a file that exists, and overwrite=False", expected="another name"
        )
    return input(f"{path} exists. Replace it? [y/n] ").strip().lower() in ("y", "yes")


def _need_built(model: Any, what: str) -> None:
    if not model.built:
        raise NotBuiltError(
            f"{what} of {type(model).__name__} {model.name!r}",
            got="a model that is not built",
            hint="call it on data once, or build(input_shape)",
        )


def _starts(path: Path, magic: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _no_format(what: str, path: Path, got: str) -> ArgumentError:
    return ArgumentError(
        f"{what} from {os.fspath(path)!r}",
        got=got,
        expected="a .keras file, a .h5 file, or a directory written by save()",
        hint="a SavedModel of TensorFlow has to be converted there" if (path / "saved_model.pb").exists() else None,
    )
