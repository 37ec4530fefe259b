"""DeepDream: gradient ascent on the image, to see what the layers inside a network look for.

A small network learns to read scikit-learn's handwritten digits. Then its weights stay, and images change: a digit,
until it excites the filters of a layer more; and grey noise, until it excites one filter, or the output for one digit,
as much as it can. Leaves a picture in deep_dream.png where matplotlib is there. Takes about 20 seconds; with `--quick`,
about ten.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import kerax as keras
from kerax import layers
from kerax.compat import tf

PICTURE = Path("deep_dream.png")


def build():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, kernel_size=3, padding="same", activation="relu", name="strokes"),
            layers.Conv2D(32, kernel_size=3, padding="same", activation="relu", name="shapes"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, name="digits"),
        ]
    )


def ascent(excitement):
    """A compiled function that changes images, step by step, so that `excitement(images)` rises for each."""

    @tf.function(
        input_signature=(
            tf.TensorSpec([None, 8, 8, 1], tf.float32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.float32),
        )
    )
    def ascend(images, steps, learning_rate):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(images)  # images are no Variables: the tape must be told
                score = excitement(images)
            grads = tape.gradient(score, images)
            # Steps of one length for every image, be its slope steep or flat.
            grads /= tf.sqrt(tf.reduce_mean(tf.square(grads), axis=[1, 2, 3], keepdims=True)) + 1e-8
            images = tf.clip_by_value(images + learning_rate * grads, 0.0, 1.0)
        return images

    return ascend


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    data = load_digits()
    x = (data.images[..., np.newaxis] / 16).astype("float32")
    model = build()
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(x, data.target, batch_size=64, epochs=5 if quick else 30, validation_split=0.2, verbose=0)
    accuracy = history.history["val_accuracy"][-1]
    print(f"The network reads {accuracy:.1%} of the validation images correctly.")

    feature_extractor = keras.Model(inputs=model.inputs, outputs=model.get_layer("shapes").output)

    def any_filter(images):
        """More of whatever the layer sees already: a dream."""
        return tf.reduce_mean(tf.square(feature_extractor(images)), axis=[1, 2, 3])

    def one_filter(images):
        """For image i filter i, wherever in the image."""
        return tf.linalg.diag_part(tf.reduce_mean(feature_extractor(images), axis=[1, 2])[:, :10])

    def one_digit(images):
        """For image i the output for digit i."""
        return tf.linalg.diag_part(model(images))

    digits = tf.constant(np.stack([x[data.target == digit][0] for digit in range(10)]))
    noise = tf.random.uniform([10, 8, 8, 1], 0.4, 0.6)
    few, many = (10, 50) if quick else (20, 200)
    rows, figures = {"a digit": digits}, {"accuracy": accuracy}
    for name, excitement, images, steps in (
        ("its dream", any_filter, digits, few),
        ("one filter", one_filter, noise, many),
        ("one digit", one_digit, noise, many),
    ):
        rows[name] = ascent(excitement)(images, steps, 0.03)
        before, after = tf.reduce_mean(excitement(images)), tf.reduce_mean(excitement(rows[name]))
        change = tf.reduce_mean(tf.abs(rows[name] - images))
        figures[name] = {"before": float(before), "after": float(after), "change": float(change)}
        print(f"{name:<10} {before:8.3f} -> {after:.3f}; the pixels changed by {change:.2f}")
    figures["digits_read"] = tf.argmax(model(rows["one digit"]), axis=1).tolist()
    print("Images made for the digits 0 to 9 are read as", figures["digits_read"])

    if importlib.util.find_spec("matplotlib"):
        draw(rows)
        print(f"The picture is {PICTURE.resolve()}")
    return figures


def draw(rows):
    """A row for each kind of images, ten of them side by side."""
    import matplotlib

    matplotlib.use("Agg")  # draw into a file; no window is needed
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(rows), 10, figsize=(11, 1.15 * len(rows)), dpi=110, layout="constrained")
    for line, (name, images) in zip(axes, rows.items()):
        line[0].set_ylabel(name)
        for place, image in zip(line, np.asarray(images)):
            place.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=1)
            place.set(xticks=[], yticks=[])
    figure.savefig(PICTURE)
    plt.close(figure)


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
