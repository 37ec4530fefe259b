"""A variational autoencoder: a layer that samples, metrics of its own, and `train_step` with a tape.

It learns to describe handwritten digits of 8x8 pixels (scikit-learn's) by two numbers each. Takes about 20 seconds;
with `--quick`, a few.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

import kerax as keras
from kerax import layers, ops

LATENT = 2


class Sampling(layers.Layer):
    """Draws from the normal distribution that (mean, log of the variance) describe, so that gradients pass."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(shape=ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


def build_encoder():
    images = keras.Input((8, 8, 1))
    x = layers.Flatten()(images)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dense(64, activation="relu")(x)
    z_mean = layers.Dense(LATENT, name="z_mean")(x)
    z_log_var = layers.Dense(LATENT, name="z_log_var")(x)
    return keras.Model(images, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])], name="encoder")


def build_decoder():
    z = keras.Input((LATENT,))
    x = layers.Dense(64, activation="relu")(z)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dense(8 * 8, activation="sigmoid")(x)
    return keras.Model(z, layers.Reshape((8, 8, 1))(x), name="decoder")


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker]

    def losses_of(self, images):
        """What the reconstruction loses, and what the description costs: together the negative ELBO."""
        z_mean, z_log_var, z = self.encoder(images)
        lost = keras.losses.binary_crossentropy(images, self.decoder(z))
        cost = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
        return ops.mean(ops.sum(lost, axis=(1, 2))), ops.mean(ops.sum(cost, axis=1))

    def track(self, reconstruction_loss, kl_loss):
        self.total_loss_tracker.update_state(reconstruction_loss + kl_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {m.name: m.result() for m in self.metrics}

    def train_step(self, images):
        with keras.GradientTape() as tape:
            reconstruction_loss, kl_loss = self.losses_of(images)
            total_loss = reconstruction_loss + kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        return self.track(reconstruction_loss, kl_loss)

    def test_step(self, images):
        return self.track(*self.losses_of(images))


def show(images):
    """Images side by side, in letters."""
    for row in np.concatenate(list(images[..., 0]), axis=1):
        print("".join(" .:-=+*#%@"[int(ink)] * 2 for ink in row * 9.99))


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    digits = load_digits()
    images = (digits.images[..., np.newaxis] / 16).astype("float32")  # 0..1
    train, test = images[:1440], images[1440:]

    vae = VAE(build_encoder(), build_decoder())
    vae.compile(optimizer=keras.optimizers.Adam(2e-3))
    before = vae.evaluate(test, verbose=0, return_dict=True)
    history = vae.fit(train, epochs=40 if quick else 300, batch_size=32, verbose=0).history
    after = vae.evaluate(test, verbose=0, return_dict=True)

    # The two numbers were learned without labels; do they still say which digit it was?
    z_mean, _, _ = vae.encoder.predict(images, verbose=0)
    apart = ((z_mean[1440:, None] - z_mean[None, :1440]) ** 2).sum(-1)
    neighbour = digits.target[:1440][apart.argmin(1)]

    figures = {
        "history": history,
        "elbo_before": -before["total_loss"],
        "elbo_after": -after["total_loss"],
        "kl_after": after["kl_loss"],
        "same_digit_as_neighbour": float((neighbour == digits.target[1440:]).mean()),
    }
    show(vae.decoder.predict(np.float32([[x, 0] for x in np.linspace(-2, 2, 8)]), verbose=0))
    print("A walk along the first number, from -2 to 2.")
    print(
        f"ELBO of the test images: {figures['elbo_before']:.1f} before, {figures['elbo_after']:.1f} after "
        f"(reconstruction {-after['reconstruction_loss']:.1f}, description {-after['kl_loss']:.1f})"
    )
    print(f"{figures['same_digit_as_neighbour']:.0%} of them lie beside an image of the same digit")
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
