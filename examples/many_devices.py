"""One line spreads a training over all devices: eight simulated ones here.

The same script trains on one device or on eight, and ends with the same weights, though the last
batch does not divide by eight. Takes about 15 seconds.
"""

import os

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

import kerax as keras
from kerax import layers


def train(x, y):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((10,)), layers.Dense(32, activation="relu"), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    model.fit(x, y, batch_size=64, epochs=5, verbose=0)
    return model


def main():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1_000, 10)).astype("float32")
    y = (x[:, :1] * x[:, 1:2]).astype("float32")
    alone = train(x, y)
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    together = train(x, y)
    apart = max(np.abs(a - b).max() for a, b in zip(alone.get_weights(), together.get_weights(), strict=True))
    devices = len(together.trainable_variables[0].value.sharding.device_set)
    print(f"{devices} devices; the weights differ from those of one device by at most {apart:.1e}")
    if devices != 8 or apart > 1e-4:
        raise SystemExit("The two trainings should agree.")


if __name__ == "__main__":
    main()
