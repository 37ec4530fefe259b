"""The values of a model in the groups of an HDF5 file, and back: all of them or none."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from flax import nnx

from .._core import nnx_private
from .._core.module import foreign_variables, variables_of
from .._errors import DataError, KeraxError, ShapeError
from ..layers import Layer
from ..layers._weights import is_weight
from ..optimizers import Optimizer
from ..random import SeedGenerator
from . import limits
from .walk import walk

log = logging.getLogger("kerax")

Find = Callable[[str], limits.Values]
"""Gives what a file holds for the object at a path."""

SHOWN = 5
"""How many objects that do not fit an error lists."""


def gather(root: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is to be written of each object: its path, its name, its values by key."""
    kept: set[int] = set()
    for path, thing in walk(root):
        kept.update(map(id, _variables(thing)))
        if hasattr(thing, "save_own_variables"):
            values: dict[str, Any] = {}
            thing.save_own_variables(values)
            yield path, getattr(thing, "name", ""), values
        elif held := _variables(thing):
            name = getattr(thing, "name", type(thing).__name__)
            yield path, name, {str(index): nnx_private.raw(v) for index, v in enumerate(held)}
    lost = [_path(v) for v in getattr(root, "weights", ()) if id(v) not in kept]
    if lost:
        log.warning("%s is saved without %s: no attribute of a layer leads to them.", root.name, ", ".join(lost[:10]))


def put(holder: Any, key: str, value: Any) -> None:
    """Write an array into an HDF5 group: as bytes with its dtype noted, where HDF5 has no such numbers."""
    array = np.asarray(value)
    if array.dtype.isbuiltin == 2:  # bfloat16 and its like
        holder[key] = array.view(f"V{array.dtype.itemsize}")
        holder[key].attrs["dtype"] = array.dtype.name
    else:
        holder[key] = array


def write(root: Any, file: Any, include_optimizer: bool = True) -> None:
    """Write all values into an open HDF5 file, in Keras's groups: `layers/dense/vars/0`."""
    for path, name, values in gather(root):
        if not include_optimizer and path.partition("/")[0] == "optimizer":
            continue
        holder = file.create_group(f"{path}/vars" if path else "vars")
        holder.attrs["name"] = name
        for key, value in values.items():
            put(holder, key, value)


def finder(file: Any, name: str) -> Find:
    """What `restore` asks, of an open HDF5 file that errors call `name`."""

    def find(path: str) -> limits.Values:
        where = f"{name}, {path or 'the model itself'}"
        return limits.Values(limits.descend(file, f"{path}/vars" if path else "vars", where), where)

    return find


class Given(limits.Values):
    """The values of one object that were read already."""

    def __init__(self, values: Mapping[str, np.ndarray], where: str) -> None:
        super().__init__(None, where)
        self._values = values

    def __getitem__(self, key: str) -> np.ndarray:
        return self._values[key]

    def shape(self, key: str) -> tuple[int, ...]:
        return tuple(np.shape(self._values[key]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values


def restore(
    root: Any, find: Find, name: str, skip_mismatch: bool = False, objects_to_skip: Iterable[Any] | None = None
) -> None:
    """Give every object the values that a file holds for it.

    Args:
        root: a model.
        find: tells what there is for a path.
        name: of the file, for errors.
        skip_mismatch: leave objects alone whose values do not fit, with a warning.
        objects_to_skip: layers and others to leave alone.

    Raises:
        ShapeError: values do not fit; nothing was changed.
    """
    left_alone = {id(thing) for thing in objects_to_skip or ()}
    misfits: list[tuple[str, Any, Exception]] = []
    with all_or_nothing(root):
        for path, thing in walk(root):
            if id(thing) in left_alone:
                continue
            values = find(path)
            before = [(v, nnx_private.raw(v)) for v in _variables(thing)]
            try:
                _load(thing, values, path)
            except DataError:
                raise
            except (OSError, OverflowError) as error:
                raise DataError(f"The file {name}, {path}", got=f"a damaged file ({error})") from error
            except (KeraxError, ValueError, KeyError, TypeError, IndexError) as error:
                for variable, value in before:
                    nnx_private.put(variable, value)
                misfits.append((path, thing, error))
        if misfits:
            report = _misfit(name, misfits)
            if not skip_mismatch:
                raise report from misfits[0][2]
            warnings.warn(f"Left alone where values do not fit. {report}", stacklevel=4)


def _misfit(name: str, misfits: list[tuple[str, Any, Exception]]) -> ShapeError:
    lines = [f"  {path or '(the model itself)'}: {_reason(error)}" for path, _, error in misfits[:SHOWN]]
    more = f"\n  and {len(misfits) - SHOWN} more" if len(misfits) > SHOWN else ""
    return ShapeError(
        f"The file {name}",
        got=f"values for another model. It does not fit {len(misfits)} of the objects inside:\n"
        + "\n".join(lines)
        + more
        + "\n",
        expected="those of a model with the same layers",
        hint="load into the model that was saved, or pass skip_mismatch=True to keep what does not fit",
    )


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no entry {error.args[0]!r}"
    return str(error)


def _load(thing: Any, values: limits.Values, path: str) -> None:
    """Give one object its values, their shapes judged before they are read."""
    variables = _variables(thing)
    own = type(thing).load_own_variables if hasattr(thing, "load_own_variables") else None
    if own is None:
        if not values and isinstance(thing, SeedGenerator):  # Keras does not write it
            return
        _fit(thing, variables, values)
        for index, variable in enumerate(variables):
            _assign(variable, values[str(index)])
        return
    if isinstance(thing, Optimizer) and not values:  # saved without one
        return
    if own is Layer.load_own_variables:
        if not variables and not values:
            return
        _fit(thing, variables, values)
    elif own is Optimizer.load_own_variables and len(values) == len(variables):
        _fit(thing, variables, values)
    thing.load_own_variables(values)


def _variables(thing: Any) -> list[Any]:
    """The variables that a file holds for one object."""
    if isinstance(thing, Layer):
        return [v for v in thing._own_variables() if is_weight(v)]
    if isinstance(thing, SeedGenerator):
        return [thing.state]
    if isinstance(thing, Optimizer):
        return thing.variables
    if hasattr(thing, "save_own_variables"):
        return list(getattr(thing, "variables", ()))
    return [v for v in foreign_variables(thing) if not isinstance(v, nnx.RngState)]


def _fit(thing: Any, variables: list[Any], values: limits.Values) -> None:
    where = f"{type(thing).__name__} {getattr(thing, 'name', '')!r}"
    if len(values) != len(variables):
        built = getattr(thing, "built", True)
        raise ShapeError(
            where,
            got=f"{len(values)} stored values",
            expected=f"{len(variables)}: {', '.join(_name(v) for v in variables) or 'it has no weights'}",
            hint=None if built else "it is not built: call the model on data first",
        )
    for index, variable in enumerate(variables):
        stored = values.shape(str(index))
        if stored != tuple(variable.shape):
            raise ShapeError(
                where,
                got=f"a stored value of shape {stored} for {_name(variable)!r}",
                expected=f"{tuple(variable.shape)}, the shape of the variable",
            )


def _path(variable: Any) -> str:
    return getattr(variable, "path", type(variable).__name__)


def _name(variable: Any) -> str:
    return getattr(variable, "name", type(variable).__name__)


def _assign(variable: Any, value: np.ndarray) -> None:
    variable[...] = jax.numpy.asarray(value, nnx_private.raw(variable).dtype)


@contextmanager
def all_or_nothing(root: Any) -> Iterator[None]:
    """Within the block the variables may change; an error takes every change back. They stay where they were placed."""
    optimizer = getattr(root, "optimizer", None)
    before = [(v, nnx_private.raw(v)) for v in variables_of(root, *([optimizer] if optimizer is not None else []))]
    try:
        yield
    except BaseException:
        for variable, value in before:
            nnx_private.put(variable, value)
        raise
    for variable, value in before:
        sharding = getattr(value, "sharding", None)
        now = nnx_private.raw(variable)
        if sharding is not None and getattr(now, "sharding", sharding) != sharding:
            nnx_private.put(variable, jax.device_put(now, sharding))
