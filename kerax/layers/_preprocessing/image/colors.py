"""Layers that change colours: hue, saturation, grey, and all of them in turn."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from .... import ops, random
from ...._errors import ArgumentError
from ...._types import Array
from .base import BoxOptions, ImageLayer, batch_of, between, working
from .light import RandomBrightness, RandomContrast, one_each, rescaled


class _Colored(ImageLayer):
    """A base of layers on images of red, green and blue."""

    def _gray(self, images: Array) -> Array:
        return ops.image.rgb_to_grayscale(images, data_format=self.data_format)


class RandomHue(_Colored):
    """While training, turn the hue of images.

    Args:
        factor: how far, in half turns: a number f for up to f either way, or a pair, 0 to 1.
        value_range: least and greatest value of a pixel.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self.value_range = self._range(value_range)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`factor` (batch,): how far, in turns."""
        if not training:
            return None
        batch = batch_of(data)
        forth = random.uniform((batch,), 0.0, 1.0, "float32", seed) > 0.5
        turns = between((batch,), self.factor, seed) * 0.5
        return {"factor": jnp.where(forth, -turns, turns)}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images in other hues."""
        if transformation is None:
            return images.astype(self._compute)
        x = rescaled(working(images), self.value_range, (0, 1))
        hue, saturation, value = _channels(ops.image.rgb_to_hsv(x, data_format=self.data_format), self._axes[2])
        hue = hue + jnp.asarray(transformation["factor"]).reshape(-1, 1, 1)
        x = jnp.stack([hue - jnp.floor(hue), saturation, value], axis=self._axes[2])
        x = jnp.clip(ops.image.hsv_to_rgb(x, data_format=self.data_format), 0, 1)
        return rescaled(x, (0, 1), self.value_range).astype(self._compute)


def _channels(images: Array, axis: int) -> Array:
    return jnp.moveaxis(images, axis, 0)


class RandomSaturation(_Colored):
    """While training, make colours stronger or weaker.

    Args:
        factor: 0 and below for grey, 0.5 for no change, 1 for the strongest: a number f for -f to f, or a pair,
            -1 to 1; x multiplies the saturation by x / (1 - x).
        value_range: least and greatest value of a pixel.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self.value_range = self._range(value_range, list)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`factor` (batch,): what the saturation is multiplied by."""
        if not training:
            return None
        drawn = between((batch_of(data),), self.factor, seed)
        return {"factor": drawn / (1 - drawn + 1e-7)}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images in stronger or weaker colours."""
        if transformation is None:
            return images.astype(self._compute)
        x = rescaled(working(images), self.value_range, (0, 1))
        hue, saturation, value = _channels(ops.image.rgb_to_hsv(x, data_format=self.data_format), self._axes[2])
        saturation = saturation * jnp.asarray(transformation["factor"]).reshape(-1, 1, 1)
        x = jnp.stack([hue, jnp.clip(saturation, 0, 1), value], axis=self._axes[2])
        x = jnp.clip(ops.image.hsv_to_rgb(x, data_format=self.data_format), 0, 1)
        return rescaled(x, (0, 1), self.value_range).astype(self._compute)


class RandomColorDegeneration(_Colored):
    """While training, mix images with their own grey.

    Args:
        factor: the share of grey: a number f for -f to f, or a pair, -1 to 1; below 0 colours grow stronger.
        value_range: least and greatest value of a pixel; results are cut to it.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self.value_range = self._range(value_range, list)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`factor` (batch, 1, 1, 1): the share of grey."""
        if not training:
            return None
        return {"factor": between(one_each(data), self.factor, seed)}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some of their colour gone."""
        if transformation is None:
            return images.astype(self._compute)
        x, share = working(images), transformation["factor"]
        return jnp.clip(x + share * (self._gray(x) - x), *self.value_range).astype(self._compute)


class RandomGrayscale(_Colored):
    """While training, make some images grey, in three equal channels; integers stay integers.

    Args:
        factor: how likely, 0 to 1.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: a factor that is no chance.
    """

    _keeps_integers = True

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        if not isinstance(factor, (int, float)) or not 0 <= factor <= 1:
            raise ArgumentError(self._where, got=f"factor={factor!r}", expected="a number from 0 to 1")
        self.factor = factor
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """(batch, 1, 1, 1) booleans: which images."""
        if not training:
            return None
        drawn = random.uniform((batch_of(data),), 0.0, 1.0, "float32", seed)
        return (drawn < self.factor).reshape(one_each(data))

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, some grey."""
        dtype = images.dtype if jnp.issubdtype(images.dtype, jnp.integer) else self._compute
        if transformation is None:
            return images.astype(dtype)
        return jnp.where(transformation, self._gray(images), images).astype(dtype)


class RandomColorJitter(_Colored):
    """While training, change brightness, contrast, saturation and hue, in this order.

    Args:
        value_range: least and greatest value of a pixel.
        brightness_factor: as of `RandomBrightness`; None leaves it as it is.
        contrast_factor: as of `RandomContrast`.
        saturation_factor: as of `RandomSaturation`.
        hue_factor: as of `RandomHue`.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor or a range that is none.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        self.value_range = self._range(value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        self._seeded(seed)
        options: dict[str, Any] = {
            "value_range": self.value_range,
            "seed": seed,
            "data_format": self.data_format,
            "dtype": self._policy,
        }
        # Attributes under the names that they have in files of weights.
        if brightness_factor is not None:
            self.random_brightness = RandomBrightness(brightness_factor, **options)
        if contrast_factor is not None:
            self.random_contrast = RandomContrast(contrast_factor, **options)
        if saturation_factor is not None:
            self.random_saturation = RandomSaturation(saturation_factor, **options)
        if hue_factor is not None:
            self.random_hue = RandomHue(hue_factor, **options)

    @property
    def _steps(self) -> list[ImageLayer]:
        """The layers inside, the first one first."""
        names = ("random_brightness", "random_contrast", "random_saturation", "random_hue")
        return [getattr(self, name) for name in names if hasattr(self, name)]

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What each of the layers inside draws."""
        if not training:
            return None
        return [step.get_random_transformation(data, training, seed) for step in self._steps]

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, changed by one layer after another."""
        x = images.astype(self._compute) if transformation is None else working(images)
        for step, one in zip(self._steps, transformation or (), strict=False):
            x = step.transform_images(x, one, training)
        return x.astype(self._compute)
