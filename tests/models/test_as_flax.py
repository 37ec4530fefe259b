"""A model is a Flax module: every tool of nnx and optax takes it."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import kerax
from kerax import layers


class Mixed(kerax.Model):
    """Subclassed, with a list of layers and a module of Flax."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.steps = [layers.Dense(4, activation="relu"), layers.BatchNormalization()]
        self.head = nnx.Linear(4, 1, rngs=nnx.Rngs(0))

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return self.head(x)


def functional():
    x = kerax.Input((3,))
    h = layers.Dense(4, activation="relu", name="hidden")(x)
    return kerax.Model(x, layers.Dense(1, name="head")(layers.BatchNormalization()(h)))


def sequential():
    return kerax.Sequential([kerax.Input((3,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)])


def subclassed():
    model = Mixed()
    model(np.zeros((1, 3), "float32"))
    return model


MODELS = [functional, sequential, subclassed]
models = pytest.mark.parametrize("make", MODELS)


@pytest.fixture
def data(rng):
    x = rng.normal(size=(32, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


def names(model):
    return [getattr(w, "path", type(w).__name__) for w in model.weights]


def values(model):
    return [np.array(w) for w in model.get_weights()]


@models
def test_split_and_merge_keep_outputs_weight_order_and_names(make, data):
    model = make()
    merged = nnx.merge(*nnx.split(model, graph=True))
    assert names(merged) == names(model)
    np.testing.assert_array_equal(merged(data[0]), model(data[0]))


@models
def test_params_are_found_by_type(make):
    model = make()
    found = jax.tree.leaves(nnx.state(model, nnx.Param, graph=True))
    assert sorted(x.shape for x in found) == sorted(tuple(w.shape) for w in model.trainable_weights)


@models
def test_clones_train_alone(make, data):
    model = make()
    clone = nnx.clone(model)
    before = values(model)
    clone.compile("sgd", "mse")
    clone.fit(*data, epochs=1, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, values(model), strict=True))
    assert not np.array_equal(before[0], values(clone)[0])
    assert not model.compiled


@models
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_copies_go_on_training_where_the_original_is(make, copied, data):
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(*data, epochs=1, verbose=0, shuffle=False)
    other = copied(model)
    assert type(other).__name__ == type(model).__name__
    assert names(other) == names(model)
    assert [type(w) for w in other.weights] == [type(w) for w in model.weights]
    for one in (model, other):
        one.fit(*data, epochs=1, verbose=0, shuffle=False)
    assert int(other.optimizer.iterations) == int(model.optimizer.iterations)
    for a, b in zip(values(model), values(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def test_the_inner_tensors_of_a_copy_come_from_its_own_layers(data):
    model = functional()
    clone = nnx.clone(model)
    features = kerax.Model(clone.input, clone.get_layer("hidden").output)
    assert features.get_layer("hidden") is clone.get_layer("hidden")
    assert clone.get_layer("hidden") is not model.get_layer("hidden")


def test_a_model_trains_in_a_hand_written_nnx_loop(data):
    model = functional()
    optimizer = nnx.Optimizer(model, optax.adam(0.05), wrt=nnx.Param)
    x, y = map(jnp.asarray, data)

    @nnx.jit
    def step(model, optimizer):
        def loss_of(model):
            return jnp.mean(jnp.square(model(x, training=True) - y))

        loss, grads = nnx.value_and_grad(loss_of)(model)
        optimizer.update(model, grads)
        return loss

    losses = [float(step(model, optimizer)) for _ in range(30)]
    assert losses[-1] < 0.3 * losses[0]


def test_a_model_trains_as_a_pure_function(data):
    model = functional()
    run, params, state = model.as_function()
    assert sorted(params) == sorted(w.path for w in model.trainable_weights)

    @jax.jit
    def gradients(params, state):
        def loss_of(params):
            out, new = run(params, state, data[0], training=True)
            return jnp.mean(jnp.square(out - data[1])), new

        return jax.value_and_grad(loss_of, has_aux=True)(params)

    first = None
    for _ in range(20):
        (loss, state), grads = gradients(params, state)
        params = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)
        first = first or float(loss)
    assert float(loss) < first
    assert np.any(state["batch_normalization/moving_mean"] != 0)
    assert not np.any(model.get_layer("batch_normalization").moving_mean.numpy())


def test_modules_of_flax_train_inside_a_model_and_follow_the_training_argument(data):
    class Net(kerax.Model):
        def __init__(self):
            super().__init__()
            self.norm = nnx.BatchNorm(3, rngs=nnx.Rngs(0))
            self.drop = nnx.Dropout(0.5, rngs=nnx.Rngs(1))
            self.out = layers.Dense(1)

        def call(self, x):
            return self.out(self.drop(self.norm(x)))

    model = Net()
    model.compile("adam", "mse")
    mean = np.array(model.norm.mean[...])
    model.fit(*data, epochs=2, verbose=0)
    assert not np.array_equal(mean, np.array(model.norm.mean[...]))
    assert int(model.drop.rngs.count[...]) > 0
    np.testing.assert_array_equal(model(data[0], training=False), model(data[0], training=False))
    assert not np.array_equal(model(data[0], training=True), model(data[0], training=True))
    assert len(model.trainable_weights) == 4


@models
def test_a_model_can_be_displayed(make):
    model = make()
    assert "Dense" in str(nnx.state(model, graph=True)) or "kernel" in str(nnx.state(model, graph=True))
    assert type(model).__name__ in repr(model)


@models
def test_a_deleted_model_is_freed(make, data):
    model = make()
    model.compile("adam", "mse")
    model.fit(*data, epochs=1, verbose=0)
    clone = nnx.clone(model)
    gone = [weakref.ref(model), weakref.ref(model.layers[-1])]
    del model
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    assert clone(data[0]).shape == (32, 1)


def test_losses_of_a_call_inside_nnx_jit_do_not_reach_the_model(data):
    x = kerax.Input((3,))
    model = kerax.Model(x, layers.Dense(2, activity_regularizer="l2")(x))
    nnx.jit(lambda model, x: model(x))(model, data[0])
    assert not any(isinstance(loss, jax.core.Tracer) for loss in model.losses)
