"""Adafactor (Shazeer & Stern, 2018, https://arxiv.org/abs/1804.04235)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp

from .._types import Array
from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, per_dtype, zeros

__all__ = ["Adafactor"]


class AdafactorState(NamedTuple):
    """Row and column means of the squared gradients; their full means where a variable has fewer than two axes.

    A variable of fewer than two axes has integer zeros for the first two, as files written by Keras have.
    """

    row: Lists
    column: Lists
    velocity: Lists


def rms(x: Array) -> Array:
    """The root of the mean square of all elements."""
    return jnp.sqrt(jnp.mean(jnp.square(x)))


def adafactor_rule(decay: float, epsilon_1: float, epsilon_2: float, threshold: float, relative: bool) -> Rule:
    """Adam without momentum, the squares kept as an outer product, the step clipped and scaled to the variable.

    The squares of the last two axes are factored, whatever their sizes.
    """

    def init(params: Any) -> AdafactorState:
        def part(w: Any, shape: tuple[int, ...]) -> Array:
            return jnp.zeros(shape, w.dtype) if len(w.shape) > 1 else jnp.int32(0)

        row = [part(w, w.shape[:-1]) for w in params]
        column = [part(w, (*w.shape[:-2], *w.shape[-1:])) for w in params]
        return AdafactorState(row, column, zeros(params))

    def update(
        grads: Any, state: AdafactorState, params: Any, *, learning_rate: Any, step: Any
    ) -> tuple[Any, AdafactorState]:
        def weights(rate: Array, step: Array) -> tuple[Array, Array]:
            count = step + 1
            return (jnp.minimum(rate, 1 / jnp.sqrt(count)) if relative else rate), 1 - count**decay

        at = per_dtype(weights, learning_rate, step)

        def one(g: Array, w: Array, r: Array, c: Array, v: Array) -> tuple[Array, Array, Array, Array]:
            rate, beta = at(w)
            size = jnp.maximum(epsilon_2, rms(w))
            square = jnp.square(g) + epsilon_1
            if w.ndim > 1:
                r = beta * r + (1 - beta) * jnp.mean(square, axis=-1)
                c = beta * c + (1 - beta) * jnp.mean(square, axis=-2)
                v = (r / jnp.mean(r, axis=-1, keepdims=True))[..., None] * c[..., None, :]
            else:
                v = beta * v + (1 - beta) * square
            u = g / jnp.sqrt(v)
            return -size * rate * u / jnp.maximum(1, rms(u) / threshold), r, c, v

        slots = zip(grads, params, state.row, state.column, state.velocity, strict=True)
        steps, row, column, velocity = (list(part) for part in zip(*(one(*items) for items in slots), strict=True))
        return steps, AdafactorState(row, column, velocity)

    return Rule(init, update)


class Adafactor(Optimizer):
    """Adam's scaling with memory for the sum, not the product, of a matrix's sides.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        beta_2_decay: the share of the old means that is given up at step t is `t ** beta_2_decay`.
        epsilon_1: added to the squared gradients.
        epsilon_2: the least size a variable counts as having.
        clip_threshold: the root mean square at which a step is clipped.
        relative_step: keep the learning rate below `1 / sqrt(t)`.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def rule(self) -> Rule:
        return adafactor_rule(
            self.beta_2_decay, self.epsilon_1, self.epsilon_2, self.clip_threshold, self.relative_step
        )

    def slot_name(self, field: str, variable: str) -> str:
        return f"{variable}_velocity" if field == "velocity" else variable
