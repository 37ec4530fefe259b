"""Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/), Adam beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import nnx

from .._core.module import name_of
from .._types import Array
from ._adam import AdamState, adam_rule
from ._base import Optimizer, Rate
from ._rule import Lists, Rule, each, per_dtype, zeros
from ._sgd import Velocity

__all__ = ["Muon"]


class MuonState(NamedTuple):
    """The momentum; the running mean of squares, for the variables that Adam moves, None for the others."""

    momentum: Lists
    velocity: list[Array | None]


def orthogonal(x: Array, steps: int, polynomial: tuple[float, float, float]) -> Array:
    """Roughly the orthogonal matrix nearest to `x`.

    Newton-Schulz: with (a, b, c) the polynomial, each singular value s becomes a s + b s**3 + c s**5,
    `steps` times, after a division by the norm that brings them all under 1.
    """
    a, b, c = polynomial
    if x.shape[0] > x.shape[1]:  # the smaller of the two Gram matrices
        return orthogonal(x.T, steps, polynomial).T
    x = x / (jnp.linalg.norm(x) + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def matrix_rule(
    momentum: float, nesterov: bool, ns_steps: int, polynomial: tuple[float, float, float], rms_rate: float | None
) -> Rule:
    """Muon proper: momentum `m = momentum * m + g`, made orthogonal."""

    def init(params: Any) -> Velocity:
        return Velocity(zeros(params))

    def update(grads: Any, state: Velocity, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, Velocity]:
        rate = per_dtype(lambda r: r, learning_rate)
        buffer = each(lambda g, m: momentum * m + g, grads, state.momentum)
        ahead = each(lambda g, m: momentum * m + g, grads, buffer) if nesterov else buffer

        def one(direction: Array) -> Array:
            scale = 1.0 if rms_rate is None else rms_rate * max(direction.shape) ** 0.5
            return -rate(direction) * scale * orthogonal(direction, ns_steps, polynomial)

        return each(one, ahead), Velocity(buffer)

    return Rule(init, update)


def parted_rule(matrices: Rule, others: Rule, ratio: float) -> Rule:
    """`matrices` where there is no velocity; `others`, at `ratio` times the learning rate, where there is one."""

    def init(params: Any) -> MuonState:
        return MuonState(zeros(params), list(zeros(params)))

    def update(grads: Any, state: MuonState, params: Any, *, learning_rate: Any, step: Any) -> tuple[Any, MuonState]:
        for_others = [v is not None for v in state.velocity]

        def part(items: Sequence[Any], which: bool) -> list[Any]:
            return [item for item, other in zip(items, for_others, strict=True) if other is which]

        def whole(of_matrices: Sequence[Any], of_others: Sequence[Any]) -> list[Any]:
            supply = {False: iter(of_matrices), True: iter(of_others)}
            return [next(supply[other]) for other in for_others]

        held = Velocity(part(state.momentum, False))
        steps, held = matrices.update(
            part(grads, False), held, part(params, False), learning_rate=learning_rate, step=step
        )
        moments = AdamState(part(state.momentum, True), part(state.velocity, True), None)
        other_steps, moments = others.update(
            part(grads, True), moments, part(params, True), learning_rate=learning_rate * ratio, step=step
        )
        momentum = whole(held.momentum, moments.momentum)
        velocity = whole([None] * len(steps), moments.velocity)
        return whole(steps, other_steps), MuonState(momentum, velocity)

    return Rule(init, update)


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
            variable.ndim != 2
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
        polynomial = self.muon_a, self.muon_b, self.muon_c
        matrices = matrix_rule(self.momentum, self.nesterov, self.ns_steps, polynomial, self.rms_rate)
        return parted_rule(matrices, adam_rule(self.adam_beta_1, self.adam_beta_2, self.epsilon), self.adam_lr_ratio)
