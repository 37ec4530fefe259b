"""What happens to gradients before the rule sees them: paired, checked, the missing dropped, the large clipped."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .._core import nnx_private
from .._core.module import name_of
from .._errors import ArgumentError, ShapeError
from .._types import Array
from ._state import read


def pairs_only(where: str, grads_and_vars: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """The gradients and the variables of (gradient, variable) pairs.

    Raises:
        ArgumentError: no pairs, or something that is not a pair.
    """
    pairs = list(grads_and_vars)
    if not pairs:
        raise ArgumentError(where, got="no pairs", expected="(gradient, variable) pairs")
    for place, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ArgumentError(
                where,
                got=f"{_shown(pair)} at position {place}",
                expected="a (gradient, variable) pair",
                hint="zip(gradients, model.trainable_variables)",
            )
    return [grad for grad, _ in pairs], [variable for _, variable in pairs]


def variables_only(where: str, variables: Iterable[Any]) -> list[nnx.Variable]:
    """The variables, as a list.

    Raises:
        ArgumentError: one that is none.
    """
    variables = list(variables)
    for place, variable in enumerate(variables):
        if not isinstance(variable, nnx.Variable):
            raise ArgumentError(
                where,
                got=f"{_shown(variable)} in place of variable {place}",
                expected="a Variable",
                hint="model.trainable_variables; of a pair, the gradient comes first",
            )
    return variables


def each_once(where: str, variables: Sequence[nnx.Variable]) -> None:
    """Look for a variable that is there twice.

    Raises:
        ArgumentError: there is one.
    """
    seen: set[int] = set()
    for variable in variables:
        if id(variable) in seen:
            raise ArgumentError(
                where, got=f"{name_of(variable)!r} twice", expected="each variable once", hint="add its gradients up"
            )
        seen.add(id(variable))


def present(
    where: str, grads: Sequence[Any], variables: Sequence[nnx.Variable]
) -> tuple[list[Any], list[nnx.Variable]]:
    """The gradients that exist, as arrays, and their Variables.

    Raises:
        ArgumentError: there is none at all.
        ShapeError: one shaped otherwise than its variable.
    """
    kept: list[Any] = []
    of: list[nnx.Variable] = []
    missing: list[nnx.Variable] = []
    for grad, variable in zip(grads, variables, strict=True):
        # The gradient of an integer is of JAX's float0, a NumPy dtype: nothing that could be applied.
        if grad is None or (isinstance(grad, np.ndarray) and grad.dtype == jax.dtypes.float0):
            missing.append(variable)
            continue
        grad = read([grad])[0] if isinstance(grad, nnx.Variable) else grad
        shape = np.shape(nnx_private.raw(variable))
        if np.shape(grad) != shape:
            raise ShapeError(
                f"{where}: the gradient of {name_of(variable)!r}", got=f"shape {np.shape(grad)}", expected=f"{shape}"
            )
        kept.append(grad)
        of.append(variable)
    names = ", ".join(name_of(variable) for variable in missing)
    if not kept:
        raise ArgumentError(
            f"{where}: No gradients provided for any variable",
            got=f"None for [{names}]",
            expected="a gradient for at least one of them",
            hint="check that the loss depends on the variables, and that a loss was given to compile()",
        )
    if missing:
        warnings.warn(
            f"Gradients do not exist for variables [{names}]: they stay as they are. "
            "The loss does not depend on them; was a loss given to compile()?",
            stacklevel=4,
        )
    return kept, of


def in_dtype_of(variables: Sequence[nnx.Variable], grads: Sequence[Any]) -> list[Array]:
    """The gradients, each in its variable's dtype."""
    return [jnp.asarray(grad, nnx_private.raw(variable).dtype) for grad, variable in zip(grads, variables, strict=True)]


def clipped(grads: list[Array], each_norm: float | None, global_norm: float | None, value: float | None) -> list[Array]:
    """The gradients, clipped in the way whose limit is above zero."""
    if each_norm and each_norm > 0:
        return clip_each_norm(grads, each_norm)
    if global_norm and global_norm > 0:
        return clip_global_norm(grads, global_norm)
    if value and value > 0:
        return clip_values(grads, value)
    return grads


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


def _shown(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"a {type(value).__name__}" + ("" if shape is None else f" of shape {tuple(shape)}")
