"""Adam (Kingma & Ba, 2014, https://arxiv.org/abs/1412.6980), AMSGrad, AdamW."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp

from .._errors import ArgumentError
from .._types import Array
from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, per_dtype, squares, towards, zeros

__all__ = ["Adam", "AdamW"]


class AdamState(NamedTuple):
    """Running means of the gradients and of their squares; the largest of the latter so far."""

    momentum: Lists
    velocity: Lists
    velocity_hat: Lists | None


def unbiased_rate(beta_1: float, beta_2: float) -> Any:
    """Function of rate and step: the rate times what corrects both means for their start at zero."""

    def at(rate: Array, step: Array) -> Array:
        count = step + 1
        return rate * jnp.sqrt(1 - beta_2**count) / (1 - beta_1**count)

    return at


def adam_rule(beta_1: float, beta_2: float, epsilon: float, amsgrad: bool = False) -> Rule:
    """Adam as Keras counts it: `epsilon` joins the root before bias correction, not after; AMSGrad likewise."""

    def init(params: Any) -> AdamState:
        return AdamState(zeros(params), zeros(params), zeros(params) if amsgrad else None)

    def update(grads: Any, state: AdamState, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, AdamState]:
        rate = per_dtype(unbiased_rate(beta_1, beta_2), learning_rate, step)
        m = towards(state.momentum, grads, beta_1)
        v = towards(state.velocity, squares(grads), beta_2)
        top = None if state.velocity_hat is None else each(jnp.maximum, state.velocity_hat, v)
        steps = each(lambda m, v: -rate(m) * m / (jnp.sqrt(v) + epsilon), m, v if top is None else top)
        return steps, AdamState(m, v, top)

    return Rule(init, update)


class Adam(Optimizer):
    """Steps along the mean gradient, each element divided by the root of its mean square.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        beta_1: the share of the old mean of gradients that is kept at each step.
        beta_2: the same for the mean of squares.
        epsilon: added to the root; the "epsilon hat" of the paper, before its section 2.1.
        amsgrad: divide by the largest mean of squares so far.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.
    """

    slots_apart = ("velocity_hat",)

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def rule(self) -> Rule:
        return adam_rule(self.beta_1, self.beta_2, self.epsilon, self.amsgrad)


class AdamW(Adam):
    """Adam, with the weights themselves shrunk by `learning_rate * weight_decay` at each step.

    Loshchilov & Hutter, 2017, https://arxiv.org/abs/1711.05101.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        weight_decay: how much.
        beta_1: as in `Adam`.
        beta_2: as in `Adam`.
        epsilon: as in `Adam`.
        amsgrad: as in `Adam`.
        options: those of `Optimizer`, in its order, from `clipnorm` on.
        named: those of `Optimizer`, by name.

    Raises:
        ArgumentError: `weight_decay` is None.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, *options, **named)
        if weight_decay is None:
            raise ArgumentError("AdamW weight_decay", got="None", expected="a float", hint="Adam, which has none")
