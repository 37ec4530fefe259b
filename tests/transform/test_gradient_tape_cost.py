"""What a tape costs: the program of jax.value_and_grad when compiled, no memory left behind when eager."""

from __future__ import annotations

import gc
import re
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import GradientTape, Variable, layers
from kerax._core.stateful import Carried, pure
from kerax._transform.tape import Tape

MODELS = {
    "mlp": ([lambda: layers.Dense(30, activation="relu"), lambda: layers.Dense(10)], (20,)),
    "cnn": (
        [
            lambda: layers.Conv2D(4, 3, activation="relu"),
            lambda: layers.BatchNormalization(),
            lambda: layers.MaxPooling2D(),
            lambda: layers.Flatten(),
            lambda: layers.Dense(10),
        ],
        (8, 8, 1),
    ),
    "lstm": ([lambda: layers.LSTM(8), lambda: layers.Dense(10)], (5, 3)),
}


def size(program) -> tuple[int, float]:
    cost = program.cost_analysis()
    flops = (cost[0] if isinstance(cost, list) else cost)["flops"]
    return len(re.findall(r"^\s+(?:ROOT )?%?[\w.-]+ = ", program.as_text(), re.MULTILINE)), flops


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_compiled_step_is_no_bigger_than_with_value_and_grad(name, rng):
    makers, shape = MODELS[name]
    model = kerax.Sequential([kerax.Input(shape), *(make() for make in makers)])
    loss_of = kerax.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = jnp.asarray(rng.normal(size=(4, *shape)), "float32"), jnp.asarray(rng.integers(0, 10, 4))
    trainable = model.trainable_variables
    carried = Carried([*trainable, *model.variables])

    def forward(x, y):
        return loss_of(y, model(x, training=True))

    def taped(x, y):
        with GradientTape() as tape:
            loss = forward(x, y)
        return loss, tape.gradient(loss, trainable)

    def by_hand(values, x, y):
        def objective(chosen):
            return pure(forward, carried)([*chosen, *values[len(chosen) :]], x, y)

        (loss, after), grads = jax.value_and_grad(objective, has_aux=True)(values[: len(trainable)])
        return (loss, grads), after

    args = (carried.values(), x, y)
    ours, theirs = (jax.jit(step).lower(*args).compile() for step in (pure(taped, carried), by_hand))
    assert size(ours)[0] <= size(theirs)[0] + 2
    np.testing.assert_allclose(size(ours)[1], size(theirs)[1], rtol=0.01)


def test_eager_steps_leave_no_array_behind():
    layer = kerax.layers.Dense(4, activation="tanh")
    x = jnp.ones((3, 5))
    layer(x)

    def step(persistent):
        with GradientTape(persistent=persistent) as tape:
            tape.watch(x)
            loss = jnp.sum(jax.jit(jnp.sin)(layer(x)) ** 2)
        tape.gradient(loss, [*layer.trainable_variables, x])
        return weakref.ref(tape)

    for _ in range(2):
        step(False), step(True)
    gc.collect()
    before = len(jax.live_arrays())
    gc.disable()  # freed at once, and not when somebody collects cycles
    try:
        tapes = [step(persistent) for persistent in (False, True, False, True)]
        assert len(jax.live_arrays()) == before
        assert [tape() for tape in tapes] == [None] * 4
    finally:
        gc.enable()


def test_a_persistent_tape_frees_its_memory_when_deleted():
    v = Variable(jnp.ones(1000))
    with GradientTape(persistent=True) as tape:
        h = jnp.sin(v.value)
        loss = jnp.sum(h * jnp.cos(h))
    tape.gradient(loss, v)
    tape.gradient(loss, v)
    kept = weakref.ref(h)
    del h
    before = len(jax.live_arrays())
    assert kept() is not None, "a residual of the tape"
    del tape
    assert kept() is None
    assert len(jax.live_arrays()) < before


def test_a_used_tape_frees_its_memory_though_it_is_kept():
    v = Variable(jnp.ones(1000))
    with GradientTape() as tape:
        h = jnp.sin(v.value)
        loss = jnp.sum(h * jnp.cos(h))
    kept = weakref.ref(h)
    del h
    tape.gradient(loss, v)
    assert kept() is None
    assert tape.watched_variables() == (v,)


def test_values_nobody_needs_are_freed_while_recording():
    x = jnp.ones(1000)
    with Tape() as tape:
        tape.track(x)
        y = x + 1.0  # a sum has no residuals
        kept = weakref.ref(y)
        y = y + 2.0
        assert kept() is None
    np.testing.assert_allclose(tape.gradient(y, [x])[0], np.ones(1000))


def test_a_gradient_is_one_forward_and_one_backward_pass():
    calls = []

    @jax.custom_vjp
    def counted(x):
        return x**2

    def forward(x):
        calls.append("forward")
        return x**2, x

    def backward(x, ct):
        calls.append("backward")
        return (2 * x * ct,)

    counted.defvjp(forward, backward)
    v = Variable(3.0)
    with GradientTape() as tape:
        loss = counted(v.value)
    assert calls == ["forward"]
    assert tape.gradient(loss, v) == 6.0
    assert calls == ["forward", "backward"]
