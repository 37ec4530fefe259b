"""Schedule-free AdamW (Defazio et al., 2024, https://arxiv.org/abs/2405.15682)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import jax
import jax.numpy as jnp
from flax import nnx

from .._core.module import name_of
from .._errors import StateError
from .._types import Array
from ._base import Optimizer, Options, Rate
from ._rule import Moments, Rule, each, per_dtype, squares, towards, zeros

__all__ = ["ScheduleFreeAdamW"]


def schedule_free_rule(beta_1: float, beta_2: float, epsilon: float, warmup: int) -> Rule:
    """AdamW on z; the variables hold y, `beta_1` of the way from z to x, the mean of all z.

    x is not stored but read off y and z. The slot "momentum" is z.
    """

    def init(params: Any) -> Moments:
        return Moments([jnp.array(w) for w in params], zeros(params))

    def update(grads: Any, state: Moments, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, Moments]:
        def weights(rate: Array, step: Array) -> tuple[Array, Array, Array]:
            count = step + 1
            ramp = jnp.minimum(1, count / warmup) if warmup else 1
            return rate * ramp, 1 - beta_2**count, 1 / count

        at = per_dtype(weights, learning_rate, step)
        v = towards(state.velocity, squares(grads), beta_2)

        def move(z: Array, g: Array, v: Array) -> Array:
            rate, unbias, _ = at(z)
            return z - rate * g / (jnp.sqrt(v / unbias) + epsilon)

        after = each(move, state.momentum, grads, v)

        def one(y: Array, z: Array, new: Array) -> Array:
            share = at(y)[2]
            x = (y - (1 - beta_1) * z) / beta_1
            x = (1 - share) * x + share * new
            return beta_1 * x + (1 - beta_1) * new - y

        return each(one, params, state.momentum, after), Moments(after, v)

    return Rule(init, update)


class ScheduleFreeAdamW(Optimizer):
    """AdamW that needs no schedule: a mean of the iterates takes the place of the falling rate.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        beta_1: how near the gradient is taken to the mean of the iterates.
        beta_2: the share of the old mean of squares that is kept at each step.
        epsilon: added to the root.
        warmup_steps: steps in which the rate rises to `learning_rate`.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def first_state(self, variables: Sequence[nnx.Variable], params: Sequence[Any]) -> Moments:
        """The state that starts at the values of the variables."""
        for variable, value in zip(variables, params, strict=True):
            if isinstance(value, jax.ShapeDtypeStruct):
                raise StateError(
                    f"{self.name}.build",
                    got=f"{name_of(variable)!r} inside a function compiled with jax.jit, which hides its value",
                    expected="the value that its slots start from",
                    hint="call build(variables) before",
                )
        return self.rule().init(params)

    def rule(self) -> Rule:
        return schedule_free_rule(self.beta_1, self.beta_2, self.epsilon, self.warmup_steps)
