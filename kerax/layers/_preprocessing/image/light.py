"""Layers that change how bright images are: brightness, contrast, inversion, and the curves of solarization."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from .... import random
from ...._types import Array
from .base import BoxOptions, ImageLayer, ImageOptions, batch_of, between, working


def one_each(data: Any) -> tuple[int, ...]:
    """The shape of one number for each image."""
    return (batch_of(data), 1, 1, 1)


class RandomBrightness(ImageLayer):
    """While training, make images brighter or darker; integers stay integers.

    Args:
        factor: how much is added, in shares of the range of values: a number f for -f to f, or a pair, -1 to 1.
        value_range: least and greatest value of a pixel; results are cut to it.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    _keeps_integers = True

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **common: Unpack[ImageOptions]
    ) -> None:
        super().__init__(factor=factor, **common)
        self.value_range = self._range(value_range, list)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`rgb_delta` (batch, 1, 1, 1): what is added."""
        if not training:
            return None
        delta = between(one_each(data), self.factor, seed)
        return {"rgb_delta": delta * (self.value_range[1] - self.value_range[0])}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, brighter or darker."""
        dtype = images.dtype if jnp.issubdtype(images.dtype, jnp.integer) else self._compute
        if transformation is None:
            return images.astype(dtype)
        return jnp.clip(working(images) + transformation["rgb_delta"], *self.value_range).astype(dtype)


class RandomContrast(ImageLayer):
    """While training, stretch or shrink the distances from the mean of each channel of each image.

    Args:
        factor: the distances are multiplied by 1 to 1 + f for a number f, by 1 - a to 1 + b for a pair (a, b), 0 to 1.
        value_range: least and greatest value of a pixel; results are cut to it.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **common: Unpack[ImageOptions]
    ) -> None:
        super().__init__(**common)
        self.factor = self._pair(factor, "factor", (-1.0, 1.0) if isinstance(factor, (list, tuple)) else None)
        self.value_range = self._range(value_range)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`contrast_factor` (batch, 1, 1, 1): what the distances are multiplied by."""
        if not training:
            return None
        low, high = 1.0 - self.factor[0], 1.0 + self.factor[1]
        return {"contrast_factor": random.uniform(one_each(data), low, high, "float32", seed)}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, with more or less contrast."""
        if transformation is None:
            return images.astype(self._compute)
        x = working(images)
        middle = jnp.mean(x, axis=self._axes[:2], keepdims=True)
        return jnp.clip((x - middle) * transformation["contrast_factor"] + middle, *self.value_range).astype(
            self._compute
        )


class RandomInvert(ImageLayer):
    """While training, turn some images into their negatives.

    Args:
        factor: how likely: a number f for a chance drawn from 0 to f, or a pair, 0 to 1.
        value_range: least and greatest value of a pixel.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self.value_range = self._range(value_range)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`apply_inversion` (batch,): which images."""
        if not training:
            return None
        return {"apply_inversion": chosen(self.factor, batch_of(data), seed)}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some as negatives."""
        x = images.astype(self._compute)
        if transformation is None:
            return x
        chosen = transformation["apply_inversion"].reshape(-1, 1, 1, 1)
        return jnp.where(chosen, self.value_range[0] + self.value_range[1] - x, x)


def chosen(factor: tuple, batch: int, seed: Any) -> Array:
    """(batch,) booleans: each with a chance drawn from `factor`."""
    chances = between((batch,), factor, seed)
    return random.uniform((batch,), 0.0, 1.0, "float32", seed) < chances


def rescaled(images: Any, given: tuple, wanted: tuple) -> Any:
    """Pixels of one range of values brought to another."""
    if tuple(given) == tuple(wanted):
        return images
    scale = (wanted[1] - wanted[0]) / (given[1] - given[0])
    return (images - given[0]) * scale + wanted[0]


class Solarization(ImageLayer):
    """While training, add a random amount to the pixels, then invert those that reach a random threshold.

    Args:
        addition_factor: what is added, in shares of the range: a number f for 0 to f, or a pair, 0 to 1.
        threshold_factor: the threshold, likewise.
        value_range: least and greatest value of a pixel.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **common: Unpack[ImageOptions],
    ) -> None:
        super().__init__(**common)
        self.addition_factor = self._pair(addition_factor, "addition_factor", (0.0, 1.0), 0)
        self.threshold_factor = self._pair(threshold_factor, "threshold_factor", (0.0, 1.0), 0)
        self.value_range = self._range(value_range, list)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`additions` and `thresholds` (batch, 1, 1, 1), for values from 0 to 255."""
        if not training:
            return None
        names = {"additions": self.addition_factor, "thresholds": self.threshold_factor}
        return {
            name: random.uniform(one_each(data), low * 255, high * 255, "float32", seed)
            for name, (low, high) in names.items()
        }

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, solarized."""
        if transformation is None:
            return images.astype(self._compute)
        x = rescaled(working(images), self.value_range, (0, 255)) + transformation["additions"]
        x = jnp.clip(x, 0, 255)
        x = jnp.where(x < transformation["thresholds"], x, 255 - x)
        return rescaled(x, (0, 255), self.value_range).astype(self._compute)


class RandomPosterization(ImageLayer):
    """While training, keep only the highest bits of each pixel.

    Args:
        factor: how many bits of 8: a whole number f for 1 to f - 1, or a pair, the second one not reached.
        value_range: least and greatest value of a pixel.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    _factor_range = (0, 8)
    _factor_least = 1

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        single = not isinstance(factor, (list, tuple))
        self.factor = self._pair(factor, "factor", (1, 8) if single else (0, 8))
        self.value_range = self._range(value_range, list)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`shift_factor` (batch,): how many bits are lost."""
        if not training:
            return None
        low, high = (int(bits) for bits in self.factor)
        bits = random.randint((batch_of(data),), low, max(high, low + 1), "uint8", seed)
        return {"shift_factor": 8 - bits}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, in fewer shades."""
        if transformation is None:
            return images.astype(self._compute)
        x = rescaled(working(images), self.value_range, (0, 255)).astype("uint8")
        lost = jnp.asarray(transformation["shift_factor"], "uint8").reshape(-1, 1, 1, 1)
        x = jnp.left_shift(jnp.right_shift(x, lost), lost)
        return rescaled(x.astype("float32"), (0, 255), self.value_range).astype(self._compute)
