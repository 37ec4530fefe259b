"""Learning rate schedules against Keras."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerax.optimizers import schedules

CASES = [
    ("ExponentialDecay", (0.1, 10, 0.9), {}),
    ("ExponentialDecay", (0.1, 10, 0.9), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("PolynomialDecay", (0.1, 10), {}),
    ("PolynomialDecay", (0.1, 10, 0.01), {"power": 2.0}),
    ("PolynomialDecay", (0.1, 10), {"cycle": True, "power": 0.5}),
    ("PiecewiseConstantDecay", ([5, 12], [1.0, 0.5, 0.1]), {}),
    ("CosineDecay", (0.1, 10), {}),
    ("CosineDecay", (0.1, 10, 0.2), {}),
    ("CosineDecay", (0.0, 10), {"warmup_target": 0.5, "warmup_steps": 7}),
    ("CosineDecay", (0.1, 10), {"warmup_target": 0.5}),
    ("CosineDecay", (0.1, 10), {"warmup_steps": 5}),
    ("CosineDecayRestarts", (0.1, 7), {}),
    ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.5, "m_mul": 0.9}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_rates_equal_those_of_keras_eagerly_and_traced(name, args, kwargs):
    mine = getattr(schedules, name)(*args, **kwargs)
    other = getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    steps = np.arange(40, dtype="int32")
    expected = np.asarray(jax.jit(jax.vmap(other))(steps))
    np.testing.assert_allclose(mine(steps[6]), expected[6], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(jax.jit(jax.vmap(mine))(steps), expected, rtol=1e-5, atol=1e-7)
    assert mine(jnp.int32(3)).dtype == "float32"


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_configs_pass_between_kerax_and_keras(name, args, kwargs):
    mine = getattr(schedules, name)(*args, **kwargs)
    other = getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    assert schedules.serialize(mine) == keras.optimizers.schedules.serialize(other)
    back = schedules.deserialize(keras.optimizers.schedules.serialize(other))
    assert back.get_config() == mine.get_config()
    assert keras.optimizers.schedules.deserialize(schedules.serialize(mine)).get_config() == other.get_config()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.9), "decay_steps.*0.*more than 0"),
        (lambda: schedules.CosineDecayRestarts(0.1, -1), "first_decay_steps"),
        (lambda: schedules.PiecewiseConstantDecay([1, 2], [1.0, 0.5]), "2 boundaries and 2 values"),
    ],
)
def test_arguments_out_of_range_are_named(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_a_schedule_of_the_users_own_needs_no_get_config():
    class Halving(schedules.LearningRateSchedule):
        def __init__(self, start=1.0):
            self.start = start

        def __call__(self, step):
            return self.start * 0.5 ** jnp.asarray(step, "float32")

    assert Halving(3.0).get_config() == {"start": 3.0}
    with pytest.raises(NotImplementedError, match="define __call__"):
        schedules.LearningRateSchedule()(1)
    with pytest.raises(NotImplementedError, match="get_config"):
        schedules.LearningRateSchedule().get_config()
