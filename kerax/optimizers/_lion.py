"""Lion (Chen et al., 2023, https://arxiv.org/abs/2302.06675)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp

from .._errors import ArgumentError
from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, per_dtype, towards, zeros

__all__ = ["Lion"]


class LionState(NamedTuple):
    """Running mean of the gradients."""

    momentum: Lists


def lion_rule(beta_1: float, beta_2: float) -> Rule:
    """`w -= rate * sign(beta_1 * m + (1 - beta_1) * g)`, then `m` moves by `1 - beta_2` towards `g`."""

    def init(params: Any) -> LionState:
        return LionState(zeros(params))

    def update(grads: Any, state: LionState, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, LionState]:
        rate = per_dtype(lambda r: r, learning_rate)
        steps = each(lambda m, g: -rate(g) * jnp.sign(beta_1 * m + (1 - beta_1) * g), state.momentum, grads)
        return steps, LionState(towards(state.momentum, grads, beta_2))

    return Rule(init, update)


class Lion(Optimizer):
    """Every element moves by exactly the learning rate, in the direction of the mean gradient's sign.

    Args:
        learning_rate: a float, a schedule or a function without arguments; three to ten times smaller than Adam's.
        beta_1: the mean's share in the direction of a step, in (0, 1].
        beta_2: the share of the old mean that is kept at each step.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.

    Raises:
        ArgumentError: `beta_1` outside (0, 1].
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        if not 0 < beta_1 <= 1:
            raise ArgumentError(
                "Lion beta_1", got=beta_1, expected="more than 0, up to 1: at 0 only the last gradient's sign counts"
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def rule(self) -> Rule:
        return lion_rule(self.beta_1, self.beta_2)
