"""Tapes through, inside and around the transformations of JAX; orders two and three; Jacobians. JAX is the oracle."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import lax

import kerax
from kerax import GradientTape, Variable
from kerax._core.stateful import Carried, pure

X = jnp.array([0.5, 1.0, 1.5])
K = jnp.array([0.7, 0.9, 1.2])  # never watched


def close(ours, theirs, tolerance=1e-6):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def grad(f):
    """`jax.grad` by a tape."""

    def of(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    return of


@jax.custom_jvp
def cube(x):
    return x**3


cube.defjvp(lambda xs, ts: (cube(xs[0]), 7 * xs[0] ** 2 * ts[0]))


@jax.custom_vjp
def square(x):
    return x**2


square.defvjp(lambda x: (x**2, x), lambda x, ct: (11 * x * ct,))


def halving(x):
    return lax.while_loop(lambda c: jnp.sum(c) > 1.0, lambda c: c * 0.5, x)


FUNCTIONS = {
    "operations": lambda x, v: jnp.sum(jnp.tanh(x * v) ** 2 + v),
    "jit": lambda x, v: jnp.sum(jax.jit(lambda a, b: (a * b, jnp.sin(b)))(x, v)[0]),
    "a closure in jit": lambda x, v: jnp.sum(jax.jit(lambda a: a * v**2)(x)),
    "scan": lambda x, v: jnp.sum(lax.scan(lambda c, r: (c * r * v, c), x, K)[0]),
    "scan over what is watched": lambda x, v: lax.scan(lambda c, r: (c + jnp.sin(r * c), c), jnp.sum(v), x)[1].sum(),
    "fori_loop": lambda x, v: jnp.sum(lax.fori_loop(0, 3, lambda i, c: c * v + i, x)),
    "while_loop": lambda x, v: jnp.sum(lax.stop_gradient(halving(x)) * v),
    "cond": lambda x, v: jnp.sum(lax.cond(x[0] > 0, lambda a: a * v**2, lambda a: a, x)),
    "switch": lambda x, v: jnp.sum(lax.switch(jnp.int32(x[1]), [lambda a: a, lambda a: a * v**3], x)),
    "vmap": lambda x, v: jnp.sum(jax.vmap(lambda a: jnp.exp(a) * v)(x)),
    "map": lambda x, v: jnp.sum(lax.map(lambda a: jnp.exp(a) * v, x)),
    "checkpoint": lambda x, v: jnp.sum(jax.checkpoint(lambda a: jnp.sin(a * v) ** 2)(x)),
    "checkpoint in jit": lambda x, v: jnp.sum(jax.jit(jax.checkpoint(lambda a, b: jnp.sin(a * b) ** 2))(x, v)),
    "associative_scan": lambda x, v: jnp.sum(lax.associative_scan(lambda a, b: a * b * v[0], x)),
    "custom_jvp": lambda x, v: jnp.sum(cube(x) * v),
    "custom_vjp": lambda x, v: jnp.sum(square(x * v)),
    "custom_vjp in jit": lambda x, v: jnp.sum(jax.jit(square)(x * v)),
    "jax.grad": lambda x, v: jnp.sum(jax.grad(lambda a: jnp.sum(jnp.sin(a * v) ** 2))(x)),
    "jax.jvp": lambda x, v: jnp.sum(jax.jvp(lambda a: jnp.sin(a * v), (x,), (v,))[1]),
    "jax.vjp": lambda x, v: jnp.sum(jax.vjp(lambda a: jnp.sin(a * v), x)[1](v)[0]),
    "jax.hessian": lambda x, v: jnp.sum(jax.hessian(lambda a: jnp.sum(jnp.sin(a * v)))(x)),
    "solve": lambda x, v: jnp.sum(jnp.linalg.solve(jnp.diag(v) + 1, x)),
    "eigh": lambda x, v: jnp.sum(jnp.linalg.eigh(jnp.outer(x, v) + jnp.outer(v, x) + jnp.diag(K))[0] ** 2),
    "sort and gather": lambda x, v: jnp.sum(jnp.sort(x * v)[::-1] * K) + (x * v)[jnp.argmax(v)],
    "fft": lambda x, v: jnp.sum(jnp.abs(jnp.fft.fft(x * v)) ** 2),
    "rows": lambda x, v: sum(row * i for i, row in enumerate(x * v)),
    "random": lambda x, v: jnp.sum(kerax.random.normal((3,), seed=3) * x * v),
    "einsum": lambda x, v: kerax.ops.einsum("i,j,i->", x, v, v),
    "ops.scan": lambda x, v: jnp.sum(kerax.ops.scan(lambda c, r: (c * r, c * v), jnp.ones(3), x)[1]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_go_through(name):
    f, v = FUNCTIONS[name], Variable(X + 0.3)
    carried = Carried([v])

    def taped(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = f(x, v.value)
        return tape.gradient(y, [x, v], unconnected_gradients="zero")

    expected = jax.grad(f, (0, 1))(X, v.value)
    close(taped(X), expected, 1e-5)
    with GradientTape(persistent=True) as tape:
        tape.watch(X)
        y = f(X, v.value)
    one_by_one = [tape.gradient(y, source, unconnected_gradients="zero") for source in (X, v)]
    close(one_by_one, expected, 1e-5)
    close(jax.jit(pure(taped, carried))(carried.values(), X)[0], expected, 1e-5)


LATE = "scan, fori_loop, while_loop, cond, switch, vmap, map, checkpoint, associative_scan, jax.grad, jax.hessian"


@pytest.mark.parametrize("name", LATE.split(", "))
def test_variables_may_be_read_first_inside(name):
    f, v = FUNCTIONS[name], Variable(X + 0.3)
    with GradientTape() as tape:
        y = f(X, v)
    close(tape.gradient(y, v), jax.grad(lambda w: f(X, w))(v.value), 1e-5)


def test_gradients_go_through_shard_map():
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("d",))
    spec = jax.sharding.PartitionSpec("d")
    sharded = jax.shard_map(lambda a: a**3, mesh=mesh, in_specs=spec, out_specs=spec)
    close(grad(lambda x: jnp.sum(sharded(x)))(X), 3 * X**2)
    close(grad(lambda x: jnp.sum(jax.jit(sharded)(x)))(X), 3 * X**2)


def test_a_compiled_function_that_froze_a_variable_is_refused():
    v = Variable(X)
    frozen = jax.jit(lambda x: jnp.sum(x * v.value))
    with GradientTape() as tape:
        y = frozen(X)
    close(tape.gradient(y, v), X)
    with (
        pytest.raises(RuntimeError, match="holds the value that Variable 'variable' had.*kerax.function"),
        GradientTape(),
    ):
        frozen(X)


def test_a_frozen_variable_deep_inside_is_refused():
    v = Variable(X)
    with pytest.raises(NotImplementedError, match="scan whose body calls.*as an argument"), GradientTape():
        lax.scan(lambda c, _: (jax.jit(lambda c: c * v.value)(c), None), X, None, length=2)


# -- orders -----------------------------------------------------------------------------------------


def f(x):
    return jnp.sum(jnp.sin(x) ** 3 + x**4)


@pytest.mark.parametrize("compiled", [False, True])
def test_orders_two_and_three(compiled):
    summed = lambda g: lambda x: jnp.sum(g(x))  # noqa: E731
    second = grad(summed(grad(f)))
    third = grad(summed(second))
    fourth = grad(lambda x: jnp.sum(third(x)))
    if compiled:
        second, third, fourth = jax.jit(second), jax.jit(third), jax.jit(fourth)
    s, c = jnp.sin(X), jnp.cos(X)
    close(second(X), 6 * s * c**2 - 3 * s**3 + 12 * X**2, 1e-5)
    close(third(X), 6 * c**3 - 21 * s**2 * c + 24 * X, 1e-5)
    close(
        fourth(X),
        jax.grad(lambda x: jnp.sum(jax.grad(lambda x: jnp.sum(jax.grad(summed(jax.grad(f)))(x)))(x)))(X),
        1e-4,
    )


def test_gradients_agree_with_finite_differences(rng):
    with jax.enable_x64(True):
        x = jnp.asarray(rng.normal(size=4))
        direction, step = jnp.asarray(rng.normal(size=4)), 1e-5
        for g, of in ((f, grad(f)), (lambda x: jnp.sum(grad(f)(x)), grad(lambda x: jnp.sum(grad(f)(x))))):
            difference = (g(x + step * direction) - g(x - step * direction)) / (2 * step)
            close(jnp.sum(of(x) * direction), difference, 1e-7)


def test_tapes_and_jax_grad_mix():
    inner = lambda g: lambda x: jnp.sum(g(x) ** 2)  # noqa: E731
    expected = jax.grad(inner(jax.grad(f)))(X)
    close(grad(inner(jax.grad(f)))(X), expected)
    close(jax.grad(inner(grad(f)))(X), expected)
    close(jax.jit(jax.grad(inner(jax.jit(grad(f)))))(X), expected)
    close(jax.vmap(grad(lambda x: x**3))(X), 3 * X**2)
    close(jax.jacfwd(grad(f))(X), jax.hessian(f)(X), 1e-5)
    close(jax.jacrev(grad(f))(X), jax.hessian(f)(X), 1e-5)
    close(lax.map(grad(lambda x: x**3), X), 3 * X**2)
    close(lax.scan(lambda c, x: (c, grad(lambda x: c * x**3)(x)), 2.0, X)[1], 6 * X**2)


def test_a_gradient_penalty():
    judge = kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(4, activation="tanh"), kerax.layers.Dense(1)])
    x = jnp.stack([X, -X])

    def penalty_of(values):
        def score(x):
            return jnp.sum(pure(judge, carried)(values, x)[0])

        norms = jnp.sqrt(jnp.sum(jax.grad(score)(x) ** 2, axis=1))
        return jnp.mean((norms - 1) ** 2)

    carried = Carried(judge.trainable_variables)

    def taped():
        with GradientTape() as outer:
            with GradientTape() as inner:
                inner.watch(x)
                score = judge(x, training=True)
            grads = inner.gradient(score, [x])[0]
            norms = jnp.sqrt(jnp.sum(grads**2, axis=1))
            loss = jnp.mean((norms - 1) ** 2)
        return outer.gradient(loss, judge.trainable_variables, unconnected_gradients="zero")

    expected = jax.grad(penalty_of)(carried.values())
    close(taped(), expected, 1e-5)
    close(jax.jit(pure(taped, carried))(carried.values())[0], expected, 1e-5)


def test_learning_to_learn_differentiates_through_an_update():
    v = Variable(X)
    with GradientTape() as outer:
        with GradientTape() as inner:
            loss = jnp.sum(v**3)
        step = v - 0.1 * inner.gradient(loss, v)
        after = jnp.sum(step**3)
    expected = jax.grad(lambda x: jnp.sum((x - 0.1 * 3 * x**2) ** 3))(X)
    close(outer.gradient(after, v), expected, 1e-5)


# -- Jacobians --------------------------------------------------------------------------------------


def g(x):
    return jnp.stack([jnp.sin(x), x**2]) * jnp.sum(x)


@pytest.mark.parametrize("options", [{}, {"parallel_iterations": 4, "experimental_use_pfor": False}])
@pytest.mark.parametrize("compiled", [False, True])
def test_jacobians(options, compiled):
    v, n = Variable(X), Variable(2.0)

    def taped(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = g(x * v) * n
        return tape.jacobian(y, {"x": x, "rest": [v, n]}, **options)

    expected = dict(
        zip(("x", "v", "n"), jax.jacrev(lambda x, v, n: g(x * v) * n, (0, 1, 2))(X, v.value, n.value), strict=True)
    )
    ours = jax.jit(taped)(X) if compiled else taped(X)
    close(ours["x"], expected["x"], 1e-5)
    close(ours["rest"], [expected["v"], expected["n"]], 1e-5)
    assert ours["x"].shape == (2, 3, 3)


def test_jacobians_of_what_is_not_connected():
    x, y = X, X * 2
    with GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = jnp.sin(x)
    assert tape.jacobian(z, y) is None
    assert tape.jacobian(jnp.ones(2), x) is None
    close(tape.jacobian(z, y, unconnected_gradients="zero"), np.zeros((3, 3)))
    assert tape.batch_jacobian(z, y) is None
    close(tape.batch_jacobian(z, y, unconnected_gradients="zero"), np.zeros(3))


def test_the_hessian_is_a_jacobian_of_a_gradient():
    with GradientTape() as outer:
        outer.watch(X)
        with GradientTape() as inner:
            inner.watch(X)
            y = f(X * X[::-1])
        first = inner.gradient(y, X)
    close(outer.jacobian(first, X), jax.hessian(lambda x: f(x * x[::-1]))(X), 1e-4)


@pytest.mark.parametrize("options", [{}, {"experimental_use_pfor": False}])
def test_batch_jacobians(options, rng):
    x = jnp.asarray(rng.normal(size=(5, 3)), "float32")
    w = jnp.asarray(rng.normal(size=(3, 2, 4)), "float32")
    row = lambda x: jnp.einsum("i,ijk->jk", jnp.sin(x), w)  # noqa: E731
    with GradientTape() as tape:
        tape.watch(x)
        y = jax.vmap(row)(x)
    ours = tape.batch_jacobian(y, x, **options)
    assert ours.shape == (5, 2, 4, 3)
    close(ours, jax.vmap(jax.jacrev(row))(x), 1e-5)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * 2
    with pytest.raises(ValueError, match=r"a target of shape \(3, 5\).*\(5, 3\).*the same first axis"):
        tape.batch_jacobian(y.T, x)


# -- modules of Flax --------------------------------------------------------------------------------


class Block(nnx.Module):
    """Parameters, running statistics and random numbers."""

    def __init__(self):
        rngs = nnx.Rngs(0)
        self.linear, self.norm, self.dropout = (
            nnx.Linear(3, 4, rngs=rngs),
            nnx.BatchNorm(4, rngs=rngs),
            nnx.Dropout(0.5, rngs=rngs),
        )

    def __call__(self, x):
        return self.dropout(jnp.tanh(self.norm(self.linear(x))))


def reference(block, x):
    @nnx.grad
    def of(block):
        return jnp.sum(block(x) ** 2)

    return of(block)


def test_flax_modules_in_a_layer_are_watched_and_may_change():
    x = jnp.stack([X, X**2, -X])
    ours, theirs = Block(), Block()
    layer = kerax.layers.NNXLayer(ours) if hasattr(kerax.layers, "NNXLayer") else None
    with GradientTape() as tape:
        loss = jnp.sum(layer(x, training=True) ** 2)
    grads = tape.gradient(loss, [ours.linear.kernel, ours.norm.scale])
    expected = reference(theirs, x)
    close(grads, [expected["linear"]["kernel"][...], expected["norm"]["scale"][...]], 1e-5)
    close(ours.norm.mean[...], theirs.norm.mean[...])
    for _, leaf in nnx.iter_graph(ours, graph=True):
        assert not (isinstance(leaf, nnx.Variable) and isinstance(leaf.get_raw_value(), jax.core.Tracer))
    ours(x)  # still its own


def test_flax_modules_outside_of_layers_are_watched_when_asked_for(caplog):
    x = jnp.stack([X, X**2, -X])
    ours, theirs = Block(), Block()
    with GradientTape() as tape:
        tape.watch(ours)
        loss = jnp.sum(ours(x) ** 2)
    expected = reference(theirs, x)
    close(tape.gradient(loss, ours.linear.kernel), expected["linear"]["kernel"][...], 1e-5)
    close(ours.norm.mean[...], theirs.norm.mean[...])
    with GradientTape() as tape:
        loss = jnp.sum(ours(x) ** 2)
    assert tape.gradient(loss, [ours.linear.kernel]) == [None]
    assert "tape.watch(module)" in caplog.text


def test_flax_parameters_held_by_a_layer_are_watched():
    class Scale(kerax.layers.Layer):
        def __init__(self):
            super().__init__()
            self.factor = nnx.Param(jnp.array(2.0))

        def call(self, x):
            return x * self.factor[...]

    layer = Scale()
    with GradientTape() as tape:
        loss = jnp.sum(layer(X))
    close(tape.gradient(loss, layer.factor), jnp.sum(X))


def test_nnx_jit_inside_a_tape():
    layer = kerax.layers.Dense(2)
    layer.build((None, 3))

    @nnx.jit
    def run(layer, x):
        return jnp.sum(layer(x) ** 2)

    x = jnp.stack([X, -X])
    with GradientTape() as tape:
        tape.watch(layer.trainable_variables)
        loss = run(layer, x)
    with GradientTape() as plain:
        same = jnp.sum(layer(x) ** 2)
    close(tape.gradient(loss, layer.trainable_variables), plain.gradient(same, layer.trainable_variables), 1e-5)
