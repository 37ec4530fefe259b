"""Image augmentation: what each random layer makes of a photograph, and of the boxes drawn on it.

Two photographs that come with scikit-learn are cut to one size, on the host, as a data pipeline would do it. Then a
row of layers changes the first one, each four times; and a pipeline of several layers changes the second one together
with a bounding box. Leaves a grid in image_augmentation.png where matplotlib is there. Takes about 20 seconds; with
`--quick`, half the layers and half of that.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_sample_images

import kerax as keras
from kerax import layers

PICTURE = Path("image_augmentation.png")
SIZE = (120, 180)
TIMES = 4

LAYERS = {
    "flip": layers.RandomFlip("horizontal", seed=1),
    "rotation": layers.RandomRotation(0.1, seed=1),
    "zoom": layers.RandomZoom((-0.4, -0.1), seed=1),
    "contrast": layers.RandomContrast(0.8, seed=1),
    "hue": layers.RandomHue(0.4, seed=1),
    "erasing": layers.RandomErasing((1.0, 1.0), scale=(0.05, 0.2), seed=1),
    "perspective": layers.RandomPerspective((1.0, 1.0), scale=0.5, seed=1),
    "elastic": layers.RandomElasticTransform((1.0, 1.0), scale=(0.7, 1.0), seed=1),
    "posterization": layers.RandomPosterization((2, 4), seed=1),
    "RandAugment": layers.RandAugment(seed=1),
}
QUICK = ("flip", "rotation", "contrast", "hue", "erasing")

# Where the flower is: left, top, right, bottom in shares of the image.
FLOWER = np.array([[0.26, 0.18, 0.71, 0.82]], "float32")


def photographs():
    """Both photographs, (120, 180, 3), as integers."""
    smaller = layers.Resizing(*SIZE, antialias=True, crop_to_aspect_ratio=True)
    return [np.asarray(smaller(image)) for image in load_sample_images().images]


def with_boxes(image, boxes):
    """The image and its boxes changed together, four times."""
    move = {"bounding_box_format": "rel_xyxy", "fill_mode": "constant"}
    pipeline = layers.Pipeline(
        [
            layers.RandomFlip("horizontal", bounding_box_format="rel_xyxy", seed=2),
            layers.RandomTranslation(0.15, 0.15, seed=2, **move),
            layers.RandomRotation(0.06, seed=2, **move),
            layers.RandomBrightness(0.15, seed=2),
        ]
    )
    one = {
        "images": image.astype("float32"),
        "bounding_boxes": {"boxes": boxes, "labels": np.zeros(len(boxes), "int32")},
    }
    return [pipeline(one) for _ in range(TIMES)]


def draw(rows, boxed):
    import matplotlib.pyplot as plt

    count = len(rows) + 1
    figure, axes = plt.subplots(count, TIMES + 1, figsize=(2 * (TIMES + 1), 1.45 * count))
    for ax in axes.flat:
        ax.set_axis_off()
    for line, (name, images) in zip(axes, rows.items(), strict=False):
        for ax, image, title in zip(line, images, ["", name, "", "", ""], strict=True):
            ax.imshow(np.clip(image, 0, 255).astype("uint8"))
            ax.set_title(title, fontsize=9)
    for ax, (image, boxes) in zip(axes[-1], boxed, strict=True):
        ax.imshow(np.clip(image, 0, 255).astype("uint8"))
        for left, top, right, bottom in _pixels(boxes):
            ax.add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor="white"))
    axes[-1][1].set_title("with its box", fontsize=9)
    figure.tight_layout(pad=0.3)
    figure.savefig(PICTURE, dpi=90)


def _pixels(boxes):
    return keras.utils.bounding_boxes.convert_format(boxes, "rel_xyxy", "xyxy", *SIZE).tolist()


def main(quick=False):
    temple, flower = photographs()
    rows = {}
    for name in QUICK if quick else LAYERS:
        changed = [np.asarray(LAYERS[name](temple.astype("float32"))) for _ in range(TIMES)]
        rows[name] = [temple, *changed]
    together = with_boxes(flower, FLOWER)
    boxed = [(flower, FLOWER), *((np.asarray(d["images"]), d["bounding_boxes"]["boxes"]) for d in together)]
    if importlib.util.find_spec("matplotlib"):
        draw(rows, boxed)
    figures = {
        "shape": list(temple.shape),
        "changes": {name: float(np.mean(np.abs(np.stack(images[1:]) - temple))) for name, images in rows.items()},
        "variety": {name: float(np.stack(images[1:]).std(axis=0).mean()) for name, images in rows.items()},
        "boxes": [np.asarray(boxes).tolist() for _, boxes in boxed],
    }
    for name, change in figures["changes"].items():
        print(f"{name:14s} changes a pixel by {change:5.1f} on average")
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
