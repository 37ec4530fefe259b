"""What a program takes and gives: tensors in nested lists, tuples and dicts, as JSON and matched with values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._errors import ArgumentError, DataError, ShapeError


@dataclass(frozen=True)
class Spec:
    """A tensor that a program takes or gives.

    Args:
        shape: sizes; a text names one that is known when the program is called.
        dtype: the name of its dtype.
        name: what errors call it.
    """

    shape: tuple[int | str, ...]
    dtype: str
    name: str = ""


def to_json(structure: Any) -> Any:
    """A structure of specs as JSON."""
    if isinstance(structure, Spec):
        return {"tensor": {"name": structure.name, "shape": list(structure.shape), "dtype": structure.dtype}}
    if isinstance(structure, dict):
        return {"dict": {key: to_json(item) for key, item in structure.items()}}
    if isinstance(structure, (list, tuple)):
        return {"tuple" if isinstance(structure, tuple) else "list": [to_json(item) for item in structure]}
    if structure is None:
        return {"none": True}
    raise ArgumentError(
        "export", got=f"{type(structure).__name__} among the tensors", expected="lists, tuples and dicts of tensors"
    )


def from_json(found: Any, where: str) -> Any:
    """What `to_json` wrote.

    Raises:
        DataError: something else.
    """
    if isinstance(found, dict) and len(found) == 1:
        kind, value = next(iter(found.items()))
        if kind == "tensor" and isinstance(value, dict):
            return _spec(value, where)
        if kind == "dict" and isinstance(value, dict):
            return {key: from_json(item, where) for key, item in value.items()}
        if kind in ("list", "tuple") and isinstance(value, list):
            items = [from_json(item, where) for item in value]
            return tuple(items) if kind == "tuple" else items
        if kind == "none":
            return None
    raise DataError(where, got=f"{str(found)[:80]!r}", expected="the description of a tensor or of several")


def _spec(value: dict[str, Any], where: str) -> Spec:
    shape, dtype, name = value.get("shape"), value.get("dtype"), value.get("name", "")
    if (
        not isinstance(shape, list)
        or not all(isinstance(size, str) or (type(size) is int and size >= 0) for size in shape)
        or not isinstance(dtype, str)
        or not isinstance(name, str)
    ):
        raise DataError(where, got=f"the tensor {str(value)[:80]}", expected="one with a shape, a dtype and a name")
    try:
        jnp.dtype(dtype)
    except TypeError as error:
        raise DataError(where, got=f"the dtype {dtype[:40]!r}", expected="one that JAX knows") from error
    return Spec(tuple(shape), dtype, name)


def specs(structure: Any) -> list[Spec]:
    """Its tensors, in order."""
    if isinstance(structure, Spec):
        return [structure]
    items = structure.values() if isinstance(structure, dict) else structure or ()
    return [spec for item in items for spec in specs(item)]


def filled(structure: Any, values: Iterator[Any]) -> Any:
    """The structure with a value in place of every spec."""
    if isinstance(structure, Spec):
        return next(values)
    if isinstance(structure, dict):
        return {key: filled(item, values) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(filled(item, values) for item in structure)
    return None


def matched(structure: Any, value: Any, where: str) -> list[Any]:
    """The values for the specs of a structure, in order, as arrays of their dtypes.

    Raises:
        ArgumentError: another structure.
        ShapeError: a shape that does not fit, or sizes of one name that differ.
    """
    sizes: dict[str, tuple[int, str]] = {}
    found: list[Any] = []

    def visit(structure: Any, value: Any, place: str) -> None:
        if isinstance(structure, Spec):
            found.append(_fitted(structure, value, f"{where}, {structure.name or place}", sizes))
        elif isinstance(structure, dict):
            missing = [key for key in structure if not isinstance(value, dict) or key not in value]
            if missing:
                got = sorted(map(str, value)) if isinstance(value, dict) else f"a {type(value).__name__}"
                raise ArgumentError(f"{where}, {place}", got=got, expected=f"a dict of {list(structure)}")
            for key, item in structure.items():
                visit(item, value[key], f"{place}[{key!r}]")
        elif isinstance(structure, (list, tuple)):
            if not isinstance(value, (list, tuple)) or len(value) != len(structure):
                got = f"{len(value)} tensors" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}"
                raise ArgumentError(f"{where}, {place}", got=got, expected=f"{len(structure)} tensors in a list")
            for index, (item, one) in enumerate(zip(structure, value, strict=True)):
                visit(item, one, f"{place}[{index}]")
        elif value is not None:
            raise ArgumentError(f"{where}, {place}", got=f"a {type(value).__name__}", expected="None")

    visit(structure, value, "its arguments")
    return found


def _fitted(spec: Spec, value: Any, where: str, sizes: dict[str, tuple[int, str]]) -> Any:
    if not hasattr(value, "shape"):
        value = np.asarray(value)
    if getattr(value.dtype, "kind", "f") in "OSUT":
        raise ArgumentError(where, got=f"{value.dtype}", expected=f"numbers of dtype {spec.dtype}")
    shape = tuple(value.shape)
    fits = len(shape) == len(spec.shape) and all(
        isinstance(wanted, str) or size == wanted for size, wanted in zip(shape, spec.shape, strict=True)
    )
    if not fits:
        raise ShapeError(where, got=f"a tensor of shape {shape}", expected=shown(spec.shape))
    for size, wanted in zip(shape, spec.shape, strict=True):
        if isinstance(wanted, str) and wanted.isidentifier():
            known, other = sizes.setdefault(wanted, (size, where))
            if known != size:
                raise ShapeError(
                    where, got=f"{wanted} = {size}, in the shape {shape}", expected=f"{known}, as in {other}"
                )
    return jnp.asarray(value, spec.dtype)


def shown(shape: tuple[int | str, ...]) -> str:
    """A shape as text, its open sizes by name: `(batch, 3)`."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


Describe = Callable[[Any], Spec]


def described(structure: Any, describe: Describe) -> Any:
    """A structure of tensors as one of specs."""
    if isinstance(structure, dict):
        for key in structure:
            if not isinstance(key, str):
                raise ArgumentError("export", got=f"a dict with the key {key!r}", expected="texts as keys")
        return {key: described(item, describe) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        items = [described(item, describe) for item in structure]
        return tuple(items) if isinstance(structure, tuple) else items
    return None if structure is None else describe(structure)
