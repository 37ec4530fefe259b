"""Control flow: the results of Keras, Variables assigned in branches and bodies, slices, own gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import ops
from kerax._core.stateful import Carried, discover, pure
from kerax._graph.tensor import KerasTensor


@pytest.fixture
def total():
    return kerax.Variable(0.0, name="total")


def compiled(fn, *args):
    """`fn(*args)` inside jit, its Variables carried."""
    carried = Carried()

    def attempt():
        return jax.jit(lambda values, *args: pure(fn, carried)(values, *args))(carried.values(), *args)

    out, values = discover(attempt, carried)
    carried.put(values)
    return out


@pytest.mark.parametrize("flag", [True, False])
def test_cond_runs_the_branch_that_holds(flag):
    for pred in (flag, jnp.asarray(flag), np.asarray(flag)):
        assert ops.cond(pred, lambda: 1.0, lambda: 2.0) == keras.ops.cond(pred, lambda: 1.0, lambda: 2.0)


def test_cond_on_a_known_condition_takes_symbolic_branches():
    x = KerasTensor((None, 3))
    assert ops.cond(True, lambda: x + 1, lambda: x).shape == (None, 3)


def test_cond_assigns_only_in_the_branch_that_runs(total):
    def step(flag):
        def count():
            total.assign_add(1.0)
            return jnp.float32(1)

        return ops.cond(flag, count, lambda: jnp.float32(0))

    for flag in (True, False, True):
        compiled(step, jnp.asarray(flag))
    assert total.value == 2.0
    step(True)
    assert total.value == 3.0


def test_switch_takes_the_nearest_branch():
    branches = [lambda x: x, lambda x: x * 2]
    for index in (-1, 0, 1, 5):
        assert ops.switch(index, branches, 3) == keras.ops.switch(index, branches, 3)


def test_loops_assign_variables(total):
    def body(i, value):
        total.assign_add(value)
        return value + 1

    assert ops.fori_loop(0, 4, body, jnp.float32(0)) == 4
    assert total.value == 6.0
    assert compiled(lambda: ops.fori_loop(0, 4, body, jnp.float32(0))) == 4
    assert total.value == 12.0


def test_a_loop_reads_what_it_wrote(total):
    ops.while_loop(lambda i: total.value < 5, lambda i: (total.assign_add(2.0), i + 1)[1], 0)
    assert total.value == 6.0


def test_scan_assigns_variables(total):
    carry, ys = ops.scan(lambda c, x: (c + x, total.assign_add(x) * 1.0), jnp.float32(0), jnp.arange(4.0))
    np.testing.assert_array_equal(ys, [0, 1, 3, 6])
    assert carry == total.value == 6.0


def test_random_draws_in_a_loop_differ_and_move_the_generator_on():
    generator = kerax.random.SeedGenerator(3)
    _, draws = ops.scan(lambda c, x: (c, kerax.random.uniform((), seed=generator)), 0, length=4)
    alone = kerax.random.SeedGenerator(3)
    np.testing.assert_array_equal(draws, [kerax.random.uniform((), seed=alone) for _ in range(4)])
    np.testing.assert_array_equal(generator.state.value, alone.state.value)


def test_gradients_pass_through_loops():
    assert jax.grad(lambda x: ops.scan(lambda c, y: (c * y, c), x, jnp.array([2.0, 3.0]))[0])(1.0) == 6.0


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.while_loop(lambda i: i < 5, lambda i: i + 1, 0),
        lambda m: m.while_loop(lambda i, j: i < 5, lambda i, j: (i + 1, j * 2), (0, 1)),
        lambda m: m.while_loop(lambda i: i < 5, lambda i: i + 1, 0, maximum_iterations=3),
        lambda m: m.fori_loop(0, 4, lambda i, v: v + i, 0),
        lambda m: m.scan(lambda c, x: (c + x, c), 0, jnp.arange(3)),
        lambda m: m.scan(lambda c, x: (c + 1, c), 0, length=3, reverse=True),
        lambda m: m.map(lambda x: x * 2, jnp.arange(3)),
        lambda m: m.vectorized_map(lambda x: x[0] + x[1], (jnp.arange(3), jnp.arange(3))),
        lambda m: m.associative_scan(lambda a, b: a + b, jnp.arange(4), reverse=True),
        lambda m: m.jvp(lambda x: x * x, (3.0,), (1.0,)),
        lambda m: m.vectorize(lambda a, b: jnp.dot(a, b), signature="(n),(n)->()")(jnp.ones((2, 3)), jnp.ones(3)),
    ],
)
def test_results_equal_keras(call):
    ours, theirs = jax.tree.leaves(call(ops)), jax.tree.leaves(call(keras.ops))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
        assert jnp.asarray(a).dtype == jnp.asarray(b).dtype


def test_loops_on_symbolic_tensors():
    x = KerasTensor((None, 3))
    assert ops.map(lambda row: row * 2, x).shape == (None, 3)
    assert ops.vectorized_map(lambda row: ops.sum(row), x).shape == (None,)
    assert ops.fori_loop(0, 3, lambda i, v: v + 1, x).shape == (None, 3)
    assert [y.shape for y in ops.scan(lambda c, row: (c + row, row), KerasTensor((3,)), x)] == [(3,), (None, 3)]


def test_custom_gradient():
    @ops.custom_gradient
    def doubled_backwards(x):
        return x * 1.0, lambda upstream: upstream * 2

    assert jax.grad(lambda x: doubled_backwards(x * 3))(1.0) == 6.0
    assert doubled_backwards(kerax.Variable(2.0)) == 2.0


def test_stop_gradient():
    assert jax.grad(lambda x: ops.stop_gradient(x) * x)(3.0) == 3.0


def test_unstack_names_a_wrong_count():
    with pytest.raises(ValueError, match="num=3.*2, the size along axis 0"):
        ops.unstack(jnp.ones((2, 3)), num=3)


def test_an_unknown_reduction_is_named():
    with pytest.raises(ValueError, match="reduction='sub'.*'add'"):
        ops.scatter_update(jnp.zeros(3), [[0]], [1.0], reduction="sub")
