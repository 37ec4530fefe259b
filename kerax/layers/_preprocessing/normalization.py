"""Normalization: features brought to mean 0 and variance 1, with statistics taken from data beforehand."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from ... import config as settings
from ..._errors import ArgumentError, ShapeError, StateError
from ..._types import Array, Shape
from .._arguments import computing
from .._layer import Layer, LayerOptions
from .batches import batches


class Normalization(Layer):
    """Shift and scale inputs to mean 0 and variance 1, by statistics that `adapt` takes from data.

    Until it is adapted it changes nothing. The statistics are weights no optimizer touches, so
    adapting reaches every model the layer is part of.

    Args:
        axis: the axis, or several, whose entries have statistics of their own; None: one for all.
        mean, variance: statistics known beforehand, instead of `adapt`.
        invert: undo the normalization.

    Raises:
        ArgumentError: only one of `mean` and `variance`.
    """

    _config_names = MappingProxyType({"mean": "input_mean", "variance": "input_variance"})

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if (mean is None) != (variance is None):
            raise ArgumentError(
                f"Normalization {self.name!r}", got="one of mean and variance", expected="both, or neither"
            )
        self.axis = () if axis is None else tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True
        self._seen: tuple[int, Any, Any] | None = None  # in an adapt: how many values, their mean and variance
        self._kept_axes: tuple[int, ...] | None = None
        self._stat_shape: tuple[Any, ...] = ()

    def build(self, input_shape: Shape) -> None:
        """Make `mean`, `variance` and `count`, unless they were given."""
        if input_shape is None:
            return
        rank = len(input_shape)
        for axis in self.axis:
            if not -rank <= axis < rank:
                raise ArgumentError(
                    f"Normalization {self.name!r}",
                    got=f"inputs of shape {input_shape} and axis={self.axis}",
                    expected="axes of the inputs",
                )
        kept = tuple(sorted(axis % rank for axis in self.axis))
        if any(input_shape[axis] is None for axis in kept):
            raise ArgumentError(
                f"Normalization {self.name!r}",
                got=f"inputs of shape {input_shape}",
                expected=f"known sizes along axis={self.axis}",
            )
        self._kept_axes = kept
        # With axis 0 kept each row has statistics of its own.
        self._stat_shape = tuple(input_shape[axis] if axis in kept else 1 for axis in range(rank))
        if 0 in kept:
            self._mixes_rows = True
        if self.input_mean is None:
            shape = tuple(input_shape[axis] for axis in kept)
            self.adapt_mean = self.add_weight(
                name="mean", shape=shape, initializer="zeros", trainable=False, autocast=False
            )
            self.adapt_variance = self.add_weight(
                name="variance", shape=shape, initializer="ones", trainable=False, autocast=False
            )
            self.count = self.add_weight(
                name="count", shape=(), dtype="int32", initializer="zeros", trainable=False, autocast=False
            )
        else:
            self._laid(self.input_mean), self._laid(self.input_variance)

    def _laid(self, values: Any) -> Array:
        """Statistics laid along the axes they belong to."""
        values = jnp.asarray(values, jnp.float32)
        size = math.prod(self._stat_shape)
        if values.size == size:
            return values.reshape(self._stat_shape)
        try:
            return jnp.broadcast_to(values, self._stat_shape)
        except ValueError:
            raise ShapeError(
                f"Normalization {self.name!r}",
                got=f"statistics of shape {values.shape}",
                expected=f"{size} values, as axis={self.axis} asks for",
            ) from None

    @property
    def mean(self) -> Any:
        """The mean by which inputs are shifted, laid along their axes; None before it is built."""
        if not self.built:
            return None
        return self._laid(self.adapt_mean.value if self.input_mean is None else self.input_mean)

    @property
    def variance(self) -> Any:
        """The variance by whose root inputs are divided, laid along their axes; None before it is built."""
        if not self.built:
            return None
        return self._laid(self.adapt_variance.value if self.input_mean is None else self.input_variance)

    def call(self, inputs: Array) -> Array:
        """`inputs`, normalized, or the reverse."""
        x = computing(self, inputs)
        mean, deviation = self.mean, jnp.maximum(jnp.sqrt(self.variance), settings.epsilon())
        mean, deviation = mean.astype(x.dtype), deviation.astype(x.dtype)
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take mean and variance from data, forgetting what was taken before.

        Args:
            data: an array, or an iterable of batches (arrays, or tuples that begin with one).
            batch_size: without effect: an array is taken as a whole.
            steps: how many batches to take, default all.

        Raises:
            StateError: mean and variance were given to the constructor.
        """
        self.reset_state()
        for batch in batches(data, steps, f"adapt of Normalization {self.name!r}"):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take one batch into account.

        Raises:
            StateError: mean and variance were given to the constructor.
        """
        if self.input_mean is not None:
            raise StateError(
                f"Normalization {self.name!r} has its mean and variance from the constructor",
                hint="leave mean= and variance= out to take them from data",
            )
        batch = np.asarray(data)
        batch = batch[None] if batch.ndim == 0 else batch
        if not self.built:
            self.build((None, *batch.shape[1:]) if 0 not in self.axis else batch.shape)
        others = tuple(axis for axis in range(batch.ndim) if axis not in self._kept_axes)  # type: ignore[operator]
        wide = batch.astype("float64")
        count = math.prod(batch.shape[axis] for axis in others) if others else 1
        if count == 0:
            return
        total, mean, variance = self._seen or (0, np.zeros(()), np.zeros(()))
        batch_mean, batch_variance = wide.mean(others), wide.var(others)
        # Chan et al., 1983: statistics of two parts together.
        share = count / (total + count)
        shift = batch_mean - mean
        variance = variance * (1 - share) + batch_variance * share + shift**2 * share * (1 - share)
        self._seen = total + count, mean + shift * share, variance

    def finalize_state(self) -> None:
        """Make mean and variance of what was seen.

        Raises:
            ArgumentError: there was no data.
        """
        if self.input_mean is not None:
            return
        if self._seen is None:
            raise ArgumentError(f"adapt of Normalization {self.name!r}", got="no data", expected="at least one row")
        (total, mean, variance), self._seen = self._seen, None
        self.adapt_mean.assign(mean.astype("float32"))
        self.adapt_variance.assign(variance.astype("float32"))
        self.count.assign(min(total, 2**31 - 1))

    def reset_state(self) -> None:
        """Forget what `adapt` took from data."""
        self._seen = None
        if self.built and self.input_mean is None:
            self.adapt_mean.assign(jnp.zeros_like(self.adapt_mean.value))
            self.adapt_variance.assign(jnp.ones_like(self.adapt_variance.value))
            self.count.assign(0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "mean": None if self.input_mean is None else np.asarray(self.input_mean).tolist(),
            "variance": None if self.input_variance is None else np.asarray(self.input_variance).tolist(),
        }
