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
from ._image_filters import gaussian_blur, sobel_edges, ssim
from ._image_warps import elastic_transform, perspective_transform

__all__ = [
    "affine_transform",
    "crop_images",
    "elastic_transform",
    "extract_patches",
    "extract_patches_3d",
    "gaussian_blur",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "perspective_transform",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
    "sobel_edges",
    "ssim",
]
