"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

from .._errors import ArgumentError
from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, per_dtype, zeros

__all__ = ["SGD"]


class Velocity(NamedTuple):
    """The step before this one."""

    momentum: Lists | None


def sgd_rule(momentum: float, nesterov: bool) -> Rule:
    """`m = momentum * m - rate * g; w += m`, or `w += momentum * m - rate * g` where `nesterov`.

    The rate is inside the buffer: a later rate does not rescale earlier steps.
    """

    def init(params: Any) -> Velocity:
        return Velocity(zeros(params) if momentum else None)

    def update(grads: Any, state: Velocity, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, Velocity]:
        rate = per_dtype(lambda r: r, learning_rate)
        now = each(lambda g: -rate(g) * g, grads)
        if state.momentum is None:
            return now, state
        buffer = each(lambda m, s: momentum * m + s, state.momentum, now)
        steps = each(lambda m, s: momentum * m + s, buffer, now) if nesterov else buffer
        return steps, Velocity(buffer)

    return Rule(init, update)


class SGD(Optimizer):
    """Gradient descent: `w -= learning_rate * g`, with momentum where asked for.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        momentum: the share of the last step that is kept, in [0, 1].
        nesterov: look ahead along the momentum.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.

    Raises:
        ArgumentError: `momentum` outside [0, 1].
    """

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        if not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ArgumentError("SGD momentum", got=repr(momentum), expected="a number from 0 to 1")
        self.momentum = momentum
        self.nesterov = nesterov

    def rule(self) -> Rule:
        return sgd_rule(self.momentum, self.nesterov)
