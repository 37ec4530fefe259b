"""Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/), Adam beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import nnx

from .._core.module import name_of
from .._types import Array
from ._adam import unbiased_rate
from ._base import Optimizer, Rate
from ._rule import Rule, per_dtype, zeros

__all__ = ["Muon"]


class MuonState(NamedTuple):
    """The momentum; the running mean of squares, for the variables that Adam moves, None for the others."""

    momentum: list[Array]
    velocity: list[Array | None]


def orthogonal(x: Array, steps: int, a: float, b: float, c: float) -> Array:
    """Roughly the orthogonal matrix nearest to `x`: each singular value s becomes a s + b s**3 + c s**5, repeatedly."""
    tall = x.shape[-2] > x.shape[-1]
    x = jnp.matrix_transpose(x) if tall else x
    x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(steps):
        gram = x @ jnp.matrix_transpose(x)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return jnp.matrix_transpose(x) if tall else x


class Muon(Optimizer):
    """Momentum, made orthogonal, for matrices; Adam for everything else.

    A variable is moved by Adam if it has other than two axes, if it is an embedding, or if a pattern of
    `exclude_layers` is found in its path. The step of a matrix is scaled by `rms_rate * sqrt(longer side)`
    (Liu et al., 2025, https://arxiv.org/abs/2502.16982), so that both take the same learning rate.

    Args:
        learning_rate: a float, a schedule or a function without arguments.
        adam_beta_1: `beta_1` of Adam.
        adam_beta_2: `beta_2` of Adam.
        adam_weight_decay: weight decay of the variables that Adam moves, or None.
        epsilon: that of Adam.
        weight_decay: weight decay of the matrices, or None.
        clipnorm: as in `Optimizer`.
        clipvalue: as in `Optimizer`.
        global_clipnorm: as in `Optimizer`.
        use_ema: as in `Optimizer`.
        ema_momentum: as in `Optimizer`.
        ema_overwrite_frequency: as in `Optimizer`.
        loss_scale_factor: as in `Optimizer`.
        gradient_accumulation_steps: as in `Optimizer`.
        name: as in `Optimizer`.
        exclude_layers: regular expressions, looked for in paths of variables.
        exclude_embeddings: whether "embedding" in the path means Adam.
        muon_a: of the Newton-Schulz polynomial.
        muon_b: of the same.
        muon_c: of the same.
        adam_lr_ratio: Adam's learning rate, as a share of `learning_rate`.
        momentum: the share of the momentum that is kept at each step.
        ns_steps: Newton-Schulz steps.
        nesterov: look ahead along the momentum.
        rms_rate: the root mean square of a matrix's step, in learning rates; None: not scaled.
        kwargs: `lr`, as in `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: list[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def takes_adam(self, variable: nnx.Variable) -> bool:
        """Whether Adam moves the variable."""
        path = name_of(variable)
        return (
            len(variable._raw_value.shape) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )

    def decay_of(self, variable: nnx.Variable) -> float | None:
        return self.adam_weight_decay if self.takes_adam(variable) else self.weight_decay

    def first_state(self, variables: Sequence[nnx.Variable], params: Sequence[Any]) -> MuonState:
        state = self.rule().init(params)
        kept = [v if self.takes_adam(of) else None for v, of in zip(state.velocity, variables, strict=True)]
        return MuonState(state.momentum, kept)

    def rule(self) -> Rule:
        """Adam where there is a velocity, Muon where there is none."""
        beta_1, beta_2, epsilon, mu = self.adam_beta_1, self.adam_beta_2, self.epsilon, self.momentum
        coefficients = self.muon_a, self.muon_b, self.muon_c
        ratio, ns_steps, nesterov, rms_rate = self.adam_lr_ratio, self.ns_steps, self.nesterov, self.rms_rate

        def init(params: Any) -> MuonState:
            return MuonState(zeros(params), list(zeros(params)))

        def update(
            grads: Any, state: MuonState, params: Any, *, learning_rate: Any, step: Any
        ) -> tuple[Any, MuonState]:
            rate = per_dtype(lambda r: r, learning_rate)
            adam_rate = per_dtype(unbiased_rate(beta_1, beta_2), learning_rate * ratio, step)

            def adam(g: Array, m: Array, v: Array) -> tuple[Array, Array, Array]:
                m = m + (g - m) * (1 - beta_1)
                v = v + (jnp.square(g) - v) * (1 - beta_2)
                return -adam_rate(g) * m / (jnp.sqrt(v) + epsilon), m, v

            def muon(g: Array, m: Array) -> tuple[Array, Array, None]:
                m = mu * m + g
                direction = orthogonal(g + mu * m if nesterov else m, ns_steps, *coefficients)
                scale = 1.0 if rms_rate is None else rms_rate * max(g.shape) ** 0.5
                return -rate(g) * scale * direction, m, None

            slots = zip(grads, state.momentum, state.velocity, strict=True)
            moved = [muon(g, m) if v is None else adam(g, m, v) for g, m, v in slots]
            steps, momentum, velocity = (list(part) for part in zip(*moved, strict=True))
            return steps, MuonState(momentum, velocity)

        return Rule(init, update)
