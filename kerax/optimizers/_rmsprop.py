"""RMSprop (Hinton, 2012)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp
from jax import lax

from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, per_dtype, squares, towards, zeros

__all__ = ["RMSprop"]


class RMSpropState(NamedTuple):
    """Running mean of the squared gradients; the last step; running mean of the gradients."""

    velocity: Lists
    momentum: Lists | None
    average_gradient: Lists | None


def rmsprop_rule(rho: float, momentum: float, epsilon: float, centered: bool) -> Rule:
    """`w -= rate * g / sqrt(v + epsilon)`, with `v` less the squared mean gradient where `centered`."""

    def init(params: Any) -> RMSpropState:
        return RMSpropState(zeros(params), zeros(params) if momentum > 0 else None, zeros(params) if centered else None)

    def update(
        grads: Any, state: RMSpropState, params: Any, *, learning_rate: Any, step: Any
    ) -> tuple[Any, RMSpropState]:
        rate = per_dtype(lambda r: r, learning_rate)
        velocity = towards(state.velocity, squares(grads), rho)
        spread, mean = velocity, None
        if state.average_gradient is not None:
            mean = towards(state.average_gradient, grads, rho)
            spread = each(lambda v, a: v - jnp.square(a), velocity, mean)
        steps = each(lambda g, v: rate(g) * g * lax.rsqrt(v + epsilon), grads, spread)
        buffer = None
        if state.momentum is not None:
            steps = buffer = each(lambda m, s: momentum * m + s, state.momentum, steps)
        return each(jnp.negative, steps), RMSpropState(velocity, buffer, mean)

    return Rule(init, update)


class RMSprop(Optimizer):
    """Divide each gradient by the root of a running mean of its squares.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        rho: the share of the old mean that is kept at each step.
        momentum: the share of the last step that is kept.
        epsilon: added to the mean before the root.
        centered: divide by the estimated standard deviation instead.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    slots_apart = ("velocity", "momentum", "average_gradient")

    def rule(self) -> Rule:
        return rmsprop_rule(self.rho, self.momentum, self.epsilon, self.centered)
