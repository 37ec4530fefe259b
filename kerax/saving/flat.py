"""Weights as a flat mapping of names to arrays, for other tools: `.safetensors`, and `.msgpack` as Flax writes it.

A name is where the value stands in a `.weights.h5` file, with dots: `layers.dense.vars.0`. It depends on the layers of
the model alone, not on what else was made in the session. Optimizers are left out.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._errors import DataError, ShapeError
from .._host.optional import optional
from . import h5, limits, weights
from .walk import walk

_DTYPES = {
    "BOOL": "bool",
    **{f"{kind[0].upper()}{size}": f"{kind}{size}" for kind in ("int", "uint") for size in (8, 16, 32, 64)},
    **{f"F{size}": f"float{size}" for size in (16, 32, 64)},
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}
SUFFIXES = (".safetensors", ".msgpack")


def named(model: Any) -> dict[str, np.ndarray]:
    """The weights of a model by their names."""
    found = {}
    for owner, _, values in weights.gather(model):
        if owner.partition("/")[0] != "optimizer":
            found.update({_prefix(owner) + key: np.asarray(value) for key, value in values.items()})
    return found


def _prefix(owner: str) -> str:
    return ".".join([*owner.split("/"), "vars", ""] if owner else ["vars", ""])


def save(model: Any, path: Path) -> None:
    """Write the weights of a model.

    Raises:
        ImportError: the suffix is `.safetensors`, and its package is not installed.
    """
    arrays = named(model)
    if path.suffix == ".safetensors":
        package = optional("safetensors.numpy", extra="safetensors", why="A .safetensors file")
        data = package.save({key: np.ascontiguousarray(value) for key, value in arrays.items()}, {"format": "kerax"})
    else:
        from flax import serialization

        data = serialization.msgpack_serialize(arrays)
    with h5.written(path) as file:
        file.write(data)


def load(model: Any, path: Path, skip_mismatch: bool = False, objects_to_skip: Iterable[Any] | None = None) -> None:
    """Give a model the weights of a file.

    Raises:
        FileNotFoundError: there is none.
        DataError: something else, or a damaged file.
        ShapeError: the weights of another model; nothing was changed.
        ImportError: the suffix is `.safetensors`, and its package is not installed.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no file {os.fspath(path)!r}.")
    arrays = _safetensors(path) if path.suffix == ".safetensors" else _msgpack(path)
    owners = [owner for owner, _ in walk(model)]
    left = [key for key in arrays if key.rpartition(".")[0] + "." not in set(map(_prefix, owners))]
    if left:
        error = ShapeError(
            f"The file {path.name}",
            got=f"{len(left)} values for objects that are not in {model.name!r}: {left[: weights.SHOWN]}",
            expected="the weights of this model",
            hint="skip_mismatch=True leaves them out",
        )
        if not skip_mismatch:
            raise error
        warnings.warn(str(error), stacklevel=4)

    def find(owner: str) -> limits.Values:
        prefix = _prefix(owner)
        held = {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
        return weights.Given(held, f"{path.name}, {owner or 'the model itself'}")

    weights.restore(model, find, path.name, skip_mismatch, objects_to_skip)


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    package = optional("safetensors", extra="safetensors", why="A .safetensors file")
    try:
        return {
            key: np.frombuffer(about["data"], jnp.dtype(_DTYPES[about["dtype"]])).reshape(about["shape"])
            for key, about in package.deserialize(path.read_bytes())
        }
    except (package.SafetensorError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path, error, "a safetensors file") from error


def _msgpack(path: Path) -> dict[str, np.ndarray]:
    from flax import serialization

    try:
        found = serialization.msgpack_restore(path.read_bytes())
        if not isinstance(found, dict) or not all(isinstance(value, np.ndarray) for value in found.values()):
            raise TypeError("no flat mapping of names to arrays")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise _damaged(path, error, "a msgpack file of a flat mapping of names to arrays") from error
    return {str(key): value for key, value in found.items()}


def _damaged(path: Path, error: Exception, expected: str) -> DataError:
    return DataError(f"The file {path.name}", got=f"something that cannot be read ({error})", expected=expected)
