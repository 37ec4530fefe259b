"""What happens to gradients before the rule sees them: the missing ones dropped, the large ones clipped."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .._core.module import name_of
from .._errors import ArgumentError, ShapeError
from .._types import Array


def present(grads: Sequence[Any], variables: Sequence[nnx.Variable]) -> tuple[list[Any], list[nnx.Variable]]:
    """The gradients that exist, as arrays, and their Variables.

    Raises:
        ArgumentError: there is none at all.
    """
    kept: list[Any] = []
    of: list[nnx.Variable] = []
    missing: list[nnx.Variable] = []
    for grad, variable in zip(grads, variables, strict=True):
        # The gradient of an integer is of JAX's float0, a NumPy dtype: nothing that could be applied.
        if grad is None or (isinstance(grad, np.ndarray) and grad.dtype == jax.dtypes.float0):
            missing.append(variable)
        else:
            kept.append(grad._raw_value if isinstance(grad, nnx.Variable) else grad)
            of.append(variable)
    if not kept:
        raise ArgumentError(
            "Optimizer",
            got="no gradient for any variable",
            expected="one for at least one of them",
            hint="check that the loss depends on the variables, and that a loss was given to compile()",
        )
    if missing:
        names = ", ".join(name_of(variable) for variable in missing)
        warnings.warn(
            f"No gradient came for these variables, and they stay as they are: {names}. "
            "The loss does not depend on them; was a loss given to compile()?",
            stacklevel=4,
        )
    return kept, of


def fitting(grads: Sequence[Any], values: Sequence[Array], variables: Sequence[nnx.Variable]) -> list[Array]:
    """The gradients, each in its variable's dtype.

    Raises:
        ShapeError: a gradient shaped otherwise than its variable.
    """
    out = []
    for grad, value, variable in zip(grads, values, variables, strict=True):
        grad = jnp.asarray(grad, value.dtype)
        if grad.shape != value.shape:
            raise ShapeError(
                f"The gradient of {name_of(variable)!r}", got=f"shape {grad.shape}", expected=f"{value.shape}"
            )
        out.append(grad)
    return out


def clip_each_norm(grads: Sequence[Array], limit: float) -> list[Array]:
    """Each gradient scaled down to a norm of `limit` where its own is larger."""
    return [g * limit / jnp.maximum(jnp.sqrt(jnp.sum(jnp.square(g))), limit) for g in grads]


def clip_global_norm(grads: Sequence[Array], limit: float) -> list[Array]:
    """All scaled by one factor, down to a common norm of `limit`; NaN where the norm is not finite."""
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in grads))
    scale = jnp.where(jnp.isfinite(norm), limit / jnp.maximum(norm, limit), jnp.nan)
    return [g * scale.astype(g.dtype) for g in grads]


def clip_values(grads: Sequence[Array], limit: float) -> list[Array]:
    """Each element kept within -limit and limit."""
    return [jnp.clip(g, -limit, limit) for g in grads]
