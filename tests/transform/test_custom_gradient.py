"""custom_gradient in TensorFlow's form and in JAX's; jax.custom_gradient is the oracle where both can be asked."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import GradientTape, Variable, custom_gradient, ops
from kerax._core.stateful import Carried, pure

X = jnp.array([1.0, 2.0, 3.0])


def close(ours, theirs, tolerance=1e-6):
    if isinstance(ours, (list, tuple, dict)):
        for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=tolerance, atol=tolerance)


def by_tape(f, *xs):
    with GradientTape() as tape:
        tape.watch(xs)
        y = f(*xs)
    return tape.gradient(y, list(xs))


def log1pexp(x):
    e = jnp.exp(x)
    return jnp.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))


def test_there_is_one_custom_gradient():
    assert kerax.custom_gradient is ops.custom_gradient


def test_the_gradient_is_the_one_given():
    ours, theirs = custom_gradient(log1pexp), jax.custom_gradient(log1pexp)
    x = jnp.array([1.0, 80.0, 100.0])
    close(ours(x), theirs(x))
    close(by_tape(ours, x)[0], [jax.nn.sigmoid(1.0), 1.0, 1.0])
    for transform in (lambda f: jax.grad(lambda x: jnp.sum(f(x))), lambda f: jax.jit(jax.jacrev(f)), jax.vmap):
        close(transform(ours)(x), transform(theirs)(x))
    close(jax.jit(lambda x: by_tape(ours, x))(x), by_tape(ours, x))


def test_second_order():
    ours = custom_gradient(log1pexp)
    with GradientTape() as outer:
        outer.watch(X)
        first = by_tape(ours, X)[0]
    s = jax.nn.sigmoid(X)
    close(outer.gradient(first, X), s * (1 - s), 1e-5)
    close(jax.grad(lambda x: jax.grad(ours)(x))(1.0), s[0] * (1 - s[0]), 1e-5)


def test_several_outputs_give_several_upstream_gradients():
    @custom_gradient
    def both(a, b):
        return (a * b, a + b), lambda of_product, of_sum: (of_product * b + of_sum, of_product * 10)

    with GradientTape() as tape:
        a, b = X, X * 2
        tape.watch([a, b])
        product, total = both(a, b)
    grads = tape.gradient([product, total], [a, b], output_gradients=[X, X * 3])
    close(grads, [X * b + X * 3, X * 10])


def test_a_rule_of_one_argument_gets_the_structure_of_the_outputs():
    def both(a, b):
        return {"product": a * b, "sum": a + b}, lambda g: (g["product"] * b + g["sum"], g["product"] * a)

    ct = {"product": X, "sum": X * 3}
    ours, theirs = (jax.vjp(make(both), X, X * 2)[1](ct) for make in (custom_gradient, jax.custom_gradient))
    close(ours, theirs)


@pytest.mark.parametrize("wrap", [lambda g: g, lambda g: (g,), lambda g: [g]])
def test_the_gradient_of_one_argument_may_stand_alone(wrap):
    f = custom_gradient(lambda x: (x * 1.0, lambda up: wrap(up * 5)))
    close(by_tape(f, X)[0], [5.0, 5.0, 5.0])


def test_keyword_arguments_and_python_values_are_not_differentiated():
    @custom_gradient
    def clipped(x, limit, *, offset, name="n"):
        assert name == "n"
        assert limit > 0
        return jnp.clip(x, -limit, limit) + offset, lambda up: (jnp.clip(up, -limit, limit), None)

    offset = jnp.ones(3)
    with GradientTape() as tape:
        tape.watch([X, offset])
        y = clipped(X, 2.0, offset=offset)
    close(y, [2.0, 3.0, 3.0])
    x_grad, offset_grad = tape.gradient(y, [X, offset], output_gradients=X * 3)
    close(x_grad, [2.0, 2.0, 2.0])
    assert offset_grad is None
    close(jax.jit(lambda x, o: clipped(x, 2.0, offset=o))(X, offset), y)


def test_an_argument_without_a_gradient():
    ids = jnp.array([2, 0])
    look_up = custom_gradient(lambda x, ids: (x[ids], lambda up: (jnp.zeros(3).at[ids].add(up * 2), None)))
    with GradientTape() as tape:
        tape.watch(X)
        y = look_up(X, ids)
    close(tape.gradient(y, X), [2.0, 0.0, 2.0])


def test_variables_as_arguments():
    v = Variable(X)
    f = custom_gradient(lambda x: (x**2, lambda up: up * 100))
    with GradientTape() as tape:
        y = f(v)
    close(tape.gradient(y, v), [100.0, 100.0, 100.0])


def make_linear(w, count=None):
    @custom_gradient
    def linear(x):
        if count is not None:
            count.assign_add(1.0)

        def grad(upstream, variables=None):
            assert [v is w for v in variables] == [True]
            return upstream * variables[0], [upstream * x * 10]

        return x * w, grad

    return linear


def test_variables_read_inside_have_gradients_too():
    w, count = Variable([4.0, 5.0, 6.0]), Variable(0.0, trainable=False)
    linear = make_linear(w, count)
    with GradientTape() as tape:
        tape.watch(X)
        y = linear(X)
    assert tape.watched_variables() == (w,)
    close(tape.gradient(y, [X, w]), [w.value, 10 * X])
    assert count.value == 1.0

    def step(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = linear(x)
        return tape.gradient(y, [x, w])

    grads, after = jax.jit(pure(step, Carried([w, count])))([w.value, count.value], X)
    close(grads, [w.value, 10 * X])
    assert after[1] == 2.0
    close(
        jax.grad(lambda values: jnp.sum(pure(linear, Carried([w, count]))(values, X)[0]))([w.value, count.value])[0],
        10 * X,
    )


def test_second_order_through_variables():
    w = Variable([4.0, 5.0, 6.0])
    linear = make_linear(w)
    with GradientTape() as outer:
        with GradientTape() as inner:
            inner.watch(X)
            y = linear(X)
        first = inner.gradient(y, X)
    close(outer.gradient(first, w), [1.0, 1.0, 1.0])


def test_methods_can_provide_their_gradient():
    class Gate:
        factor = 3.0

        @custom_gradient
        def __call__(self, x):
            return x * 1.0, lambda up: up * self.factor

    close(by_tape(Gate(), X)[0], [3.0, 3.0, 3.0])


def test_a_layer_with_its_own_gradient_trains():
    @custom_gradient()
    def reversed_gradient(x):
        return x * 1.0, lambda up: -up

    class Reverse(kerax.layers.Layer):
        def call(self, x):
            return reversed_gradient(x)

    model = kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(1, use_bias=False), Reverse()])
    model.compile("sgd", "mae")
    before = np.asarray(model.weights[0].value)
    model.fit(np.ones((4, 3), "float32"), np.full((4, 1), 100.0, "float32"), verbose=0)
    assert np.all(np.asarray(model.weights[0].value) < before), "up the hill"


def test_jax_s_form_with_defvjp():
    f = custom_gradient(lambda x: jnp.sin(x))
    f.defvjp(lambda x: (jnp.sin(x), x), lambda x, ct: (ct * x * 7,))
    close(by_tape(f, X)[0], 7 * X)
    close(jax.vmap(jax.grad(f))(X), 7 * X)
    close(f(Variable(X)), jnp.sin(X))


def test_wrong_functions_are_named():
    def lonely(x):
        return x

    with pytest.raises(ValueError, match=r"custom_gradient of 'lonely'.*expected \(y, grad_fn\)"):
        custom_gradient(lonely)(X)
    with pytest.raises(ValueError, match="1 gradients for 2 arguments.*None where there is none"):
        by_tape(custom_gradient(lambda a, b: (a * b, lambda up: up)), X, X * 2)
    with pytest.raises(ValueError, match=r"a gradient of shape \(\).*\(3,\), as the argument has"):
        by_tape(custom_gradient(lambda a: (a * 1, lambda up: jnp.sum(up))), X)


def test_a_rule_must_know_of_the_variables():
    w = Variable(2.0)
    with pytest.raises(TypeError, match="reads the Variables 'variable'.*expected a grad_fn that takes `variables`"):
        by_tape(custom_gradient(lambda x: (x * w, lambda up: up)), X)
    with pytest.raises(ValueError, match="2 gradients for 1 variables"):
        by_tape(custom_gradient(lambda x: (x * w, lambda up, variables=None: (up, [up, up]))), X)


def test_symbolic_tensors_belong_into_a_layer():
    with pytest.raises(NotImplementedError, match="a symbolic tensor.*`call` method of a layer"):
        custom_gradient(log1pexp)(kerax.Input((3,)))
