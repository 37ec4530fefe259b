"""optax transformations as optimizers."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from kerax import optimizers
from kerax._core.variable import Variable

CHAINS = {
    "adamw": lambda: optax.adamw(1e-2),
    "clipped momentum": lambda: optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1, momentum=0.9)),
    "schedule": lambda: optax.sgd(optax.cosine_decay_schedule(0.1, 10)),
    "accumulation": lambda: optax.MultiSteps(optax.adam(0.1), 2),
    "injected": lambda: optax.inject_hyperparams(optax.adam)(learning_rate=0.1),
    "masked": lambda: optax.contrib.muon(0.1),
    "factored": lambda: optax.adafactor(0.1),
    "random": lambda: optax.add_noise(0.1, 0.5, jax.random.key(0)),
}


@pytest.mark.parametrize("name", list(CHAINS))
def test_steps_equal_those_of_a_hand_written_loop(problem, name):
    tx = CHAINS[name]()
    params = [jnp.asarray(w) for w in problem.start]
    state, update = tx.init(params), jax.jit(tx.update)
    variables = problem.ours()
    optimizer = optimizers.get(CHAINS[name]())
    assert isinstance(optimizer, optimizers.OptaxOptimizer)
    seen = problem.run(optimizer, variables)
    expected = []
    for row in problem.grads:
        steps, state = update(row, state, params)
        params = optax.apply_updates(params, steps)
        expected.append([np.asarray(x) for x in params])
    problem.assert_same(seen, expected, atol=1e-5)
    assert len(optimizer.variables) == 1 + len(jax.tree.leaves(state))
    if name in ("adamw", "random"):
        problem.assert_same(problem.run_stateless(optimizers.get(CHAINS[name]()), problem.ours()), expected, atol=1e-5)


def test_an_injected_learning_rate_is_read_and_assigned():
    v = Variable(np.zeros((2,), "float32"), name="w")
    optimizer = optimizers.get(optax.inject_hyperparams(optax.sgd)(learning_rate=1.0))
    assert float(optimizer.learning_rate) == 1.0
    optimizer.learning_rate = 0.5
    optimizer.apply([jnp.ones(2)], [v])
    optimizer.learning_rate = 0.25
    optimizer.apply([jnp.ones(2)], [v])
    np.testing.assert_allclose(v, -0.75)
    assert float(optimizer.learning_rate) == 0.25


def test_a_hidden_learning_rate_says_how_to_show_it():
    optimizer = optimizers.OptaxOptimizer(optax.sgd(0.1))
    assert not hasattr(optimizer, "learning_rate")
    with pytest.raises(AttributeError, match="inject_hyperparams"):
        optimizer.learning_rate = 0.1


def test_slots_are_named_after_variables_and_fields():
    optimizer = optimizers.OptaxOptimizer(optax.adam(0.1), name="it")
    optimizer.build([Variable(np.ones(2), name="kernel"), Variable(1.0, name="scale")])
    names = [v.path for v in optimizer.variables]
    assert names == [
        "it/iteration",
        "it/0_count",
        *(f"it/{w}_0_{m}" for m in ("mu", "nu") for w in ("kernel", "scale")),
    ]


def test_sets_of_variables_have_states_of_their_own():
    a, b = (Variable(np.ones((2,), "float32"), name=name) for name in "ab")
    optimizer = optimizers.OptaxOptimizer(optax.adam(0.1), use_ema=True)
    for _ in range(2):
        optimizer.apply([jnp.ones(2)], [a])
    before = a.numpy()
    for _ in range(2):
        optimizer.apply([jnp.ones(2)], [b])
    np.testing.assert_array_equal(a, before)
    np.testing.assert_allclose(a, b)


def test_what_belongs_to_the_transformation_is_refused():
    with pytest.raises(ValueError, match="add_decayed_weights"):
        optimizers.OptaxOptimizer(optax.sgd(0.1), weight_decay=0.1)
    with pytest.raises(ValueError, match="optax.adam"):
        optimizers.OptaxOptimizer("adam")
    with pytest.raises(NotImplementedError, match="compile the loaded model"):
        optimizers.serialize(optimizers.OptaxOptimizer(optax.sgd(0.1)))
