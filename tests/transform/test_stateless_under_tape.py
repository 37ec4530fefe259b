"""`stateless_call` inside a tape: the values it is given are values, not the state of Variables."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax as keras


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])
    model.set_weights([np.linspace(-1, 1, v.size).reshape(v.shape) for v in model.weights])
    return model


X = jnp.asarray([[1.0, 2.0], [-0.5, 0.3]])


def by_jax(model, scale):
    def loss(values):
        return jnp.sum(model.stateless_call([scale * value for value in values], [], X)[0] ** 2)

    return jax.grad(loss)([v.value for v in model.trainable_variables])


def check(got, want):
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_gradient_flows_through_values_computed_from_the_variables(model):
    variables = model.trainable_variables
    with keras.GradientTape(persistent=True) as tape:
        fast = [2.0 * v for v in variables]
        loss = jnp.sum(model.stateless_call(fast, [], X)[0] ** 2)
    check(tape.gradient(loss, variables), by_jax(model, 2.0))
    check(tape.gradient(loss, fast), [g / 2 for g in by_jax(model, 2.0)])


def test_variables_given_as_values_are_read(model):
    variables = model.trainable_variables
    with keras.GradientTape() as tape:
        loss = jnp.sum(model.stateless_call(variables, [], X)[0] ** 2)
    check(tape.gradient(loss, variables), by_jax(model, 1.0))


def test_watched_arrays_given_as_values_have_gradients(model):
    values = [v.value * 1.0 for v in model.trainable_variables]
    with keras.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss = jnp.sum(model.stateless_call(values, [], X)[0] ** 2)
    check(tape.gradient(loss, values), by_jax(model, 1.0))


def test_an_inner_step_inside_an_outer_tape_is_differentiated(model):
    """MAML: the outer gradient goes through the inner update, as jax.grad of jax.grad says."""
    variables = model.trainable_variables

    def inner(values):
        return jnp.sum(model.stateless_call(values, [], X)[0] ** 2)

    def outer(values):
        fast = [v - 0.1 * g for v, g in zip(values, jax.grad(inner)(values))]
        return jnp.sum(model.stateless_call(fast, [], 2 * X)[0])

    with keras.GradientTape() as outer_tape:
        with keras.GradientTape() as tape:
            loss = jnp.sum(model(X) ** 2)
        fast = [v - 0.1 * g for v, g in zip(variables, tape.gradient(loss, variables))]
        after = jnp.sum(model.stateless_call(fast, [], 2 * X)[0])
    check(outer_tape.gradient(after, variables), jax.grad(outer)([v.value for v in variables]))
