"""LAMB (You et al., 2019, https://arxiv.org/abs/1904.00962)."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from .._types import Array
from ._base import Optimizer, Options, Rate
from ._rule import Moments, Rule, each, per_dtype, squares, towards, zeros

__all__ = ["Lamb"]


def length(x: Array) -> Array:
    """The Euclidean norm of all elements."""
    return jnp.sqrt(jnp.sum(jnp.square(x)))


def lamb_rule(beta_1: float, beta_2: float, epsilon: float) -> Rule:
    """Adam's direction, scaled for each variable to the length of the variable itself."""

    def init(params: Any) -> Moments:
        return Moments(zeros(params), zeros(params))

    def update(grads: Any, state: Moments, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, Moments]:
        def weights(rate: Array, step: Array) -> tuple[Array, Array, Array]:
            return rate, 1 - beta_1 ** (step + 1), 1 - beta_2 ** (step + 1)

        at = per_dtype(weights, learning_rate, step)
        m = towards(state.momentum, grads, beta_1)
        v = towards(state.velocity, squares(grads), beta_2)

        def one(w: Array, m: Array, v: Array) -> Array:
            rate, of_m, of_v = at(w)
            direction = (m / of_m) / (jnp.sqrt(v / of_v) + epsilon)
            size, reach = length(w), length(direction)
            trust = jnp.where((size > 0) & (reach > 0), size / jnp.where(reach > 0, reach, 1), 1)
            return -rate * trust * direction

        return each(one, params, m, v), Moments(m, v)

    return Rule(init, update)


class Lamb(Optimizer):
    """Adam for very large batches: each variable moves in proportion to its own length.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        beta_1: the share of the old mean of gradients that is kept at each step.
        beta_2: the same for the mean of squares.
        epsilon: added to the root.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def rule(self) -> Rule:
        return lamb_rule(self.beta_1, self.beta_2, self.epsilon)
