"""Layers that choose among the other layers: RandAugment and AugMix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp

from .... import random
from ...._errors import ArgumentError
from ...._types import Array
from ....random._samplers import draw_key
from ..._arguments import positive
from . import colors, filters, histograms, light, warping
from .base import BoxOptions, ImageLayer, working
from .stream import Stream

_NAMES = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_brightness",
    "random_color_degeneration",
    "random_contrast",
    "random_sharpness",
    "random_posterization",
    "solarization",
    "auto_contrast",
    "equalization",
)
_TONES = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")


class _Policy(ImageLayer):
    """A base of layers that hold a table of layers, each as strong as `factor` says."""

    _factor_range = (0.0, 1.0)
    _factor_least = 0
    _moves_pixels = True

    def __init__(self, value_range: Any, factor: Any, interpolation: str, seed: Any, **common: Any) -> None:
        super().__init__(factor=factor, **common)
        self.value_range = self._range(value_range)
        self.interpolation = interpolation
        self._seeded(seed)
        low, high = self.factor
        plain: dict[str, Any] = {"data_format": self.data_format, "dtype": self._policy}
        if self.bounding_box_format is not None:
            plain["bounding_box_format"] = self.bounding_box_format
        seeded = {**plain, "seed": seed}
        bent, ranged = {**seeded, "interpolation": interpolation}, {**seeded, "value_range": self.value_range}
        # Attributes under the names that they have in files of weights.
        self.random_shear = warping.RandomShear(self.factor, self.factor, **bent)
        self.random_translation = warping.RandomTranslation(self.factor, self.factor, **bent)
        self.random_rotation = warping.RandomRotation(self.factor, **bent)
        self.random_brightness = light.RandomBrightness(self.factor, **ranged)
        self.random_color_degeneration = colors.RandomColorDegeneration(self.factor, **ranged)
        self.random_contrast = light.RandomContrast(self.factor, **ranged)
        self.random_sharpness = filters.RandomSharpness(self.factor, **ranged)
        bits = tuple(max(int(8 * share), 1) for share in (low, high))
        self.random_posterization = light.RandomPosterization(bits, **ranged)
        self.solarization = light.Solarization(self.factor, self.factor, **ranged)
        self.auto_contrast = histograms.AutoContrast(value_range=self.value_range, **plain)
        self.equalization = histograms.Equalization(value_range=self.value_range, **plain)

    @property
    def _layers(self) -> list[ImageLayer]:
        """The layers in the order in which they are numbered."""
        return [getattr(self, name) for name in _NAMES]

    def _among(self, index: Array, changes: list[Callable[[Any], Any]], values: Any) -> Any:
        """`values` through the change that `index` names."""
        return jax.lax.switch(index, changes, values)


class RandAugment(_Policy):
    """While training, change images by some layers chosen at random, the same for all images of a batch.

    Cubuk et al., 2020. The layers: shear, translation, rotation, brightness, colour degeneration, contrast, sharpness,
    posterization, solarization, AutoContrast, Equalization.

    Args:
        value_range: least and greatest value of a pixel.
        num_ops: how many layers.
        factor: how strong they are: a number for 0 to it, or a pair, 0 to 1.
        interpolation: "nearest" or "bilinear".
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor, a range or a number that is none.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(value_range, factor, interpolation, seed, data_format=data_format, **common)
        self.num_ops = positive(num_ops, "num_ops", self._where)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`layers` (num_ops,), which ones, and `transformations`, what each of all draws."""
        if not training:
            return None
        chosen = random.randint((self.num_ops,), 0, len(self._layers), seed=seed)
        return {
            "layers": chosen,
            "transformations": [layer.get_random_transformation(data, training, seed) for layer in self._layers],
        }

    def _through(self, values: Any, transformation: Any, method: str, training: bool) -> Any:
        def change(layer: ImageLayer, drawn: Any) -> Callable[[Any], Any]:
            return lambda x: getattr(layer, method)(x, drawn, training=training)

        changes = [change(*pair) for pair in zip(self._layers, transformation["transformations"], strict=True)]
        chosen = jnp.asarray(transformation["layers"])
        # A loop, so that the layers are compiled once.
        return jax.lax.scan(lambda x, index: (self._among(index, changes, x), None), values, chosen)[0]

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, through the layers chosen."""
        x = images.astype(self._compute)
        if transformation is None:
            return x
        return self._through(x, transformation, "transform_images", training).astype(self._compute)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The masks, as the images."""
        if transformation is None:
            return segmentation_masks
        masks = jnp.asarray(segmentation_masks)
        return self._through(masks, transformation, "transform_segmentation_masks", training)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """The boxes, as the images."""
        if transformation is None:
            return bounding_boxes
        boxes = {**bounding_boxes, "boxes": jnp.asarray(bounding_boxes["boxes"], "float32")}
        boxes["labels"] = jnp.asarray(boxes["labels"])
        return self._through(boxes, transformation, "transform_bounding_boxes", training)


class AugMix(_Policy):
    """While training, mix images with mixtures of themselves changed by chains of layers (Hendrycks et al., 2020).

    Labels, boxes and masks stay: what is seen of each thing stays where it was, if paler.

    Args:
        value_range: least and greatest value of a pixel.
        num_chains: how many chains are mixed.
        chain_depth: the most layers of a chain; how many is drawn.
        factor: how strong they are: a number for 0 to it, or a pair, 0 to 1.
        alpha: of the Dirichlet distribution of the shares of the chains, and of the beta distribution of the share of
            their mixture.
        all_ops: whether brightness, colour degeneration, contrast and sharpness are among the layers.
        interpolation: "nearest" or "bilinear".
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor, a range or a number that is none.
    """

    _moves_pixels = False

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(value_range, factor, interpolation, seed, data_format=data_format, **common)
        self.num_chains = positive(num_chains, "num_chains", self._where)
        self.chain_depth = positive(chain_depth, "chain_depth", self._where)
        if not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ArgumentError(self._where, got=f"alpha={alpha!r}", expected="a number above 0")
        self.alpha, self.all_ops = alpha, all_ops

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`chain_mixing_weights` (chains,), `weight_sample` (), and of each step of each chain `layers`, which one, and
        `states` (chains, depth, 2), where its draws start; beyond the `depths` (chains,) there are none.
        """
        if not training:
            return None
        shape = (self.num_chains, self.chain_depth)
        shares = random.gamma((self.num_chains,), self.alpha, "float32", seed)
        weight = random.beta((), self.alpha, self.alpha, "float32", seed)
        depths = random.randint((self.num_chains,), 1, self.chain_depth + 1, seed=seed)
        return {
            "chain_mixing_weights": shares / shares.sum(),
            "weight_sample": weight,
            "depths": depths,
            "layers": random.randint(shape, 0, len(self._used()), seed=seed),
            "states": jax.random.bits(draw_key(seed), (*shape, 2), "uint32"),
        }

    def _used(self) -> list[ImageLayer]:
        return [getattr(self, name) for name in _NAMES if self.all_ops or name not in _TONES]

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """The images, mixed with what the chains make of them."""
        if transformation is None:
            return images.astype(self._compute)
        x = working(images)

        def step(layer: ImageLayer) -> Callable[[Any], Array]:
            def change(operands: tuple[Array, Array]) -> Array:
                values, state = operands
                drawn = layer.get_random_transformation(values, True, Stream(state))
                return layer.transform_images(values, drawn, training=training).astype(values.dtype)

            return change

        changes = [step(layer) for layer in self._used()]
        changes.append(lambda operands: operands[0])

        def chain(start: Array, depth: Array, layers: Array, states: Array) -> Array:
            def one(values: Array, turn: tuple[Array, Array, Array]) -> tuple[Array, None]:
                number, layer, state = turn
                index = jnp.where(number < depth, layer, len(changes) - 1)
                return self._among(index, changes, (values, state)), None

            return jax.lax.scan(one, start, (jnp.arange(self.chain_depth), layers, states))[0]

        def add(total: Array, drawn: tuple) -> tuple[Array, None]:
            share, *rest = drawn
            return total + share * chain(x, *rest), None

        names = ("chain_mixing_weights", "depths", "layers", "states")
        mixed, _ = jax.lax.scan(add, jnp.zeros_like(x), tuple(jnp.asarray(transformation[name]) for name in names))
        weight = transformation["weight_sample"]
        return (weight * x + (1 - weight) * mixed).astype(self._compute)
