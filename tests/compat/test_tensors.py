"""Tensors are arrays of JAX with the methods that TensorFlow's have; dtypes; Variables; names that are not there."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import kerax
from kerax.compat import tf

NAMESPACES = [
    "", ".autograph", ".bitwise", ".compat", ".config", ".data", ".debugging", ".distribute", ".dtypes", ".errors",
    ".experimental", ".image", ".io", ".linalg", ".math", ".nest", ".nn", ".random", ".signal", ".strings", ".test",
]  # fmt: skip


def test_numpy_gives_an_array_of_ones_own():
    x = tf.constant([1.0, 2.0])
    y = x.numpy()
    assert type(y) is np.ndarray
    y[0] = 9.0
    assert x.numpy().tolist() == [1.0, 2.0]


def test_numpy_of_a_scalar_is_a_number():
    loss = tf.constant(0.5)
    assert isinstance(loss.numpy(), np.float32)
    assert f"{loss.numpy():.2f}" == "0.50"
    assert int(tf.constant(3)) == 3
    assert float(loss) == 0.5


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.bool, tf.uint8, tf.complex64], ids=str)
def test_numpy_keeps_the_dtype(dtype):
    assert tf.ones([2], dtype).numpy().dtype == dtype


def test_shapes():
    x = tf.zeros([2, 3])
    assert x.shape[0] == 2
    assert x.get_shape().as_list() == [2, 3]
    assert x.get_shape().rank == x.ndim == 2
    assert tf.Variable(x).get_shape() == (2, 3)
    shape = tf.TensorShape([None, 3])
    assert shape.as_list() == [None, 3]
    assert not shape.is_fully_defined()
    assert shape.is_compatible_with((5, 3))
    assert tf.TensorShape([2, 3]).num_elements() == 6
    assert shape[1:] == (3,)
    assert isinstance(shape[1:], tf.TensorShape)
    assert shape.concatenate([4]) == (None, 3, 4)
    with pytest.raises(ValueError, match=r"expected a shape that fits \(2, 2\)"):
        shape.assert_is_compatible_with((2, 2))
    with pytest.raises(NotImplementedError, match="a list of sizes"):
        tf.TensorShape(None)


def test_what_is_a_tensor():
    x = tf.constant(1.0)
    assert isinstance(x, tf.Tensor)
    jax.jit(lambda y: isinstance(y, tf.Tensor) or pytest.fail("tracers are tensors"))(x)
    assert not isinstance(np.ones(1), tf.Tensor)
    assert tf.is_tensor(x)
    assert tf.is_tensor(tf.Variable(1.0))
    assert tf.is_tensor(kerax.Input((2,)))
    assert not tf.is_tensor([1.0])


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"),
        (1.0, "float32"),
        ([1, 2.5], "float32"),
        (True, "bool"),
        (np.float64(1), "float32"),
        (1j, "complex64"),
    ],
)
def test_dtypes_of_constants(value, dtype):
    x = tf.constant(value)
    assert x.dtype == dtype
    assert not x.weak_type
    assert x.dtype.name == dtype


def test_dtypes_equal_those_of_arrays_variables_and_symbolic_tensors():
    assert tf.constant(1.0).dtype == tf.float32
    assert tf.float32 == tf.constant(1.0).dtype
    assert tf.constant(1.0).dtype != tf.float16
    assert tf.constant(1).dtype in (tf.int32, tf.int64)
    assert tf.Variable(1.0).dtype == tf.float32
    assert kerax.Input((1,)).dtype == tf.float32
    assert np.dtype("float64") == tf.float64
    assert tf.string == np.array(["a"]).dtype
    assert tf.float32 == np.float32
    assert tf.float32 != None  # noqa: E711
    assert tf.float32 != 3
    assert repr(tf.float32) == "tf.float32"
    assert {tf.float32: 1}["float32"] == 1


def test_facts_about_dtypes():
    assert tf.float32.as_numpy_dtype is np.float32
    assert tf.string.as_numpy_dtype is np.object_
    assert tf.as_dtype("int8") == tf.as_dtype(np.int8) == tf.as_dtype(np.dtype("int8")) == tf.int8
    assert tf.as_dtype(np.array(["a"]).dtype) == tf.string
    assert tf.as_dtype(float) == tf.float32
    assert tf.uint8.max == 255
    assert tf.int8.min == -128
    assert tf.float16.max == np.finfo("float16").max
    assert tf.uint8.limits == (0, 255)
    assert tf.bool.max is True
    assert tf.float32.size == 4
    assert tf.bfloat16.is_floating
    assert tf.uint8.is_unsigned
    assert tf.complex64.is_complex
    assert tf.complex64.real_dtype == tf.float32
    assert tf.int32.is_integer
    assert not tf.int32.is_floating
    assert tf.bool.is_bool
    assert tf.half == tf.float16
    with pytest.raises(TypeError, match="tf.as_dtype"):
        tf.as_dtype("nothing")
    with pytest.raises(TypeError, match="tf.as_dtype: got None"):
        tf.as_dtype(None)
    with pytest.raises(TypeError, match="no least and greatest"):
        _ = tf.string.max


def test_a_dtype_goes_wherever_one_is_taken():
    assert jnp.zeros(2, tf.bfloat16).dtype == "bfloat16"
    assert np.zeros(2, tf.float32).dtype == np.float32
    assert kerax.layers.Dense(1, dtype=tf.float16).compute_dtype == "float16"
    assert kerax.Input((2,), dtype=tf.int32).dtype == "int32"
    assert tf.zeros([1], dtype="int32").dtype == tf.int32


def test_64_bit_types_become_32_bit_ones():
    assert tf.cast([1.0], tf.float64).dtype == tf.float32
    assert tf.argmax([1.0, 2.0]).dtype == tf.int32


def test_strings_are_arrays_of_numpy():
    words = tf.constant(["a", "bc"])
    assert words.numpy().tolist() == [b"a", b"bc"]
    assert words.dtype == tf.string
    assert words.get_shape() == (2,)
    assert words.tolist() == ["a", "bc"]
    assert tf.constant("é").numpy().decode() == "é"
    assert tf.constant(b"ab").numpy() == b"ab"
    assert tf.reshape(words, [2, 1]).shape == (2, 1)
    assert tf.concat([words, words], 0).shape == (4,)
    assert tf.expand_dims(words, -1).shape == (2, 1)
    with pytest.raises(TypeError, match="tf.strings.as_string or to_number"):
        tf.cast(words, tf.int32)
    with pytest.raises(TypeError, match="keep strings in a NumPy array"):
        tf.Variable("text")


def test_variables_take_tensorflows_arguments():
    v = tf.Variable([1.0, 2.0], name="scope/v", constraint=lambda x: x)
    assert isinstance(v, tf.Variable)
    assert isinstance(v, kerax.Variable)
    assert isinstance(v, nnx.Param)
    assert v.name == "scope_v"
    assert v.trainable
    assert v.constraint is not None
    v.assign_add([1.0, 1.0])
    v.assign_sub([0.5, 0.5])
    assert v.numpy().tolist() == [1.5, 2.5]
    assert v.read_value().tolist() == [1.5, 2.5]
    assert (v * 2).tolist() == [3.0, 5.0]
    assert tf.reduce_sum(v).numpy() == 4.0


def test_variables_from_functions_and_dtypes():
    assert tf.Variable(lambda: tf.zeros([2])).shape == (2,)
    assert tf.Variable(3, dtype=tf.float32).dtype == tf.float32
    assert tf.Variable([[1, 2]], shape=(1, 2)).dtype == tf.int32
    assert tf.Variable(tf.Variable(2.0)).numpy() == 2.0
    assert not tf.Variable(0).trainable  # a counter gets no gradient
    assert tf.Variable(0, trainable=True).trainable
    fixed = tf.Variable(1.0, trainable=False)
    assert not fixed.trainable
    assert not isinstance(fixed, nnx.Param)
    with pytest.raises(ValueError, match="no initial_value"):
        tf.Variable()
    with pytest.raises(ValueError, match="neither"):
        tf.Variable(1.0, validate_shape=False)


def test_variables_are_scattered_into_copied_and_pickled():
    v = tf.Variable([1, 2, 3])
    v.scatter_nd_update([[0]], [7])
    v.scatter_nd_add([[1]], [5])
    v.scatter_nd_sub([[2]], [1])
    assert v.numpy().tolist() == [7, 7, 2]
    assert copy.deepcopy(v).numpy().tolist() == [7, 7, 2]
    assert type(pickle.loads(pickle.dumps(v))) is type(v)


def test_weights_of_layers_are_variables():
    layer = kerax.layers.Dense(2)
    layer.build((None, 3))
    assert isinstance(layer.kernel, tf.Variable)
    assert layer.kernel.get_shape().as_list() == [3, 2]


def test_a_variable_of_tf_trains_in_a_layer():
    class Scale(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.factor = tf.Variable(1.0, name="factor")
            self.calls = tf.Variable(0)

        def call(self, x):
            return x * self.factor

    model = tf.keras.Sequential([tf.keras.Input((1,)), Scale()])
    model.compile(tf.keras.optimizers.SGD(0.1), "mse")
    x = np.ones((32, 1), "float32")
    model.fit(x, 3 * x, epochs=30, verbose=0)
    assert len(model.trainable_variables) == 1
    np.testing.assert_allclose(model.layers[0].factor.numpy(), 3.0, atol=0.1)


def test_modules_find_their_variables():
    class Linear(tf.Module):
        def __init__(self, n, name=None):
            super().__init__(name=name)
            self.w = tf.Variable(tf.ones([n, 2]), name="w")
            self.b = tf.Variable(tf.zeros([2]), name="b")
            self.steps = tf.Variable(0)

        @tf.Module.with_name_scope
        def __call__(self, x):
            return x @ self.w + self.b

    class Stack(tf.Module):
        def __init__(self):
            super().__init__()
            self.parts = [Linear(3), {"last": Linear(2)}]
            self.dense = tf.keras.layers.Dense(1)

    model = Stack()
    model.dense.build((None, 2))
    assert model.name == "stack"
    assert len(model.variables) == 8
    assert len(model.trainable_variables) == 6
    assert len(model.non_trainable_variables) == 2
    assert [part.name for part in model.submodules] == ["dense", "linear", "linear"]
    assert [v.name for v in model.parts[0].trainable_variables] == ["b", "w"]
    assert model.parts[0](tf.ones([1, 3])).numpy().tolist() == [[3.0, 3.0]]


def test_tensors_have_methods_only_after_the_import():
    code = (
        "import kerax, jax.numpy as jnp; x = jnp.ones(1); assert not hasattr(x, 'numpy'); "
        "from kerax.compat import tf; print(x.numpy())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[1.]"


# -- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", NAMESPACES)
def test_all_is_complete_and_documented(space):
    module = importlib.import_module(f"kerax.compat.tf{space}")
    assert len(module.__all__) == len(set(module.__all__))
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isfunction(value):
            assert inspect.getdoc(value), name
    own = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }
    assert own - set(module.__all__) - {"TopK", "Unique", "UniqueWithCounts"} == set()


def test_dir_lists_the_public_names():
    assert dir(tf) == sorted(tf.__all__)


HINTS = {
    "tf.RaggedTensor": lambda: tf.RaggedTensor,
    "padded arrays": lambda: tf.ragged,
    "tf.math.lgamma": lambda: tf.lgamma,
    "tf.nn.conv2d": lambda: tf.conv2d,
    "tf.linalg.matmul": lambda: tf.math.matmul,
    r"kerax\.ops\.isin": lambda: tf.isin,
    r"jax\.numpy\.nanmean|kerax\.ops\.nanmean": lambda: tf.math.nanmean,
    r"tf\.math\.top_k": lambda: tf.random.top_k,
    r"tf\.reshape": lambda: tf.image.reshape,
    "Did you mean 'reduce_mean'": lambda: tf.reduce_men,
    "Did you mean 'leaky_relu'": lambda: tf.nn.leaky_rely,
    "tf.keras.Input": lambda: tf.compat.v1.placeholder,
    "tf.random.set_seed": lambda: tf.compat.v1.set_random_seed,
    "TensorFlow 2": lambda: tf.compat.v1.anything,
    "calling functions": lambda: tf.Session,
    "model.save": lambda: tf.saved_model,
    "ctc_decode": lambda: tf.nn.ctc_greedy_decoder,
    "DataParallel": lambda: tf.distribute.MultiWorkerMirroredStrategy,
    "not in kerax.compat": lambda: tf.image.zzz,
}


@pytest.mark.parametrize("hint", HINTS)
def test_a_name_that_is_not_there_tells_what_to_use(hint):
    with pytest.raises(AttributeError, match=hint):
        HINTS[hint]()


def test_a_name_that_is_not_there_is_simply_not_there():
    assert not hasattr(tf, "RaggedTensor")
    assert getattr(tf.math, "nothing_like_it", None) is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tf.squeeze(np.ones((2, 1)), axis=0), tf.errors.InvalidArgumentError, r"axis 0 of shape \(2, 1\)"),
        (lambda: tf.split(np.ones(5), 2), tf.errors.InvalidArgumentError, "2 parts of 5"),
        (lambda: tf.split(np.ones(5), [2, 2]), tf.errors.InvalidArgumentError, r"sizes \[2, 2\] of 5"),
        (lambda: tf.pad([1], [[1, 1]], "EDGE"), ValueError, "'CONSTANT', 'REFLECT' or 'SYMMETRIC'"),
        (lambda: tf.where([True], [1]), ValueError, "one of x and y"),
        (lambda: tf.sort([1], direction="UP"), ValueError, "'ASCENDING' or 'DESCENDING'"),
        (lambda: tf.slice([1, 2], [1], [2]), ValueError, "tf.slice"),
        (lambda: tf.norm([1.0], ord="fro"), ValueError, "ord='fro'"),
        (lambda: tf.reshape([1, 2], [1.5, 2]), TypeError, "expected an integer"),
        (lambda: tf.ensure_shape([1, 2], [3]), tf.errors.InvalidArgumentError, r"shape \(2,\)"),
        (lambda: tf.case([(False, lambda: 1)]), tf.errors.InvalidArgumentError, "default="),
        (lambda: tf.case([(True, lambda: 1)] * 2, exclusive=True), tf.errors.InvalidArgumentError, "one at most"),
        (lambda: tf.switch_case(0, {1: lambda: 1}), ValueError, "from 0 up"),
        (lambda: tf.gather(np.ones((2, 2)), [[0]], axis=0, batch_dims=1), ValueError, "axis >= batch_dims"),
        (
            lambda: tf.nn.conv2d(np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1)), [2, 1, 1, 1], "SAME"),
            ValueError,
            "strides=",
        ),
        (lambda: tf.nn.conv2d(np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1)), 1, [[1, 1]]), ValueError, "of 4 axes"),
        (lambda: tf.nn.max_pool2d(np.ones((1, 4, 4, 1)), 2, 2, "SAME", "HWC"), ValueError, "data_format='HWC'"),
        (
            lambda: tf.nn.conv2d_transpose(np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1)), [1, 9, 9, 1], 2),
            ValueError,
            r"output_shape=\(1, 9, 9, 1\)",
        ),
        (lambda: tf.nn.softmax_cross_entropy_with_logits(logits=[1.0]), ValueError, "labels or logits missing"),
        (lambda: tf.nn.dropout([1.0], rate=1.5), ValueError, "rate=1.5"),
        (lambda: tf.nn.pool(np.ones((1, 4, 1)), [2], "MIN"), ValueError, "'MAX' or 'AVG'"),
        (lambda: tf.random.uniform([2], dtype=tf.int32), ValueError, "without maxval"),
        (lambda: tf.random.normal([2], dtype=tf.int32), ValueError, "a floating point dtype"),
        (lambda: tf.random.stateless_normal([2], seed=1), ValueError, "two integers"),
        (lambda: tf.image.resize(np.ones((2, 2, 1)), (3, 3), method="best"), ValueError, "method='best'"),
        (lambda: tf.image.resize(np.ones((2, 2, 1)), 3), ValueError, r"\(height, width\)"),
        (lambda: tf.image.resize(np.ones((2, 2, 1)), (1, 1), "gaussian"), NotImplementedError, "'bicubic' or 'area'"),
        (lambda: tf.image.central_crop(np.ones((2, 2, 1)), 0.0), ValueError, "a share above 0"),
        (lambda: tf.image.crop_to_bounding_box(np.ones((2, 2, 1)), 1, 1, 2, 2), ValueError, "a part of"),
        (lambda: tf.image.flip_left_right(np.ones(3)), ValueError, "one image"),
        (lambda: tf.image.rgb_to_grayscale(np.ones((2, 2, 1))), ValueError, "3 channels"),
        (lambda: tf.image.random_crop(np.ones((2, 2, 1)), (3, 2, 1)), ValueError, "a size at most that"),
        (lambda: tf.image.decode_png("text"), ValueError, "tf.io.read_file"),
        (lambda: tf.image.decode_image(b"no image"), tf.errors.InvalidArgumentError, "no image"),
        (lambda: tf.image.encode_png(np.ones((2, 2, 3))), ValueError, "convert_image_dtype"),
        (lambda: tf.strings.lower([1]), TypeError, "tf.strings.as_string"),
        (lambda: tf.strings.to_number(["x"]), tf.errors.InvalidArgumentError, "'x'"),
        (lambda: tf.strings.substr(["ab"], 5, 1), tf.errors.InvalidArgumentError, "pos=5"),
        (lambda: tf.strings.format("{} {}", [1]), tf.errors.InvalidArgumentError, "2 placeholders for 1"),
        (lambda: tf.io.read_file("/nowhere/at/all"), tf.errors.NotFoundError, "/nowhere/at/all"),
        (lambda: tf.signal.dct([1.0], type=3), NotImplementedError, "type=2"),
        (lambda: tf.linalg.diag([1], k=(0, 1)), NotImplementedError, "one diagonal at a time"),
        (lambda: tf.matmul(np.eye(2), np.eye(2), transpose_a=True, adjoint_a=True), ValueError, "one of them"),
        (lambda: tf.strided_slice([1], [0], [1], var=tf.Variable([1])), ValueError, r"variable\[...\]"),
        (lambda: tf.data.nothing, AttributeError, "tf.data.nothing"),
        (lambda: tf.summary.merge_all, AttributeError, "tf.summary.merge_all"),
    ],
)
def test_errors_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_errors_of_tf_are_errors_of_kerax_and_python():
    assert issubclass(tf.errors.InvalidArgumentError, ValueError)
    assert issubclass(tf.errors.NotFoundError, FileNotFoundError)
    assert issubclass(tf.errors.OutOfRangeError, tf.errors.OpError)
    with pytest.raises(tf.errors.InvalidArgumentError, match="numbers") as caught:
        tf.debugging.assert_equal(1, 2, message="numbers")
    assert "numbers" in caught.value.message
