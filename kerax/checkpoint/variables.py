"""Which array of a checkpoint belongs to which Variable.

Variables are told apart by their group and their place in it, so a model made a second time in one process, whose
layers count on (`dense_1`), still fits; their names, shapes and dtypes must agree otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from .._core import nnx_private
from .._core.module import name_of
from .._errors import ShapeError

__all__ = ["Entry", "Groups", "entries", "fit", "listed", "missing", "take"]

Groups = Mapping[str, Sequence[Any]]
"""Variables by group: "model", "optimizer", "metrics", "others"."""

SHOWN = 5
"""How many differences an error lists."""


class Entry(NamedTuple):
    """What is known of one array without reading it."""

    group: str
    name: str
    shape: tuple[int, ...]
    dtype: str


def _entry(group: str, variable: Any) -> Entry:
    value = nnx_private.raw(variable)
    return Entry(group, name_of(variable), tuple(value.shape), str(value.dtype))


def entries(groups: Groups) -> list[Entry]:
    """The entries of all Variables, in order."""
    return [_entry(group, variable) for group, variables in groups.items() for variable in variables]


def listed(about: Mapping[str, Any]) -> list[Entry]:
    """The entries that a checkpoint lists."""
    return [Entry(group, name, tuple(shape), dtype) for group, name, shape, dtype in about["entries"]]


def take(groups: Groups) -> dict[str, Any]:
    """The arrays that the Variables hold, by group and name: `model.dense.kernel`.

    As long as somebody holds them, no training step reuses their memory.
    """
    taken: dict[str, Any] = {}
    for group, variables in groups.items():
        for variable in variables:
            name = key = f"{group}/{name_of(variable).replace('/', '.')}"
            count = 1
            while key in taken:
                count += 1
                key = f"{name}_{count}"
            value = nnx_private.raw(variable)
            taken[key] = jax.random.key_data(value) if _is_key(value.dtype) else value
    return taken


def _is_key(dtype: Any) -> bool:
    return jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key)


def missing(saved: Sequence[Entry], groups: Groups) -> bool:
    """Whether there are fewer Variables than saved arrays in some group: some may be made by the first step."""
    counts = {group: sum(entry.group == group for entry in saved) for group in {entry.group for entry in saved}}
    return any(len(groups.get(group, ())) < count for group, count in counts.items())


def fit(saved: Sequence[Entry], arrays: Sequence[np.ndarray], groups: Groups, where: str) -> None:
    """Give every Variable its array, where the Variable is placed now: all of them or none.

    Raises:
        ShapeError: the arrays are those of another model, optimizer or metrics.
    """
    differences = list(_differences(saved, groups))
    if differences:
        more = f"\n  and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
        raise ShapeError(
            where,
            got="the state of another training:\n"
            + "\n".join(f"  {line}" for line in differences[:SHOWN])
            + more
            + "\n",
            expected="that of the same model, optimizer and metrics",
            hint="build and compile the model as when the checkpoint was written, or choose another directory",
        )
    variables = [variable for group in groups.values() for variable in group]
    values = [_placed(array, nnx_private.raw(v)) for array, v in zip(arrays, variables, strict=True)]
    nnx_private.put_all(variables, values)


def _placed(array: np.ndarray, like: Any) -> Any:
    if _is_key(like.dtype):
        key = jax.random.wrap_key_data(jax.numpy.asarray(array), impl=jax.random.key_impl(like))
        return jax.device_put(key, like.sharding)
    # a buffer of its own: a step may reuse its memory, and NumPy's must stay as it is
    return jax.device_put(array, like.sharding, may_alias=False)


def _differences(saved: Sequence[Entry], groups: Groups) -> list[str]:
    found: list[str] = []
    now = entries(groups)
    for group in dict.fromkeys(entry.group for entry in [*saved, *now]):
        before = [entry for entry in saved if entry.group == group]
        after = [entry for entry in now if entry.group == group]
        for old, new in zip(before, after, strict=False):
            if _plain(old.name) != _plain(new.name):
                found.append(f"{group}: {old.name} {old.shape} saved, {new.name} {new.shape} here")
                break  # all that follow are shifted
            if old.shape != new.shape or old.dtype != new.dtype:
                found.append(f"{group}: {new.name}: {_form(old)} saved, {_form(new)} here")
        else:
            if len(before) != len(after):
                extra = (before if len(before) > len(after) else after)[min(len(before), len(after))]
                found.append(
                    f"{group}: {len(before)} arrays saved, {len(after)} here; the first without partner is "
                    f"{extra.name} {extra.shape}, {'saved' if len(before) > len(after) else 'here'}"
                )
    return found


def _form(entry: Entry) -> str:
    return f"{entry.dtype}{list(entry.shape)}"


def _plain(name: str) -> str:
    """A name without the numbers that automatic names count with."""
    return re.sub(r"_\d+(?=/|$|_)", "", name)
