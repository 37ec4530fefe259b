"""What every optimizer does around its rule."""

import copy
import pickle
import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from flax import nnx

from kerax import optimizers
from kerax._core.context import name_scope
from kerax._core.stateful import Carried, pure
from kerax._core.variable import Variable
from kerax.optimizers import schedules

# Keras's own Variables meet NumPy 2 with an old signature of __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
THEIRS = keras.optimizers
ALL = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Muon",
    "Nadam",
    "RMSprop",
    "ScheduleFreeAdamW",
]


def weights(value=1.0, name="w"):
    return Variable(np.full((3,), value, "float32"), name=name)


ones = np.ones((3,), "float32")


# -- names, configs, signatures --------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_configs_pass_between_kerax_and_keras(name):
    mine, other = getattr(optimizers, name)(name="it"), getattr(THEIRS, name)(name="it")
    assert mine.get_config() == other.get_config()
    assert optimizers.serialize(mine) == THEIRS.serialize(other)
    assert optimizers.deserialize(THEIRS.serialize(other)).get_config() == other.get_config()
    if name != "Lamb":  # Keras 3.15 cannot read its own config of it: its table leaves it out
        assert THEIRS.deserialize(optimizers.serialize(mine)).get_config() == mine.get_config()
    assert optimizers.get(name.lower()).get_config()["learning_rate"] == other.get_config()["learning_rate"]


@pytest.mark.parametrize("name", ALL)
def test_arguments_have_the_order_and_defaults_of_keras(name):
    import inspect

    mine = inspect.signature(getattr(optimizers, name)).parameters.values()
    other = inspect.signature(getattr(THEIRS, name)).parameters.values()
    shown = [[(p.name, p.default) for p in side if p.kind is p.POSITIONAL_OR_KEYWORD] for side in (mine, other)]
    assert shown[0] == shown[1]


def test_positional_arguments_reach_the_base():
    made = optimizers.AdamW(0.1, 0.2, 0.8, 0.9, 1e-3, True, 5.0)
    config = made.get_config()
    assert (config["weight_decay"], config["beta_1"], config["amsgrad"], config["clipnorm"]) == (0.2, 0.8, True, 5.0)


def test_a_schedule_in_a_config_comes_back():
    config = optimizers.serialize(optimizers.Adam(schedules.CosineDecay(0.1, 10)))
    assert config == THEIRS.serialize(THEIRS.Adam(THEIRS.schedules.CosineDecay(0.1, 10), name="adam"))
    assert optimizers.deserialize(config).get_config()["learning_rate"]["class_name"] == "CosineDecay"


def test_slots_are_named_after_the_layers_path():
    with name_scope("dense"):
        kernel = Variable(np.ones((2, 2)), name="kernel")
    optimizer = optimizers.Adam(amsgrad=True)
    optimizer.build([kernel])
    assert [v.path for v in optimizer.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/dense_kernel_momentum",
        "adam/dense_kernel_velocity",
        "adam/dense_kernel_velocity_hat",
    ]
    assert not any(v.trainable for v in optimizer.variables)


@pytest.mark.parametrize("name", ["ADAM", "Adam", "adam", "rmsProp", "RMSprop", "sgd", "schedulefreeadamw"])
def test_names_resolve_in_any_case(name):
    assert type(optimizers.get(name)).__name__.lower() == name.lower()


def test_get_passes_optimizers_and_none_and_refuses_the_rest():
    optimizer = optimizers.SGD()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None
    with pytest.raises(ValueError, match="Did you mean.*'adam"):
        optimizers.get("adamm")
    with pytest.raises(ValueError, match="kerax optimizer"):
        optimizers.get(THEIRS.SGD)
    with pytest.raises(ValueError, match="optimizer"):
        optimizers.get(3)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "one of the three"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), "2 or more"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2), "from 0 to 1"),
        (lambda: optimizers.SGD(use_ema=True, ema_overwrite_frequency=0.5), "whole number"),
        (lambda: optimizers.SGD(momentum=2.0), "from 0 to 1"),
        (lambda: optimizers.SGD(learning_rate=None), "a float, a learning rate schedule"),
        (lambda: optimizers.SGD(learning_rate="high"), "'high'"),
        (lambda: optimizers.SGD(learningrate=0.1), "learningrate"),
        (lambda: optimizers.AdamW(weight_decay=None), "Adam, which has none"),
        (lambda: optimizers.Lion(beta_1=0.0), "beta_1"),
        (lambda: optimizers.Ftrl(learning_rate_power=1.0), "0 or less"),
        (lambda: optimizers.Ftrl(l1_regularization_strength=-1.0), "l1_regularization_strength"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1.0), "inner optimizer"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=False), "loss_scale_factor"),
    ],
)
def test_arguments_out_of_range_are_named(make, text):
    with pytest.raises(ValueError, match=text):
        make()


# -- the learning rate -----------------------------------------------------------------------


def test_the_learning_rate_is_read_and_assigned_without_compiling_again():
    v = weights()
    optimizer = optimizers.SGD(1.0)
    optimizer.apply([ones], [v])
    program = next(iter(optimizer._programs.value._kept.values()))[1]
    for change in (
        lambda: setattr(optimizer, "learning_rate", 0.5),
        lambda: optimizer.learning_rate.assign(0.5),
        lambda: setattr(optimizer, "lr", jnp.float32(0.5)),
    ):
        optimizer.learning_rate = 0.0
        change()
        assert float(optimizer.learning_rate) == 0.5 == float(optimizer.lr)
        before = v.numpy()
        optimizer.apply([ones], [v])
        np.testing.assert_allclose(v, before - 0.5)
    assert program._cache_size() <= 1  # JAX forgets some when many are around


def changes(i, optimizer):
    if i == 7:
        optimizer.learning_rate = 0.5
    if i == 12:
        family = optimizers if isinstance(optimizer, optimizers.Optimizer) else THEIRS
        optimizer.learning_rate = family.schedules.CosineDecay(0.3, 40)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [("SGD", {"momentum": 0.9}), ("RMSprop", {"momentum": 0.5}), ("Adadelta", {}), ("Ftrl", {}), ("Muon", {})],
)
def test_a_rate_changed_midway_moves_the_weights_as_in_keras(make_problem, name, kwargs):
    with jax.enable_x64(True):
        problem = make_problem(dtype="float64", names=("kernel", "scale"))
        mine, other = getattr(optimizers, name)(0.1, **kwargs), getattr(THEIRS, name)(0.1, **kwargs)
        a = problem.run(mine, problem.ours(), changes)
        b = problem.run(other, problem.theirs(), changes)
        problem.assert_same(a, b, rtol=1e-5)
    assert len(mine.variables) == len(other.variables)


@pytest.mark.parametrize("kwargs", [{}, {"gradient_accumulation_steps": 3}])
def test_a_schedule_counts_calls_as_in_keras(problem, kwargs):
    mine = optimizers.SGD(schedules.ExponentialDecay(0.1, 3, 0.5), **kwargs)
    other = THEIRS.SGD(THEIRS.schedules.ExponentialDecay(0.1, 3, 0.5), **kwargs)
    problem.assert_same(problem.run(mine, problem.ours()), problem.run_stateless(other, problem.theirs()))
    assert [v.name for v in mine.variables] == [v.name for v in other.variables]
    np.testing.assert_allclose(mine.learning_rate, other.learning_rate, rtol=1e-6)
    assert int(np.asarray(mine.iterations)) == int(np.asarray(other.iterations))
    with pytest.raises(TypeError, match="make the optimizer with a float"):
        mine.learning_rate = 0.1


def test_a_function_gives_the_rate_of_each_step():
    rates = iter([1.0, 0.5])
    v = weights(0.0)
    optimizer = optimizers.SGD(lambda: next(rates))
    optimizer.apply([ones], [v])
    optimizer.apply([ones], [v])
    np.testing.assert_allclose(v, -1.5)


def test_a_variable_can_be_the_rate():
    rate, v = Variable(1.0, trainable=False), weights(0.0)
    optimizer = optimizers.SGD(rate)
    optimizer.apply([ones], [v])
    rate.assign(0.5)
    optimizer.apply([ones], [v])
    np.testing.assert_allclose(v, -1.5)


def test_old_argument_names_still_work_and_say_so():
    with pytest.warns(UserWarning, match="learning_rate"):
        assert float(optimizers.Adam(lr=0.25).learning_rate) == 0.25
    with pytest.warns(UserWarning, match="InverseTimeDecay"):
        optimizer = optimizers.SGD(1.0, decay=1.0)
    v = weights(0.0)
    for _ in range(3):
        optimizer.apply([ones], [v])
    np.testing.assert_allclose(v, -(1 + 1 / 2 + 1 / 3), rtol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizers.SGD.from_config({"learning_rate": 0.1, "decay": 0.0, "is_legacy_optimizer": False})


def test_a_hyperparameter_changed_by_hand_counts_from_the_next_step():
    v = weights(0.0)
    optimizer = optimizers.SGD(1.0, momentum=0.5)
    optimizer.apply([ones], [v])
    optimizer.momentum = 0.0625
    optimizer.apply([ones], [v])
    np.testing.assert_allclose(v, -1 - 1.0625)


# -- gradients and variables -----------------------------------------------------------------


def test_a_missing_gradient_warns_and_leaves_the_variable(problem):
    a, b = problem.ours(), problem.theirs()
    mine, other = optimizers.Adam(0.1, use_ema=True), THEIRS.Adam(0.1, use_ema=True)
    for i, row in enumerate(problem.grads[:6]):
        row[1] = None if i % 2 else row[1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mine.apply(row, a)
            other.apply(row, b)
    for x, y in zip([*a, *mine.variables], [*b, *other.variables], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)
    with pytest.warns(UserWarning, match="scale"):
        mine.apply([problem.grads[0][0], None, *problem.grads[0][2:]], a)
    with pytest.raises(ValueError, match="No gradients provided for any variable.*scale"):
        mine.apply([None] * len(a), a)


def test_gradients_are_checked_against_the_variables():
    v = weights()
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match="'w'.*shape \\(2,\\).*\\(3,\\)"):
        optimizer.apply([np.ones((2,))], [v])
    with pytest.raises(ValueError, match="not built"):
        optimizer.apply([ones])
    optimizer.build([v])
    with pytest.raises(ValueError, match="2 gradients without variables.*1"):
        optimizer.apply([ones, ones])
    with pytest.raises(ValueError, match="2 gradients for 1 variables"):
        optimizer.apply([ones, ones], [v])
    with pytest.raises(ValueError, match="no pairs"):
        optimizer.apply_gradients([])
    before = v.numpy()
    optimizer.apply([ones])
    assert np.any(v.numpy() != before)


@pytest.mark.parametrize("name", ALL)
def test_slots_and_steps_keep_the_dtype_of_the_variable(name):
    v = Variable(jnp.ones((4, 3), "bfloat16"), name="w")
    optimizer = getattr(optimizers, name)(0.01, weight_decay=0.01)
    optimizer.apply([np.full((4, 3), 0.5, "float32")], [v])
    assert v.dtype == "bfloat16"
    assert np.all(np.isfinite(np.asarray(v, "float32")))
    assert all(slot.dtype == "bfloat16" for slot in optimizer.variables[2:] if slot.shape)


def test_a_half_precision_gradient_moves_a_full_precision_variable():
    v = weights(0.0)
    optimizers.SGD(1.0).apply([jnp.full((3,), 0.5, "float16")], [v])
    np.testing.assert_array_equal(v, np.full((3,), -0.5, "float32"))


def test_one_optimizer_steps_several_models_in_turn():
    a, b = weights(name="a"), weights(name="b")
    optimizer, alone = optimizers.SGD(0.1, momentum=0.9), optimizers.SGD(0.1, momentum=0.9)
    lonely = weights()
    for _ in range(3):
        optimizer.apply_gradients([(ones, a)])
        before = a.numpy()
        optimizer.apply_gradients([(ones, b)])
        np.testing.assert_array_equal(a, before)
        alone.apply_gradients([(ones, lonely)])
    np.testing.assert_allclose(a, lonely)
    np.testing.assert_allclose(b, lonely)
    assert [v.name for v in optimizer.variables] == ["iteration", "learning_rate", "a_momentum", "b_momentum"]
    assert int(optimizer.iterations) == 6


def test_constraints_hold_after_every_step_and_after_averaging(problem):
    def limited(variables):
        for v in variables:
            v.constraint = keras.constraints.MaxNorm(0.5, axis=-1) if v.shape else None
        return variables

    kwargs = {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}
    a, b = limited(problem.ours()), limited(problem.theirs())
    problem.assert_same(
        problem.run(optimizers.SGD(0.1, **kwargs), a), problem.run(THEIRS.SGD(0.1, **kwargs), b), atol=1e-5
    )


@pytest.mark.parametrize("by", ["name", "variable"])
def test_excluded_variables_do_not_decay(problem, by):
    runs = []
    for family, variables in ((optimizers, problem.ours()), (THEIRS, problem.theirs())):
        optimizer = family.AdamW(0.1, weight_decay=0.5)
        given = {"var_names": ["sca", "filt"]} if by == "name" else {"var_list": variables[1:3]}
        optimizer.exclude_from_weight_decay(**given)
        runs.append(problem.run(optimizer, variables))
    problem.assert_same(*runs, atol=1e-5)
    mine = optimizers.SGD()
    mine.build([weights()])
    with pytest.raises(ValueError, match="built"):
        mine.exclude_from_weight_decay(var_names=["bias"])


def test_finalize_puts_the_averages_into_the_weights(problem):
    a, b = problem.ours(), problem.theirs()
    mine, other = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), THEIRS.SGD(0.1, use_ema=True, ema_momentum=0.5)
    problem.run(mine, a)
    problem.run(other, b)
    mine.finalize_variable_values(a)
    other.finalize_variable_values(b)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="no average"):
        mine.finalize_variable_values([weights()])


# -- ways to step ------------------------------------------------------------------------------

OPTIONS = [
    {},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2},
    {"global_clipnorm": 0.5, "weight_decay": 0.1, "loss_scale_factor": 4.0},
]


@pytest.mark.parametrize("kwargs", OPTIONS)
def test_inside_a_compiled_loop_the_steps_are_those_made_by_hand(problem, kwargs):
    a, b = problem.ours(), problem.ours()
    by_hand, traced = optimizers.Adam(0.1, **kwargs), optimizers.Adam(0.1, **kwargs)
    expected = problem.run(by_hand, a)
    traced.build(b)
    carried = Carried([*traced.variables, *b])
    grads = [np.stack(column) for column in zip(*problem.grads, strict=True)]
    step = pure(lambda i: traced.apply([g[i] for g in grads], b), carried)
    grads = [jnp.asarray(g) for g in grads]
    loop = jax.jit(lambda n, values: jax.lax.fori_loop(0, n, lambda i, values: step(values, i)[1], values))
    carried.put(loop(len(problem.grads), carried.values()))
    for x, y in zip(b, expected[-1], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)
    for x, y in zip(traced.variables, by_hand.variables, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kwargs", OPTIONS)
def test_stateless_apply_gives_the_same_and_changes_nothing(problem, kwargs):
    a, b = problem.ours(), problem.ours()
    expected = problem.run(optimizers.Adam(0.1, **kwargs), a)
    problem.assert_same(problem.run_stateless(optimizers.Adam(0.1, **kwargs), b), expected)
    for v, w in zip(b, problem.start, strict=True):
        np.testing.assert_array_equal(v, w)


def test_stateless_apply_checks_what_it_is_given():
    optimizer = optimizers.Adam()
    with pytest.raises(ValueError, match="not built"):
        optimizer.stateless_apply([], [], [])
    optimizer.build([weights()])
    with pytest.raises(ValueError, match="optimizer_variables"):
        optimizer.stateless_apply([], [ones], [ones])


def test_an_update_under_plain_jit_is_refused():
    v = weights()
    optimizer = optimizers.SGD()
    optimizer.build([v])
    with pytest.raises(RuntimeError, match="stateless_apply"):
        jax.jit(lambda g: optimizer.apply([g], [v]))(ones)
    optimizer.apply([ones], [v])


def test_minimize_takes_a_function_or_a_tape():
    v, other = weights(2.0), weights(1.0, "other")
    optimizer = optimizers.SGD(0.1)

    def loss():
        other.assign_add(ones)
        return jnp.sum(v.value**2)

    optimizer.minimize(loss, [v])
    np.testing.assert_allclose(v, 2 - 0.4, rtol=1e-6)
    np.testing.assert_allclose(other, 2.0)

    class Tape:
        def gradient(self, target, sources):
            return [ones for _ in sources]

    optimizer.minimize(jnp.float32(0), [v], tape=Tape())
    np.testing.assert_allclose(v, 1.5, rtol=1e-6)
    with pytest.raises(ValueError, match="no tape"):
        optimizer.minimize(jnp.float32(0), [v])


def test_a_subclass_written_as_in_keras_steps():
    class Momentum(optimizers.Optimizer):
        def __init__(self, learning_rate=0.1, mu=0.9, **kwargs):
            super().__init__(learning_rate, **kwargs)
            self.mu = mu

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self.buffers = [self.add_variable_from_reference(v, name="buffer") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            m = self.buffers[self._get_variable_index(variable)]
            self.assign(m, m * self.mu - gradient * learning_rate)
            self.assign_add(variable, m)

    for kwargs in ({}, {"gradient_accumulation_steps": 2}):
        a, b = weights(), weights()
        own, built_in = Momentum(**kwargs), optimizers.SGD(0.1, 0.9, **kwargs)
        for _ in range(5):
            own.apply([ones], [a])
            built_in.apply([ones], [b])
        np.testing.assert_allclose(a, b, rtol=1e-6)
        assert own.variables[-1].name == "w_buffer"
        assert own.get_config()["mu"] == 0.9
    with pytest.raises(ValueError, match="not built for"):
        own.apply([ones], [weights(name="new")])
    with pytest.raises(NotImplementedError, match="define rule"):
        optimizers.Optimizer(0.1).apply([ones], [weights()])


# -- state -------------------------------------------------------------------------------------


def test_state_is_saved_and_loaded_by_position_also_from_keras(problem):
    mine, other = optimizers.Adam(0.1), THEIRS.Adam(0.1)
    a, b = problem.ours(), problem.theirs()
    problem.run_stateless(other, b)
    store = {}
    other.save_own_variables(store)
    mine.build(a)
    mine.load_own_variables(store)
    again = {}
    mine.save_own_variables(again)
    assert list(store) == list(again)
    for key, value in store.items():
        np.testing.assert_array_equal(value, again[key])
    with pytest.warns(UserWarning, match="keeps its state"):
        mine.load_own_variables({"0": 1})
    with pytest.raises(ValueError, match="values"):
        mine.set_weights([1])


@pytest.mark.parametrize("how", [lambda o: pickle.loads(pickle.dumps(o)), copy.deepcopy])
def test_a_copy_goes_on_where_the_original_stopped(how):
    for make in (
        lambda: optimizers.Adam(schedules.CosineDecay(0.1, 9), amsgrad=True, name="it"),
        lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.1)),
    ):
        a, original = weights(), make()
        original.apply([ones], [a])
        twin, b = how(how(original)), Variable(a.numpy(), name="w")
        assert twin.get_config() == original.get_config()
        original.apply([ones], [a])
        twin.apply([ones], [b])
        np.testing.assert_array_equal(a, b)


def test_a_copy_tells_its_steps_and_saves_its_slots_before_it_is_used():
    original = optimizers.Adam(0.1)
    original.apply([ones], [weights()])
    twin = pickle.loads(pickle.dumps(original))
    assert int(twin.iterations.numpy()) == 1
    mine: dict = {}
    original.save_own_variables(mine)
    its: dict = {}
    twin.save_own_variables(its)
    assert len(mine) == 4
    for key, value in mine.items():
        np.testing.assert_array_equal(its[key], value)


def test_an_optimizer_is_an_nnx_module():
    optimizer = optimizers.Adam(0.1)
    optimizer.apply([ones], [weights()])
    graph, state = nnx.split(optimizer, graph=True)
    assert len(jax.tree.leaves(state)) == 4
    twin = nnx.merge(graph, state)
    assert [v.path for v in twin.variables] == [v.path for v in optimizer.variables]


@pytest.mark.parametrize("stateless", [False, True])
def test_dynamic_loss_scaling_skips_bad_steps_as_keras_does(problem, stateless):
    problem.grads[3][0][1, 1] = np.inf
    problem.grads[4][2][0] = np.nan
    kwargs = {"use_ema": True, "gradient_accumulation_steps": 2}
    a, b = problem.ours(), problem.theirs()
    mine = optimizers.LossScaleOptimizer(optimizers.Adam(0.1, **kwargs), initial_scale=8.0, dynamic_growth_steps=4)
    other = THEIRS.LossScaleOptimizer(THEIRS.Adam(0.1, **kwargs), initial_scale=8.0, dynamic_growth_steps=4)
    mine.build(a)
    steps = problem.run_stateless(mine, a) if stateless else problem.run(mine, a)
    problem.assert_same(steps, problem.run_stateless(other, b), atol=1e-5)
    for x, y in zip(mine.variables, other.variables, strict=True):
        assert x.name == y.name
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-5)
    assert float(mine.scale_loss(1.0)) == float(other.scale_loss(1.0))
    assert optimizers.deserialize(THEIRS.serialize(other)).get_config() == other.get_config()
