"""Train a small convolutional network to read handwritten digits: `make quickstart`.

The digits are the 1,797 images of 8x8 pixels that come with scikit-learn, so nothing is downloaded. Where Keras's
cache folder holds MNIST (~/.keras/datasets/mnist.npz), a part of that is used in their place. Either way it takes
less than a minute on two cores, and ends with a picture of the result in quickstart.png.
"""

import os
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draw into a file; no window is needed

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator
from sklearn.datasets import load_digits

import kerax as keras
from kerax import layers

PICTURE = Path("quickstart.png")


def load():
    """Images scaled to 0..1 with one channel, digits 0..9, split for training and testing; and where they come from."""
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    if (home / "datasets" / "mnist.npz").exists():
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        x_train, y_train = x_train[:15000], y_train[:15000]  # a quarter of it is enough here, and much faster
        brightest, source = 255.0, "the first 15,000 images of MNIST"
    else:
        digits = load_digits()
        order = np.random.default_rng(0).permutation(len(digits.target))
        images, targets = digits.images[order], digits.target[order]
        (x_train, x_test), (y_train, y_test) = np.split(images, [1440]), np.split(targets, [1440])
        brightest, source = 16.0, "scikit-learn's digits"
    x_train, x_test = (x[..., np.newaxis].astype("float32") / brightest for x in (x_train, x_test))
    return (x_train, y_train), (x_test, y_test), source


def build(image_shape):
    """Two convolutions that look for strokes, and a classifier on top."""
    return keras.Sequential(
        [
            keras.Input(shape=image_shape),
            layers.Conv2D(16, kernel_size=3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, kernel_size=3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ],
        name="digit_reader",
    )


def main():
    started = time.perf_counter()
    keras.utils.set_random_seed(1)

    (x_train, y_train), (x_test, y_test), source = load()
    print(f"Data: {source}. {len(x_train):,} for training, {len(x_test):,} for testing.\n")

    model = build(x_train.shape[1:])
    model.summary()

    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    epochs = 25 if len(x_train) < 5000 else 4
    history = model.fit(x_train, y_train, batch_size=64, epochs=epochs, validation_split=0.1)

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"\nTest loss {loss:.4f}, test accuracy {accuracy:.4f}")

    probabilities = model.predict(x_test, verbose=0)
    print("The first ten test images show", y_test[:10].tolist())
    print("           the network says   ", probabilities[:10].argmax(axis=-1).tolist())

    draw(history.history, x_test, y_test, probabilities, accuracy, source)
    print(f"\nDone in {time.perf_counter() - started:.0f} seconds. The picture is {PICTURE.resolve()}")
    print(NEXT)


def draw(history, images, digits, probabilities, accuracy, source):
    """The learning curves on the left; on the right sample predictions, the mistakes first."""
    blue, orange, green, red, grey = "#3366cc", "#ee7733", "#2a9d55", "#cc3344", "#666666"
    guesses = probabilities.argmax(axis=-1)
    wrong = np.flatnonzero(guesses != digits)
    shown = np.concatenate([wrong[:6], np.flatnonzero(guesses == digits)])[:18]

    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
    figure = plt.figure(figsize=(12, 5.6), dpi=130, layout="constrained")
    figure.suptitle(f"{accuracy:.2%} of {len(digits):,} test images read correctly", fontsize=14, fontweight="bold")
    curves, samples = figure.subfigures(1, 2, width_ratios=[1, 1.35], wspace=0.04)

    for axes, name, title in zip(
        curves.subplots(2, 1, sharex=True), ("loss", "accuracy"), ("Loss", "Accuracy"), strict=True
    ):
        epochs = np.arange(1, len(history[name]) + 1)
        axes.plot(epochs, history[name], color=blue, marker="o", markersize=3, label="training")
        axes.plot(epochs, history[f"val_{name}"], color=orange, marker="o", markersize=3, label="validation")
        axes.set_title(title, loc="left", fontweight="bold")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.25)
    axes.set_xlabel("epoch")
    axes.legend(frameon=False, loc="lower right")

    for axes, index in zip(samples.subplots(3, 6).flat, shown, strict=True):
        right = guesses[index] == digits[index]
        axes.imshow(images[index, ..., 0], cmap="gray_r", vmin=0, vmax=1)
        label = f"{guesses[index]}" if right else f"{guesses[index]}, not {digits[index]}"
        axes.set_title(label, color=green if right else red, fontweight="bold")
        axes.set_xlabel(f"{probabilities[index].max():.0%} sure", color=grey, fontsize=8)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
        axes.spines[:].set_color("#cccccc")
    samples.supxlabel(f"What the network says; its mistakes, if any, first. Data: {source}", color=grey, fontsize=9)
    figure.savefig(PICTURE)
    plt.close(figure)


NEXT = """
What to try next:
  - Change the network in build(): another Conv2D, a BatchNormalization, fewer filters. Does it still reach 97 %?
  - Stop when it no longer gets better: fit(..., callbacks=[keras.callbacks.EarlyStopping(patience=3)]).
  - Other images: keras.datasets.mnist.load_data() downloads MNIST once (11 MB), and this script then uses it;
    fashion_mnist has clothes in the same shape. load() says how many images are used.
  - Bring an optimizer from optax: compile(optimizer=optax.adamw(1e-3), ...). The model is a Flax module, too:
    flax.nnx.state(model) holds its arrays.
  - Take a Keras tutorial you know, and write `import kerax as keras`."""


if __name__ == "__main__":
    main()
