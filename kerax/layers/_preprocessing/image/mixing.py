"""Layers that mix the images of a batch with each other: MixUp and CutMix."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from .... import random
from ...._errors import ArgumentError, DTypeError, Unsupported
from ...._types import Array
from .base import BoxOptions, ImageLayer, batch_of, between, images_of, working
from .filters import patches


class _Mixing(ImageLayer):
    """A base of layers that mix rows of a batch, and their labels alike."""

    _mixes_rows = True

    def _others(self, batch: int, seed: Any) -> Array:
        return random.shuffle(jnp.arange(batch), seed=seed)

    def _labels(self, labels: Array, weight: Array, order: Array) -> Array:
        if not jnp.issubdtype(labels.dtype, jnp.floating):
            raise DTypeError(
                self._where,
                got=f"labels of dtype {labels.dtype}",
                expected="floats, which can be mixed",
                hint="one-hot labels: utils.to_categorical(labels)",
            )
        weight = weight.reshape(-1, *(1,) * (labels.ndim - 1)).astype(labels.dtype)
        return weight * labels + (1 - weight) * labels[order]


class MixUp(_Mixing):
    """While training, mix each image and its label with another of the batch (Zhang et al., 2018).

    Args:
        alpha: both parameters of the beta distribution that shares are drawn from, above 0.
        data_format: "channels_last" or "channels_first", the global setting by default.
        seed: makes the choices repeat.

    Raises:
        ArgumentError: an alpha that is no positive number.
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(data_format=data_format, **common)
        if not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ArgumentError(self._where, got=f"alpha={alpha!r}", expected="a number above 0")
        self.alpha = alpha
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`mix_weight` (batch,), the share of the image itself, and `permutation_order` (batch,), the others."""
        if not training:
            return None
        batch = batch_of(data)
        order = self._others(batch, seed)
        return {
            "mix_weight": random.beta((batch,), self.alpha, self.alpha, "float32", seed),
            "permutation_order": order,
        }

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """Each image mixed with another."""
        if transformation is None:
            return images.astype(self._compute)
        x, weight = working(images), jnp.asarray(transformation["mix_weight"]).reshape(-1, 1, 1, 1)
        return (weight * x + (1 - weight) * x[transformation["permutation_order"]]).astype(self._compute)

    def transform_labels(self, labels: Array, transformation: Any, training: bool = True) -> Array:
        """Each label mixed with another; they are floats."""
        if transformation is None:
            return labels
        return self._labels(labels, jnp.asarray(transformation["mix_weight"]), transformation["permutation_order"])

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """The boxes of both images."""
        if transformation is None:
            return bounding_boxes
        order = transformation["permutation_order"]
        return {
            key: jnp.concatenate([value, jnp.asarray(value)[order]], axis=1) for key, value in bounding_boxes.items()
        }

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """The masks of both images, as channels."""
        if transformation is None:
            return segmentation_masks
        masks = jnp.asarray(segmentation_masks)
        return jnp.concatenate([masks, masks[transformation["permutation_order"]]], axis=-1)


class CutMix(_Mixing):
    """While training, put a patch of another image of the batch into each, and mix the labels (Yun et al., 2019).

    Args:
        factor: both parameters of the beta distribution that shares are drawn from: a number f for one drawn from
            0 to f, or a pair, 0 to 1.
        seed: makes the choices repeat.
        data_format: "channels_last" or "channels_first", the global setting by default.

    Raises:
        ArgumentError: a factor that is none.
    """

    _factor_range = (0.0, 1.0)
    _factor_least = 0

    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[BoxOptions],
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **common)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`permutation_order` (batch,), `batch_masks`, where the patches lie, and `mix_weight`, what is left."""
        if not training or len(images_of(data).shape) == 3:
            return None
        batch, shape = batch_of(data), images_of(data).shape
        alpha = between((), self.factor, seed)
        weight = random.beta((batch,), alpha, alpha, "float32", seed)
        x, y = (random.uniform((batch,), 0.0, 1.0, "float32", seed) for _ in range(2))
        share = jnp.sqrt(1 - weight)
        masks = patches((x, y), (share, share), self, shape)
        order = self._others(batch, seed)
        return {"permutation_order": order, "batch_masks": masks, "mix_weight": weight.reshape(-1, 1, 1, 1)}

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """Each image with a patch of another."""
        if transformation is None:
            return images.astype(self._compute)
        x = working(images)
        others = x[transformation["permutation_order"]]
        return jnp.where(transformation["batch_masks"], others, x).astype(self._compute)

    def transform_labels(self, labels: Array, transformation: Any, training: bool = True) -> Array:
        """Each label mixed with another; they are floats."""
        if transformation is None:
            return labels
        return self._labels(labels, jnp.asarray(transformation["mix_weight"]), transformation["permutation_order"])

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """Each mask with a patch of another."""
        if transformation is None:
            return segmentation_masks
        masks = jnp.asarray(segmentation_masks)
        return jnp.where(transformation["batch_masks"], masks[transformation["permutation_order"]], masks)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Boxes that a patch hides in part have no place any more.

        Raises:
            Unsupported: always while training.
        """
        if transformation is None:
            return bounding_boxes
        raise Unsupported(self._where, got="bounding boxes", expected="images, labels and masks", hint="MixUp")
