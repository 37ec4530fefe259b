"""The regularizers Keras has."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._core.variable import plain
from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from ._base import Regularizer


def _factor(name: str, value: Any) -> float:
    if not isinstance(value, (int, float, np.number)) or not math.isfinite(value) or value < 0:
        raise ArgumentError("Regularizer", got=f"{name}={value!r}", expected="a finite number, at least 0")
    return float(value)


def _single(value: float) -> float:
    """The factor as Keras writes it into a config: rounded to float32 (L2's and L1L2's are not)."""
    return float(np.float32(value))


class L1(Regularizer):
    """`l1 * sum(|x|)`.

    Args:
        l1: the factor, at least 0.

    Raises:
        ArgumentError: a factor that is negative or no number.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x: ArrayLike) -> Array:
        """The loss of `x`, a scalar."""
        return self.l1 * jnp.sum(jnp.abs(jnp.asarray(plain(x))))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": _single(self.l1)}


class L2(Regularizer):
    """`l2 * sum(x**2)`.

    Args:
        l2: the factor, at least 0.

    Raises:
        ArgumentError: a factor that is negative or no number.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x: ArrayLike) -> Array:
        """The loss of `x`, a scalar."""
        return self.l2 * jnp.sum(jnp.square(jnp.asarray(plain(x))))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l2": self.l2}


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1: the first factor, at least 0.
        l2: the second factor, at least 0.

    Raises:
        ArgumentError: a factor that is negative or no number.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("l2", 0.0 if l2 is None else l2)

    def __call__(self, x: ArrayLike) -> Array:
        """The loss of `x`, a scalar."""
        x = jnp.asarray(plain(x))
        loss = jnp.zeros((), x.dtype)
        if self.l1:
            loss = loss + self.l1 * jnp.sum(jnp.abs(x))
        if self.l2:
            loss = loss + self.l2 * jnp.sum(jnp.square(x))
        return loss

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Punishes rows (or columns) of a matrix that are not at right angles to each other.

    `factor` times the mean absolute cosine over all pairs.

    Args:
        factor: at least 0.
        mode: "rows" or "columns".

    Raises:
        ArgumentError: another mode, or a factor that is negative or no number.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ArgumentError("OrthogonalRegularizer", got=f"mode={mode!r}", expected="'rows' or 'columns'")
        self.factor = _factor("factor", factor)
        self.mode = mode

    def __call__(self, x: ArrayLike) -> Array:
        """The loss of `x`, a scalar.

        Raises:
            ShapeError: not a matrix.
        """
        x = jnp.asarray(plain(x))
        if x.ndim != 2:
            raise ShapeError("OrthogonalRegularizer", got=f"shape {x.shape}", expected="a matrix")
        vectors = x if self.mode == "rows" else x.T
        unit = vectors / jnp.maximum(jnp.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        cosines = unit @ unit.T
        n = vectors.shape[0]
        pairs = n * (n - 1) / 2.0
        return self.factor * 0.5 * jnp.sum(jnp.abs(cosines * (1.0 - jnp.eye(n, dtype=x.dtype)))) / pairs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"factor": _single(self.factor), "mode": self.mode}
