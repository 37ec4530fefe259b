"""Initializers that draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .. import random
from .._core.dtypes import real_dtype, standardize_dtype
from .._errors import ArgumentError, ShapeError
from .._types import Array, DType
from ..random import SeedGenerator
from ._base import RandomInitializer

Seed = int | SeedGenerator | None
_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal cut off at two standard deviations


class RandomNormal(RandomInitializer):
    """Draws from a normal distribution.

    Args:
        mean: of the distribution.
        stddev: its standard deviation.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """Draws of this shape and dtype."""
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomInitializer):
    """Draws from a normal distribution cut off two standard deviations from its mean.

    Args:
        mean: of the distribution before the cut.
        stddev: its standard deviation before the cut.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """Draws of this shape and dtype."""
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomUniform(RandomInitializer):
    """Draws evenly from [minval, maxval).

    Args:
        minval: the least value.
        maxval: the bound that is not reached.
        seed: see `RandomInitializer`.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """Draws of this shape and dtype."""
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class VarianceScaling(RandomInitializer):
    """Draws with variance scale / n, n counted from the shape.

    Args:
        scale: above 0.
        mode: what n is: "fan_in" (inputs of a unit), "fan_out" (outputs) or "fan_avg" (their mean).
        distribution: "truncated_normal", "untruncated_normal" or "uniform" (within ±sqrt(3 scale / n)).
        seed: see `RandomInitializer`.
        input_axes: the axes of the weight that count as inputs; used where `output_axes` is given too.
        output_axes: the axes that count as outputs.

    Raises:
        ArgumentError: a scale that is not positive, an unknown mode or distribution.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Seed = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        if scale <= 0.0:
            raise ArgumentError("VarianceScaling", got=f"scale={scale}", expected="a number above 0")
        mode, distribution = mode.lower(), distribution.lower()
        if distribution == "normal":  # the older name
            distribution = "truncated_normal"
        for name, value, known in (
            ("mode", mode, ("fan_in", "fan_out", "fan_avg")),
            ("distribution", distribution, ("truncated_normal", "untruncated_normal", "uniform")),
        ):
            if value not in known:
                raise ArgumentError("VarianceScaling", got=f"{name}={value!r}", expected=f"one of {known}")
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """Draws of this shape and dtype."""
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "truncated_normal":
            return random.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype, self.seed)
        return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


def fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """(inputs, outputs) of one unit of a weight of this shape.

    Unless both kinds of axes are named: the last is outputs, the one before it inputs, and the others
    (a convolution's window) multiply both.
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        size = int(shape[0]) if shape else 1
        return size, size
    window = math.prod(shape[:-2])
    return int(shape[-2] * window), int(shape[-1] * window)


class _Preset(VarianceScaling):
    """A VarianceScaling whose scale, mode and distribution are settled."""

    _settled: tuple[float, str, str]

    def __init__(
        self, seed: Seed = None, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
    ) -> None:
        super().__init__(*self._settled, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        return {name: config[name] for name in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Preset):
    """Draws evenly within ±sqrt(6 / (fan_in + fan_out)). Glorot & Bengio, 2010.

    Args:
        seed: see `RandomInitializer`.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.
    """

    _settled = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Draws from a truncated normal with stddev sqrt(2 / (fan_in + fan_out)). Glorot & Bengio, 2010.

    Args:
        seed: see `RandomInitializer`.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.
    """

    _settled = (1.0, "fan_avg", "truncated_normal")


class LecunUniform(_Preset):
    """Draws evenly within ±sqrt(3 / fan_in). LeCun et al., 1998.

    Args:
        seed: see `RandomInitializer`.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.
    """

    _settled = (1.0, "fan_in", "uniform")


class LecunNormal(_Preset):
    """Draws from a truncated normal with stddev sqrt(1 / fan_in). LeCun et al., 1998.

    Args:
        seed: see `RandomInitializer`.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.
    """

    _settled = (1.0, "fan_in", "truncated_normal")


class HeUniform(_Preset):
    """Draws evenly within ±sqrt(6 / fan_in). He et al., 2015.

    Args:
        seed: see `RandomInitializer`.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.
    """

    _settled = (2.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Draws from a truncated normal with stddev sqrt(2 / fan_in). He et al., 2015.

    Args:
        seed: see `RandomInitializer`.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.
    """

    _settled = (2.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer. Saxe et al., 2014.

    More than two axes: all but the last count as rows.

    Args:
        gain: factor on the matrix.
        seed: see `RandomInitializer`.
    """

    def __init__(self, gain: float = 1.0, seed: Seed = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: DType | None = None) -> Array:
        """The matrix, in this shape.

        Raises:
            ShapeError: fewer than two axes.
        """
        if len(shape) < 2:
            raise ShapeError("Orthogonal", got=f"shape {tuple(shape)}", expected="at least two axes")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        final = standardize_dtype(dtype)
        working = "float64" if final == "float64" else "float32"  # there is no QR in half precision
        q, r = jnp.linalg.qr(random.normal((max(rows, columns), min(rows, columns)), dtype=working, seed=self.seed))
        q = q * jnp.sign(jnp.diag(r))  # makes the distribution uniform
        matrix = self.gain * jnp.reshape(q.T if rows < columns else q, tuple(shape))
        return matrix.astype(real_dtype(final))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "gain": self.gain}
