"""Every optimizer against Keras, step for step."""

import jax
import keras
import numpy as np
import pytest

from kerax import optimizers

pytestmark = pytest.mark.slow

THEIRS = keras.optimizers

CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.8, "momentum": 0.5, "epsilon": 1e-3}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.3}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"learning_rate": 0.1}),
    ("AdamW", {"amsgrad": True, "weight_decay": 0.5}),
    ("Adamax", {}),
    ("Adamax", {"learning_rate": 0.1, "epsilon": 1e-2}),
    ("Nadam", {}),
    ("Nadam", {"learning_rate": 0.1, "beta_1": 0.5}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-3}),
    ("Adadelta", {}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.5}),
    ("Adafactor", {}),
    ("Adafactor", {"learning_rate": 0.5}),
    ("Adafactor", {"relative_step": False, "learning_rate": 0.05, "beta_2_decay": -0.5, "clip_threshold": 0.5}),
    ("Adafactor", {"weight_decay": 0.1}),
    ("Ftrl", {}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.05,
            "beta": 0.1,
        },
    ),
    ("Ftrl", {"learning_rate_power": -0.7, "learning_rate": 0.1}),
    ("Ftrl", {"learning_rate_power": 0.0}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.5, "weight_decay": 0.1}),
    ("Lamb", {}),
    ("Lamb", {"weight_decay": 0.1, "learning_rate": 0.1}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.5, "ns_steps": 3}),
    ("Muon", {"exclude_embeddings": False, "adam_weight_decay": None, "weight_decay": 0.1}),
    ("Muon", {"exclude_layers": ["ker.*"], "exclude_embeddings": False}),
    ("ScheduleFreeAdamW", {}),
    ("ScheduleFreeAdamW", {"warmup_steps": 5, "weight_decay": 0.1}),
    ("SGD", {"clipnorm": 0.5}),
    ("SGD", {"clipvalue": 0.1}),
    ("SGD", {"global_clipnorm": 0.5}),
    ("Adam", {"clipnorm": 1e3}),
    ("Adam", {"clipnorm": 0.0}),
    ("Adam", {"use_ema": True}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}),
    ("Adam", {"gradient_accumulation_steps": 3}),
    ("Adam", {"gradient_accumulation_steps": 3, "clipnorm": 0.5, "weight_decay": 0.1}),
    ("Adam", {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2, "ema_momentum": 0.7}),
    ("Nadam", {"gradient_accumulation_steps": 3}),
    ("Adam", {"loss_scale_factor": 8.0}),
]
IDS = [f"{name}-{'-'.join(f'{k}={v}' for k, v in kwargs.items())}" for name, kwargs in CASES]


def pair(name, kwargs):
    return getattr(optimizers, name)(**kwargs), getattr(THEIRS, name)(**kwargs)


@pytest.mark.parametrize(("name", "kwargs"), CASES, ids=IDS)
def test_steps_and_slots_equal_those_of_keras(problem, name, kwargs):
    mine, other = pair(name, kwargs)
    a, b = problem.ours(), problem.theirs()
    # These divide by, or multiply up, small differences of large numbers; float32 loses digits there in
    # both (the next test shows that the formulas are equal).
    atol = 1e-4 if name in ("Adafactor", "Ftrl", "Nadam", "ScheduleFreeAdamW") else 2e-6
    problem.assert_same(problem.run(mine, a), problem.run_stateless(other, b), atol=atol)
    assert len(mine.variables) == len(other.variables)
    for x, y in zip(mine.variables, other.variables, strict=True):
        assert tuple(x.shape) == tuple(y.shape)
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=1e-3 if name == "Ftrl" else 1e-4, atol=1e-5, err_msg=y.name)
        if name != "Nadam" or y.shape:
            assert (x.name, x.aggregation) == (y.name, y.aggregation)


# The rules themselves: without the options that are written once, in the base.
RULES = [(name, kwargs) for name, kwargs in CASES if "learning_rate" in kwargs or not kwargs or "beta_1" in kwargs]


@pytest.mark.parametrize(("name", "kwargs"), RULES)
def test_in_float64_the_formulas_are_equal_to_the_last_digits(make_problem, name, kwargs):
    with jax.enable_x64(True):
        problem = make_problem(steps=6, dtype="float64", names=("kernel", "scale"))
        mine, other = pair(name, kwargs)
        a, b = problem.ours(), problem.theirs()
        # Keras computes some scalars of these two in float32 whatever the variables are.
        rtol = 1e-5 if name in ("Adafactor", "Muon") else 1e-9
        problem.assert_same(problem.run(mine, a), problem.run_stateless(other, b), rtol=rtol, atol=rtol / 100)
