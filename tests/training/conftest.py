"""Small models and data that the training tests share."""

import numpy as np
import pytest

import kerax
from kerax import layers


@pytest.fixture
def data(rng):
    """44 rows: five batches of 8 and a partial one of 4."""
    x = rng.normal(size=(44, 5)).astype("float32")
    return x, (x @ np.arange(1.0, 6.0, dtype="float32"))[:, None] / 5


@pytest.fixture
def regression():
    """A function that makes a small compiled regression model, always with the same weights."""

    def make(*inner, **compiled):
        kerax.utils.set_random_seed(3)
        model = kerax.Sequential([kerax.Input((5,)), layers.Dense(6, "tanh"), *inner, layers.Dense(1)])
        model.compile(**{"optimizer": "adam", "loss": "mse", **compiled})
        return model

    return make
