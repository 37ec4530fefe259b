"""`add_metric` of layers and functional models, as in tf.keras."""

from __future__ import annotations

import numpy as np
import pytest

import kerax
from kerax import layers, ops

X = np.arange(24, dtype="float32").reshape(8, 3)


class Watching(layers.Layer):
    def call(self, x):
        self.add_metric(ops.max(x), name="greatest")
        return x


def with_layer():
    return kerax.Sequential([kerax.Input((3,)), Watching(), layers.Dense(1)])


def with_tensor():
    x = kerax.Input((3,))
    model = kerax.Model(x, layers.Dense(1)(x))
    model.add_metric(ops.max(x, axis=(0, 1)), name="greatest", aggregation="mean")
    return model


@pytest.mark.parametrize("make", [with_layer, with_tensor])
def test_the_mean_over_batches_is_logged(make):
    model = make()
    model.compile("sgd", "mse")
    history = model.fit(X, X[:, :1], batch_size=4, epochs=2, shuffle=False, verbose=0).history
    assert history["greatest"] == [pytest.approx((X[:4].max() + X[4:].max()) / 2)] * 2
    logs = model.evaluate(X, X[:, :1], batch_size=8, verbose=0, return_dict=True)
    assert logs["greatest"] == pytest.approx(X.max())
    assert [metric.name for metric in model.metrics][-1] == "greatest"


def test_a_copy_follows_the_same_values(tmp_path):
    model = with_tensor()
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    for copy in (kerax.models.load_model(tmp_path / "model.keras"), kerax.models.clone_model(model)):
        copy.compile("sgd", "mse")
        assert copy.evaluate(X, X[:, :1], verbose=0, return_dict=True)["greatest"] == pytest.approx(X.max())


def test_it_needs_a_name():
    with pytest.raises(ValueError, match="add_metric of Watching.*a name for the logs"):
        Watching().add_metric(1.0)
