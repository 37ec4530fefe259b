"""What is compiled, and when it is found again."""

import jax
import numpy as np

import kerax as keras
from kerax import layers


def _stack(*more):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="relu"), *more, layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def _compilations(model):
    return model._engine.value._compilations.get("train", 0)


def test_freezing_to_and_fro_compiles_once_for_each_state(rng):
    x, y = rng.random((64, 4)).astype("float32"), rng.random((64, 1)).astype("float32")
    judge = _stack()
    maker = keras.Sequential([keras.Input((4,)), layers.Dense(4), judge])
    judge.trainable = False
    maker.compile("adam", "mse")
    for _ in range(5):
        judge.trainable = True
        judge.train_on_batch(x, y)
        taught = judge.get_weights()
        judge.trainable = False
        maker.train_on_batch(x, y)
        for a, b in zip(taught, judge.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert (_compilations(judge), _compilations(maker)) == (1, 1)


def test_a_learning_rate_never_compiles_and_a_hyperparameter_does(rng):
    x, y = rng.random((64, 4)).astype("float32"), rng.random((64, 1)).astype("float32")
    model = _stack()
    model.fit(x, y, verbose=0)
    model.optimizer.learning_rate = 0.5
    model.optimizer.learning_rate.assign(0.25)
    model.fit(x, y, verbose=0)
    assert _compilations(model) == 1
    model.optimizer.beta_1 = 0.0
    before = model.get_weights()
    model.optimizer.learning_rate = 0.0
    model.fit(x, y, verbose=0)
    assert _compilations(model) == 2
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_only_what_changes_leaves_a_step(rng):
    model = _stack(layers.BatchNormalization())
    x = rng.random((64, 4)).astype("float32")
    model.predict(x, verbose=0)
    (step,) = model._engine.value.now.steps.values()
    assert step.moving == []


def test_shapes_of_a_trial_call_leave_the_batch_open():
    class Inner(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(3), layers.Dense(2)

        def call(self, x):
            return self.second(self.first(x))

    inputs = keras.Input((4,))
    inner = Inner()
    inner(inputs)
    assert inner.first.get_build_config() == {"input_shape": (None, 4)}
    assert inner.second.get_build_config() == {"input_shape": (None, 3)}


def test_a_changed_dtype_policy_is_compiled_anew():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse")
    x = np.ones((8, 4), "float32") / 3
    exact = model.predict(x, verbose=0)
    model.layers[0].dtype_policy = "mixed_bfloat16"
    assert model.predict(x, verbose=0).dtype != exact.dtype or not np.array_equal(model.predict(x, verbose=0), exact)
    model.layers[0].dtype_policy = "float32"
    np.testing.assert_array_equal(model.predict(x, verbose=0), exact)


def test_functions_run_eagerly_reaches_fit():
    seen = []

    class Looking(layers.Layer):
        def call(self, x):
            seen.append(float(x[0, 0]) if not isinstance(x, jax.core.Tracer) else None)
            return x

    model = keras.Sequential([keras.Input((4,)), Looking(), layers.Dense(3)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 4), "float32"), np.ones((8, 3), "float32")
    keras.config.run_functions_eagerly(True)
    try:
        model.fit(x, y, batch_size=4, verbose=0)
    finally:
        keras.config.run_functions_eagerly(False)
    assert seen[-2:] == [1.0, 1.0]
