"""The tape against jax.grad on every layer of the shelf and every loss, from the tables the contract runs through."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import GradientTape
from kerax._core.dtypes import is_float
from kerax._core.stateful import Carried, pure
from tests.contract.battery import call
from tests.contract.layer_cases import CASES
from tests.losses.conftest import CASES as LOSSES

pytestmark = pytest.mark.slow


def total_of(outputs):
    """A scalar that every element of the outputs moves in its own way."""
    floats = [out for out in jax.tree.leaves(outputs) if jnp.issubdtype(out.dtype, jnp.floating)]
    return sum(jnp.sum(jnp.sin(out) * jnp.cos(jnp.arange(out.size).reshape(out.shape))) for out in floats)


def close(ours, theirs, tolerance):
    for mine, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        scale = max(1.0, float(jnp.max(jnp.abs(other), initial=0.0)))
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance * scale)


def scattered(layer):
    """Weights that are neither zero nor one."""
    rng = np.random.default_rng(1)
    for v in layer.trainable_variables:
        v.assign(v.value + rng.normal(size=v.shape) * 0.3)


FIRST_OF_CLASS = {case.cls: case for case in reversed(CASES)}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.grads])
def test_a_layer_has_the_gradients_that_jax_grad_gives(case):
    layer = case.make(kerax.layers)
    inputs = jax.tree.map(jnp.asarray, case.inputs())
    call(layer, case, inputs)
    scattered(layer)
    floats = [x for x in jax.tree.leaves(inputs) if is_float(x.dtype.name)]
    trainable = layer.trainable_variables
    if not trainable and not floats:
        pytest.skip("nothing to differentiate by")

    def forward(floats):
        given = iter(floats)
        filled = jax.tree.map(lambda x: next(given) if is_float(x.dtype.name) else x, inputs)
        return total_of(call(layer, case, filled, training=True)) + sum(layer.losses)

    def taped(floats):
        with GradientTape() as tape:
            tape.watch(floats)
            loss = forward(floats)
        return tape.gradient(loss, [trainable, floats], unconnected_gradients="zero")

    held = Carried([*trainable, *layer.variables])
    values, count = held.values(), len(trainable)

    def oracle(values, floats):
        def loss_of(chosen, floats):
            return pure(forward, held)([*chosen, *values[count:]], floats)[0]

        return list(jax.grad(loss_of, (0, 1))(values[:count], floats))

    expected = jax.jit(oracle)(values, floats)
    close(jax.jit(pure(taped, held))(values, floats)[0], expected, 1e-6)
    if case is FIRST_OF_CLASS[case.cls]:
        close(taped(floats), expected, 1e-5)  # op by op, XLA rounds otherwise


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_the_gradient_that_jax_grad_gives(name, rng):
    cls, options, targets, outputs = LOSSES[name]
    loss = getattr(kerax.losses, cls)(**options)
    y_true, y_pred = jnp.asarray(targets(rng, 6)), jnp.asarray(outputs(rng, 6))

    def taped(y_pred):
        with GradientTape() as tape:
            tape.watch(y_pred)
            value = loss(y_true, y_pred)
        return tape.gradient(value, y_pred, unconnected_gradients="zero")

    close(jax.jit(taped)(y_pred), jax.jit(jax.grad(lambda x: loss(y_true, x)))(y_pred), 1e-6)
    close(taped(y_pred), jax.grad(lambda x: loss(y_true, x))(y_pred), 1e-6)
