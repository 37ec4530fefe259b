"""Cross-entropies, one value per example: what losses are made of."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import optax

from ... import config
from ..._errors import ShapeError
from ..._types import Array, ArrayLike
from .._arrays import array
from .._op import op

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "ctc_loss",
    "sparse_categorical_crossentropy",
]


@op(theme="nn")
def binary_crossentropy(target: ArrayLike, output: ArrayLike, from_logits: bool = False) -> Array:
    """`-target * log(output) - (1 - target) * log(1 - output)`, element by element.

    Args:
        target: from 0 to 1, in the shape of `output`.
        output: probabilities, kept `epsilon()` away from 0 and 1; or their log-odds.
        from_logits: whether `output` holds log-odds.

    Raises:
        ShapeError: different shapes.
    """
    target, output = array(target), array(output)
    _same_shape("binary_crossentropy", target, output)
    output, final = _working(output, target)
    target = target.astype(output.dtype)
    if from_logits:
        loss = -target * jax.nn.log_sigmoid(output) - (1 - target) * jax.nn.log_sigmoid(-output)
    else:
        output = jnp.clip(output, config.epsilon(), 1 - config.epsilon())
        loss = -target * jnp.log(output) - (1 - target) * jnp.log(1 - output)
    return loss.astype(final)


@op(theme="nn")
def categorical_crossentropy(target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1) -> Array:
    """`-sum(target * log(output))` along `axis`.

    Args:
        target: shares of the classes, in the shape of `output`.
        output: scores of the classes, scaled to sum to 1 and kept `epsilon()` away from 0 and 1; or logits.
        from_logits: whether `output` holds logits, of which the softmax is taken.
        axis: the axis of the classes.

    Returns:
        The shape without `axis`.

    Raises:
        ShapeError: different shapes, or scalars.
    """
    target, output = array(target), array(output)
    _same_shape("categorical_crossentropy", target, output)
    if target.ndim < 1:
        raise ShapeError("categorical_crossentropy", got="scalars", expected="an axis of classes")
    output, final = _working(output, target)
    logs = _log_probabilities(output, from_logits, axis)
    return -jnp.sum(target.astype(output.dtype) * logs, axis=axis).astype(final)


@op(theme="nn")
def sparse_categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1
) -> Array:
    """`-log(output[target])` along `axis`; 0 for a target that is no class.

    Args:
        target: class numbers, in the shape of `output` without `axis`, or with size 1 there.
        output: scores of the classes, scaled to sum to 1 and kept `epsilon()` away from 0 and 1; or logits.
        from_logits: whether `output` holds logits, of which the softmax is taken.
        axis: the axis of the classes.

    Raises:
        ShapeError: shapes that do not go together.
    """
    target, output = array(target), array(output)
    if output.ndim < 1:
        raise ShapeError("sparse_categorical_crossentropy", got="a scalar output", expected="an axis of classes")
    if target.ndim == output.ndim and target.shape[axis] == 1:
        target = jnp.squeeze(target, axis)
    if target.shape != output.shape[: axis % output.ndim] + output.shape[axis % output.ndim + 1 :]:
        raise ShapeError(
            "sparse_categorical_crossentropy",
            got=f"targets of shape {target.shape} for outputs of shape {output.shape}",
            expected=f"one class number for every output, none along axis {axis}",
        )
    output, final = _working(output)
    logs = _log_probabilities(output, from_logits, axis)
    chosen = jax.nn.one_hot(target.astype("int32"), output.shape[axis], axis=axis, dtype=output.dtype)
    return -jnp.sum(chosen * logs, axis=axis).astype(final)


def _same_shape(where: str, target: Array, output: Array) -> None:
    if target.shape != output.shape:
        raise ShapeError(where, got=f"targets of shape {target.shape}", expected=f"{output.shape}, that of the outputs")


def _working(output: Array, *others: Array) -> tuple[Array, Any]:
    """`output` in the dtype to compute in, and the dtype of the result; in half precision `1 - epsilon` is 1."""
    inexact = [x.dtype for x in (output, *others) if jnp.issubdtype(x.dtype, jnp.inexact)]
    final = functools.reduce(jnp.promote_types, inexact or [jnp.dtype(config.floatx())])
    return output.astype(jnp.promote_types(final, "float32")), final


def _log_probabilities(output: Array, from_logits: bool, axis: int) -> Array:
    if from_logits:
        return jax.nn.log_softmax(output, axis)
    output = output / jnp.sum(output, axis, keepdims=True)
    return jnp.log(jnp.clip(output, config.epsilon(), 1 - config.epsilon()))


@op(theme="nn")
def ctc_loss(
    target: ArrayLike,
    output: ArrayLike,
    target_length: ArrayLike,
    output_length: ArrayLike,
    mask_index: int = 0,
) -> Array:
    """Connectionist temporal classification. Graves et al., 2006.

    Args:
        target: (batch, labels) class numbers.
        output: (batch, time, classes) logits.
        target_length: (batch,) labels that count.
        output_length: (batch,) steps that count.
        mask_index: the blank class.

    Returns:
        (batch,) negative log-likelihoods.
    """
    target, output = array(target), array(output)
    beyond_labels = jnp.arange(target.shape[1]) >= array(target_length)[:, None]
    beyond_steps = jnp.arange(output.shape[1]) >= array(output_length)[:, None]
    return optax.ctc_loss(
        output, beyond_steps.astype(output.dtype), target, beyond_labels.astype(output.dtype), blank_id=mask_index
    )
