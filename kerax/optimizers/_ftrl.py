"""FTRL-Proximal (McMahan et al., 2013, https://research.google/pubs/pub41159/)."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import jax.numpy as jnp

from .._errors import ArgumentError
from .._types import Array
from ._base import Optimizer, Options, Rate
from ._rule import Lists, Rule, each, full, per_dtype, squares, zeros

__all__ = ["Ftrl"]


class FtrlState(NamedTuple):
    """The sum of the squared gradients; the linear term."""

    accumulator: Lists
    linear: Lists


def ftrl_rule(power: float, initial: float, l1: float, l2: float, shrinkage: float, beta: float) -> Rule:
    """Algorithm 1 of the paper; `shrinkage` pulls on the weights through the gradient, not the sum of squares.

    With n the sum of squares before and N after: `z += g + 2 shrinkage w - (N**-p - n**-p) / rate * w`,
    then `w = (clip(z, -l1, l1) - z) / (N**-p / rate + 2 l2 + beta / rate)`.
    """

    def init(params: Any) -> FtrlState:
        return FtrlState(full(params, initial), zeros(params))

    def update(grads: Any, state: FtrlState, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, FtrlState]:
        rate = per_dtype(lambda r: r, learning_rate)
        total = each(lambda n, s: n + s, state.accumulator, squares(grads))

        def linear(z: Array, g: Array, w: Array, before: Array, after: Array) -> Array:
            growth = (after**-power - before**-power) / rate(w)
            return z + g + 2 * shrinkage * w - growth * w

        z = each(linear, state.linear, grads, params, state.accumulator, total)

        def move(z: Array, w: Array, n: Array) -> Array:
            curve = n**-power / rate(w) + 2 * (l2 + beta / (2 * rate(w)))
            return (jnp.clip(z, -l1, l1) - z) / curve - w

        return each(move, z, params, total), FtrlState(total, z)

    return Rule(init, update)


class Ftrl(Optimizer):
    """Follow the regularized leader: sparse linear models on many features.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        learning_rate_power: how the rate falls with the sum of squares, 0 or less; 0 keeps it.
        initial_accumulator_value: what the sum of squares starts at.
        l1_regularization_strength: what makes weights exactly zero.
        l2_regularization_strength: what keeps weights small, by stabilization.
        l2_shrinkage_regularization_strength: what keeps weights small, as a penalty on the loss.
        beta: of the paper.
        options: those of `Optimizer`, in its order.
        named: those of `Optimizer`, by name.

    Raises:
        ArgumentError: a positive power, or another argument that is negative.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        *options: Any,
        **named: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        if learning_rate_power > 0:
            raise ArgumentError("Ftrl learning_rate_power", got=learning_rate_power, expected="0 or less")
        for key, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0:
                raise ArgumentError(f"Ftrl {key}", got=value, expected="0 or more")
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def rule(self) -> Rule:
        return ftrl_rule(
            self.learning_rate_power,
            self.initial_accumulator_value,
            self.l1_regularization_strength,
            self.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength,
            self.beta,
        )
