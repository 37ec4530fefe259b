"""Dropout in its forms: elements set to zero at random while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import jax
import jax.numpy as jnp

from ... import config, random
from ..._types import Array, Shape
from .._arguments import rate_of
from .._layer import InputSpec, Layer, LayerOptions


class _Random(Layer):
    """What the layers here share: a generator of their own if they need one, same shape out as in."""

    def __init__(self, seed: int | None, active: bool, **common: Any) -> None:
        super().__init__(**common)
        self.seed = seed
        if active:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape


class Dropout(_Random):
    """While training, set a random share of the elements to zero and scale the others by `1 / (1 - rate)`.

    Args:
        rate: the share, from 0 to 1.
        noise_shape: shape of the random choice, broadcast over the input; None in it means the
            input's size, 1 that the axis shares one choice.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a rate outside 0 to 1, a noise shape that is no tuple of sizes.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(seed, active=rate_of(rate, "Dropout") > 0, **common)
        self.rate = rate
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs: Array, training: bool = False) -> Array:
        """`inputs`; while training, with zeros among them."""
        if not training or self.rate == 0:
            return inputs
        return dropped(inputs, self.rate, self.noise_shape, self.seed_generator)


def dropped(inputs: Array, rate: float, noise_shape: Any, seed: Any) -> Array:
    """Dropout of `inputs`; at rate 1 nothing is left."""
    if rate >= 1:
        return jnp.zeros_like(inputs)
    return random.dropout(inputs, rate, noise_shape, seed)


class _SpatialDropout(_Random):
    """Dropout of whole channels."""

    rank = 0

    def __init__(self, rate: float, seed: int | None, **common: Any) -> None:
        super().__init__(seed, active=rate_of(rate, type(self).__name__) > 0, **common)
        self.rate = rate
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Array, training: bool = False) -> Array:
        """`inputs`; while training, with channels of zeros among them."""
        if not training or self.rate == 0:
            return inputs
        shape = inputs.shape
        ones = (1,) * self.rank
        if getattr(self, "data_format", "channels_last") == "channels_last":
            noise = (shape[0], *ones, shape[-1])
        else:
            noise = (shape[0], shape[1], *ones)
        return dropped(inputs, self.rate, noise, self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, all that Keras's own constructor takes."""
        config = super().get_config()
        config.pop("trainable")
        return {**config, "dtype": self.dtype_policy.name}


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of (batch, steps, channels).

    Args:
        rate: the share of channels, from 0 to 1.
        seed: makes the choices repeat.
        name, dtype: as for every layer.
    """

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **common: Any
    ) -> None:
        super().__init__(rate, seed, name=name, dtype=dtype, **common)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images.

    Args:
        rate: the share of channels, from 0 to 1.
        data_format: `"channels_last"` or `"channels_first"`, default the global one.
        seed: makes the choices repeat.
        name, dtype: as for every layer.
    """

    rank = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **common: Any,
    ) -> None:
        super().__init__(rate, seed, name=name, dtype=dtype, **common)
        self.data_format = config.standardize_data_format(data_format)


class SpatialDropout3D(SpatialDropout2D):
    """Dropout of whole channels of volumes; arguments as `SpatialDropout2D`."""

    rank = 3


class GaussianDropout(_Random):
    """While training, multiply by noise of mean 1 and standard deviation `sqrt(rate / (1 - rate))`.

    Args:
        rate: from 0 to below 1.
        seed: makes the noise repeat.
    """

    def __init__(self, rate: float, seed: int | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(seed, active=rate_of(rate, "GaussianDropout") > 0, **common)
        self.rate = rate

    def call(self, inputs: Array, training: bool = False) -> Array:
        """`inputs`; while training, times noise."""
        if not training or self.rate == 0:
            return inputs
        spread = (self.rate / (1.0 - self.rate)) ** 0.5
        noise = random.normal(inputs.shape, 1.0, spread, dtype=self.compute_dtype, seed=self.seed_generator)
        return inputs * noise


class GaussianNoise(_Random):
    """While training, add noise of mean 0.

    Args:
        stddev: standard deviation of the noise, from 0 to 1.
        seed: makes the noise repeat.
    """

    def __init__(self, stddev: float, seed: int | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(seed, active=rate_of(stddev, "GaussianNoise", "stddev") > 0, **common)
        self.stddev = stddev

    def call(self, inputs: Array, training: bool = False) -> Array:
        """`inputs`; while training, plus noise."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(inputs.shape, 0.0, self.stddev, dtype=self.compute_dtype, seed=self.seed_generator)
        return inputs + noise


# What SELU saturates at for very negative inputs: -scale * alpha of Klambauer et al., 2017.
_SELU_FLOOR = -1.6732632423543772 * 1.0507009873554805


class AlphaDropout(_Random):
    """Dropout that keeps mean and variance of the outputs of SELU (Klambauer et al., 2017).

    Args:
        rate: the share of elements set to SELU's lowest value, from 0 to 1.
        noise_shape: shape of the random choice, broadcast over the input.
        seed: makes the choices repeat.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(seed, active=rate_of(rate, "AlphaDropout") > 0, **common)
        self.rate = rate
        self.noise_shape = noise_shape

    def call(self, inputs: Array, training: bool = False) -> Array:
        """`inputs`; while training, with elements at SELU's floor among them."""
        if not training or self.rate == 0:
            return inputs
        shape = inputs.shape
        if self.noise_shape is not None:
            shape = tuple(inputs.shape[i] if size is None else size for i, size in enumerate(self.noise_shape))
        keep = random.uniform(shape, seed=self.seed_generator) >= self.rate
        scale = ((1 - self.rate) * (1 + self.rate * _SELU_FLOOR**2)) ** -0.5
        shift = -scale * _SELU_FLOOR * self.rate
        kept = jax.lax.select(jnp.broadcast_to(keep, inputs.shape), inputs, jnp.full_like(inputs, _SELU_FLOOR))
        return kept * scale + shift
