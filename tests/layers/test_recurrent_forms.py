"""Recurrent layers give the same numbers in the form for the CPU and in the one for accelerators."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import layers
from kerax.layers._recurrent import walk
from kerax.layers._recurrent.gates import lstm_gates

LAYERS = {
    "lstm": lambda: layers.LSTM(4, return_sequences=True),
    "lstm without bias": lambda: layers.LSTM(4, use_bias=False),
    "lstm with other gates": lambda: layers.LSTM(4, activation="relu", recurrent_activation="hard_sigmoid"),
    "gru": lambda: layers.GRU(4),
    "gru, reset before": lambda: layers.GRU(4, reset_after=False, return_sequences=True),
    "simple": lambda: layers.SimpleRNN(4, go_backwards=True),
    "both ways": lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
    "stack": lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)]),
    "images": lambda: layers.ConvLSTM1D(2, 3, padding="same"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_cpu_and_an_accelerator_get_the_same_values_and_gradients(name, rng, monkeypatch):
    kerax.utils.set_random_seed(0)
    layer = LAYERS[name]()
    shape = (5, 7, 6, 2) if name == "images" else (5, 7, 3)
    x = jnp.asarray(rng.normal(size=shape), "float32")
    layer(x)

    def energy(trainable, x):
        return (layer.stateless_call(trainable, layer.non_trainable_variables, x)[0] ** 2).sum()

    given = [variable.value for variable in layer.trainable_variables]
    found = []
    for on_cpu in (True, False):
        monkeypatch.setattr(walk, "on_cpu", lambda on_cpu=on_cpu: on_cpu)
        function = jax.jit(jax.value_and_grad(lambda trainable, x: energy(trainable, x), (0, 1)))
        found.append(jax.tree.leaves(function(given, x)))
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-5)


def plain_gates(z, c):
    i, f, n, o = jnp.split(z, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(n)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def test_the_derivatives_of_the_gates_are_those_of_their_formula(rng):
    z, c, dz, dc = (jnp.asarray(rng.normal(size=size), "float32") for size in ((3, 8), (3, 2), (3, 8), (3, 2)))

    def everything(gates):
        def energy(z, c):
            h, new = gates(z, c)
            return (h**2 + jnp.sin(new)).sum()

        forward = jax.jvp(gates, (z, c), (dz, dc))
        bend = jax.jvp(jax.grad(energy, (0, 1)), (z, c), (dz, dc))
        return jax.tree.leaves((forward, bend))

    both = jax.jit(lambda: (everything(lstm_gates), everything(plain_gates)))()
    for ours, expected in zip(*both, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_large_values_saturate_the_gates_without_nan():
    z = jnp.asarray([[1e4, -1e4, 1e4, -1e4]], "float32")
    value, tangent = jax.jvp(lstm_gates, (z, jnp.ones((1, 1))), (jnp.ones_like(z), jnp.ones((1, 1))))
    for part in (*value, *tangent):
        assert np.isfinite(part).all()


class Nested(kerax.layers.Layer):
    """A cell with two inputs, two states and two outputs, of different ranks."""

    def __init__(self, wide, high, deep, **kwargs):
        self.wide, self.high, self.deep = wide, high, deep
        self.state_size = self.output_size = [(wide,), (high, deep)]
        super().__init__(**kwargs)

    def build(self, shapes):
        (_, one), (_, two, three) = shapes
        self.flat = self.add_weight(shape=(one, self.wide), name="flat")
        self.cube = self.add_weight(shape=(two, three, self.high, self.deep), name="cube")

    def call(self, inputs, states):
        one, two = inputs
        outputs = kerax.ops.matmul(one, self.flat), kerax.ops.einsum("bij,ijkl->bkl", two, self.cube)
        return outputs, tuple(state + output for state, output in zip(states, outputs))


@pytest.mark.parametrize("options", [{}, {"return_sequences": True, "go_backwards": True, "unroll": True}])
def test_a_cell_may_take_and_give_structures(options, rng):
    """As in TensorFlow's guide on recurrent networks; Keras on JAX has no such cells."""
    one, two = rng.normal(size=(2, 4, 3)).astype("float32"), rng.normal(size=(2, 4, 2, 3)).astype("float32")
    rnn = kerax.layers.RNN(Nested(5, 2, 3), return_state=True, **options)
    inputs = kerax.Input((4, 3)), kerax.Input((4, 2, 3))
    (a, b), c, d = kerax.Model(inputs, rnn(inputs))((one, two))
    flat, cube = (np.asarray(weight) for weight in rnn.cell.weights)
    steps_a, steps_b = one @ flat, np.einsum("btij,ijkl->btkl", two, cube)
    np.testing.assert_allclose(c, steps_a.sum(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(d, steps_b.sum(1), rtol=1e-5, atol=1e-6)
    back = options.get("go_backwards")
    np.testing.assert_allclose(a, steps_a[:, ::-1] if back else steps_a[:, -1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(b, steps_b[:, ::-1] if back else steps_b[:, -1], rtol=1e-5, atol=1e-6)
