"""Cosine schedules (Loshchilov & Hutter, 2016, https://arxiv.org/abs/1608.03983)."""

from __future__ import annotations

import math

import jax.numpy as jnp

from ..._types import Array, ArrayLike
from ._base import LearningRateSchedule, positive, scalars

__all__ = ["CosineDecay", "CosineDecayRestarts"]


def half_cosine(share: Array) -> Array:
    """1 at share 0, 0 at share 1, along half a cosine wave."""
    return 0.5 * (1 + jnp.cos(jnp.asarray(math.pi, share.dtype) * share))


class CosineDecay(LearningRateSchedule):
    """A straight warm-up, where one is asked for, then half a cosine wave down to `alpha` of the highest rate.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps of the cosine, counted after the warm-up.
        alpha: the lowest rate, as a share of the highest.
        name: kept for the config.
        warmup_target: the highest rate, reached at the end of the warm-up; None: no warm-up.
        warmup_steps: steps of the warm-up.

    Raises:
        ArgumentError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: ArrayLike) -> Array:
        start, step, steps = scalars(self.initial_learning_rate, step, self.decay_steps)
        if self.warmup_target is None:
            return start * self._share(jnp.minimum(step, steps) / steps)
        _, top, warmup = scalars(start, self.warmup_target, self.warmup_steps)
        cosine = top * self._share(jnp.clip(step - warmup, 0, steps) / steps)
        if self.warmup_steps == 0:
            return cosine
        return jnp.where(step < warmup, start + (top - start) * (step / warmup), cosine)

    def _share(self, done: Array) -> Array:
        return (1 - self.alpha) * half_cosine(done) + self.alpha


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosine waves, one after another, each longer and lower than the one before.

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: steps of the first wave.
        t_mul: each wave is that many times as long as the one before.
        m_mul: each starts at that share of the one before.
        alpha: the lowest rate, as a share of `initial_learning_rate`.
        name: kept for the config.

    Raises:
        ArgumentError: `first_decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = positive(self, "first_decay_steps", first_decay_steps)
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        start, step, first, longer, lower = scalars(
            self.initial_learning_rate, step, self.first_decay_steps, self.t_mul, self.m_mul
        )
        done = step / first  # in lengths of the first wave
        if self.t_mul == 1.0:
            wave = jnp.floor(done)
            share = done - wave
        else:
            wave = jnp.floor(jnp.log(1 - done * (1 - longer)) / jnp.log(longer))
            before = (1 - longer**wave) / (1 - longer)
            share = (done - before) / longer**wave
        return start * ((1 - self.alpha) * lower**wave * half_cosine(share) + self.alpha)
