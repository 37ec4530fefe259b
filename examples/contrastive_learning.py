"""Contrastive learning (SimCLR): images without labels teach a network what an image shows.

Two distorted views of an image must find each other among the views of all other images of the batch (NT-Xent loss,
arXiv:2002.05709). Then a linear classifier is trained on top, from a handful of labels. The data are scikit-learn's
handwritten digits. Takes about 40 seconds; with `--quick`, about ten.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

import kerax as keras
from kerax import layers, ops

LABELS_PER_DIGIT = 5


class RandomView(layers.Layer):
    """Each image turned, scaled, shifted and dimmed by chance: what leaves a digit the same digit."""

    def __init__(self, turn=0.3, scale=0.15, shift=1.0, dim=0.3, **kwargs):
        super().__init__(**kwargs)
        self.turn, self.scale, self.shift, self.dim = turn, scale, shift, dim
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, images):
        def chance(width):
            return keras.random.uniform((ops.shape(images)[0],), -width, width, seed=self.seed_generator)

        angle, size, zero = chance(self.turn), 1 + chance(self.scale), ops.zeros(ops.shape(images)[0])
        cos, sin = size * ops.cos(angle), size * ops.sin(angle)
        middle = (images.shape[1] - 1) / 2  # around which to turn
        x = middle - middle * (cos - sin) + chance(self.shift)
        y = middle - middle * (sin + cos) + chance(self.shift)
        matrix = ops.stack([cos, -sin, x, sin, cos, y, zero, zero], axis=1)
        brightness = ops.reshape(1 + chance(self.dim), (-1, 1, 1, 1))
        return brightness * ops.image.affine_transform(images, matrix)


def build_encoder():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, kernel_size=3, padding="same", activation="relu"),
            layers.Conv2D(64, kernel_size=3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
        ],
        name="encoder",
    )


class ContrastiveModel(keras.Model):
    def __init__(self, encoder, temperature=0.2):
        super().__init__()
        self.encoder = encoder
        self.temperature = temperature
        self.view = RandomView()
        # The loss is taken behind two more layers, so that the encoder keeps what the loss would throw away.
        self.projection_head = keras.Sequential(
            [keras.Input((64,)), layers.Dense(64, activation="relu"), layers.Dense(32)], name="projection_head"
        )
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.accuracy_tracker = keras.metrics.SparseCategoricalAccuracy(name="partner_found")

    @property
    def metrics(self):
        return [self.loss_tracker, self.accuracy_tracker]

    def contrastive_loss(self, projections_1, projections_2):
        """NT-Xent: cross-entropy of finding the other view of the same image by cosine similarity."""
        views = ops.normalize(ops.concatenate([projections_1, projections_2]), axis=1)
        count = views.shape[0]
        similarities = ops.matmul(views, ops.transpose(views)) / self.temperature
        similarities = similarities - 1e9 * ops.eye(count)  # nobody is their own partner
        partners = ops.roll(ops.arange(count), count // 2)
        self.accuracy_tracker.update_state(partners, similarities)
        return ops.mean(keras.losses.sparse_categorical_crossentropy(partners, similarities, from_logits=True))

    def train_step(self, images):
        with keras.GradientTape() as tape:
            views = (self.view(images), self.view(images))
            loss = self.contrastive_loss(*(self.projection_head(self.encoder(v, training=True)) for v in views))
        weights = self.encoder.trainable_weights + self.projection_head.trainable_weights
        gradients = tape.gradient(loss, weights)
        self.optimizer.apply_gradients(zip(gradients, weights))
        self.loss_tracker.update_state(loss)
        return {m.name: m.result() for m in self.metrics}


def probe(encoder, labelled, test):
    """The test accuracy of a linear classifier on the features; the encoder stays as it is."""
    (x, y), (x_test, y_test) = labelled, test
    features, features_test = encoder.predict(x, verbose=0), encoder.predict(x_test, verbose=0)
    mean, spread = features.mean(0), features.std(0) + 1e-3
    classifier = keras.Sequential([keras.Input(features.shape[1:]), layers.Dense(10)])
    classifier.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit((features - mean) / spread, y, batch_size=len(x), epochs=200, verbose=0)
    return classifier.evaluate((features_test - mean) / spread, y_test, verbose=0)[1]


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    images, targets = (digits.images[order, ..., np.newaxis] / 16).astype("float32"), digits.target[order]
    unlabelled = images[:1280]
    chosen = np.concatenate([np.flatnonzero(targets[:1280] == digit)[:LABELS_PER_DIGIT] for digit in range(10)])
    labelled, test = (images[chosen], targets[chosen]), (images[1280:], targets[1280:])

    encoder = build_encoder()
    random_features = probe(encoder, labelled, test)
    model = ContrastiveModel(encoder)
    model.compile(optimizer=keras.optimizers.Adam(2e-3))
    history = model.fit(unlabelled, batch_size=256, epochs=30 if quick else 120, verbose=0).history

    figures = {
        "history": history,
        "probe_of_random_features": random_features,
        "probe_of_learned_features": probe(encoder, labelled, test),
    }
    print(f"contrastive loss {history['loss'][0]:.2f} at first, {history['loss'][-1]:.2f} at last; ", end="")
    print(f"the other view is found among {2 * 256 - 1} in {history['partner_found'][-1]:.0%} of the cases")
    print(f"{LABELS_PER_DIGIT} labels for each digit; right on test images, by a linear classifier:")
    print(f"  on features of the untrained network  {figures['probe_of_random_features']:.1%}")
    print(f"  on features learned without labels    {figures['probe_of_learned_features']:.1%}")
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
