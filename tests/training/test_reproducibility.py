"""The same seed gives the same everything; fused and single steps agree."""

import numpy as np
import pytest

import kerax
from kerax import callbacks, layers
from kerax._trainer import pace


def model_with_noise():
    return kerax.Sequential(
        [kerax.Input((6,)), layers.Dense(16, "relu"), layers.Dropout(0.4), layers.Dense(8, "tanh"), layers.Dense(1)]
    )


def trained(seed=11, epochs=4, batch_size=8, rows=196, listener=None, **options):
    kerax.utils.set_random_seed(seed)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 6)).astype("float32")
    y = np.sin(x).sum(axis=1, keepdims=True).astype("float32")
    model = model_with_noise()
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=listener, **options)
    return model.get_weights(), history.history


def identical(a, b):
    for one, other in zip(a[0], b[0], strict=True):
        np.testing.assert_array_equal(one, other)
    assert a[1] == b[1]


def test_a_seed_repeats_weights_shuffling_dropout_and_logs():
    first, second, third = trained(), trained(), trained(seed=12)
    identical(first, second)
    assert first[1]["loss"] != third[1]["loss"]


@pytest.mark.parametrize("seconds", [1e-9, 1e-3, 10.0])
def test_any_length_of_the_fused_program_gives_the_same_bits(monkeypatch, seconds):
    expected = trained()
    monkeypatch.setattr(pace, "DISPATCH", seconds)
    identical(trained(), expected)


class EveryBatch(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def test_single_steps_agree_with_fused_ones_after_a_hundred_steps():
    listener = EveryBatch()
    single, fused = trained(listener=[listener]), trained()
    assert len(listener.losses) == 100
    for one, other in zip(single[0], fused[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
    for name, values in fused[1].items():
        np.testing.assert_allclose(single[1][name], values, rtol=1e-6)


def test_shuffling_gives_every_row_once_an_epoch_with_its_target():
    x = np.arange(50, dtype="float32")[:, None]
    seen = []

    class Rows(kerax.Model):
        def call(self, inputs):
            return inputs

        def train_step(self, batch):
            seen.append(np.asarray(batch[0])[:, 0])
            np.testing.assert_array_equal(batch[0], batch[1])
            return {"loss": 0.0}

    model = Rows()
    model.compile(loss="mse", run_eagerly=True)
    model.fit(x, x, batch_size=8, epochs=2, verbose=0)
    first, second = np.concatenate(seen[:7]), np.concatenate(seen[7:])
    assert sorted(first) == sorted(second) == list(range(50))
    assert list(first) != list(second)
    assert list(first) != sorted(first)
