"""Learning rates and hyperparameters that change while an optimizer is in use."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import Variable, optimizers
from kerax.optimizers import schedules

ones = np.ones((3,), "float32")


def weights(value=0.0, name="w"):
    return Variable(np.full((3,), value, "float32"), name=name)


class Line(kerax.Model):
    """One weight, stepped by an optimizer that is not the compiled one, down a loss of slope 1."""

    def __init__(self, optimizer):
        super().__init__()
        self.w = self.add_weight(shape=(), initializer="zeros", name="w")
        self.own = optimizer

    def call(self, x):
        return x * self.w

    def train_step(self, data):
        with kerax.GradientTape() as tape:
            loss = self.w * 1.0
        self.own.minimize(loss, [self.w], tape)
        return {"loss": loss}


def line(optimizer):
    model = Line(optimizer)
    model.compile()
    return model


x = np.zeros((4, 1), "float32")


def travelled(model, epochs=1):
    """How far the weight goes in four steps an epoch."""
    before = float(model.w)
    model.fit(x, batch_size=1, epochs=epochs, verbose=0)
    return before - float(model.w)


def test_a_rate_assigned_between_fits_is_seen_by_an_optimizer_of_the_users_own():
    model = line(optimizers.SGD(1.0))
    assert travelled(model) == 4.0
    model.own.learning_rate = 0.5
    assert travelled(model) == 2.0
    model.own.lr = 0.25
    assert travelled(model) == 1.0
    model.own.learning_rate.assign(0.125)
    assert travelled(model) == 0.5
    assert int(model.own.iterations) == 16
    model.own.iterations.assign(0)
    assert int(model.own.iterations) == 0


def test_a_hyperparameter_of_an_optimizer_of_the_users_own_is_seen():
    model = line(optimizers.SGD(1.0))
    assert travelled(model) == 4.0
    model.own.clipvalue = 0.5
    assert travelled(model) == 2.0
    model.own.learning_rate = schedules.PiecewiseConstantDecay([0], [0.0, 0.25])
    assert travelled(model) == 0.5


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_function_of_python_is_asked_at_every_step_of_fit(eagerly):
    rate = {"now": 1.0}
    model = line(optimizers.SGD(lambda: rate["now"]))
    model.run_eagerly = eagerly
    assert travelled(model) == 4.0
    rate["now"] = 0.5
    assert travelled(model) == 2.0


def test_a_function_that_counts_gives_another_rate_at_each_step():
    counts = itertools.count()
    model = line(optimizers.SGD(lambda: float(next(counts) % 2)))
    assert travelled(model, epochs=2) == 4.0


def test_a_function_of_a_variable_follows_it():
    scale = Variable(1.0, trainable=False)
    model = line(optimizers.SGD(lambda: scale * 0.5))
    assert travelled(model) == 2.0
    scale.assign(0.5)
    assert travelled(model) == 1.0


def test_wrapped_optimizers_see_what_changes_inside():
    v, rates = weights(), iter([1.0, 0.5, 0.25])
    inner = optimizers.SGD(lambda: next(rates))
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=1.0)
    optimizer.apply([ones], [v])
    optimizer.apply([ones], [v])
    np.testing.assert_array_equal(v, np.full(3, -1.5))
    inner.clipvalue = 0.5
    optimizer.apply([ones], [v])
    np.testing.assert_array_equal(v, np.full(3, -1.625))


@pytest.mark.parametrize("steps", [None, 2])
def test_iterations_are_read_and_assigned(steps):
    v = weights()
    optimizer = optimizers.SGD(schedules.PiecewiseConstantDecay([4], [1.0, 0.0]), gradient_accumulation_steps=steps)
    for _ in range(steps or 1):
        optimizer.apply([ones], [v])
    assert int(optimizer.iterations) == 1
    np.testing.assert_array_equal(v, -ones)
    optimizer.iterations = jnp.int32(5)
    assert int(optimizer.iterations) == 5
    for _ in range(steps or 1):
        optimizer.apply([ones], [v])
    np.testing.assert_array_equal(v, -ones)
    wrapped = optimizers.LossScaleOptimizer(optimizer)
    wrapped.iterations = 7
    assert int(optimizer.iterations) == 7


def test_a_hyperparameter_set_to_what_it_is_compiles_nothing_again():
    optimizer = optimizers.Adam()
    before = optimizer.revision
    optimizer.beta_1 = optimizer.beta_1
    optimizer.name = "other"
    optimizers.SGD(momentum=0.9)
    assert optimizer.revision == before + 1  # the name
