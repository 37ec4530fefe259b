"""Adagrad (Duchi et al., 2011, https://www.jmlr.org/papers/v12/duchi11a.html)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

from jax import lax

from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, full, per_dtype, squares

__all__ = ["Adagrad"]


class AdagradState(NamedTuple):
    """The sum of the squared gradients."""

    accumulator: Lists


def adagrad_rule(initial: float, epsilon: float) -> Rule:
    """`w -= rate * g / sqrt(sum of squares + epsilon)`."""

    def init(params: Any) -> AdagradState:
        return AdagradState(full(params, initial))

    def update(
        grads: Any, state: AdagradState, params: Any, *, learning_rate: Any, step: Any
    ) -> tuple[Any, AdagradState]:
        rate = per_dtype(lambda r: r, learning_rate)
        total = each(lambda a, s: a + s, state.accumulator, squares(grads))
        return each(lambda g, a: -rate(g) * g * lax.rsqrt(a + epsilon), grads, total), AdagradState(total)

    return Rule(init, update)


class Adagrad(Optimizer):
    """Divide each gradient by the root of the sum of its squares: what moved much moves less.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        initial_accumulator_value: what the sum starts at.
        epsilon: added to the sum before the root.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def rule(self) -> Rule:
        return adagrad_rule(self.initial_accumulator_value, self.epsilon)
