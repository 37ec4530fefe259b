"""Tell flowers apart from photographs in folders, one folder a class.

`python image_classification_from_folder.py [folder]` takes a folder such as

    flowers/daisy/1.jpg  flowers/daisy/2.jpg  …  flowers/tulips/1.jpg  …

Without one it draws its own flowers: petals of several numbers, sizes and colours, as JPEGs of different sizes.
Reading, resizing and training run side by side. Takes about 30 seconds.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import kerax as keras
from kerax import layers

SIZE = 48


def draw_flowers(folder, count=120):
    """`count` pictures each of flowers with 3, 5 and 8 petals, on backgrounds of any colour."""
    rng = np.random.default_rng(0)
    for petals in (3, 5, 8):
        for number in range(count):
            height, width = rng.integers(60, 110, 2)
            y, x = np.mgrid[:height, :width]
            y, x = y - height * rng.uniform(0.4, 0.6), x - width * rng.uniform(0.4, 0.6)
            radius = min(height, width) * rng.uniform(0.3, 0.45)
            edge = radius * (0.55 + 0.45 * np.cos(petals * (np.arctan2(y, x) + rng.uniform(0, 2 * np.pi))))
            inside = np.hypot(y, x) < edge
            pixels = np.where(inside[..., None], rng.integers(150, 256, 3), rng.integers(0, 120, 3))
            pixels = pixels + rng.normal(0, 12, pixels.shape)
            path = Path(folder) / f"{petals} petals" / f"{number}.jpg"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(np.clip(pixels, 0, 255).astype("uint8")).save(path)


def build(classes):
    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), layers.Rescaling(1 / 127.5, offset=-1)])
    for filters in (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(classes))
    return model


def main(folder=None):
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as own:
        if folder is None:
            draw_flowers(own)
        train, validation = keras.utils.image_dataset_from_directory(
            folder or own,
            image_size=(SIZE, SIZE),
            crop_to_aspect_ratio=True,
            validation_split=0.2,
            subset="both",
            seed=1,
            on_error="skip",
        )
        print("Classes:", ", ".join(train.class_names))
        model = build(len(train.class_names))
        model.compile(
            optimizer=keras.optimizers.Adam(2e-3),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        mirrored = train.random_map(lambda x, y, rng: (x[:, :, ::-1] if rng.random() < 0.5 else x, y), seed=2)
        history = model.fit(mirrored, validation_data=validation, epochs=12, verbose=2).history

        guesses = model.predict(validation, verbose=0).argmax(axis=1)
        for path, guess in list(zip(validation.file_paths, guesses))[:5]:
            print(f"{Path(path).parent.name}/{Path(path).name}: {train.class_names[guess]}")
    best, chance = max(history["val_accuracy"]), 1 / len(train.class_names)
    print(f"Accuracy on photographs it has not seen: {best:.2f}; by chance it would be {chance:.2f}.")
    if best < chance + 0.2:
        raise SystemExit("It learned less than it should.")


if __name__ == "__main__":
    main(*sys.argv[1:])
