"""A Wasserstein GAN with gradient penalty: a tape inside a tape, and a second-order gradient.

The data are points around eight centres on a circle, the place where ordinary GANs forget some of them. The critic's
gradient at points between real and generated ones is part of its loss: its norm is pulled to 1. Takes about 40 seconds;
with `--quick`, about ten.
"""

import sys

import numpy as np

import kerax as keras
from kerax import layers
from kerax.compat import tf

LATENT, BATCH = 8, 256
CENTRES = np.stack([(np.cos(a), np.sin(a)) for a in np.arange(8) * np.pi / 4])
SPREAD = 0.05


def points(rows, rng):
    return (CENTRES[rng.integers(0, 8, rows)] + rng.normal(0, SPREAD, (rows, 2))).astype("float32")


def network(inputs, outputs, name):
    hidden = [layers.Dense(128, activation="relu") for _ in range(3)]
    return keras.Sequential([keras.Input((inputs,)), *hidden, layers.Dense(outputs)], name=name)


class WGAN(keras.Model):
    def __init__(self, critic, generator, critic_steps=5, gp_weight=1.0):
        super().__init__()
        self.critic = critic
        self.generator = generator
        self.critic_steps = critic_steps
        self.gp_weight = gp_weight

    def compile(self, c_optimizer, g_optimizer):
        super().compile()
        self.c_optimizer = c_optimizer
        self.g_optimizer = g_optimizer

    def gradient_norm(self, real, fake):
        """How steep the critic is at random points between real and generated ones: (batch,)."""
        alpha = tf.random.uniform([tf.shape(real)[0], 1], 0.0, 1.0)
        between = real + alpha * (fake - real)
        with tf.GradientTape() as gp_tape:
            gp_tape.watch(between)
            score = self.critic(between, training=True)
        (gradient,) = gp_tape.gradient(score, [between])
        return tf.norm(gradient, axis=1)

    def train_step(self, real):
        batch = tf.shape(real)[0]
        # The critic's score is a distance only while the critic is near its best: it gets more steps.
        for _ in range(self.critic_steps):
            noise = tf.random.normal([batch, LATENT])
            with tf.GradientTape() as tape:
                fake = self.generator(noise, training=True)
                scores = self.critic(real, training=True), self.critic(fake, training=True)
                gap = tf.reduce_mean(scores[0]) - tf.reduce_mean(scores[1])
                norm = self.gradient_norm(real, fake)
                penalty = tf.reduce_mean((norm - 1.0) ** 2)
                c_loss = -gap + self.gp_weight * penalty
            c_gradient = tape.gradient(c_loss, self.critic.trainable_variables)
            self.c_optimizer.apply_gradients(zip(c_gradient, self.critic.trainable_variables))

        noise = tf.random.normal([batch, LATENT])
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(self.critic(self.generator(noise, training=True), training=True))
        g_gradient = tape.gradient(g_loss, self.generator.trainable_variables)
        self.g_optimizer.apply_gradients(zip(g_gradient, self.generator.trainable_variables))
        return {"wasserstein": gap, "gradient_norm": tf.reduce_mean(norm), "penalty": penalty}


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    data = points(50 * BATCH, np.random.default_rng(seed))

    wgan = WGAN(network(2, 1, "critic"), network(LATENT, 2, "generator"))
    wgan.compile(
        c_optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9),
        g_optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9),
    )
    noise = tf.random.normal([2_000, LATENT])
    norms_before = wgan.gradient_norm(data[:2_000], wgan.generator(noise))
    history = wgan.fit(data, batch_size=BATCH, epochs=6 if quick else 40, verbose=0).history
    samples = wgan.generator(noise)
    norms = wgan.gradient_norm(data[:2_000], samples)

    apart = np.linalg.norm(samples.numpy()[:, np.newaxis] - CENTRES, axis=-1)
    near = apart.min(1) < 3 * SPREAD
    figures = {
        "history": history,
        "norm_before": float(tf.reduce_mean(norms_before)),
        "norm_after": float(tf.reduce_mean(norms)),
        "centres_found": len(np.unique(apart.argmin(1)[near])),
        "share_near_a_centre": float(near.mean()),
    }
    print(f"norm of the critic's gradient: {figures['norm_before']:.2f} before, {figures['norm_after']:.2f} after")
    print(f"distance from the data, by the critic: {history['wasserstein'][-1]:.2f}")
    print(f"generated points near a centre: {near.mean():.0%}; centres found: {figures['centres_found']} of 8")
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
