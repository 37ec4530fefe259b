"""Names without a suffix: a directory of Orbax checkpoints, of which the newest counts.

    my_model/0/state/   the arrays, by the path they have in a weights file
    my_model/0/about/   the config, and who wrote it; of weights alone only the latter
A save writes the next number aside, renames it and then removes the number before.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._errors import ArgumentError, DataError
from . import archive, limits, weights

log = logging.getLogger("kerax")


@contextlib.contextmanager
def _manager(path: Path, create: bool) -> Iterator[Any]:
    import orbax.checkpoint as ocp

    options = ocp.CheckpointManagerOptions(max_to_keep=1, create=create, enable_async_checkpointing=False)
    handlers = {"state": ocp.PyTreeCheckpointHandler(), "about": ocp.JsonCheckpointHandler()}
    registry = ocp.CheckpointManager(path.absolute(), item_handlers=handlers, options=options)
    try:
        yield registry
    finally:
        registry.close()


def is_one(path: Path) -> bool:
    """Whether a directory holds such checkpoints."""
    return path.is_dir() and any((step / "about").is_dir() for step in path.iterdir() if step.name.isdigit())


def save(model: Any, path: Path, whole: bool, include_optimizer: bool = True) -> None:
    """Write a model, or its weights alone."""
    import orbax.checkpoint as ocp

    if path.exists() and not path.is_dir():
        raise ArgumentError(f"save to {path.name!r}", got="the name of a file", expected="a directory, or a new name")
    state: dict[str, np.ndarray] = {}
    names: dict[str, str] = {}
    for owner, name, values in weights.gather(model):
        if include_optimizer or owner.partition("/")[0] != "optimizer":
            names[owner] = name
            state.update({_key(owner, key): np.asarray(value) for key, value in values.items()})
    # Orbax takes no array without elements.
    empty = {key: [value.shape, value.dtype.name] for key, value in state.items() if not value.size}
    state = {key: value for key, value in state.items() if value.size} or {"nothing": np.zeros(1)}
    about: dict[str, Any] = {"metadata": archive.metadata(), "objects": names, "empty": empty}
    if whole:
        about["config"] = json.dumps(archive.config_of(model, include_optimizer))
        log.info("%s: saved as a directory of Orbax. For serving without kerax use model.export.", path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _manager(path, create=True) as manager:
        latest = manager.latest_step()
        manager.save(
            0 if latest is None else latest + 1,
            args=ocp.args.Composite(state=ocp.args.PyTreeSave(state), about=ocp.args.JsonSave(about)),
        )


def _key(owner: str, key: str) -> str:
    return ".".join([*owner.split("/"), "vars", key] if owner else ["vars", key])


def load(
    path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model of a directory.

    Raises:
        DataError: a damaged directory, or one of weights alone.
    """
    about, state = _read(path)
    if not isinstance(about.get("config"), str):
        raise DataError(
            f"The directory {path.name}",
            got="weights alone",
            expected="a model saved whole",
            hint="build the model in code and call load_weights",
        )
    archive._check_version(about.get("metadata"), path)
    where = f"The directory {path.name}, config"
    config = limits.parsed(about["config"], where)
    held = sum(value.size for value in state.values()) if safe_mode else None
    model = archive.model_of(config, where, custom_objects, compile, safe_mode, held)
    _restore(model, about, state, path, False, None)
    return model


def load_weights(
    model: Any, path: Path, skip_mismatch: bool = False, objects_to_skip: Iterable[Any] | None = None
) -> None:
    """Give a model the weights of a directory."""
    about, state = _read(path)
    _restore(model, about, state, path, skip_mismatch, objects_to_skip)


def _read(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    import orbax.checkpoint as ocp

    with _manager(path, create=False) as manager:
        step = manager.latest_step()
        try:
            found = manager.restore(step, args=ocp.args.Composite(about=ocp.args.JsonRestore()))
            shapes = manager.item_metadata(step).state
            _judge(shapes, path)
            restore = {key: ocp.RestoreArgs(restore_type=np.ndarray) for key in shapes}
            state = manager.restore(step, args=ocp.args.Composite(state=ocp.args.PyTreeRestore(restore_args=restore)))
        except DataError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise DataError(
                f"The directory {path.name}", got=f"a checkpoint that cannot be read ({error})", expected="a whole one"
            ) from error
    if not isinstance(found.about, dict) or not isinstance(found.about.get("objects"), dict):
        raise DataError(f"The directory {path.name}", got="a checkpoint of something else", expected="that of a model")
    return found.about, {**state.state, **_empty(found.about.get("empty", {}), path)}


def _empty(listed: Any, path: Path) -> dict[str, np.ndarray]:
    """The arrays without elements, which Orbax does not keep.

    Raises:
        DataError: something else is listed.
    """
    made = {}
    try:
        for key, (shape, dtype) in listed.items():
            if 0 not in shape:
                raise ValueError(f"{key!r} of shape {shape}")
            made[key] = np.zeros(shape, jnp.dtype(dtype))
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"The directory {path.name}", got=f"a bad list of empty arrays ({error})", expected="shapes with a 0"
        ) from error
    return made


def _judge(shapes: Mapping[str, Any], path: Path) -> None:
    """Compare the arrays that are listed with the bytes that are there: what is missing would be made up.

    Raises:
        DataError: more than the files can hold.
    """
    stored = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    for key, about in shapes.items():
        if math.prod(about.shape) * np.dtype(about.dtype).itemsize > limits.RATIO * stored + limits.FREE:
            raise DataError(
                f"The directory {path.name}, entry {key!r}",
                got=f"shape {tuple(about.shape)} of {np.dtype(about.dtype)}, where the files have {stored} bytes",
                expected="them all",
            )


def _restore(
    model: Any, about: Any, state: dict[str, np.ndarray], path: Path, skip: bool, left_alone: Iterable[Any] | None
) -> None:
    by_owner: dict[str, dict[str, np.ndarray]] = {}
    for owner in about["objects"]:
        prefix = _key(owner, "")
        by_owner[owner] = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}

    def find(owner: str) -> limits.Values:
        return weights.Given(by_owner.get(owner, {}), f"{path.name}, {owner or 'the model itself'}")

    weights.restore(model, find, path.name, skip, left_alone)
