"""The arguments of a function: arrays go in, the rest is known while tracing and is part of the key."""

from __future__ import annotations

import enum
import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .._errors import DTypeError
from .._graph.tensor import KerasTensor

_BY_VALUE = (str, bytes, int, bool, type(None), type, np.dtype, enum.Enum, slice, range, type(...), frozenset)


class Symbolic(Exception):
    """An argument is a symbolic tensor: the function is recorded, not run."""


class Identity:
    """An object as part of a key: itself, as long as it lives."""

    __slots__ = ("__weakref__", "_hash", "_kept", "_ref", "kind")

    def __init__(self, x: Any) -> None:
        self._hash = id(x)
        self.kind = type(x).__name__
        try:
            self._ref: Callable[[], Any] = weakref.ref(x)
        except TypeError:
            self._ref = lambda: x

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Identity) or self._hash != other._hash:
            return False
        mine = self._ref()
        return mine is not None and mine is other._ref()

    @property
    def dead(self) -> bool:
        """Whether the object is gone."""
        return self._ref() is None

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class Signature:
    """How calls of a function spell its arguments."""

    def __init__(self, fn: Callable) -> None:
        try:
            self._signature: inspect.Signature | None = inspect.signature(fn)
        except (TypeError, ValueError):  # a builtin
            self._signature = None
        parameters = list(self._signature.parameters.values()) if self._signature else []
        self.names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        simple = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        self._defaults = [p.default for p in parameters] if simple and self._signature else None
        self.count = len(parameters) if simple and self._signature else -1  # of arguments that need no binding

    def canonical(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """The same call in the one spelling that the key knows.

        Raises:
            TypeError: the function does not take them.
        """
        defaults = self._defaults
        if not kwargs and defaults is not None:
            rest = defaults[len(args) :]
            if len(args) < len(defaults) and inspect.Parameter.empty not in rest:
                return (*args, *rest), kwargs
        if self._signature is None:
            return args, kwargs
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.args, bound.kwargs

    def name(self, index: int) -> str:
        """The name of a positional argument."""
        return self.names[index] if index < len(self.names) else f"argument {index}"


def flatten(x: Any, leaves: list[Any], key: list[Any]) -> None:
    """Collect the arrays of an argument, and what the rest of it is.

    Raises:
        Symbolic: it holds a symbolic tensor.
    """
    if isinstance(x, jax.Array):
        leaves.append(x)
        key.append((x.shape, x.dtype, x.weak_type))
    elif isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufcV":
        dtype = jax.dtypes.canonicalize_dtype(x.dtype)
        leaves.append(x if x.dtype == dtype else x.astype(dtype))
        key.append((x.shape, dtype, False))
    elif isinstance(x, _BY_VALUE):
        key.append((type(x), x) if not isinstance(x, (slice, range)) else (type(x), repr(x)))
    elif isinstance(x, (float, complex)):
        key.append((type(x), repr(x)))
    elif isinstance(x, (nnx.Variable, nnx.Module)):
        key.append(Identity(x))
    elif type(x) in (tuple, list) or (isinstance(x, list) and _is_leaf(x)):
        key.append((type(x), len(x)))
        for item in x:
            flatten(item, leaves, key)
    elif type(x) is dict or (isinstance(x, Mapping) and _is_leaf(x)):
        key.append((type(x), tuple(x)))
        for item in x.values():
            flatten(item, leaves, key)
    elif isinstance(x, KerasTensor):
        raise Symbolic
    else:
        inner, structure = jax.tree.flatten(x, is_leaf=lambda part: part is None)
        if jax.tree_util.treedef_is_leaf(structure):
            key.append(Identity(x))
        else:
            key.append(structure)
            for item in inner:
                flatten(item, leaves, key)


def _is_leaf(x: Any) -> bool:
    """Whether JAX does not know what is inside."""
    return jax.tree_util.treedef_is_leaf(jax.tree.structure(x))


def fill(x: Any, arrays: Iterator[Any]) -> Any:
    """An argument with its arrays replaced."""
    if isinstance(x, jax.Array) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufcV"):
        return next(arrays)
    if x is None or isinstance(x, (*_BY_VALUE, float, complex, nnx.Variable, nnx.Module)):
        return x
    if type(x) in (tuple, list) or (isinstance(x, list) and _is_leaf(x)):
        return (tuple if type(x) is tuple else list)(fill(item, arrays) for item in x)
    if type(x) is dict or (isinstance(x, Mapping) and _is_leaf(x)):
        return {name: fill(item, arrays) for name, item in x.items()}
    inner, structure = jax.tree.flatten(x, is_leaf=lambda part: part is None)
    if jax.tree_util.treedef_is_leaf(structure):
        return x
    return jax.tree.unflatten(structure, [fill(item, arrays) for item in inner])


def describe(part: Any) -> str:
    """A part of a key, for messages."""
    if isinstance(part, tuple) and len(part) == 3 and isinstance(part[0], tuple):
        return f"{part[1].name}{list(part[0])}"
    if isinstance(part, tuple) and len(part) == 2 and part[0] in (list, tuple, dict):
        return f"a {part[0].__name__} of {part[1] if isinstance(part[1], int) else len(part[1])}"
    if isinstance(part, tuple) and len(part) == 2:
        return f"{part[1]!r}" if part[0] not in (float, complex) else str(part[1])
    return repr(part)


def as_arrays(leaves: list[Any]) -> list[jax.Array]:
    """The arrays that a function gets, on the device.

    Raises:
        DTypeError: something that JAX has no dtype for.
    """
    try:
        return [jnp.asarray(leaf) for leaf in leaves]
    except TypeError as error:
        raise DTypeError("An argument of a function", got=str(error)) from error
