"""Nadam: Adam with Nesterov momentum (Dozat, 2016)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp

from .._types import Array
from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, per_dtype, squares, towards, zeros

__all__ = ["Nadam"]


class NadamState(NamedTuple):
    """Running means of the gradients and of their squares; the product of all momentum factors so far."""

    momentum: Lists
    velocity: Lists
    u_product: Array


def nadam_rule(beta_1: float, beta_2: float, epsilon: float) -> Rule:
    """Adam whose momentum looks one step ahead, its factor growing as `beta_1 * (1 - 0.96**t / 2)`."""

    def factor(count: Array) -> Array:
        return beta_1 * (1 - 0.5 * 0.96**count)

    def init(params: Any) -> NadamState:
        return NadamState(zeros(params), zeros(params), jnp.ones(()))

    def update(grads: Any, state: NadamState, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, NadamState]:
        def weights(rate: Array, step: Array, product: Array) -> tuple[Array, Array, Array]:
            now, after = factor(step + 1), factor(step + 2)
            product = product * now
            return rate * after / (1 - product * after), rate * (1 - now) / (1 - product), 1 - beta_2 ** (step + 1)

        at = per_dtype(weights, learning_rate, step, state.u_product)
        m = towards(state.momentum, grads, beta_1)
        v = towards(state.velocity, squares(grads), beta_2)

        def one(g: Array, m: Array, v: Array) -> Array:
            of_mean, of_gradient, unbias = at(g)
            return -(of_mean * m + of_gradient * g) / (jnp.sqrt(v / unbias) + epsilon)

        product = state.u_product * factor(step.astype(state.u_product.dtype) + 1)
        return each(one, grads, m, v), NadamState(m, v, product)

    return Rule(init, update)


class Nadam(Optimizer):
    """Adam with Nesterov momentum.

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
        return nadam_rule(self.beta_1, self.beta_2, self.epsilon)
