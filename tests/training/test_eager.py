"""`run_eagerly=True`: plain Python on concrete values, with the results of the compiled step."""

import jax
import numpy as np
import pytest

import kerax as keras
from kerax import layers


def _model(eager, layer, loss="mse"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layer(),
            layers.Reshape((1, 3)),
            layers.LSTM(4),
            layers.Dense(3, kernel_regularizer="l2"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05), loss, metrics=["mae"], run_eagerly=eager)
    return model


class Plain(layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], 3), name="w")
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 3)

    def call(self, x):
        self.calls.assign_add(1.0)
        return x @ self.w


class Curious(Plain):
    seen = None

    def call(self, x):
        type(self).seen.append((float(np.asarray(x).mean()), bool(x.sum() > 0), f"{x[0, 0]:.2f}"))
        if float(x.sum()) > 1e9:
            raise ValueError("a branch on a value")
        return super().call(x)


@pytest.fixture
def data(rng):
    x = rng.random((40, 4)).astype("float32")
    return x, x[:, :3]


def test_call_and_loss_see_numbers_while_training(data):
    Curious.seen, in_loss = [], []

    def loss(y_true, y_pred):
        in_loss.append(float(y_pred.mean()) + float(np.asarray(y_true).mean()))
        return ((y_true - y_pred) ** 2).mean(-1)

    model = _model(True, Curious, loss)
    model.fit(*data, batch_size=16, epochs=1, verbose=0)
    assert len(Curious.seen) == len(in_loss) == 3
    assert all(np.isfinite(mean) for mean, _, _ in Curious.seen)
    assert float(model.layers[3].calls) == 3


def test_eager_and_compiled_training_agree(data):
    eager, compiled = _model(True, Plain), _model(False, Plain)
    logs = [model.fit(*data, epochs=3, verbose=0, shuffle=False).history for model in (eager, compiled)]
    for name in logs[1]:
        np.testing.assert_allclose(logs[0][name], logs[1][name], rtol=1e-5)
    for a, b in zip(eager.get_weights(), compiled.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_step_that_fails_half_way_changes_nothing(data):
    model = _model(True, Plain)
    model.fit(*data, epochs=1, verbose=0)
    before = model.get_weights()

    class Broken(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 0:
                self.model.layers[-1].activation = lambda x: (_ for _ in ()).throw(RuntimeError("half-way"))

    with pytest.raises(RuntimeError, match="half-way"):
        model.fit(*data, epochs=1, verbose=0, callbacks=[Broken()])
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("source", ["arrays", "generator"])
def test_steps_of_the_user_get_arrays_of_jax(source):
    seen = []

    class Seeing(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            seen.extend(data)
            return super().train_step(data)

        def test_step(self, data):
            seen.extend(data)
            return super().test_step(data)

        def predict_step(self, data):
            seen.append(data[0])
            return super().predict_step(data)

    x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
    model = Seeing()
    model.compile("sgd", "mse", run_eagerly=True)

    def data(*parts):
        if source == "arrays":
            return parts, {"batch_size": 4}
        steps = ((part[:4] for part in parts) for _ in range(2))
        return (tuple(step) if len(parts) > 1 else next(step) for step in steps), {}

    for method, parts in ((model.fit, (x, y)), (model.evaluate, (x, y)), (model.predict, (x,))):
        given, options = data(*parts)
        method(*(given if source == "arrays" else (given,)), verbose=0, **options)
    arrays = [leaf for leaf in seen if leaf is not None]
    assert len(arrays) == 10
    assert all(isinstance(leaf, jax.Array) for leaf in arrays)
