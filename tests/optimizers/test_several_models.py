"""Optimizers that meet variables later: several models in turn, layers added, unfrozen; eagerly and in fit."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import kerax
from kerax import Variable, layers, optimizers
from kerax._core import nnx_private

ones = np.ones((3,), "float32")
NAMES = ["SGD", "Adam", "Nadam", "ScheduleFreeAdamW", "Muon"]


def injected(rate, **kwargs):
    optimizer = optimizers.OptaxOptimizer(optax.inject_hyperparams(optax.adam)(learning_rate=9.0), **kwargs)
    optimizer.learning_rate = rate
    return optimizer


MAKE = {**{name: getattr(optimizers, name) for name in NAMES}, "optax": injected}


def weights(value=1.0, name="w"):
    return Variable(np.full((3,), value, "float32"), name=name)


class Duel(kerax.Model):
    """Two networks, each with a loss of its own, stepped in one train_step."""

    def __init__(self):
        super().__init__()
        self.maker = kerax.Sequential([layers.Dense(4, activation="tanh"), layers.Dense(3)])
        self.judge = kerax.Sequential([layers.Dense(1)])

    def compile(self, maker_optimizer, judge_optimizer):
        super().compile()
        self.maker_optimizer, self.judge_optimizer = maker_optimizer, judge_optimizer

    def call(self, x):
        return self.judge(self.maker(x))

    def losses_of(self, x):
        yield self.judge, self.judge_optimizer, lambda: jnp.mean(jnp.square(self.judge(self.maker(x)) - 1.0))
        yield self.maker, self.maker_optimizer, lambda: jnp.mean(jnp.square(self.maker(x) - x))

    def train_step(self, data):
        x, _, _ = kerax.utils.unpack_x_y_sample_weight(data)
        logs = {}
        for net, optimizer, loss_of in self.losses_of(x):
            with kerax.GradientTape() as tape:
                loss = loss_of()
            grads = tape.gradient(loss, net.trainable_variables)
            optimizer.apply_gradients(zip(grads, net.trainable_variables, strict=True))
            logs[f"{net.name}_loss"] = loss
        return logs


@pytest.fixture
def x(rng):
    return rng.normal(size=(32, 3)).astype("float32")


def duel(name, one, **kwargs):
    kerax.utils.set_random_seed(3)
    model = Duel()
    model.build((None, 3))
    first = MAKE[name](0.05, **kwargs)
    model.compile(first, first if one else MAKE[name](0.05, **kwargs))
    return model


def everything(model):
    found = [*model.weights, *model.maker_optimizer.variables, *model.judge_optimizer.variables]
    return [np.asarray(v) for v in found]


@pytest.mark.slow
@pytest.mark.parametrize("one", [True, False], ids=["one optimizer", "two optimizers"])
@pytest.mark.parametrize("name", list(MAKE))
def test_fit_steps_two_networks_as_a_loop_by_hand_does(x, name, one):
    kwargs = {"use_ema": True} if name == "Adam" else {}
    fitted, by_hand = duel(name, one, **kwargs), duel(name, one, **kwargs)
    fitted.fit(x, batch_size=8, epochs=2, verbose=0, shuffle=False)
    for _ in range(2):
        for start in range(0, 32, 8):
            for net, optimizer, loss_of in by_hand.losses_of(x[start : start + 8]):
                optimizer.minimize(loss_of, net.trainable_variables)
    for a, b in zip(everything(fitted), everything(by_hand), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert int(fitted.judge_optimizer.iterations) == (16 if one else 8)
    order = [[v.name.split("_")[-1] for v in model.maker_optimizer.variables] for model in (fitted, by_hand)]
    assert order[0] == order[1]


def test_run_eagerly_meets_them_as_well(x):
    compiled, eager = duel("Adam", True), duel("Adam", True)
    eager.run_eagerly = True
    for model in (compiled, eager):
        model.fit(x, batch_size=16, epochs=1, verbose=0, shuffle=False)
    for a, b in zip(everything(compiled), everything(eager), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_slots_made_while_fit_compiles_keep_their_state_in_the_next_fit(x):
    model = duel("Adam", True)
    model.fit(x, batch_size=16, epochs=1, verbose=0)
    listed = list(map(id, model.judge_optimizer.variables))
    momentum = next(v for v in model.judge_optimizer.variables if v.path.endswith("kernel_momentum"))
    before = momentum.numpy()
    assert np.any(before != 0)
    model.judge_optimizer.learning_rate = 0.0
    model.fit(x[:16], batch_size=16, epochs=1, verbose=0)
    assert list(map(id, model.judge_optimizer.variables)) == listed
    assert np.any(momentum.numpy() != before)
    assert int(model.judge_optimizer.iterations) == 2 * 2 + 2


class Momentum(optimizers.Optimizer):
    """Written as in Keras."""

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.buffers = self.add_optimizer_variables(variables, "buffer")

    def update_step(self, gradient, variable, learning_rate):
        buffer = self.buffers[self._get_variable_index(variable)]
        self.assign(buffer, buffer * 0.9 - gradient * learning_rate)
        self.assign_add(variable, buffer)


def test_an_optimizer_written_as_in_keras_is_built_while_fit_compiles(x):
    weights_of = []
    for make in (lambda: Momentum(0.05), lambda: optimizers.SGD(0.05, momentum=0.9)):
        kerax.utils.set_random_seed(3)
        model = Duel()
        model.build((None, 3))
        model.compile(make(), make())
        model.fit(x, batch_size=16, epochs=2, verbose=0, shuffle=False)
        weights_of.append([w.numpy() for w in model.weights])
    for a, b in zip(*weights_of, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_bad_step_leaves_the_slots_of_an_optimizer_written_as_in_keras():
    v, inner = weights(), Momentum(0.1)
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=2.0)
    for bad in (False, True, False):
        optimizer.apply([ones * np.float32(np.inf if bad else 2.0)], [v])
    np.testing.assert_allclose(inner.buffers[0], -0.1 - 0.09 - 0.1, rtol=1e-6)  # at half the scale: twice the step
    assert int(optimizer.iterations) == 2


@pytest.mark.parametrize("name", list(MAKE))
def test_old_slots_keep_their_state_when_new_ones_are_made(name):
    a, b, alone = weights(name="a"), weights(2.0, "b"), weights(name="a")
    both, single = MAKE[name](0.1), MAKE[name](0.1)
    for _ in range(2):
        both.apply([ones], [a])
        single.apply([ones], [alone])
    listed = both.variables
    held = [v.numpy() for v in listed]
    both.build([a, b])
    assert both.variables[: len(listed)] == listed
    for variable, value in zip(listed, held, strict=True):
        np.testing.assert_array_equal(variable, value)
    both.apply([ones, ones], [a, b])
    single.apply([ones], [alone])
    np.testing.assert_allclose(a, alone, rtol=1e-6)
    assert np.all(b.numpy() < 2.0)
    assert int(both.iterations) == 3


def test_building_twice_makes_no_slot_twice():
    a, b = weights(name="a"), weights(name="b")
    optimizer = optimizers.Adam()
    optimizer.build([a])
    optimizer.build([a])
    optimizer.build([b, a, b])
    assert [v.name for v in optimizer.variables[2:]] == ["a_momentum", "a_velocity", "b_momentum", "b_velocity"]


def test_an_unfrozen_layer_gets_slots_and_trains(x):
    model = kerax.Sequential([layers.Dense(4), layers.Dense(1)])
    model.build((None, 3))
    model.layers[0].trainable = False
    model.compile(optimizers.Adam(0.1), "mse")
    y = np.ones((32, 1), "float32")
    model.fit(x, y, epochs=1, verbose=0)
    frozen, count = model.layers[0].kernel.numpy(), len(model.optimizer.variables)
    momentum = model.optimizer.variables[2]
    held = momentum.numpy()
    model.layers[0].trainable = True
    model.optimizer.build(model.trainable_variables)
    np.testing.assert_array_equal(momentum, held)
    model.fit(x, y, epochs=1, verbose=0)
    assert np.any(model.layers[0].kernel.numpy() != frozen)
    assert len(model.optimizer.variables) == count + 4


def test_an_average_of_a_variable_met_late_starts_at_its_value():
    a, b = weights(name="a"), weights(8.0, "b")
    optimizer = optimizers.SGD(0.0, use_ema=True, ema_momentum=0.5)
    optimizer.apply([ones], [a])
    optimizer.apply([ones], [b])
    optimizer.finalize_variable_values([a, b])
    np.testing.assert_array_equal(a, np.full(3, 1.0))
    np.testing.assert_array_equal(b, np.full(3, 8.0))


@pytest.mark.parametrize(
    "kwargs", [{"gradient_accumulation_steps": 2}, {"use_ema": True, "ema_overwrite_frequency": 2}], ids=str
)
def test_options_that_count_calls_refuse_models_in_turn(kwargs):
    a, b = weights(name="a"), weights(name="b")
    optimizer = optimizers.SGD(**kwargs)
    optimizer.apply([ones], [a])
    with pytest.raises(ValueError, match=f"{list(kwargs)[-1]}.*'b'.*counts calls.*each model"):
        optimizer.apply([ones], [b])
    optimizer.apply([ones, ones], [a, b])


def test_a_copy_takes_its_slots_as_it_meets_the_variables():
    a, b = weights(name="a"), weights(name="b")
    original = optimizers.Adam(0.1)
    for variable in (a, b, a, b, b):
        original.apply([ones], [variable])
    twin = copy.deepcopy(original)
    c, d = Variable(a.numpy(), name="a"), Variable(b.numpy(), name="b")
    for optimizer, pair in ((original, (a, b)), (twin, (c, d))):
        for variable in pair:
            optimizer.apply([ones * 0.5], [variable])
    np.testing.assert_array_equal(a, c)
    np.testing.assert_array_equal(b, d)
    wrong = copy.deepcopy(original)
    with pytest.raises(ValueError, match="order the original met them"):
        wrong.build([Variable(np.ones(4, "float32"), name="wide")])


def test_under_a_foreign_jit_a_rule_that_starts_at_the_weights_says_what_to_do():
    v, optimizer = weights(), optimizers.ScheduleFreeAdamW()

    def build(value):
        before = nnx_private.raw(v)
        nnx_private.put(v, value)
        try:
            optimizer.build([v])
        finally:
            nnx_private.put(v, before)

    with pytest.raises(RuntimeError, match=r"'w'.*build\(variables\)"):
        jax.jit(build)(ones)
