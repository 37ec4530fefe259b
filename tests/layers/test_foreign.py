"""Flax NNX, Flax Linen and plain JAX inside a kerax model."""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from kerax import layers


class Block(nn.Module):
    features: int

    @nn.compact
    def __call__(self, x, training=False):
        x = nn.Dense(self.features)(x)
        x = nn.BatchNorm(use_running_average=not training)(x)
        return nn.Dropout(0.5, deterministic=not training)(x)


def test_a_linen_module_has_its_params_and_statistics_as_weights(rng):
    layer = layers.FlaxLayer(Block(3))
    x = rng.normal(size=(8, 4)).astype("float32")
    y = layer(x)
    assert y.shape == (8, 3)
    assert sorted(tuple(w.shape) for w in layer.trainable_weights) == [(3,), (3,), (3,), (4, 3)]
    assert [tuple(w.shape) for w in layer.non_trainable_weights] == [(3,), (3,)]
    before = [np.asarray(w) for w in layer.non_trainable_weights]
    layer(x, training=True)
    after = [np.asarray(w) for w in layer.non_trainable_weights]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_a_linen_module_computes_what_apply_computes(rng):
    module = nn.Dense(3)
    x = rng.normal(size=(8, 4)).astype("float32")
    variables = module.init(jax.random.key(0), x)
    layer = layers.FlaxLayer(module, variables=variables)
    np.testing.assert_allclose(layer(x), module.apply(variables, x), rtol=1e-6)


def test_a_function_of_jax_trains_its_parameters(rng):
    def init(rng, inputs):
        return {"w": jax.random.normal(jax.random.wrap_key_data(rng), (inputs.shape[-1], 2)), "b": jnp.zeros(2)}

    layer = layers.JaxLayer(lambda params, inputs: inputs @ params["w"] + params["b"], init, seed=1)
    x = rng.normal(size=(8, 4)).astype("float32")
    assert layer(x).shape == (8, 2)
    assert [tuple(w.shape) for w in layer.trainable_weights] == [(2,), (4, 2)]
    values = [v.value for v in layer.trainable_variables]
    rest = [v.value for v in layer.non_trainable_variables]
    grads = jax.grad(lambda v: layer.stateless_call(v, rest, x)[0].sum())(values)
    np.testing.assert_allclose(grads[0], np.full(2, 8.0), rtol=1e-6)


def test_a_function_of_jax_with_state_moves_it_while_training():
    def call(params, state, inputs, training):
        return inputs * params, state + 1

    layer = layers.JaxLayer(call, params=jnp.float32(2.0), state=jnp.int32(0))
    layer(jnp.ones((2, 3)), training=False)
    assert int(layer.non_trainable_weights[0]) == 0
    layer(jnp.ones((2, 3)), training=True)
    assert int(layer.non_trainable_weights[0]) == 1


def test_a_function_with_unknown_parameters_is_named():
    with pytest.raises(ValueError, match=r"'weights', 'inputs'"):
        layers.JaxLayer(lambda weights, inputs: inputs, params={})


def test_an_nnx_module_follows_training(rng):
    layer = layers.NNXLayer(nnx.BatchNorm(4, rngs=nnx.Rngs(0)))
    x = rng.normal(size=(16, 4)).astype("float32") + 3
    np.testing.assert_allclose(np.asarray(layer(x, training=True)).mean(0), 0, atol=1e-4)
    assert abs(np.asarray(layer(x, training=False)).mean()) > 0.5


def test_only_nnx_modules_are_taken():
    with pytest.raises(ValueError, match="flax.nnx module"):
        layers.NNXLayer(nn.Dense(3))
