"""Schedules that go from one rate towards another: exponential, inverse time, polynomial, piecewise constant."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from ..._errors import ArgumentError
from ..._types import Array, ArrayLike
from ._base import LearningRateSchedule, positive, scalars

__all__ = ["ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay", "PolynomialDecay"]


class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps after which the rate is multiplied by `decay_rate`.
        decay_rate: that factor.
        staircase: hold the rate between multiples of `decay_steps`.
        name: kept for the config.

    Raises:
        ArgumentError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        start, step, steps, rate = scalars(self.initial_learning_rate, step, self.decay_steps, self.decay_rate)
        done = step / steps
        return start * rate ** (jnp.floor(done) if self.staircase else done)


class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps after which `decay_rate` has been added to the divisor.
        decay_rate: what is added.
        staircase: hold the rate between multiples of `decay_steps`.
        name: kept for the config.

    Raises:
        ArgumentError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        start, step, steps, rate = scalars(self.initial_learning_rate, step, self.decay_steps, self.decay_rate)
        done = step / steps
        return start / (1 + rate * (jnp.floor(done) if self.staircase else done))


class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` along `(1 - step / decay_steps) ** power`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps after which the end is reached.
        end_learning_rate: the rate from then on.
        power: of the polynomial; 1 is a straight line.
        cycle: start anew, towards the next multiple of `decay_steps`, whenever one has passed.
        name: kept for the config.

    Raises:
        ArgumentError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        start, step, steps, end, power = scalars(
            self.initial_learning_rate, step, self.decay_steps, self.end_learning_rate, self.power
        )
        if self.cycle:
            steps = steps * jnp.maximum(jnp.ceil(step / steps), 1)
        else:
            step = jnp.minimum(step, steps)
        return (start - end) * (1 - step / steps) ** power + end


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so on.

    Args:
        boundaries: steps, rising.
        values: rates, one more than boundaries.
        name: kept for the config.

    Raises:
        ArgumentError: not one value more than boundaries.
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ArgumentError(
                "PiecewiseConstantDecay",
                got=f"{len(boundaries)} boundaries and {len(values)} values",
                expected="one value more than boundaries",
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        step = jnp.asarray(step)
        rate = jnp.asarray(self.values[0], jnp.float32)
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = jnp.where(step > boundary, jnp.asarray(value, jnp.float32), rate)
        return rate
