"""Functions on images: the part of `kerax.ops` that Keras keeps under this name."""

from ._image import (
    affine_transform,
    crop_images,
    extract_patches,
    extract_patches_3d,
    hsv_to_rgb,
    map_coordinates,
    pad_images,
    resize,
    rgb_to_grayscale,
    rgb_to_hsv,
    scale_and_translate,
)

__all__ = [
    "affine_transform",
    "crop_images",
    "extract_patches",
    "extract_patches_3d",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
]
