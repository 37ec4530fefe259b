"""Devices, strategies, files, checks, functions and tapes; and scripts that use tf alone."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import textwrap

import jax
import numpy as np
import pytest

import kerax
from kerax import distribution
from kerax.compat import tf


def test_tf_keras_is_kerax_under_another_name():
    from kerax.compat.tf import keras
    from kerax.compat.tf.keras import layers
    from kerax.compat.tf.keras.layers import Dense
    from kerax.compat.tf.keras.optimizers.schedules import CosineDecay

    assert keras is tf.keras is kerax
    assert layers is kerax.layers
    assert Dense is kerax.layers.Dense
    assert CosineDecay is kerax.optimizers.schedules.CosineDecay
    assert importlib.import_module("kerax.compat.tf.keras.utils") is kerax.utils
    assert kerax.layers.__name__ == "kerax.layers"
    assert kerax.layers.__spec__.name == "kerax.layers"
    assert sys.modules["kerax"].__spec__.name == "kerax"


def test_importing_by_any_way_gives_one_package():
    code = """
        import importlib
        import kerax.compat.tf as tf
        from kerax.compat.tf.keras.layers import Dense
        import kerax
        assert Dense is kerax.layers.Dense
        from kerax.compat import tf as again
        assert again is tf
        assert importlib.reload(kerax.config) is kerax.config
        print("one")
    """
    out = subprocess.run(
        [sys.executable, "-c", "import importlib\n" + textwrap.dedent(code)], capture_output=True, text=True
    )
    assert out.stdout.strip() == "one", out.stderr


def test_a_module_that_kerax_has_not_is_not_found():
    with pytest.raises(ModuleNotFoundError, match="kerax.compat.tf.keras.nothing"):
        importlib.import_module("kerax.compat.tf.keras.nothing")


def test_the_short_namespaces_are_those_of_keras():
    assert tf.losses is kerax.losses
    assert tf.metrics is kerax.metrics
    assert tf.optimizers is kerax.optimizers
    assert tf.initializers is kerax.initializers
    assert tf.random_normal_initializer is kerax.initializers.RandomNormal
    assert tf.newaxis is None
    assert tf.__version__ > "2.0"


def test_a_dense_classifier_by_tf_keras_alone(rng):
    tf.random.set_seed(1)
    x = rng.normal(size=(512, 8)).astype("float32")
    y = (x[:, 0] + x[:, 1] > 0).astype("int64")
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8,)),
            tf.keras.layers.Dense(32, activation=tf.nn.relu),
            tf.keras.layers.Dropout(0.1),
            tf.keras.layers.Dense(2),
        ]
    )
    model.compile(
        optimizer=tf.keras.optimizers.Adam(0.01),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(x, y, epochs=8, batch_size=64, verbose=0).history
    assert history["accuracy"][-1] > 0.9
    probabilities = tf.nn.softmax(model(x[:5])).numpy()
    np.testing.assert_allclose(probabilities.sum(1), 1.0, rtol=1e-5)
    assert np.argmax(probabilities[0]) in (0, 1)


def test_a_training_loop_with_tape_and_function(rng):
    x = rng.normal(size=(64, 3)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")
    w, b = tf.Variable(tf.zeros([3, 1]), name="w"), tf.Variable(tf.zeros([1]), name="b")
    optimizer = tf.keras.optimizers.SGD(0.1)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
        gradients = tape.gradient(loss, [w, b])
        optimizer.apply_gradients(zip(gradients, [w, b], strict=True))
        return loss

    losses = [step(x, y).numpy() for _ in range(60)]
    assert losses[-1] < 1e-2 * losses[0]
    np.testing.assert_allclose(w.numpy().ravel(), [1, -2, 0.5], atol=0.05)


def test_custom_gradients_specs_and_printing(capsys):
    @tf.custom_gradient
    def clipped(x):
        return x, lambda dy: tf.clip_by_value(dy, -1.0, 1.0)

    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = 10.0 * clipped(x)
    assert tape.gradient(y, x).numpy() == 1.0
    assert tf.TensorSpec([None, 2], tf.int32).shape == (None, 2)
    tf.print("x:", tf.constant([1, 2]))
    out = capsys.readouterr()
    assert "x: [1 2]" in out.out + out.err


def test_attention_masks_made_of_sizes_train(rng):
    class Block(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.words = tf.keras.layers.Embedding(20, 8)
            self.places = tf.keras.layers.Embedding(6, 8)
            self.attention = tf.keras.layers.MultiHeadAttention(2, 4)
            self.head = tf.keras.layers.Dense(20)

        def call(self, tokens):
            x = self.words(tokens) + self.places(tf.range(start=0, limit=tf.shape(tokens)[-1], delta=1))
            batch, length = tf.shape(x)[0], tf.shape(x)[1]
            earlier = tf.reshape(tf.range(length)[:, None] >= tf.range(length), [1, length, length])
            copies = tf.concat([tf.expand_dims(batch, -1), tf.constant([1, 1], dtype=tf.int32)], 0)
            return self.head(x + self.attention(x, x, attention_mask=tf.tile(earlier, copies)))

    tf.random.set_seed(0)
    inputs = tf.keras.Input((6,), dtype=tf.int32)
    model = tf.keras.Model(inputs, Block()(inputs))
    model.compile(tf.keras.optimizers.Adam(0.05), tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    tokens = rng.integers(0, 20, (64, 6))
    losses = model.fit(tokens, tokens, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    changed = tokens[:1].copy()
    changed[0, -1] = (changed[0, -1] + 1) % 20
    np.testing.assert_allclose(model(tokens[:1])[0, :-1], model(changed)[0, :-1], atol=1e-5)  # no look ahead


def test_eager_and_compiled():
    seen = []

    @tf.function
    def look(x):
        seen.append((tf.executing_eagerly(), tf.inside_function(), tf.is_symbolic_tensor(x)))
        return x

    look(tf.constant(1.0))
    assert tf.executing_eagerly()
    assert (False, True, True) in seen
    with tf.GradientTape():
        assert tf.executing_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        assert tf.config.functions_run_eagerly()
        look(tf.constant([1.0]))
        assert seen[-1][0]
    finally:
        tf.config.run_functions_eagerly(False)


def test_while_loops_have_gradients_where_the_length_is_known():
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, tf.constant(1.0)])
    assert tape.gradient(y, x).numpy() == 12.0


def test_a_loop_whose_end_becomes_known_only_inside_compiled_code():
    def run(x):
        return tf.while_loop(lambda i, n: i < n, lambda i, n: (i + 1, n), [0, x], maximum_iterations=4)[0]

    assert jax.jit(run)(3) == 3
    assert jax.jit(run)(9) == 4


def test_functions_that_are_left_alone():
    @tf.autograph.experimental.do_not_convert
    def plain(x):
        return x + 1

    assert tf.function(lambda x: plain(x))(tf.constant(1)).numpy() == 2


def test_blocks_that_change_little():
    with tf.control_dependencies([None]), tf.name_scope("outer") as scope:
        v = tf.Variable(1.0, name="v")
    assert scope == "outer/"
    assert v.path == "outer/v"
    with tf.init_scope():
        assert tf.executing_eagerly()
    assert tf.group(1, 2) is None
    assert tf.no_op() is None


# -- devices ----------------------------------------------------------------------------------


def test_devices():
    found = tf.config.list_physical_devices("CPU")
    assert found[0].name == "/physical_device:CPU:0"
    assert found[0].device_type == "CPU"
    assert tf.config.list_logical_devices("CPU")[0].name == "/device:CPU:0"
    assert tf.config.list_physical_devices("nothing") == []
    for name in ("/CPU:0", "cpu:0", "/device:CPU:0", "/job:localhost/replica:0/task:0/device:CPU:0", "/cpu"):
        with tf.device(name):
            assert next(iter(tf.zeros([1]).devices())).platform == "cpu"
    with tf.device(None):
        pass
    with pytest.raises(tf.errors.InvalidArgumentError, match="one of"), tf.device("toaster:0"):
        pass
    tf.config.set_soft_device_placement(False)
    try:
        with pytest.raises(tf.errors.InvalidArgumentError, match="/CPU:99"), tf.device("/CPU:99"):
            pass
    finally:
        tf.config.set_soft_device_placement(True)
    with tf.device("/CPU:99"):
        assert tf.config.get_soft_device_placement()


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="what a machine without accelerator has")
def test_settings_on_a_machine_without_gpu():
    assert tf.config.list_physical_devices("GPU") == []
    assert not tf.test.is_gpu_available()
    assert tf.test.gpu_device_name() == ""
    assert not tf.test.is_built_with_cuda()
    (device, *_) = tf.config.list_physical_devices()
    tf.config.experimental.set_memory_growth(device, True)
    assert tf.config.experimental.get_memory_growth(device)
    with pytest.raises(ValueError, match="list_physical_devices"):
        tf.config.experimental.set_memory_growth("gpu", True)
    tf.config.set_visible_devices([], "GPU")
    assert jax.config.jax_default_device is None
    tf.config.set_visible_devices(tf.config.list_physical_devices("CPU"), "CPU")
    assert jax.config.jax_default_device is None
    tf.config.optimizer.set_jit(True)
    tf.config.experimental.enable_op_determinism()
    assert tf.config.experimental.get_memory_info("CPU:0")["current"] >= 0
    tf.config.threading.set_inter_op_parallelism_threads(0)
    with pytest.raises(NotImplementedError, match="2 threads"):
        tf.config.threading.set_inter_op_parallelism_threads(2)


# -- strategies -------------------------------------------------------------------------------


@pytest.fixture
def _no_distribution():
    yield
    distribution.set_distribution(None)


@pytest.mark.usefixtures("_no_distribution")
def test_a_strategy_on_one_device():
    default = tf.distribute.get_strategy()
    assert default.num_replicas_in_sync == 1
    assert not tf.distribute.has_strategy()
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    with strategy.scope() as entered:
        assert entered is tf.distribute.get_strategy() is strategy
        assert tf.distribute.has_strategy()
        assert tf.distribute.in_cross_replica_context()
    assert tf.distribute.get_strategy() is default
    with pytest.raises(ValueError, match="CPU:77"):
        tf.distribute.OneDeviceStrategy("CPU:77")
    with pytest.raises(ValueError, match="SUM or MEAN"):
        strategy.reduce("MAX", 1.0, axis=None)
    assert strategy.reduce(tf.distribute.ReduceOp.SUM, tf.Variable(2.0), axis=None) == 2.0
    assert strategy.reduce("MEAN", {"a": np.array([1.0, 3.0])}, axis=0)["a"] == 2.0
    assert strategy.experimental_local_results(3) == (3,)
    context = strategy.run(tf.distribute.get_replica_context)
    assert context.strategy is strategy
    assert context.all_reduce("SUM", 4.0) == 4.0
    assert context.merge_call(lambda where, x: x, args=(5,)) == 5


SCRIPT = """
import jax, numpy as np
from kerax.compat import tf

assert len(jax.devices()) == 8
assert len(tf.config.list_physical_devices("CPU")) == 8
rng = np.random.default_rng(0)
x = rng.normal(size=(256, 6)).astype("float32")
y = np.sin(x).sum(1, keepdims=True).astype("float32")

def build():
    tf.random.set_seed(3)
    return tf.keras.Sequential([tf.keras.Input((6,)), tf.keras.layers.Dense(16, "tanh"), tf.keras.layers.Dense(1)])

def spread(model):
    return len(model.layers[0].kernel.value.sharding.device_set)

one = build()
one.compile("adam", "mse")
expected = one.fit(x, y, batch_size=64, epochs=3, verbose=0).history["loss"]

strategy = tf.distribute.MirroredStrategy()
assert strategy.num_replicas_in_sync == 8
with strategy.scope():
    model = build()
    model.compile("adam", "mse")
assert spread(model) == 8
given = model.fit(x, y, batch_size=64, epochs=3, verbose=0).history["loss"]  # outside the scope, as tutorials do
np.testing.assert_allclose(given, expected, rtol=1e-4)
assert spread(model) == 8

# a loop of one's own
GLOBAL = 8 * strategy.num_replicas_in_sync
with strategy.scope():
    model = build()
    optimizer = tf.keras.optimizers.SGD(0.05)
    loss_object = tf.keras.losses.MeanSquaredError(reduction="none")

def step(inputs):
    features, labels = inputs
    assert len(features.sharding.device_set) == 8 if not isinstance(features, jax.core.Tracer) else True
    with tf.GradientTape() as tape:
        loss = tf.nn.compute_average_loss(loss_object(labels, model(features)), global_batch_size=GLOBAL)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss

@tf.function
def compiled(inputs):
    return strategy.run(step, args=(inputs,))

eager = strategy.run(step, args=((x[:GLOBAL], y[:GLOBAL]),))
losses = []
batches = [(x[i : i + GLOBAL], y[i : i + GLOBAL]) for i in range(0, 256, GLOBAL)]
dataset = strategy.experimental_distribute_dataset(batches)
for _ in range(10):
    for batch in dataset:
        losses.append(float(strategy.reduce(tf.distribute.ReduceOp.SUM, compiled(batch), axis=None)))
assert losses[-1] < 0.5 * float(eager), (losses[-1], float(eager))
assert spread(model) == 8

doubled = tf.function(lambda x: strategy.run(lambda x: 2 * x, args=(x,)))(x[:GLOBAL])
assert not doubled.sharding.is_fully_replicated, doubled.sharding

made = strategy.distribute_datasets_from_function(lambda context: context.get_per_replica_batch_size(GLOBAL))
assert made == 8
numbered = lambda context: np.float32([context.replica_id_in_sync_group])
values = strategy.experimental_distribute_values_from_function(numbered)
assert values.shape == (8, 1) and len(values.sharding.device_set) == 8

two = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
assert two.num_replicas_in_sync == 2
with two.scope():
    assert spread(build()) == 2
with tf.device("/cpu:5"):
    assert tf.zeros([1]).devices() == {jax.devices()[5]}
tf.config.set_visible_devices(tf.config.list_physical_devices("CPU")[3], "CPU")
assert [d.name for d in tf.config.list_logical_devices()] == ["/device:CPU:3"]
try:
    tf.config.set_visible_devices(tf.config.list_physical_devices("CPU")[:2], "CPU")
except NotImplementedError as error:
    assert "2 of 8 devices" in str(error)
print("agrees")
"""


def test_strategies_on_eight_devices():
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=280,
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip
    assert "agrees" in run.stdout, run.stderr[-3000:]


# -- files and images -------------------------------------------------------------------------


def test_files(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    tf.io.write_file(str(path), "text")
    assert tf.io.read_file(path) == b"text"
    assert tf.io.read_file(np.array(str(path))) == b"text"
    assert tf.io.gfile.exists(path)
    assert tf.io.gfile.isdir(path.parent)
    assert tf.io.gfile.listdir(path.parent) == ["a.txt"]
    with tf.io.gfile.GFile(path) as file:
        assert file.read() == "text"
    other = tf.io.gfile.join(str(tmp_path), "b.txt")
    tf.io.gfile.copy(path, other)
    with pytest.raises(FileExistsError, match="b.txt"):
        tf.io.gfile.copy(path, other)
    with pytest.raises(FileExistsError, match="b.txt"):
        tf.io.gfile.rename(path, other)
    assert tf.io.gfile.glob(tf.io.gfile.join(tmp_path, "*.txt")) == [other]
    assert tf.io.matching_files([other]) == [other]
    assert tf.io.gfile.stat(other).st_size == 4
    tf.io.gfile.rename(other, tmp_path / "c.txt")
    tf.io.gfile.remove(tmp_path / "c.txt")
    tf.io.gfile.makedirs(tmp_path / "x" / "y")
    tf.io.gfile.mkdir(tmp_path / "z")
    assert {top for top, _, _ in tf.io.gfile.walk(tmp_path)} == {str(p) for p in [tmp_path, *tmp_path.glob("**/*/")]}
    tf.io.gfile.rmtree(tmp_path / "x")
    assert not tf.io.gfile.exists(tmp_path / "x")


def test_images_go_to_files_and_back():
    rgb = (np.arange(5 * 7 * 3) * 11 % 256).astype("uint8").reshape(5, 7, 3)
    png = tf.io.encode_png(rgb)
    np.testing.assert_array_equal(tf.io.decode_png(png), rgb)
    np.testing.assert_array_equal(tf.image.decode_image(png, channels=3), rgb)
    assert tf.image.decode_png(png, channels=1).shape == (5, 7, 1)
    assert tf.image.decode_png(png, channels=4).shape == (5, 7, 4)
    np.testing.assert_allclose(tf.image.decode_image(png, dtype=tf.float32), rgb / 255, rtol=1e-6)
    grey = tf.image.encode_png(rgb[..., :1])
    np.testing.assert_array_equal(tf.image.decode_png(grey), rgb[..., :1])
    smooth = np.tile(np.linspace(0, 255, 16).astype("uint8")[:, None, None], (1, 16, 3))
    jpeg = tf.io.encode_jpeg(smooth, quality=100)
    assert np.abs(tf.image.decode_jpeg(jpeg).numpy().astype(int) - smooth).max() <= 3
    assert tf.image.decode_jpeg(jpeg, channels=1, ratio=2).shape == (8, 8, 1)
    with pytest.raises(ValueError, match="channels=7"):
        tf.image.decode_png(png, channels=7)
    with pytest.raises(ValueError, match="ratio=3"):
        tf.image.decode_jpeg(jpeg, ratio=3)


def test_animations_and_deep_greys():
    import io

    from PIL import Image

    frames = [Image.fromarray(np.full((4, 5, 3), value, "uint8")) for value in (0, 255)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert tf.image.decode_gif(out.getvalue()).shape == (2, 4, 5, 3)
    assert tf.image.decode_image(out.getvalue()).shape == (2, 4, 5, 3)
    assert tf.image.decode_image(out.getvalue(), channels=3, expand_animations=False).shape == (4, 5, 3)
    deep = io.BytesIO()
    Image.fromarray(np.array([[0, 65535]], "uint16")).save(deep, "PNG")
    assert tf.image.decode_png(deep.getvalue(), dtype=tf.uint16).numpy().ravel().tolist() == [0, 65535]
    assert tf.image.decode_png(deep.getvalue()).numpy().ravel().tolist() == [0, 255]


# -- checks -----------------------------------------------------------------------------------

HOLD = [
    lambda d: d.assert_equal([1, 2], [1, 2]),
    lambda d: d.assert_none_equal([1], [2]),
    lambda d: d.assert_less([1], 2),
    lambda d: d.assert_less_equal([2], 2),
    lambda d: d.assert_greater(3, [1, 2]),
    lambda d: d.assert_greater_equal(2, [1, 2]),
    lambda d: d.assert_positive([1.0]),
    lambda d: d.assert_negative([-1.0]),
    lambda d: d.assert_non_negative([0.0]),
    lambda d: d.assert_non_positive([0.0]),
    lambda d: d.assert_near([1.0], [1.0000001]),
    lambda d: d.Assert(True, [1]),
    lambda d: d.assert_rank(np.ones((2, 2)), 2),
    lambda d: d.assert_rank_at_least(np.ones((2, 2)), 1),
    lambda d: d.assert_rank_in(np.ones((2, 2)), [1, 2]),
    lambda d: d.assert_scalar(1.0),
    lambda d: d.assert_shapes([(np.ones((2, 3)), ("N", 3)), (np.ones((5, 2)), ("...", "N"))]),
    lambda d: d.assert_type(np.ones(1, "float32"), tf.float32),
    lambda d: d.assert_integer([1]),
    lambda d: d.assert_same_float_dtype([tf.ones(1)], tf.float32),
    lambda d: d.check_numerics([1.0], "fine"),
    lambda d: d.assert_all_finite([1.0], "fine"),
]
FAIL = [
    (lambda d: d.assert_equal([1, 2], [1, 3], message="sizes"), r"assert_equal: sizes.*2.*and.*3.* at \[1\]"),
    (lambda d: d.assert_equal([1, 2], [1, 2, 3]), "shapes that broadcast"),
    (lambda d: d.assert_less([1, 5], 2), "x < y"),
    (lambda d: d.assert_near([1.0], [1.1]), "about"),
    (lambda d: d.Assert(False, [7]), r"\[7\]"),
    (lambda d: d.assert_rank(1.0, 2), "2 axes"),
    (lambda d: d.assert_rank_at_least(1.0, 2), "2 axes or more"),
    (lambda d: d.assert_rank_in(1.0, [2]), r"in \[2\]"),
    (lambda d: d.assert_scalar([1]), "a scalar"),
    (lambda d: d.assert_shapes([(np.ones((2, 3)), ("N", 3)), (np.ones((4,)), ("N",))]), "'N' is 2"),
    (lambda d: d.assert_shapes([(np.ones((2, 3)), ("N",))]), r"shape \(2, 3\)"),
    (lambda d: d.assert_type([1], tf.float32), "int32.*float32"),
    (lambda d: d.assert_integer([1.0]), "an integer dtype"),
    (lambda d: d.assert_same_float_dtype([tf.ones(1)], tf.float16), "one floating point dtype"),
    (lambda d: d.check_numerics([1.0, np.nan], "loss"), "loss.*NaN in 1 of 2"),
    (lambda d: d.check_numerics([np.inf], "loss"), "infinity"),
]


@pytest.mark.parametrize("check", HOLD)
def test_checks_that_hold(check):
    check(tf.debugging)


@pytest.mark.parametrize(("check", "message"), FAIL)
def test_checks_that_fail(check, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        check(tf.debugging)


WATCHING = """
import numpy as np
from kerax.compat import tf
before = tf.math.log(tf.constant(-1.0))
tf.debugging.enable_check_numerics()
try:
    tf.math.log(tf.constant(-1.0))
except FloatingPointError as error:
    assert "invalid value" in str(error), error
else:
    raise AssertionError("nothing was raised")
tf.debugging.disable_check_numerics()
assert np.isnan(tf.math.log(tf.constant(-1.0)).numpy())
"""


def test_numbers_are_watched_everywhere():
    # A process of its own: the switch is JAX's, and reaches all that runs in one.
    run = subprocess.run([sys.executable, "-c", WATCHING], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr


def test_a_test_case_compares_arrays():
    class Case(tf.test.TestCase):
        def runTest(self):
            pass

    case = Case()
    case.assertAllClose({"a": [1.0]}, {"a": [1.0 + 1e-8]})
    case.assertAllEqual(tf.Variable([1]), [1])
    case.assertShapeEqual(np.ones(2), np.zeros(2))
    case.assertNear(1.0, 1.1, 0.2)
    assert case.evaluate(tf.constant(1.0)) == 1.0
    with pytest.raises(AssertionError, match="shapes"):
        case.assertShapeEqual(np.ones(2), np.zeros(3))
    with pytest.raises(AssertionError, match="apart"):
        case.assertNear(1.0, 2.0, 0.2)


def test_text_and_bytes():
    assert tf.compat.as_bytes("é") == "é".encode()
    assert tf.compat.as_text(b"ab") == tf.compat.as_str(b"ab") == "ab"
    assert tf.compat.as_str_any(3) == "3"
