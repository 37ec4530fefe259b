"""Weight decay, as Loshchilov & Hutter (2017, https://arxiv.org/abs/1711.05101) decouple it from the gradient."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import jax.numpy as jnp
from flax import nnx

from .._core.module import name_of
from .._types import Array

__all__ = ["Exempt", "decayed"]


class Exempt:
    """The variables that do not decay: some by identity, some by what is found in their names."""

    def __init__(self, variables: Sequence[nnx.Variable] = (), patterns: Sequence[str] = ()) -> None:
        self.ids = {id(v) for v in variables}
        self.patterns = [re.compile(pattern) for pattern in patterns]

    def __contains__(self, variable: nnx.Variable) -> bool:
        name = name_of(variable).rsplit("/", 1)[-1]
        return id(variable) in self.ids or any(pattern.search(name) for pattern in self.patterns)


def decayed(
    values: Sequence[Array],
    variables: Sequence[nnx.Variable],
    rate: Array,
    decay_of: Callable[[nnx.Variable], float | None],
    exempt: Exempt,
) -> list[Array]:
    """What the variables hold, `w - rate * decay * w` for those that decay."""
    out = []
    for w, variable in zip(values, variables, strict=True):
        decay = decay_of(variable)
        if decay is not None and variable not in exempt:
            w = w - w * (jnp.asarray(decay, w.dtype) * rate.astype(w.dtype))
        out.append(w)
    return out
