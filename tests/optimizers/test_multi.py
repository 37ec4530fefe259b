"""MultiOptimizer and OptimizerMap against Keras's."""

import copy

import keras
import numpy as np
import pytest

import kerax
from kerax import layers, optimizers
from kerax._core.context import name_scope
from kerax._core.variable import Variable

THEIRS = keras.optimizers
ones = np.ones((3,), "float32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


def mapped(family, **kwargs):
    table = family.OptimizerMap(
        family.SGD(0.1, momentum=0.9, name="rest"), {"encoder/.*": family.Adam(0.2, name="first")}
    )
    return family.MultiOptimizer(table, name="it", **kwargs)


def weights(path):
    scope, name = path.split("/")
    with name_scope(scope):
        return Variable(np.ones(3, "float32"), name=name)


def theirs(path):
    scope, name = path.split("/")
    with keras.name_scope(scope):
        return keras.Variable(np.ones(3, "float32"), name=name)


PATHS = ["encoder/k", "decoder/k", "decoder/b"]


@pytest.mark.parametrize("kwargs", [{}, {"loss_scale_factor": 4.0}], ids=str)
def test_each_variable_is_stepped_as_in_keras(rng, kwargs):
    mine, other = mapped(optimizers, **kwargs), mapped(THEIRS, **kwargs)
    a, b = list(map(weights, PATHS)), list(map(theirs, PATHS))
    for _ in range(4):
        row = [rng.normal(size=3).astype("float32") for _ in PATHS]
        mine.apply(row, a)
        other.apply(row, b)
    for x, y in zip([*a, *mine.variables], [*b, *other.variables], strict=True):
        assert x.path == y.path
        np.testing.assert_allclose(x, np.asarray(y), rtol=1e-5, atol=1e-6)
    assert mine.get_config() == other.get_config()
    assert optimizers.serialize(mine) == THEIRS.serialize(other)
    assert optimizers.deserialize(THEIRS.serialize(other)).get_config() == mine.get_config()
    assert [type(one).__name__ for one in mine.optimizers] == [type(one).__name__ for one in other.optimizers]
    assert float(mine.scale_loss(2.0)) == float(other.scale_loss(2.0))
    assert int(mine.iterations) == 4
    own, values = [np.asarray(v) for v in mine.variables], [np.asarray(v) for v in a]
    one, two = mine.stateless_apply(own, row, values), other.stateless_apply(own, row, values)
    for x, y in zip([*one[0], *one[1]], [*two[0], *two[1]], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


def test_a_function_chooses_and_is_asked_once_for_each_variable():
    adam, sgd, asked = optimizers.Adam(), optimizers.SGD(0.5), []

    def choose(variable):
        asked.append(variable.path)
        return adam if "encoder" in variable.path else sgd

    optimizer = optimizers.MultiOptimizer(choose)
    a, b, c = map(weights, PATHS)
    optimizer.apply([ones, ones], [a, b])
    optimizer.apply([ones, ones], [b, c])
    assert asked == PATHS
    assert optimizer.optimizers == [adam, sgd]
    assert (int(adam.iterations), int(sgd.iterations)) == (1, 2)
    np.testing.assert_array_equal(b, np.zeros(3))
    with pytest.raises(NotImplementedError, match="function that chooses.*OptimizerMap"):
        optimizer.get_config()


def test_a_model_trains_under_it_and_a_copy_goes_on(rng):
    kerax.utils.set_random_seed(0)
    model = kerax.Sequential([layers.Dense(4, name="encoder"), layers.Dense(1, name="decoder")])
    table = optimizers.OptimizerMap(optimizers.SGD(0.0), {".*encoder.*": optimizers.Adam(0.1)})
    model.compile(optimizers.LossScaleOptimizer(optimizers.MultiOptimizer(table)), "mse")
    x = rng.normal(size=(16, 3)).astype("float32")
    model.build((None, 3))
    before = [w.numpy() for w in model.weights]
    model.fit(x, x[:, :1], epochs=2, batch_size=8, verbose=0)
    moved = [bool(np.any(w.numpy() != start)) for w, start in zip(model.weights, before, strict=True)]
    assert moved == [True, True, False, False]
    table[".*encoder.*"].learning_rate = 0.0
    held = model.layers[0].kernel.numpy()
    model.fit(x, x[:, :1], verbose=0)
    np.testing.assert_array_equal(model.layers[0].kernel, held)
    twin = copy.deepcopy(model.optimizer)
    twin.build(model.trainable_variables)
    for a, b in zip(twin.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("choose", [optimizers.OptimizerMap, lambda only: lambda variable: only])
def test_averages_and_exclusions_reach_the_optimizers(choose):
    only = optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5, weight_decay=1.0)
    optimizer = optimizers.MultiOptimizer(choose(only))
    optimizer.exclude_from_weight_decay(var_names=["k"])
    v = weights("decoder/k")
    optimizer.apply([ones], [v])
    optimizer.apply([ones], [v])
    np.testing.assert_array_equal(v, np.zeros(3))
    optimizer.finalize_variable_values([v])
    np.testing.assert_array_equal(v, np.full(3, 0.25))
    with pytest.raises(ValueError, match="'other/k', which it keeps no average of"):
        optimizer.finalize_variable_values([weights("other/k")])


def test_a_map_is_a_mapping():
    default, adam = optimizers.SGD(), optimizers.Adam()
    table = optimizers.OptimizerMap(default, {"enc.*": adam})
    assert (list(table), len(table), "enc.*" in table, "encoder" in table) == (["enc.*"], 1, True, False)
    assert table["encoder/k"] is adam
    assert table["decoder/k"] is default is table.default_optimizer
    assert table(weights("encoder/k")) is adam
    del table["enc.*"]
    assert table["encoder/k"] is default


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda f: f.OptimizerMap("sgd"), TypeError, "default_optimizer"),
        (lambda f: f.OptimizerMap(f.SGD()).__setitem__("a", 3), ValueError, "3"),
        (lambda f: f.OptimizerMap(f.SGD()).__setitem__(3, f.SGD()), ValueError, "3"),
        (lambda f: f.OptimizerMap(f.SGD(), {"a": f.SGD()}).__setitem__("a", f.SGD()), ValueError, "'a'"),
        (lambda f: f.OptimizerMap(f.SGD(), {"a.*": f.SGD(), "ab.*": f.SGD()})["abc"], ValueError, "abc"),
        (lambda f: mapped(f).learning_rate, AttributeError, "optimizers"),
        (lambda f: setattr(mapped(f), "learning_rate", 0.1), AttributeError, "optimizers"),
    ],
)
def test_mistakes_are_named_where_keras_names_them(make, error, text):
    for family in (optimizers, THEIRS):
        with pytest.raises(error, match=text):
            make(family)


def test_what_is_no_optimizer_is_named():
    with pytest.raises(ValueError, match="OptimizerMap, or a function"):
        optimizers.MultiOptimizer("adam")
    with pytest.raises(ValueError, match=r"OptimizerMap\['a'\]: got 3"):
        optimizers.OptimizerMap(optimizers.SGD(), {"a": 3})
    with pytest.raises(ValueError, match="'sgd' for 'encoder/k'"):
        optimizers.MultiOptimizer(lambda v: "sgd").build([weights("encoder/k")])
