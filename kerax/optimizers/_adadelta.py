"""Adadelta (Zeiler, 2012, https://arxiv.org/abs/1212.5701)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp

from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, per_dtype, squares, towards, zeros

__all__ = ["Adadelta"]


class AdadeltaState(NamedTuple):
    """Running means of the squared gradients and of the squared steps, these before the rate."""

    accumulated_grad: Lists
    accumulated_delta_var: Lists


def adadelta_rule(rho: float, epsilon: float) -> Rule:
    """`w -= rate * g * rms(steps) / rms(gradients)`."""

    def init(params: Any) -> AdadeltaState:
        return AdadeltaState(zeros(params), zeros(params))

    def update(
        grads: Any, state: AdadeltaState, params: Any, *, learning_rate: Any, step: Any
    ) -> tuple[Any, AdadeltaState]:
        rate = per_dtype(lambda r: r, learning_rate)
        seen = towards(state.accumulated_grad, squares(grads), rho)
        moves = each(
            lambda g, a, d: -jnp.sqrt(d + epsilon) * g / jnp.sqrt(a + epsilon),
            grads,
            seen,
            state.accumulated_delta_var,
        )
        moved = towards(state.accumulated_delta_var, squares(moves), rho)
        return each(lambda d: rate(d) * d, moves), AdadeltaState(seen, moved)

    return Rule(init, update)


class Adadelta(Optimizer):
    """Steps as large as recent steps were, scaled by the gradient in units of its recent size.

    Args:
        learning_rate: a float, a schedule or a function without arguments; the paper's is 1.0.
        rho: the share of the old means that is kept at each step.
        epsilon: added to the means before the roots.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.rho = rho
        self.epsilon = epsilon

    def rule(self) -> Rule:
        return adadelta_rule(self.rho, self.epsilon)
