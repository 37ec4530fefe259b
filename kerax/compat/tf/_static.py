"""Arguments that must be known while a function is being compiled, and functions that only run eagerly."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np

from ..._core.variable import plain
from ..._errors import DTypeError, StateError
from ..._graph.tensor import any_symbolic
from ...ops._op import op
from ._types import HostArray, on_host

F = TypeVar("F", bound=Callable[..., Any])


def symbolic(fn: F) -> F:
    """`fn`, written for arrays, on symbolic tensors too; models with it in them have no config to save."""
    wrapper = op(fn)
    wrapper.__name__ = fn.__name__.lstrip("_")  # summaries show it
    del wrapper.theme  # type: ignore[attr-defined]  # what names Keras's namesake in a config
    return wrapper


def integer(where: str, value: Any) -> int:
    """`value` as a Python number.

    Raises:
        StateError: an array that only exists while a function is being compiled.
        DTypeError: not an integer.
    """
    value = plain(value)
    if isinstance(value, jax.core.Tracer):
        raise StateError(
            where,
            got="a size or axis that is computed inside compiled code",
            expected="a number known while compiling",
            hint="tf.shape(x)[i] or x.shape[i], which are, or compute it outside",
        )
    try:
        return operator.index(value)
    except TypeError:
        pass
    if isinstance(value, (np.ndarray, jax.Array)) and value.size == 1 and value.dtype.kind in "iu":
        return int(np.asarray(value).reshape(()))
    raise DTypeError(where, got=repr(value), expected="an integer")


def integers(where: str, value: Any) -> tuple[int, ...]:
    """A shape or a list of axes as a tuple of Python numbers; one number makes a tuple of one."""
    value = plain(value)
    if isinstance(value, (np.ndarray, jax.Array)) and not isinstance(value, jax.core.Tracer) and value.ndim:
        value = np.asarray(value).tolist()
    if isinstance(value, (list, tuple)):
        return tuple(integer(where, item) for item in value)
    return (integer(where, value),)


def sizes(where: str, value: Any) -> tuple[int | None, ...]:
    """Like `integers`, where None stands for a size that is not known yet."""
    if isinstance(value, (list, tuple)):
        return tuple(None if item is None else integer(where, item) for item in value)
    return integers(where, value)


def axes(where: str, value: Any) -> Any:
    """None, one axis, or a tuple of several."""
    if value is None:
        return None
    found = integers(where, value)
    several = isinstance(value, (list, tuple)) or np.ndim(plain(value)) > 0
    return found if several else found[0]


def eager(where: str, hint: str, *values: Any) -> None:
    """Refuse what is not computed yet.

    Raises:
        StateError: a value that only exists while a function is being compiled.
        DTypeError: a symbolic tensor.
    """
    if any_symbolic(values):
        raise DTypeError(where, got="a symbolic tensor", expected="an array", hint=hint)
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves([plain(value) for value in values])):
        raise StateError(f"{where} inside compiled code", got="a result that depends on values", hint=hint)


def _is_size(value: Any) -> bool:
    return isinstance(value, np.integer) or (isinstance(value, HostArray) and value.dtype.kind in "iu")


def _all_sizes(value: Any) -> tuple[bool, bool]:
    """Whether `value` has nothing but integers of the host in it; and whether one of them came from a shape."""
    if isinstance(value, (list, tuple)):
        found = [_all_sizes(item) for item in value]
        return all(whole for whole, _ in found), any(some for _, some in found)
    return type(value) is int or _is_size(value) or _known_integers(value), _is_size(value)


def _known_integers(value: Any) -> bool:
    """Whether it may be part of a shape, as `tf.constant([1, -1])` is."""
    few = isinstance(value, jax.Array) and value.ndim < 2 and value.size < 16 and value.dtype.kind == "i"
    return few and not isinstance(value, jax.core.Tracer)


def sizes_stay(numpy_form: Callable[..., Any], tensors: int = 1) -> Callable[[F], F]:
    """A function of arrays that, of sizes alone, gives sizes: `tf.concat([tf.shape(x)[:-1], [8]], axis=0)`.

    Args:
        numpy_form: the same function, of NumPy arrays.
        tensors: how many of the first arguments are arrays.
    """

    def decorate(fn: F) -> F:
        @functools.wraps(fn)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            whole, some = _all_sizes(args[:tensors])
            if whole and some:
                kwargs.pop("name", None)
                return on_host(numpy_form(*args, **kwargs))
            return fn(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate
