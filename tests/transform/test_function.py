"""`kerax.function`: what it finds, what it keeps, when it traces again."""

from __future__ import annotations

import copy
import functools
import gc
import logging
import traceback
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import kerax
from kerax import ops
from kerax._errors import ArgumentError, DTypeError, ShapeError, StateError
from kerax._transform.spec import TensorSpec

function = kerax.function


def traces(fn):
    return fn.experimental_get_tracing_count()


# -- how it is made --------------------------------------------------------------------------------


def plus_one(x):
    """Adds one."""
    return x + 1


class Callable:
    def __call__(self, x):
        return x * 2


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (function(plus_one), 3.0),
        (function(autograph=False)(plus_one), 3.0),
        (function(jit_compile=True, reduce_retracing=True)(plus_one), 3.0),
        (function(lambda x: x * 5), 10.0),
        (function(functools.partial(lambda a, b: a - b, 7.0)), 5.0),
        (function(Callable()), 4.0),
        (function(jnp.sin), np.sin(2.0)),
        (function(Callable().__call__), 4.0),
    ],
)
def test_it_wraps_whatever_can_be_called(made, expected):
    np.testing.assert_allclose(made(jnp.float32(2.0)), expected, rtol=1e-6)
    np.testing.assert_allclose(made(np.float32(2.0)), expected, rtol=1e-6)


def test_it_keeps_name_doc_and_the_python_function():
    made = function(plus_one)
    assert (made.__name__, made.__doc__, made.python_function, made.__wrapped__) == (
        "plus_one", "Adds one.", plus_one, plus_one,
    )  # fmt: skip


def test_something_that_cannot_be_called_is_an_error():
    with pytest.raises(ArgumentError, match="got 3, expected a function"):
        function(3)


# -- what it finds ---------------------------------------------------------------------------------


def test_it_reads_and_writes_the_variables_of_the_moment():
    v = kerax.Variable(1.0)

    @function
    def step(x):
        v.assign_add(x)
        return v * 10

    assert step(jnp.float32(2.0)) == 30.0
    v.assign(100.0)
    assert step(jnp.float32(1.0)) == 1010.0
    assert float(v) == 101.0
    assert traces(step) == 1


def test_variables_made_by_the_first_call_are_kept():
    class Model:
        def __init__(self):
            self.v = None

        @function
        def __call__(self, x):
            if self.v is None:
                self.v = kerax.Variable(2.0)
            self.v.assign_add(x)
            return self.v * x

    model = Model()
    assert [float(model(jnp.float32(3.0))) for _ in range(2)] == [15.0, 24.0]
    assert float(model.v) == 8.0


def test_a_variable_made_in_every_call_is_named():
    @function
    def step(x):
        return kerax.Variable(1.0, name="fresh") * x

    with pytest.raises(StateError, match=r"'step' makes the Variable 'fresh' in every call.*if self.v is None"):
        step(jnp.float32(1.0))


def test_layers_build_optimizers_make_slots_and_metrics_count_inside(rng):
    kerax.utils.set_random_seed(1)
    model = kerax.Sequential(
        [
            kerax.layers.Dense(8, "relu"),
            kerax.layers.BatchNormalization(),
            kerax.layers.Dropout(0.2),
            kerax.layers.Dense(1),
        ]
    )
    optimizer = kerax.optimizers.Adam(0.02)
    metric = kerax.metrics.MeanSquaredError()

    @function
    def train_step(x, y):
        with kerax.GradientTape() as tape:
            prediction = model(x, training=True)
            loss = ops.mean(ops.square(prediction - y))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        metric.update_state(y, prediction)
        return loss

    x = rng.normal(size=(64, 4)).astype("float32")
    y = x.sum(1, keepdims=True)
    losses = [float(train_step(x, y)) for _ in range(60)]
    assert losses[-1] < 0.3 * losses[0]
    assert traces(train_step) == 1
    assert int(optimizer.iterations) == 60
    assert not np.allclose(model.layers[1].moving_mean, 0)
    np.testing.assert_allclose(float(metric.result()), np.mean(losses), rtol=1e-4)


def test_compiled_steps_equal_eager_steps(rng):
    def make():
        kerax.utils.set_random_seed(3)
        model = kerax.Sequential([kerax.layers.Dense(5, "tanh"), kerax.layers.Dropout(0.5), kerax.layers.Dense(2)])
        optimizer = kerax.optimizers.RMSprop(0.01)

        def step(x):
            with kerax.GradientTape() as tape:
                loss = ops.mean(model(x, training=True) ** 2)
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            return loss

        return model, step

    x = rng.normal(size=(8, 3)).astype("float32")
    (eager, step), (compiled, other) = make(), make()
    other = function(other)
    for _ in range(4):
        np.testing.assert_allclose(step(x), other(x), rtol=1e-5)
    for a, b in zip(eager.weights, compiled.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_gan_step_with_two_optimizers(rng):
    kerax.utils.set_random_seed(0)
    generator = kerax.Sequential([kerax.layers.Dense(8, "relu"), kerax.layers.Dense(2)])
    critic = kerax.Sequential([kerax.layers.Dense(8, "relu"), kerax.layers.Dense(1)])
    loss_of = kerax.losses.BinaryCrossentropy(from_logits=True)
    optimizers = kerax.optimizers.Adam(1e-2), kerax.optimizers.Adam(1e-2)
    seed = kerax.random.SeedGenerator(1)

    @function
    def train_step(real):
        noise = kerax.random.normal((real.shape[0], 3), seed=seed)
        with kerax.GradientTape() as g_tape, kerax.GradientTape() as c_tape:
            fake = generator(noise, training=True)
            on_real, on_fake = critic(real, training=True), critic(fake, training=True)
            g_loss = loss_of(ops.ones_like(on_fake), on_fake)
            c_loss = loss_of(ops.ones_like(on_real), on_real) + loss_of(ops.zeros_like(on_fake), on_fake)
        tapes, losses, models = (g_tape, c_tape), (g_loss, c_loss), (generator, critic)
        for tape, loss, model, optimizer in zip(tapes, losses, models, optimizers, strict=True):
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return g_loss, c_loss

    real = rng.normal(size=(16, 2)).astype("float32") + 4
    losses = [train_step(real) for _ in range(30)]
    assert np.isfinite(np.asarray(losses)).all()
    assert traces(train_step) == 1
    assert [int(o.iterations) for o in optimizers] == [30, 30]


def test_foreign_modules_in_layers_closures_and_arguments_are_carried():
    norm = nnx.BatchNorm(2, rngs=nnx.Rngs(0))
    x = jnp.asarray([[1.0, 2.0], [3.0, 6.0]])

    @function
    def on_closure(x):
        return norm(x)

    @function
    def on_argument(module, x):
        return module(x)

    class Wrapper(kerax.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = nnx.BatchNorm(2, rngs=nnx.Rngs(0))

        def call(self, x):
            return self.norm(x)

    layer = Wrapper()
    other = nnx.BatchNorm(2, rngs=nnx.Rngs(0))
    in_layer = function(lambda x: layer(x, training=True))
    for _ in range(2):
        on_closure(x)
        on_argument(other, x)
        in_layer(x)
    expected = nnx.BatchNorm(2, rngs=nnx.Rngs(0))
    expected(x)
    expected(x)
    for module in (norm, other, layer.norm):
        np.testing.assert_allclose(module.mean[...], expected.mean[...], rtol=1e-6)


def test_foreign_state_moves_in_branches_and_loops():
    count = nnx.Variable(jnp.zeros(()))

    @function
    def step(x):
        if x > 0:
            count[...] = count[...] + 1
        for _ in range(jnp.int32(x)):
            count[...] = count[...] + 10
        return count[...]

    assert [float(step(jnp.float32(v))) for v in (2.0, -1.0, 1.0)] == [21.0, 21.0, 32.0]


# -- what it keeps ---------------------------------------------------------------------------------


def test_outputs_keep_their_structure_and_python_values():
    v = kerax.Variable([1.0, 2.0])

    @function
    def give(x):
        return {"b": (x, None, "text", 3), "a": [v, 2.5, np.float32(4)], "c": []}

    out = give(jnp.ones(()))
    assert list(out) == ["a", "b", "c"] or list(out) == ["b", "a", "c"]
    assert out["b"][1:] == (None, "text", 3)
    assert out["a"][1] == 2.5
    assert isinstance(out["a"][0], jax.Array)
    np.testing.assert_array_equal(out["a"][0], [1.0, 2.0])
    assert isinstance(out["a"][2], jax.Array)


def test_no_output_is_none():
    v = kerax.Variable(0.0)

    @function
    def step():
        v.assign(3.0)

    assert step() is None
    assert float(v) == 3.0


def test_side_effects_of_python_happen_while_tracing():
    seen = []

    @function
    def step(x):
        seen.append(x.shape)
        return x

    for size in (2, 2, 3):
        step(jnp.ones(size))
    assert seen == [(2,), (3,)]


@pytest.mark.parametrize("when", ["tracing", "running"])
def test_after_an_error_variables_hold_what_they_held(when):
    v = kerax.Variable(1.0)
    late = []

    @function
    def step(x):
        v.assign_add(x)
        if when == "tracing":
            raise KeyError("mine")
        assert x < 0, "positive"
        late.append(1)
        return v.value

    error = KeyError if when == "tracing" else AssertionError
    for _ in range(2):
        with pytest.raises(error, match="mine" if when == "tracing" else "positive"):
            step(jnp.float32(2.0))
        assert v.numpy() == 1.0
        v.assign(v + 0)  # it belongs to nobody's trace
    if when == "running":
        assert step(jnp.float32(-3.0)) == -2.0


def test_an_error_keeps_type_message_cause_and_ends_at_the_users_line():
    class Mine(Exception):
        pass

    def inner(x):
        try:
            raise ValueError("first")
        except ValueError as error:
            raise Mine("deep", 3) from error  # here

    @function
    def step(x):
        for _ in range(2):
            if x > 0:
                y = inner(x)
            else:
                y = x
        return y

    with pytest.raises(Mine) as caught:
        step(jnp.ones(()))
    assert caught.value.args == ("deep", 3)
    assert isinstance(caught.value.__cause__, ValueError)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].line.endswith("# here")
    assert frames[-1].name == "inner"
    names = [frame.filename.rsplit("/", 2)[-2:] for frame in frames]
    assert sum("_transform" in "/".join(name) for name in names) <= 3
    assert [frame.name for frame in frames if frame.filename == __file__] == [
        "test_an_error_keeps_type_message_cause_and_ends_at_the_users_line", "step", "step", "step", "inner",
    ]  # fmt: skip


def test_an_error_of_jax_ends_at_the_users_line():
    @function
    def step(x):
        y = x + 1
        return y @ jnp.ones((7, 2))  # here

    with pytest.raises(TypeError) as caught:
        step(jnp.ones((2, 3)))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line.endswith("# here")


# -- when it traces --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        (jnp.ones(2), jnp.zeros(2), 1),
        (jnp.ones(2), np.zeros(2, "float32"), 1),
        (jnp.ones(2), np.zeros(2, "float64"), 1),
        (jnp.ones(2), jnp.ones(3), 2),
        (jnp.ones(2), jnp.ones(2, "int32"), 2),
        (jnp.ones(()), jnp.asarray(1.0), 2),  # a weak type
        (np.float32(1), np.float32(2), 1),
        (1, 1, 1),
        (1, 2, 2),
        (1, True, 2),
        (1, 1.0, 2),
        (0.0, -0.0, 2),
        (float("nan"), float("nan"), 1),
        ("a", "a", 1),
        ("a", "b", 2),
        (None, None, 1),
        (None, 0, 2),
        ([jnp.ones(2)], (jnp.ones(2),), 2),
        ([jnp.ones(2)], [jnp.zeros(2)], 1),
        ([jnp.ones(2)], [jnp.ones(2)] * 2, 2),
        ({"a": jnp.ones(2)}, {"a": jnp.zeros(2)}, 1),
        ({"a": jnp.ones(2)}, {"b": jnp.ones(2)}, 2),
        (slice(1, 2), slice(1, 2), 1),
        (slice(1, 2), slice(1, 3), 2),
        (np.sum, np.sum, 1),
        (np.sum, np.prod, 2),
    ],
)
def test_it_traces_once_for_each_kind_of_argument(first, second, count):
    made = function(lambda x: None)
    for argument in (first, second, first):
        made(argument)
    assert traces(made) == count


def test_objects_are_told_apart_by_identity_and_not_kept_alive():
    class Thing:
        pass

    made = function(lambda x, thing: x)
    one, two = Thing(), Thing()
    for thing in (one, two, one):
        made(jnp.ones(()), thing)
    assert traces(made) == 2
    ref = weakref.ref(one)
    del one, thing
    gc.collect()
    assert ref() is None
    made(jnp.ones(()), Thing())
    assert traces(made) == 3
    assert len(made._programs) <= 2


@pytest.mark.parametrize("kind", ["layer", "variable", "optimizer"])
def test_layers_variables_and_optimizers_are_arguments_by_identity(kind):
    things = {
        "layer": lambda: kerax.layers.Dense(2, kernel_initializer="ones"),
        "variable": lambda: kerax.Variable([1.0]),
        "optimizer": lambda: kerax.optimizers.SGD(),
    }
    made = function(lambda thing, x: thing(x) if kind == "layer" else x)
    one, two = things[kind](), things[kind]()
    for thing in (one, two, one):
        made(thing, jnp.ones((1, 2)))
    assert traces(made) == 2


def test_a_variable_as_argument_is_assigned():
    @function
    def add(variable, x):
        variable.assign_add(x)
        return variable

    a, b = kerax.Variable(1.0), kerax.Variable(10.0)
    assert [float(add(v, jnp.float32(2.0))) for v in (a, b, a)] == [3.0, 12.0, 5.0]
    assert (float(a), float(b)) == (5.0, 12.0)


@pytest.mark.parametrize("spelled", [((1.0, 2.0), {}), ((1.0,), {"b": 2.0}), ((), {"b": 2.0, "a": 1.0}), ((1.0,), {})])
def test_every_spelling_of_a_call_is_the_same_call(spelled):
    @function
    def made(a, b=2.0):
        return a - b

    made(1.0, 2.0)
    args, kwargs = spelled
    assert made(*args, **kwargs) == -1.0
    assert traces(made) == 1


def test_variadic_arguments():
    @function
    def made(a, *rest, scale=1.0, **more):
        return (a + sum(rest)) * scale + sum(more.values())

    one = jnp.ones(())
    assert made(one, one, one, scale=jnp.float32(2.0), extra=one) == 7.0
    with pytest.raises(TypeError, match="missing a required argument: 'a'"):
        made(scale=1.0)


def test_trainable_and_hyperparameters_are_read_again_and_programs_kept(rng):
    layer = kerax.layers.BatchNormalization()
    layer.build((None, 2))
    optimizer = kerax.optimizers.SGD(0.1)
    made = function(lambda x: layer(x, training=True))
    x = rng.normal(size=(8, 2)).astype("float32") * 5
    for trainable in (True, False, True, False):
        layer.trainable = trainable
        out = made(x)
        assert bool(abs(np.std(out) - 1) < 0.1) is trainable
    assert traces(made) == 2

    w = kerax.Variable(1.0)
    step = function(lambda: optimizer.apply([jnp.float32(1.0)], [w]))
    step()
    optimizer.learning_rate = 1.0
    step()
    np.testing.assert_allclose(float(w), -0.1, rtol=1e-5)
    optimizer.weight_decay = 0.5
    optimizer.learning_rate = 0.0
    step()
    assert traces(step) == 2


def test_the_training_phase_of_the_caller_counts():
    @function
    def drop(x):
        return inner(x)

    inner = kerax.layers.Dropout(0.999, seed=1)

    class Outer(kerax.layers.Layer):
        def call(self, x):
            return drop(x)

    outer = Outer()
    x = jnp.ones((50,))
    assert ops.sum(outer(x, training=True)) != 50
    assert ops.sum(outer(x, training=False)) == 50


def test_too_many_traces_are_reported(caplog):
    @function
    def scaled(x, factor):
        return x * factor

    with caplog.at_level(logging.WARNING, "kerax"):
        for factor in range(4):
            scaled(jnp.ones(2), factor)
        assert not caplog.records
        for factor in range(4, 12):
            scaled(jnp.ones(2), factor)
    assert len(caplog.records) == 2
    text = caplog.records[0].getMessage()
    assert "5 out of the last 5 calls to <kerax.function" in text
    assert "triggered function retracing" in text
    assert "'factor', from 3 to 4" in text


# -- where it is called ----------------------------------------------------------------------------


def test_functions_inside_functions_and_jax_transformations():
    v = kerax.Variable(2.0)

    @function
    def inner(x):
        v.assign_add(1.0)
        if x > 0:
            return x * v
        return x

    outer = function(lambda x: inner(inner(x)))
    assert outer(jnp.float32(1.0)) == 12.0
    assert float(v) == 4.0
    assert traces(inner) == 0

    plain = function(lambda x: jnp.sum(x) * 2 if x.ndim else x * 3)
    assert jax.jit(plain)(jnp.ones(3)) == 6.0
    assert jax.grad(plain)(jnp.float32(1.0)) == 3.0
    np.testing.assert_array_equal(jax.vmap(plain)(jnp.ones(3)), [3.0] * 3)


def test_a_tape_sees_through_it():
    w = kerax.Variable([1.0, 2.0])
    count = kerax.Variable(0.0)

    @function
    def f(a):
        count.assign_add(1.0)
        if count > 0:
            return ops.sum(w * w * a)
        return ops.sum(a)

    a = jnp.asarray([3.0, 4.0])
    for call in (1, 2):
        with kerax.GradientTape() as tape:
            tape.watch(a)
            y = f(a) * 2
        gradients = tape.gradient(y, [w, a])
        np.testing.assert_allclose(gradients[0], [12.0, 32.0])
        np.testing.assert_allclose(gradients[1], [2.0, 8.0])
        assert float(count) == call
    f(a)
    assert float(count) == 3
    assert traces(f) == 1


def test_symbolic_tensors_pass():
    inputs = kerax.Input((3,))
    doubled = function(lambda x: x * 2)(inputs)
    model = kerax.Model(inputs, doubled)
    np.testing.assert_array_equal(model(np.ones((1, 3), "float32")), 2 * np.ones((1, 3)))


# -- methods ---------------------------------------------------------------------------------------


class Counter:
    def __init__(self, start):
        self.v = kerax.Variable(start)

    @function
    def add(self, x):
        self.v.assign_add(x)
        return self.v.value

    @function(input_signature=[TensorSpec([], "float32")])
    def strict(self, x):
        return x + self.v


def test_methods_work_on_each_object():
    a, b = Counter(1.0), Counter(10.0)
    assert [float(c.add(jnp.float32(1.0))) for c in (a, b, a)] == [2.0, 11.0, 3.0]
    assert a.add is a.add
    assert a.add is not b.add
    assert traces(a.add) == 1
    assert isinstance(Counter.add, kerax._transform.function.Function)
    assert float(a.strict(2)) == 5.0


def test_methods_keep_no_object_alive():
    counter = Counter(1.0)
    counter.add(jnp.float32(1.0))
    ref, method = weakref.ref(counter), counter.add
    del counter
    gc.collect()
    assert ref() is None
    assert not Counter.add._bound
    with pytest.raises(StateError, match="after the object it belongs to is gone"):
        method(jnp.ones(3))


def test_methods_of_layers_and_super():
    class Base(kerax.layers.Layer):
        def scaled(self, x):
            return x * 2

    class Net(Base):
        def __init__(self):
            super().__init__()
            self.inner = kerax.layers.Dense(2, kernel_initializer="ones")
            self.__hidden = 5.0

        def scaled(self, x):
            if ops.sum(x) > 0:
                return super().scaled(x) + self.__hidden
            return x

        @function
        def call(self, x):
            return self.inner(self.scaled(x))

    net = Net()
    np.testing.assert_allclose(net(np.ones((1, 2), "float32")), [[14.0, 14.0]])
    np.testing.assert_allclose(net(-np.ones((1, 2), "float32")), [[-2.0, -2.0]])
    assert len(net.weights) == 2


def test_copies_are_functions_of_their_own():
    made = function(plus_one)
    other = copy.deepcopy(made)
    other(jnp.ones(2))
    assert (traces(made), traces(other)) == (0, 1)


# -- signatures ------------------------------------------------------------------------------------


def test_input_signature_checks_and_casts():
    @function(input_signature=[TensorSpec([None, 2], "float32"), TensorSpec([], "int32", name="n")])
    def f(x, n):
        return x * n

    np.testing.assert_array_equal(f([[1, 2]], 3), [[3.0, 6.0]])
    np.testing.assert_array_equal(f(np.ones((2, 2)), n=np.int64(2)), 2 * np.ones((2, 2)))
    assert f(jnp.ones((3, 2)), jnp.int32(1)).dtype == "float32"
    assert traces(f) == 3
    f(jnp.zeros((3, 2)), 7)
    assert traces(f) == 3


@pytest.mark.parametrize(
    ("args", "error", "text"),
    [
        ((jnp.ones((2, 3)), 1), ShapeError, r"function 'f', 'x': got the shape \(2, 3\), expected \(None, 2\)"),
        ((jnp.ones(2), 1), ShapeError, r"the shape \(2,\)"),
        ((jnp.ones((2, 2), "int32"), 1), DTypeError, "'x': got int32, expected float32.*cast it"),
        ((jnp.ones((2, 2)), 1.5), DTypeError, "'n': got float64, expected int32"),
        ((jnp.ones((2, 2)),), TypeError, "missing a required argument: 'n'"),
        (("text", 1), DTypeError, "'x'"),
    ],
)
def test_what_does_not_fit_the_signature_is_named(args, error, text):
    @function(input_signature=[TensorSpec([None, 2], "float32"), TensorSpec([], "int32")])
    def f(x, n):
        return x * n

    with pytest.raises(error, match=text):
        f(*args)


def test_signatures_nest_and_take_what_has_a_shape():
    @function(input_signature=[{"a": kerax.Input((2,), batch_size=1)}, [jnp.ones(3)]])
    def f(x, y):
        return x["a"], y[0]

    assert f({"a": [[1, 2]]}, [[1, 2, 3]])[0].shape == (1, 2)
    with pytest.raises(ArgumentError, match="expected a dict with the keys"):
        f({"b": 1}, [[1, 2, 3]])
    with pytest.raises(ArgumentError, match="a list or tuple of TensorSpecs"):
        function(plus_one, input_signature=TensorSpec([]))


def test_concrete_functions():
    v = kerax.Variable(3.0)
    f = function(lambda x, n: x * v + n)
    concrete = f.get_concrete_function(TensorSpec([2], "float32"), 1)
    assert traces(f) == 1
    assert concrete.variables == [v]
    assert concrete.trainable_variables == [v]
    np.testing.assert_array_equal(concrete(jnp.ones(2)), [4.0, 4.0])
    assert traces(f) == 1
    assert "(float32[2], 1)" in f.pretty_printed_concrete_signatures()
    with pytest.raises(ShapeError, match=r"expected \(2,\)"):
        concrete(jnp.ones(3))
    signed = function(plus_one, input_signature=[TensorSpec([None])]).get_concrete_function()
    np.testing.assert_array_equal(signed([1.0]), [2.0])


def test_importing_kerax_does_not_load_malt():
    import subprocess
    import sys

    code = "import sys, kerax; print('malt' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
