"""AutoGraph: what is refused and how it is said, gradients, loops over data, what is converted."""

from __future__ import annotations

import functools
import linecache
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import ops
from kerax._errors import DTypeError, ShapeError, StateError, Unsupported
from kerax._transform import autograph
from kerax._transform.autograph.undefined import UnboundError

function = kerax.function
ONE = jnp.float32(1.0)
XS = jnp.asarray([1.0, 2.0, 3.0])


def here(needle, fn):
    """file:line of the line of `fn` that ends in the marker."""
    lines = linecache.getlines(__file__)
    start = fn.__code__.co_firstlineno
    number = next(n for n in range(start, len(lines)) if lines[n - 1].rstrip().endswith(needle))
    return f"{__file__}:{number}"


# -- refusals --------------------------------------------------------------------------------------


def branch_dtypes(x):
    if x > 0:  # here
        y = jnp.int32(1)
    else:
        y = x
    return y


def branch_shapes(x):
    if x > 0:  # here
        y = jnp.zeros(3)
    else:
        y = jnp.zeros((2, 2))
    return y


def branch_kinds(x):
    if x > 0:  # here
        y = "text"
    else:
        y = x
    return y


def branch_structures(x):
    if x > 0:  # here
        y = (x, x)
    else:
        y = [x]
    return y


def returned_shapes(x):
    if x > 0:  # here
        return jnp.zeros(3)
    return x


def one_branch_only(x):
    if x > 0:  # here
        late = x
    return late


def the_other_branch_only(x):
    if x > 0:  # here
        pass
    else:
        late = x
    return late


def not_always_returned(x):
    if x > 0:
        return x


def loop_dtypes(x):
    n = jnp.int32(0)
    while n < x:  # here
        n = n + 0.5
    return n


def loop_shapes(x):
    y = jnp.zeros(1)
    while ops.sum(y) < x:  # here
        y = jnp.concatenate([y, y])
    return y


def loop_none(x):
    y = None
    while x < 10:  # here
        y = x
        x = x + 1
    return y


def loop_defines(x):
    while x < 10:  # here
        late = x
        x = x + 1
    return late


def loop_shrinks(xs):
    y = jnp.zeros(4)
    for x in XS:  # here
        y = y[1:] * x
    return y


def array_as_condition(x):
    if jnp.stack([x, x]) > 0:  # here
        return x
    return -x


def endless_break(x):
    import itertools

    for i in itertools.count():  # here
        x = x + i
        if x > 10:
            break
    return x


def and_with_text(x):
    return x > 0 and "text"  # here


REFUSED = [
    (branch_dtypes, DTypeError, "The `if` at {here}: 'y': got int32[] where the condition holds and float32[] where"),
    (branch_shapes, ShapeError, "The `if` at {here}: 'y': got float32[3] where the condition holds and float32[2, 2]"),
    (branch_kinds, DTypeError, "The `if` at {here}: 'y': got 'text' where the condition holds and float32[]"),
    (branch_structures, DTypeError, "'y': got ('float32[]', 'float32[]') where the condition holds and"),
    (returned_shapes, ShapeError, "The `if` at {here}: 'the result': got float32[3] where"),
    (
        one_branch_only,
        UnboundError,
        "'late' may have no value here: the `if` at {here} gives it none in the other branch",
    ),
    (the_other_branch_only, UnboundError, "gives it none in the branch where the condition holds. Try: set it before"),
    (not_always_returned, StateError, "'not_always_returned' returns a value on one path, and nothing on another"),
    (loop_dtypes, DTypeError, "The `while` at {here}: 'n': got int32[] before the loop and float32[] after a turn"),
    (loop_shapes, ShapeError, "The `while` at {here}: 'y': got float32[1] before the loop and float32[2] after a"),
    (loop_none, DTypeError, "The `while` at {here}: 'y': got None before the loop and float32[] after a turn"),
    (loop_defines, UnboundError, "'late' may have no value here: the `while` at {here} may not run once. Try: set it"),
    (loop_shrinks, ShapeError, "The `for` at {here}: 'y': got float32[3] before the loop and float32[2] after a turn"),
    (array_as_condition, ShapeError, "The condition of the `if` at {here}: got an array of shape (2,)"),
    (endless_break, Unsupported, "The `for` at {here}: `break` or `return` that depends on a tensor, in a loop over"),
    (and_with_text, Unsupported, "The `and` at {here}: got a str beside a tensor"),
]


@pytest.mark.parametrize(("fn", "error", "text"), REFUSED, ids=[fn.__name__ for fn, _, _ in REFUSED])
def test_what_cannot_be_staged_is_named(fn, error, text):
    with pytest.raises(error) as caught:
        function(fn)(ONE)
    assert text.format(here=here("# here", fn) if "{here}" in text else "") in str(caught.value)


@pytest.mark.parametrize("error_of", [branch_dtypes, loop_shapes])
def test_refusals_point_to_the_ops(error_of):
    with pytest.raises((DTypeError, ShapeError), match=r"ops\.(cond|while_loop)"):
        function(error_of)(ONE)


def test_collecting_in_a_staged_loop_is_an_error_and_in_an_unrolled_one_is_not():
    def collect(xs):
        parts = []
        for x in xs:
            parts.append(x * 2)
        return jnp.stack(parts)

    with pytest.raises(StateError, match=r"'parts' was changed inside a compiled loop or branch.*ops\.scan"):
        function(collect)(XS)
    np.testing.assert_array_equal(function(collect)([1.0, 2.0]), [2.0, 4.0])

    class Holder:
        def __init__(self):
            self.parts = []

        def add(self, xs):
            for x in xs:
                self.parts.append(x)

    holder = Holder()
    with pytest.raises(StateError, match=r"'self\.parts' was changed"):
        function(holder.add)(XS)
    assert holder.parts == []


def test_a_read_of_a_loop_variable_before_it_has_a_value():
    def f(x):
        while x < 3:
            x = x + late  # noqa: F821
            late = x  # noqa: F841
        return x

    with pytest.raises(UnboundError, match="'late' is read before it has a value"):
        function(f)(ONE)


# -- without conversion ----------------------------------------------------------------------------


def test_code_without_source_runs_and_says_why_it_is_not_converted():
    scope = {}
    exec("def f(x):\n    y = x * 2\n    return y\ndef g(x):\n    if x > 0:\n        return x\n    return -x", scope)
    assert function(scope["f"])(ONE) == 2.0
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        function(scope["g"])(ONE)
    notes = "".join(caught.value.__notes__)
    assert "'g' runs as it is" in notes
    assert "source code" in notes
    assert "ops.cond" in notes


def test_autograph_can_be_left_out():
    f = function(lambda x: x + 1 if x > 0 else x, autograph=False)
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        f(ONE)
    assert "autograph=False" in "".join(caught.value.__notes__)


def test_generators_run_as_they_are():
    def parts(x):
        for i in range(3):
            yield x * i

    assert function(lambda x: sum(parts(x)))(ONE) == 3.0


def test_libraries_are_not_converted():
    assert autograph.convert(jnp.linspace) is jnp.linspace
    assert autograph.convert(functools.wraps) is functools.wraps
    assert autograph.convert(ops.mean) is ops.mean
    assert autograph.convert(branch_dtypes) is not branch_dtypes


# -- what is converted -----------------------------------------------------------------------------


def test_call_of_layers_and_models_of_the_user_is_converted():
    class Clip(kerax.layers.Layer):
        def call(self, x):
            if ops.mean(x) > 1:
                return x / 2
            return x

    class Net(kerax.Model):
        def __init__(self):
            super().__init__()
            self.clip = Clip()

        def call(self, x, training=False):
            steps = 0
            while ops.max(x) > 1:
                x = self.clip(x) * 0.9
                steps += 1
            return x, steps

    net = Net()
    x = np.full((2, 2), 8.0, "float32")
    expected = net(x)
    got = function(net)(x)
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-6)
    assert int(got[1]) == expected[1]


def test_decorated_functions_are_converted_through_their_decorator():
    def twice(fn):
        @functools.wraps(fn)
        def wrapper(x):
            return fn(fn(x))

        return wrapper

    @function
    @twice
    def f(x):
        if x > 0:
            return x * 2
        return x

    assert f(ONE) == 4.0


def test_classes_static_and_class_methods():
    class Tool:
        factor = 3

        @staticmethod
        def double(x):
            return x * 2 if x > 0 else x

        @classmethod
        def triple(cls, x):
            return x * cls.factor if x > 0 else x

        @property
        def plain(self):
            return 5

    @function
    def f(x):
        tool = Tool()
        return Tool.double(x) + tool.triple(x) + tool.plain

    assert f(ONE) == 10.0


def test_globals_defaults_and_annotations_survive():
    @function
    def f(x, power=2, *, base: float = math.e) -> jax.Array:
        """Doc."""
        if x > 0:
            return x**power * base
        return x

    np.testing.assert_allclose(f(jnp.float32(2.0)), 4 * math.e, rtol=1e-6)


def test_conversion_is_done_once_for_each_code():
    def make(offset):
        def f(x):
            return x + offset if x > 0 else x

        return f

    one, two = autograph.convert(make(1.0)), autograph.convert(make(2.0))
    assert one.__code__ is two.__code__
    assert (one(1.0), two(1.0)) == (2.0, 3.0)


def test_the_new_code_bears_the_users_file_lines_and_names():
    new = autograph.convert(loop_dtypes)
    assert new.__code__.co_filename == __file__
    assert new.__code__.co_name == new.__qualname__ == "loop_dtypes"
    lines = {line for _, _, line in new.__code__.co_lines() if line is not None}
    first = loop_dtypes.__code__.co_firstlineno
    assert lines <= set(range(first, first + 6))


def test_asserts_hold_or_fail_when_the_code_runs():
    v = kerax.Variable(0.0)

    @function
    def f(x):
        v.assign_add(1.0)
        if x > 0:
            assert x < 5, f"too large in {'branch'}"
        return x

    assert f(ONE) == 1.0
    with pytest.raises(AssertionError, match=r"assertion failed at .*test_autograph.py:\d+: too large in branch"):
        f(jnp.float32(7.0))
    assert f(jnp.float32(2.0)) == 2.0
    assert float(v) == 2.0


def test_prints_of_python_happen_while_tracing(capsys):
    @function
    def f(x):
        if x > 0:
            print("positive")
        else:
            print("not positive")
        return x

    f(ONE)
    f(ONE)
    assert capsys.readouterr().out == "positive\nnot positive\n"


# -- gradients -------------------------------------------------------------------------------------


def gradient(fn, x):
    made = function(fn)
    v = kerax.Variable(x)
    with kerax.GradientTape() as tape:
        y = made(v)
    by_tape = tape.gradient(y, v)
    np.testing.assert_allclose(by_tape, jax.grad(lambda x: made(x))(jnp.asarray(x)), rtol=1e-6)
    return by_tape


def test_gradients_pass_loops_over_arrays_with_break():
    def f(x):
        total = 0.0
        for factor in XS:
            total = total + factor * x**2
            if total > 10:
                break
        return total

    assert gradient(f, 1.0) == 12.0  # 1 + 2 + 3
    assert gradient(f, 3.0) == 6 * 3.0  # 9 + 18, then a break: 1 + 2


def test_gradients_pass_branches_and_returns_in_loops():
    def f(x):
        for factor in XS:
            if x * factor > 5:
                return x**2 * factor
        return -x

    assert gradient(f, 2.0) == 12.0
    assert gradient(f, 1.0) == -1.0


@pytest.mark.parametrize("kind", ["while", "for"])
def test_gradients_through_loops_of_unknown_length_are_refused_by_name(kind):
    def looped(x):
        while x < 10:  # here
            x = x * 2
        return x

    def counted(x):
        y = x
        for _ in range(jnp.int32(x)):  # here
            y = y * 2
        return y

    fn = looped if kind == "while" else counted
    assert function(fn)(jnp.float32(3.0)) in (12.0, 24.0)
    with pytest.raises(Unsupported) as caught:
        gradient(fn, 3.0)
    text = str(caught.value)
    assert f"The `{kind}` at {here('# here', fn)}: the gradient cannot go back" in text
    assert "ops.scan" in text
    assert jax.jvp(function(fn), (jnp.float32(3.0),), (ONE,))[1] in (4.0, 8.0)  # forward it can


def test_a_loop_of_unknown_length_beside_the_gradient_is_fine():
    def f(x):
        n = 0
        while n < 3 * jnp.ones(()):
            n += 1
        return x * n

    assert gradient(f, 2.0) == 3.0


def test_tapes_inside_see_branches_loops_and_second_orders():
    w, count = kerax.Variable(3.0), kerax.Variable(0.0)

    @function
    def first(x):
        with kerax.GradientTape() as tape:
            if x > 0:
                y = w * w * x
                count.assign_add(1.0)
            else:
                y = w * x
            for factor in jnp.arange(3.0):
                y = y + factor * w
        return tape.gradient(y, w)

    assert [float(first(jnp.float32(x))) for x in (2.0, -2.0)] == [15.0, 1.0]
    assert float(count) == 1.0

    @function
    def second(x):
        with kerax.GradientTape() as outer:
            with kerax.GradientTape() as inner:
                y = w**3 if x > 0 else w**2
                for _ in range(4):
                    if y > 100:
                        break
                    y = y * w
            gradient = inner.gradient(y, w)
        return gradient, outer.gradient(gradient, w)

    for x in (1.0, -1.0):  # w ** 5 either way
        np.testing.assert_allclose(second(jnp.float32(x)), [405.0, 540.0], rtol=1e-6)


# -- loops over data -------------------------------------------------------------------------------


class Data(kerax.utils.PyDataset):
    def __init__(self, count=5, sizes=(4,)):
        super().__init__()
        self.count, self.sizes = count, sizes
        self.read = 0

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.read += 1
        x = np.full((self.sizes[index % len(self.sizes)], 2), index, "float32")
        return x, x.sum(1)


def test_a_loop_over_a_dataset_runs_its_compiled_body_for_each_element():
    v = kerax.Variable(0.0)
    traced = []

    @function
    def epoch(data):
        total, count = 0.0, 0
        for x, y in data:
            traced.append(x.shape)
            v.assign_add(ops.mean(x))
            total = total + ops.sum(y)
            count += 1
        return total / count

    data = Data()
    assert epoch(data) == 16.0  # 8 * (0 + 1 + 2 + 3 + 4) / 5
    assert float(v) == 10.0
    assert len(traced) <= 3
    assert epoch(data) == 16.0
    known = len(traced)
    assert epoch(Data()) == 16.0
    assert len(traced) == known
    assert float(v) == 30.0


def test_each_shape_of_element_has_its_program():
    shapes = []

    @function
    def epoch(data):
        for x, _ in data:
            shapes.append(x.shape[0])

    epoch(Data(count=6, sizes=(4, 3)))
    assert set(shapes) == {3, 4}
    assert len(shapes) <= 3


def test_enumerate_zip_break_continue_and_return_over_data():
    @function
    def enumerated(data):
        total = 0.0
        for i, (x, _) in enumerate(data):
            if i == 1:
                continue
            if i > 3:
                break
            total += ops.sum(x)
        return total

    @function
    def zipped(a, b):
        total = 0.0
        for (x, _), (y, _) in zip(a, b, strict=False):
            total += ops.sum(x * y)
        return total

    @function
    def first(data):
        for x, _ in data:
            if ops.max(x) >= 2:
                return ops.sum(x)
        return -1.0

    data = Data()
    assert enumerated(data) == 8 * (0 + 2 + 3)
    assert zipped(Data(3), Data()) == 8 * (0 + 1 + 4)
    data = Data()
    assert first(data) == 16.0
    assert data.read == 3
    assert first(Data(2)) == -1.0


def test_the_surroundings_of_a_loop_over_data_are_not_frozen():
    layer = kerax.layers.Dense(1, kernel_initializer="ones")

    @function
    def epoch(data, scale):
        shifted = scale + 1.0
        best = None

        def score(x):
            return ops.sum(layer(x)) * shifted

        for x, _ in data:
            value = score(x)
            if best is None or value > best:
                best = value
        return best

    assert epoch(Data(), jnp.float32(1.0)) == 8 * 4 * 2.0
    assert epoch(Data(), jnp.float32(2.0)) == 8 * 4 * 3.0
    layer.kernel.assign(layer.kernel * 2)
    assert epoch(Data(), jnp.float32(2.0)) == 8 * 4 * 6.0


def test_epochs_of_training_in_one_function(rng):
    kerax.utils.set_random_seed(0)
    model = kerax.Sequential([kerax.layers.Dense(1)])
    optimizer, metric = kerax.optimizers.SGD(0.01), kerax.metrics.Mean()

    @function
    def train_step(x, y):
        with kerax.GradientTape() as tape:
            loss = ops.mean((model(x, training=True)[:, 0] - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        metric.update_state(loss)

    @function
    def train(data, epochs):
        for _ in range(epochs):
            metric.reset_state()
            for x, y in data:
                train_step(x, y)
        return metric.result()

    first = float(train(Data(), 1))
    assert float(train(Data(), 20)) < 0.05 * first
    assert int(optimizer.iterations) == 105


def test_attributes_assigned_in_a_loop_over_data():
    class Tracker:
        total = 0.0

    tracker = Tracker()

    @function
    def epoch(data):
        for x, _ in data:
            tracker.total = tracker.total + ops.sum(x)

    epoch(Data())
    assert float(tracker.total) == 80.0
    epoch(Data())
    assert float(tracker.total) == 160.0


def test_collecting_over_data_is_an_error_that_says_where():
    @function
    def epoch(data):
        losses = []
        for x, _ in data:
            losses.append(ops.sum(x))
        return losses

    with pytest.raises(StateError, match=r"The `for` at .*: 'losses' was changed inside the loop"):
        epoch(Data())


def test_a_loop_over_data_inside_plain_jit_is_refused():
    data = Data()

    @function
    def epoch(x):
        for batch, _ in data:
            x = x + ops.sum(batch)
        return x

    with pytest.raises(Unsupported, match="a loop over a Data in code compiled by others than kerax.function"):
        jax.jit(lambda x: epoch(x))(ONE)
    assert epoch(ONE) == 81.0


def test_nested_loops_over_data():
    @function
    def pairs(a, b):
        total = 0.0
        for x, _ in a:
            for y, _ in b:
                total += ops.sum(x * y)
        return total

    assert pairs(Data(3), Data(4)) == 8 * (0 + 1 + 2) * (0 + 1 + 2 + 3)
