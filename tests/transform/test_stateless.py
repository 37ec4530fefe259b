"""StatelessScope, as Keras's behaves."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax


def test_variables_have_other_values_within_and_their_own_after():
    seen = []
    for library in (kerax, keras):
        v, w, z = (library.Variable(value) for value in (1.0, 2.0, 3.0))
        with library.StatelessScope([(v, jnp.asarray(5.0))]) as scope:
            v.assign(v.value + 2)
            w.assign(9.0)
            scope.add_update((w, 4.0))
            inside = [float(x) for x in (v.value, w.value, z.value)]
        after = [scope.get_current_value(x) for x in (v, w, z)]
        seen.append((inside, [float(x.value) for x in (v, w, z)], [x if x is None else float(x) for x in after]))
    assert seen[0] == seen[1] == ([7.0, 4.0, 3.0], [1.0, 2.0, 3.0], [7.0, 4.0, None])


def test_losses_are_collected():
    dense = kerax.layers.Dense(2, activity_regularizer="l2")
    x = np.ones((2, 3), "float32")
    dense(x)
    with kerax.StatelessScope(collect_losses=True) as scope:
        dense(x)
    np.testing.assert_allclose(scope.losses, dense.losses)
    assert kerax.StatelessScope().losses == []


def test_a_layer_becomes_a_function_of_its_weights():
    dense = kerax.layers.Dense(2)
    dense.build((None, 3))

    def total(values, x):
        with kerax.StatelessScope(list(zip(dense.variables, values))):
            return jnp.sum(dense(x))

    grads = jax.jit(jax.grad(total))([v.value for v in dense.variables], jnp.ones((2, 3)))
    np.testing.assert_allclose(grads[1], [2.0, 2.0])


def test_a_wrong_pair_is_named():
    with pytest.raises(ValueError, match="key 1.*Variable"):
        kerax.StatelessScope([(1, 2.0)])
    with pytest.raises(ValueError, match=r"shape \(3,\).*\(\)"):
        kerax.StatelessScope([(kerax.Variable(1.0), jnp.ones(3))])
