"""A DCGAN: two networks, two optimizers and two tapes in one `train_step`.

A generator learns to draw handwritten digits of 8x8 pixels from noise, while a discriminator learns to tell them from
those that come with scikit-learn. Takes about 30 seconds; with `--quick`, about ten.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

import kerax as keras
from kerax import layers
from kerax.compat import tf

LATENT = 32


def build_generator():
    return keras.Sequential(
        [
            keras.Input((LATENT,)),
            layers.Dense(2 * 2 * 64, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((2, 2, 64)),
            layers.Conv2DTranspose(32, kernel_size=4, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(1, kernel_size=4, strides=2, padding="same", activation="tanh"),
        ],
        name="generator",
    )


def build_discriminator():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(),
            layers.Conv2D(64, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ],
        name="discriminator",
    )


class GAN(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")

    def compile(self, g_optimizer, d_optimizer, loss_fn):
        super().compile()
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.g_loss_metric, self.d_loss_metric]

    def train_step(self, images):
        noise = tf.random.normal([tf.shape(images)[0], LATENT])

        # Both tapes see the same forward pass; each network then descends on its own loss.
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            generated = self.generator(noise, training=True)
            real = self.discriminator(images, training=True)
            fake = self.discriminator(generated, training=True)
            g_loss = self.loss_fn(tf.ones_like(fake), fake)
            # Labels of 0.9 keep the discriminator from being so sure that nothing is left to learn from it.
            d_loss = self.loss_fn(0.9 * tf.ones_like(real), real) + self.loss_fn(tf.zeros_like(fake), fake)

        g_grads = g_tape.gradient(g_loss, self.generator.trainable_variables)
        d_grads = d_tape.gradient(d_loss, self.discriminator.trainable_variables)
        self.g_optimizer.apply_gradients(zip(g_grads, self.generator.trainable_variables))
        self.d_optimizer.apply_gradients(zip(d_grads, self.discriminator.trainable_variables))

        self.g_loss_metric.update_state(g_loss)
        self.d_loss_metric.update_state(d_loss)
        return {"g_loss": self.g_loss_metric.result(), "d_loss": self.d_loss_metric.result()}


def moments(images):
    """The mean and the spread of every pixel: where digits have ink, and where they differ."""
    return np.stack([images.mean(0), images.std(0)])


def distance(images, others):
    return float(np.sqrt(np.mean((moments(images) - moments(others)) ** 2)))


def show(images):
    """Images side by side, in letters."""
    for row in np.concatenate(list(images[..., 0]), axis=1):
        print("".join(" .:-=+*#%@"[int(ink)] * 2 for ink in (row + 1) / 2 * 9.99))


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    images = (load_digits().images[..., np.newaxis] / 8 - 1).astype("float32")  # -1..1, as tanh draws them
    images = images[: len(images) // 64 * 64]  # whole batches, so that the step is compiled for one shape

    gan = GAN(build_generator(), build_discriminator())
    gan.compile(
        g_optimizer=keras.optimizers.Adam(2e-3, beta_1=0.5),
        d_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    noise = tf.random.normal([1_000, LATENT])
    before = distance(gan.generator.predict(noise, verbose=0), images)
    history = gan.fit(images, batch_size=64, epochs=20 if quick else 100, verbose=0).history
    samples = gan.generator.predict(noise, verbose=0)

    figures = {
        "g_loss": history["g_loss"],
        "d_loss": history["d_loss"],
        "distance_before": before,
        "distance_after": distance(samples, images),
        "distance_of_halves": distance(images[::2], images[1::2]),  # what no generator can fall below by much
        "variety": float(samples.std(0).mean() / images.std(0).mean()),  # 0 where all samples are one and the same
    }
    show(samples[:8])
    print(f"losses: generator {history['g_loss'][-1]:.2f}, discriminator {history['d_loss'][-1]:.2f}")
    print(
        f"distance of the pixels' mean and spread from the data's: {before:.2f} before, "
        f"{figures['distance_after']:.2f} after; {figures['distance_of_halves']:.2f} between halves of the data"
    )
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
