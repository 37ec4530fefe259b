"""remat and RematScope: the same numbers, computed again."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import layers

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def waves(x, times=2):
    for _ in range(times):
        x = jnp.sin(x)
    return x


def test_gradients_are_the_same_and_computed_again():
    again = kerax.remat(waves)
    np.testing.assert_allclose(jax.grad(lambda x: again(x).sum())(X), jax.grad(lambda x: waves(x).sum())(X), rtol=1e-6)
    assert "checkpoint" in str(jax.make_jaxpr(lambda x: again(x, times=3))(X)) or "remat" in str(
        jax.make_jaxpr(lambda x: again(x, times=3))(X)
    )


def test_random_states_and_statistics_move_on_once():
    dropout, norm = layers.Dropout(0.5, seed=1), layers.BatchNormalization(momentum=0.5)
    kerax.remat(lambda x: norm(dropout(x, training=True), training=True))(jnp.asarray(X))
    other = [layers.Dropout(0.5, seed=1), layers.BatchNormalization(momentum=0.5)]
    other[1](other[0](X, training=True), training=True)
    np.testing.assert_allclose(norm.moving_mean.value, other[1].moving_mean.value, rtol=1e-5)
    np.testing.assert_array_equal(dropout.seed_generator.state.value, other[0].seed_generator.state.value)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["full", "activations", "larger_than", "list_of_layers", None])
def test_a_model_made_in_a_scope_learns_the_same(mode):
    def losses(scope):
        kerax.utils.set_random_seed(1)
        with scope:
            model = kerax.Sequential(
                [
                    kerax.Input((4,)),
                    layers.Dense(8, activation="tanh", name="hidden"),
                    layers.Dropout(0.5, seed=1),
                    layers.BatchNormalization(),
                    layers.Dense(1),
                ]
            )
        model.compile("sgd", "mse")
        return model.fit(X, X[:, :1], epochs=2, batch_size=4, verbose=0).history["loss"]

    scoped = losses(kerax.RematScope(mode, output_size_threshold=10, layer_names=["hidden"]))
    np.testing.assert_allclose(scoped, losses(kerax.RematScope(None)), rtol=1e-5)


def program(layer):
    layer(X)
    return str(jax.make_jaxpr(jax.grad(lambda x: layer(x).sum()))(jnp.asarray(X)))


@pytest.mark.parametrize(
    ("options", "name", "again"),
    [
        ({"mode": "list_of_layers", "layer_names": ["a"]}, "a", True),
        ({"mode": "list_of_layers", "layer_names": ["a"]}, "b", False),
        ({"mode": "larger_than", "output_size_threshold": 8}, "a", True),
        ({"mode": "larger_than", "output_size_threshold": 80}, "a", False),
    ],
)
def test_a_scope_takes_the_layers_it_names(options, name, again):
    with kerax.RematScope(**options):
        layer = layers.Dense(3, activation="tanh", name=name)
    text = program(layer)
    assert ("checkpoint" in text or "remat" in text) == again


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match="mode='some'.*list_of_layers"):
        kerax.RematScope("some")
