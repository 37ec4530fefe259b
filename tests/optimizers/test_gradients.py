"""Gradients and variables as they come from hand-written loops: right, missing, wrong."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import Variable, optimizers

ones = np.ones((3,), "float32")


def weights(value=1.0, name="w"):
    return Variable(np.full((3,), value, "float32"), name=name)


@pytest.mark.parametrize(
    "pairs",
    [
        lambda v: [(ones, v)],
        lambda v: zip([ones], [v], strict=True),
        lambda v: ((g, w) for g, w in [[ones, v]]),
        lambda v: {"only": (ones, v)}.values(),
        lambda v: [(Variable(ones), v)],
    ],
    ids=["list", "zip", "generator of lists", "view", "gradient in a Variable"],
)
def test_any_iterable_of_pairs_steps(pairs):
    v, optimizer = weights(), optimizers.SGD(0.5)
    assert optimizer.apply_gradients(pairs(v)) is optimizer.iterations
    np.testing.assert_array_equal(v, np.full(3, 0.5))


def test_arguments_of_older_versions_are_taken():
    v, optimizer = weights(), optimizers.SGD(0.5)
    optimizer.apply_gradients([(ones, v)], name="step")
    optimizer.apply_gradients([(ones, v)], skip_gradients_aggregation=True)
    optimizer.apply_gradients([(ones, v)], experimental_aggregate_gradients=False)
    np.testing.assert_array_equal(v, np.full(3, -0.5))


def test_missing_gradients_are_named_and_the_others_step():
    a, b, c = (weights(name=name) for name in "abc")
    optimizer = optimizers.SGD(0.5)
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \[a, c\]"):
        optimizer.apply_gradients([(None, a), (ones, b), (None, c)])
    assert [v.numpy()[0] for v in (a, b, c)] == [1.0, 0.5, 1.0]
    with pytest.raises(ValueError, match=r"No gradients provided for any variable: got None for \[a, b\]"):
        optimizer.apply_gradients([(None, a), (None, b)])
    assert int(optimizer.iterations) == 1


def test_which_gradients_are_missing_may_change_from_call_to_call():
    a, b = weights(name="a"), weights(name="b")
    optimizer = optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
    optimizer.apply([ones, ones], [a, b])
    with pytest.warns(UserWarning, match=r"\[b\]"):
        optimizer.apply([ones, None], [a, b])
    b.assign(ones * 8)
    optimizer.apply([ones], [a])  # the same gradients, and yet another call: b is not averaged
    np.testing.assert_array_equal(optimizer.variables[3], np.full(3, 0.5))


WRONG = [
    ("no pairs", lambda a, b: [], "no pairs"),
    ("not a pair", lambda a, b: [(ones, a), ones], r"ndarray of shape \(3,\) at position 1.*pair.*zip"),
    ("three", lambda a, b: [(ones, a, b)], "a tuple at position 0"),
    ("only variables", lambda a, b: [a], "at position 0.*pair"),
    (
        "swapped",
        lambda a, b: [(ones, b), (a, ones)],
        r"ndarray of shape \(3,\) in place of variable 1.*gradient comes first",
    ),
    ("array", lambda a, b: [(ones, a.value)], "in place of variable 0.*expected a Variable"),
    ("twice", lambda a, b: [(ones, a), (ones, b), (ones, a)], "'a' twice.*each variable once"),
    ("wrong shape", lambda a, b: [(ones, a), (np.ones(2), b)], r"gradient of 'b'.*shape \(2,\).*\(3,\)"),
    ("wrong rank", lambda a, b: [(1.0, a)], r"gradient of 'a'.*shape \(\).*\(3,\)"),
]


@pytest.mark.parametrize(("pairs", "text"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_wrong_pairs_are_named_and_leave_everything_as_it_was(pairs, text):
    a, b = weights(name="a"), weights(name="b")
    optimizer = optimizers.Adam()
    with pytest.raises(ValueError, match=text):
        optimizer.apply_gradients(pairs(a, b))
    assert not optimizer.built
    assert len(optimizer.variables) == 2
    np.testing.assert_array_equal([a, b], np.ones((2, 3)))


def test_build_names_what_is_no_variable():
    with pytest.raises(ValueError, match="build: got a ndarray of shape"):
        optimizers.Adam().build([ones])


# -- minimize ----------------------------------------------------------------------------------


def test_minimize_records_a_function_itself():
    v, counter = weights(2.0), Variable(0, trainable=False, name="counter")
    optimizer = optimizers.SGD(0.1)
    seen = []

    def loss():
        counter.assign_add(1)
        value = jnp.sum(v * v)
        seen.append(float(value))  # numbers, as in TensorFlow
        return value

    assert int(optimizer.minimize(loss, [v])) == 1
    optimizer.minimize(loss, lambda: [v])
    np.testing.assert_allclose(v, 2 * 0.8 * 0.8, rtol=1e-6)
    assert int(counter) == 2
    np.testing.assert_allclose(seen, [12.0, 12 * 0.64], rtol=1e-6)


def test_minimize_takes_a_loss_and_its_tape():
    v = weights(2.0)
    optimizer = optimizers.SGD(0.1)
    with kerax.GradientTape() as tape:
        loss = jnp.sum(v * v)
    optimizer.minimize(loss, [v], tape=tape)
    np.testing.assert_allclose(v, 1.6, rtol=1e-6)
    optimizer.minimize(lambda: jnp.sum(v * v), [v], tape=kerax.GradientTape())
    np.testing.assert_allclose(v, 1.28, rtol=1e-6)
    pairs = optimizer.compute_gradients(lambda: jnp.sum(v.value), [v])
    np.testing.assert_array_equal(pairs[0][0], ones)
    assert pairs[0][1] is v


def test_minimize_says_what_it_needs():
    v, unused = weights(), weights(name="unused")
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match=r"minimize: got a ArrayImpl and no tape.*lambda: loss"):
        optimizer.minimize(jnp.float32(0), [v])
    with pytest.raises(ValueError, match=r"No gradients provided for any variable: got None for \[unused\]"):
        optimizer.minimize(lambda: jnp.sum(v.value), [unused])


@pytest.mark.parametrize("inside", [True, False])
def test_a_step_inside_the_block_of_a_tape_is_not_recorded(inside):
    v, optimizer = weights(2.0), optimizers.Adam(0.1)
    for _ in range(3):
        with kerax.GradientTape(persistent=True) as tape:
            loss = jnp.sum(v * v)
            if inside:
                optimizer.apply_gradients([(tape.gradient(loss, v), v)])
                assert not tape.gradient(loss, [slot for slot in optimizer.variables if slot.ndim])[0]
        if not inside:
            optimizer.apply_gradients([(tape.gradient(loss, v), v)])
    np.testing.assert_allclose(v, 1.7, rtol=1e-3)
    assert len(optimizer._programs.value._kept) == 1


# -- plain functions -----------------------------------------------------------------------------


def test_a_plain_jitted_function_of_arrays_steps_as_in_keras(problem):
    results = []
    for family, variables in ((optimizers, problem.ours()), (keras.optimizers, problem.theirs())):
        optimizer = family.AdamW(family.schedules.ExponentialDecay(0.1, 3, 0.9), clipnorm=1.0)
        optimizer.build(variables)

        @jax.jit
        def step(own, grads, trainable, optimizer=optimizer):
            return optimizer.stateless_apply(own, grads, trainable)

        own = [np.asarray(v) for v in optimizer.variables]
        trainable = [np.asarray(v) for v in variables]
        for row in problem.grads[:5]:
            trainable, own = step(own, row, trainable)
        assert step._cache_size() <= 2  # NumPy's arrays first, JAX's then
        results.append([*trainable, *own])
        for variable, start in zip(variables, problem.start, strict=True):
            np.testing.assert_array_equal(np.asarray(variable), start)
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_stateless_apply_says_how_many_gradients_it_needs():
    v, optimizer = weights(), optimizers.SGD()
    optimizer.build([v])
    own = [x.value for x in optimizer.variables]
    with pytest.raises(ValueError, match="stateless_apply: got 2 grads, expected 1"):
        optimizer.stateless_apply(own, [ones, ones], [ones])
    with pytest.raises(ValueError, match=r"stateless_apply: the gradient of 'w'.*\(2,\)"):
        optimizer.stateless_apply(own, [np.ones(2)], [ones])
