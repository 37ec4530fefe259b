"""The shape of a rule: an optax transformation whose state is a NamedTuple of slots.

A field of the state is a list with one array per variable (None where a variable has no such slot),
one array for all variables, or None. `update` gets two extra arguments, `learning_rate` (a scalar
array) and `step` (how many updates came before), and returns what is to be added to the variables.
The field's name is the slot's name. Slots of a variable stand side by side in `optimizer.variables`;
fields named in the optimizer's `slots_apart` stand after them, field by field.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax

from .._types import Array

Rule = optax.GradientTransformationExtraArgs
Lists = list[Array]


class Moments(NamedTuple):
    """Running means of the gradients and of their squares, not yet corrected for their start at zero."""

    momentum: Lists
    velocity: Lists


def zeros(params: Sequence[Any]) -> Lists:
    """A slot of zeros for each."""
    return [jnp.zeros(w.shape, w.dtype) for w in params]


def full(params: Sequence[Any], value: float) -> Lists:
    """A slot of `value` for each."""
    return [jnp.full(w.shape, value, w.dtype) for w in params]


def each(fn: Callable, *lists: Any) -> Lists:
    """`fn` of the first items, of the second, …"""
    return [fn(*items) for items in zip(*lists, strict=True)]


def towards(old: Lists, new: Lists, beta: float) -> Lists:
    """`beta * old + (1 - beta) * new`."""
    return [a + (b - a) * (1 - beta) for a, b in zip(old, new, strict=True)]


def squares(grads: Sequence[Array]) -> Lists:
    """Each squared."""
    return [jnp.square(g) for g in grads]


def per_dtype(fn: Callable[..., Any], *scalars: Array) -> Callable[[Any], Any]:
    """`fn` of the scalars cast to a dtype, computed once for each dtype: a scalar of another would promote."""

    @functools.cache
    def at(dtype: Any) -> Any:
        return fn(*(scalar.astype(dtype) for scalar in scalars))

    return lambda w: at(w.dtype)
