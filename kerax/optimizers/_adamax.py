"""Adamax: Adam with the infinity norm (Kingma & Ba, 2014, section 7.1)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp

from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, per_dtype, towards, zeros

__all__ = ["Adamax"]


class AdamaxState(NamedTuple):
    """Running mean of the gradients; the fading maximum of their size."""

    momentum: Lists
    norm: Lists


def adamax_rule(beta_1: float, beta_2: float, epsilon: float) -> Rule:
    """`w -= rate / (1 - beta_1**t) * m / (u + epsilon)` with `u = max(beta_2 * u, |g|)`."""

    def init(params: Any) -> AdamaxState:
        return AdamaxState(zeros(params), zeros(params))

    def update(
        grads: Any, state: AdamaxState, params: Any, *, learning_rate: Any, step: Any
    ) -> tuple[Any, AdamaxState]:
        rate = per_dtype(lambda rate, step: rate / (1 - beta_1 ** (step + 1)), learning_rate, step)
        m = towards(state.momentum, grads, beta_1)
        u = each(lambda u, g: jnp.maximum(beta_2 * u, jnp.abs(g)), state.norm, grads)
        return each(lambda m, u: -rate(m) * m / (u + epsilon), m, u), AdamaxState(m, u)

    return Rule(init, update)


class Adamax(Optimizer):
    """Steps along the mean gradient, each element divided by its largest recent size.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        beta_1: the share of the old mean of gradients that is kept at each step.
        beta_2: how fast the largest size fades.
        epsilon: added to the divisor.
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
        return adamax_rule(self.beta_1, self.beta_2, self.epsilon)
