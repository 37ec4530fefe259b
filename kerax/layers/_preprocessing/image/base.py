"""The base of the image layers: what is drawn once and applied to images, labels, boxes and masks alike.

A layer says what it draws in `get_random_transformation`, and what that does in `transform_images`, `transform_labels`,
`transform_bounding_boxes` and `transform_segmentation_masks`. Inside a model or any other trace this is traced; called
on arrays it is compiled, or plain NumPy on the host (`stream.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from .... import config, random
from ...._core import placement
from ...._core.dtypes import is_float, is_string, real_dtype
from ...._core.module import Owned
from ...._errors import ArgumentError, ShapeError
from ...._graph.tensor import KerasTensor
from ...._types import Array, Config
from ..._layer import Layer, LayerOptions
from . import box_formats
from .stream import Runner, on_cpu, outside

PARTS = ("images", "labels", "bounding_boxes", "segmentation_masks")


class BoxOptions(LayerOptions, total=False):
    """The keyword arguments every image layer takes, for those that list the data format themselves."""

    bounding_box_format: str | None


class ImageOptions(BoxOptions, total=False):
    """The keyword arguments every image layer takes."""

    data_format: str | None


class ImageLayer(Layer):
    """The base of layers on images: (height, width, channels), a batch of them, or a dict.

    A dict holds "images", and may hold "labels", "segmentation_masks" (..., height, width, 1) and "bounding_boxes",
    itself a dict of "boxes" (..., boxes, 4) and "labels" (..., boxes); all change together, other keys stay.

    Args:
        factor: how much, a number or a pair; what it means is the subclass's.
        bounding_box_format: how boxes are written, such as "xyxy" or "rel_xywh"; needed where boxes come.
        data_format: "channels_last" or "channels_first", the global setting by default.
    """

    _factor_range: tuple[float, float] = (-1.0, 1.0)  # what `factor` may be
    _factor_least: float | None = None  # where a single number starts; None: at its negative
    _keeps_integers = False  # whether images of integers stay so
    _in_numpy = False  # whether all `transform_…` work on NumPy arrays as well
    _takes_text = True  # beside the images, in a dict
    _moves_pixels = False  # whether boxes and masks change, so that the format of boxes must be known
    _runner = Owned(lambda layer: Runner())
    generator: random.SeedGenerator | None = None
    factor: Any

    def __init__(
        self,
        factor: Any = None,
        bounding_box_format: str | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.bounding_box_format = box_formats.checked_format(self._where, bounding_box_format)
        self.data_format = config.standardize_data_format(data_format)
        if factor is not None:
            self.factor = self._pair(factor, "factor")
        self.built = True

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if vars(self).get("built") and not name.startswith("_"):
            self._runner.forget()  # its programs were made from what the attributes held

    @property
    def _where(self) -> str:
        return f"{type(self).__name__} {self.name!r}"

    @property
    def _compute(self) -> Any:
        return jnp.dtype(real_dtype(self.compute_dtype))

    # -- arguments ---------------------------------------------------------------------------

    def _seeded(self, seed: int | None) -> None:
        self.seed = seed
        self.generator = random.SeedGenerator(seed)

    def _pair(self, value: Any, name: str, within: tuple[float, float] | None = None, least: Any = "") -> tuple:
        """(low, high) of a number or a pair, as Keras reads them.

        Raises:
            ArgumentError: neither, or out of range.
        """
        low, high = within or self._factor_range
        least = self._factor_least if least == "" else least
        numbers = value if isinstance(value, (list, tuple)) else [value]
        good = all(isinstance(one, (int, float, np.number)) and low <= one <= high for one in numbers)
        if not good or len(numbers) > 2 or not numbers or (len(numbers) == 1 and isinstance(value, (list, tuple))):
            raise ArgumentError(
                self._where, got=f"{name}={value!r}", expected=f"a number from {low} to {high}, or two of them"
            )
        if len(numbers) == 2:
            return tuple(sorted(numbers))
        return (-abs(value), abs(value)) if least is None else (least, value)

    def _range(self, value: Any, kind: type = tuple) -> Any:
        """A `value_range` in order, of the type it has in Keras's configs.

        Raises:
            ArgumentError: not two numbers.
        """
        good = isinstance(value, (list, tuple)) and len(value) == 2
        if not good or not all(isinstance(one, (int, float)) for one in value) or value[0] == value[1]:
            raise ArgumentError(self._where, got=f"value_range={value!r}", expected="two numbers, least and greatest")
        return kind(sorted(value))

    # -- the protocol ------------------------------------------------------------------------

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What is done to `data`, drawn from `seed`, by default the layer's generator; None: nothing.

        Args:
            data: images, or a dict of them and more.
            training: random layers do nothing where False.
            seed: a `SeedGenerator`.
        """
        return None

    def transform_images(self, images: Array, transformation: Any, training: bool = True) -> Array:
        """`images`, changed as `get_random_transformation` said."""
        raise NotImplementedError(f"{type(self).__name__}.transform_images")

    def transform_labels(self, labels: Array, transformation: Any, training: bool = True) -> Array:
        """`labels`, changed as the images are."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """`bounding_boxes`, changed as the images are."""
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Any:
        """`segmentation_masks`, changed as the images are."""
        return segmentation_masks

    def transform_single_image(self, image: Array, transformation: Any, training: bool = True) -> Array:
        """One image, changed."""
        return self.transform_images(image[None], transformation, training=training)[0]

    def transform_single_label(self, label: Array, transformation: Any, training: bool = True) -> Array:
        """The label of one image, changed."""
        return self.transform_labels(label[None], transformation, training=training)[0]

    def transform_single_bounding_box(self, bounding_box: Any, transformation: Any, training: bool = True) -> Any:
        """The boxes of one image, changed."""
        batch = jax.tree.map(lambda x: x[None], bounding_box)
        changed = self.transform_bounding_boxes(batch, transformation, training=training)
        return jax.tree.map(lambda x: x[0], changed)

    def transform_single_segmentation_mask(
        self, segmentation_mask: Array, transformation: Any, training: bool = True
    ) -> Array:
        """The mask of one image, changed."""
        return self.transform_segmentation_masks(segmentation_mask[None], transformation, training=training)[0]

    # -- the call ----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        cpu = placement.cpu_beside()
        if cpu is not None and _all_host(args, kwargs) and outside():
            with jax.default_device(cpu):  # no trip to the accelerator and back
                return super().__call__(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def call(self, data: Any, training: bool = True) -> Any:
        """Images, or a dict of images and more, changed."""
        self._check(data)
        if isinstance(data, dict):
            known = {key: value for key, value in data.items() if key in PARTS and not is_string(value)}
            rest = {key: value for key, value in data.items() if key not in known}
        else:
            known, rest = {"images": data}, {}
        training = bool(training)
        if not outside(known, self.generator.state.value if self.generator is not None else None):
            changed = self._apply(known, training, None)
        elif self._in_numpy and on_cpu(known):
            changed = self._apply_on_host(known, training)
        else:
            changed = self._runner.compiled(self, self._apply, known, training)
        if not isinstance(data, dict):
            return changed["images"]
        return {key: changed[key] if key in changed else rest[key] for key in data}

    def _apply(self, data: dict, training: bool, stream: Any) -> dict:
        """Draw and change."""
        return self._change(data, self._drawn(data, training, stream), training)

    def _drawn(self, data: dict, training: bool, stream: Any) -> Any:
        whole = data["images"] if len(data) == 1 else data
        return self.get_random_transformation(
            whole, training=training, seed=self.generator if stream is None else stream
        )

    def _apply_on_host(self, data: dict, training: bool) -> dict:
        data = jax.tree.map(np.asarray, data)
        drawn = self._runner.drawing(self, lambda stream: self._drawn(data, training, stream))
        drawn = jax.tree.map(lambda x: np.asarray(x) if isinstance(x, jax.Array) else x, drawn)
        return jax.tree.map(jnp.asarray, self._change(data, drawn, training))

    def _change(self, data: dict, transformation: Any, training: bool) -> dict:
        single = data["images"].ndim == 3
        changed = {}
        for key, value in data.items():
            if key == "bounding_boxes":
                value = self._boxes_in(value)
            names = (_SINGLE if single else _BATCH)[key]
            value = getattr(self, names)(value, transformation, training=training)
            if key == "images" and is_float(str(value.dtype)):
                value = value.astype(self._compute)
            changed[key] = value
        return changed

    def _check(self, data: Any) -> None:
        if isinstance(data, dict) and "images" not in data:
            raise ArgumentError(self._where, got=f"a dict with the keys {sorted(data)}", expected="the key 'images'")
        images = data["images"] if isinstance(data, dict) else data
        if len(getattr(images, "shape", ())) not in (3, 4):
            raise ShapeError(
                self._where,
                got=f"images of shape {getattr(images, 'shape', None)}",
                expected="(height, width, channels), or a batch of them",
            )

    def _boxes_in(self, boxes: Any) -> dict:
        if not isinstance(boxes, dict) or not {"boxes", "labels"} <= set(boxes):
            raise ArgumentError(
                self._where,
                got=f"bounding_boxes {sorted(boxes) if isinstance(boxes, dict) else type(boxes).__name__}",
                expected="a dict of 'boxes' (..., boxes, 4) and 'labels' (..., boxes)",
            )
        if self._moves_pixels and self.bounding_box_format is None:
            raise ArgumentError(
                self._where,
                got="bounding boxes, and bounding_box_format=None",
                expected="the format they are written in",
                hint=f"{type(self).__name__}(…, bounding_box_format='xyxy')",
            )
        return boxes

    def _boxes_changed(
        self, boxes: dict, sizes: tuple, change: Callable[[Any], Any], after: tuple | None = None, cut: bool = True
    ) -> dict:
        """Boxes of images of (height, width), taken through a change of corners, and cut to the image after it."""
        given = self.bounding_box_format or "xyxy"
        corners = box_formats.convert_format(boxes["boxes"], given, "xyxy", *sizes)
        moved = {**boxes, "boxes": change(corners)}
        height, width = after or sizes
        moved = box_formats.clip_to_image_size(moved, height, width, "xyxy") if cut else moved
        return {**moved, "boxes": box_formats.convert_format(moved["boxes"], "xyxy", given, height, width)}

    # -- shapes ------------------------------------------------------------------------------

    @property
    def _axes(self) -> tuple[int, int, int]:
        """The axes of height, width and channels, from the end."""
        return (-3, -2, -1) if self.data_format == "channels_last" else (-2, -1, -3)

    def _sizes(self, data: Any) -> tuple:
        """(height, width) of the images."""
        shape = images_of(data).shape
        return shape[self._axes[0]], shape[self._axes[1]]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return input_shape

    def compute_output_spec(self, data: Any, training: bool = True) -> Any:
        """Symbolic tensors for symbolic images, or for a dict of them."""
        self._check(data)
        if not isinstance(data, dict):
            return KerasTensor(self.compute_output_shape(data.shape), self._image_dtype(data))
        shapes = self.compute_output_shape(jax.tree.map(lambda x: tuple(x.shape), data))
        spec = jax.tree.map(
            lambda x, shape: KerasTensor(shape, x.dtype), data, shapes, is_leaf=lambda x: isinstance(x, KerasTensor)
        )
        return {**spec, "images": KerasTensor(shapes["images"], self._image_dtype(data["images"]))}

    def _image_dtype(self, images: Any) -> str:
        keep = self._keeps_integers and not is_float(str(images.dtype))
        return str(images.dtype) if keep else self.compute_dtype

    def get_config(self) -> Config:
        """The constructor's arguments, and the formats."""
        config = {**super().get_config(), "data_format": self.data_format}
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config


_BATCH = {key: f"transform_{key}" for key in PARTS}
_SINGLE = {key: f"transform_single_{key.removesuffix('s')}" for key in PARTS}
_SINGLE["bounding_boxes"] = "transform_single_bounding_box"


def images_of(data: Any) -> Any:
    """The images of a call's data."""
    return data["images"] if isinstance(data, dict) else data


def batch_of(data: Any) -> int:
    """How many images there are; one image counts as a batch of one."""
    images = images_of(data)
    return images.shape[0] if len(images.shape) == 4 else 1


def between(shape: tuple[int, ...], bounds: tuple, seed: Any) -> Array:
    """Numbers drawn evenly from a pair of bounds."""
    return random.uniform(shape, float(bounds[0]), float(bounds[1]), "float32", seed)


def module_of(*arrays: Any) -> Any:
    """NumPy where all arrays are NumPy's, else jax.numpy."""
    return np if all(isinstance(x, (np.ndarray, np.generic)) for x in arrays) else jnp


def working(images: Any) -> Any:
    """Pixels as floats of 32 bits at least."""
    if images.dtype in (np.float32, np.float64):
        return images
    return images.astype("float32")


def _all_host(*structures: Any) -> bool:
    leaves = jax.tree.leaves(structures, is_leaf=lambda x: isinstance(x, KerasTensor))
    return all(isinstance(leaf, (np.ndarray, np.generic, int, float, bool, str)) for leaf in leaves)
