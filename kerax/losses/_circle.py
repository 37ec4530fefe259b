"""Circle loss: pairs of embeddings, near where labels agree and far where they differ."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._core.variable import plain
from .._graph.tensor import set_mask
from .._types import Array, ArrayLike
from ._align import floats, rows_of
from ._base import FunctionLoss
from ._functions import loss_function

__all__ = ["Circle", "circle"]


def _with_loss(y_true: Array, values: Array, **options: Any) -> Array:
    return values > 0


@loss_function(elementwise=False, takes_labels=True, knows_rows=True, counted=_with_loss)
def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike | None = None,
    ref_embeddings: ArrayLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Array:
    """Circle loss (Sun et al., 2020) of each embedding against the others or against references.

    Args:
        y_true: labels, (batch,).
        y_pred: embeddings of length 1, (batch, d).
        ref_labels: labels of the references, (refs,); default `y_true`.
        ref_embeddings: (refs, d); default `y_pred`.
        remove_diagonal: leave out each embedding's pair with itself.
        gamma: scale.
        margin: relaxation, the distance that is near enough.

    Returns:
        (batch,); where it is 0 the row is left out of means, as if masked.
    """
    y_pred = floats(y_pred)
    labels = jnp.asarray(plain(y_true)).astype(jnp.int32).reshape(-1)
    own = ref_embeddings is None
    others = y_pred if own else floats(ref_embeddings)
    other_labels = labels if ref_labels is None else jnp.asarray(plain(ref_labels)).astype(jnp.int32).reshape(-1)
    distance = jnp.maximum(1 - y_pred @ others.T, 0)
    alike = labels[:, None] == other_labels[None, :]
    near, far = alike, ~alike
    if remove_diagonal:
        near = near & ~jnp.eye(*alike.shape, dtype=bool)
    rows = rows_of(y_pred)
    if rows is not None and own:
        near, far = near & rows[None, :], far & rows[None, :]
    pull = -gamma * jnp.maximum(margin + distance, 0) * (margin - distance)
    push = gamma * jnp.maximum(1 + margin - distance, 0) * (1 - margin - distance)
    out = jax.nn.softplus(_logsumexp(pull, near) + _logsumexp(push, far))
    set_mask(out, out > 0)
    return out


def _logsumexp(x: Array, where: Array) -> Array:
    """Over the second axis; minus infinity, without a gradient, for rows where nothing counts."""
    some = jnp.any(where, axis=1)
    safe = jax.nn.logsumexp(x, axis=1, where=where | ~some[:, None])
    return jnp.where(some, safe, -jnp.inf)


class Circle(FunctionLoss):
    """`circle` within the batch, reduced.

    Args:
        gamma, margin, remove_diagonal: see `circle`.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
