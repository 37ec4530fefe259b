"""On symbolic tensors of functional models, and inside jax.jit: the same values."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax.compat import tf

X = np.random.default_rng(3).normal(size=(4, 6)).astype("float32")
IMAGES = np.random.default_rng(4).uniform(size=(4, 8, 8, 3)).astype("float32")
W = np.random.default_rng(5).normal(size=(6, 5)).astype("float32")
K = np.random.default_rng(6).normal(size=(3, 3, 3, 2)).astype("float32")
T = np.random.default_rng(7).normal(size=(8, 8, 2, 3)).astype("float32")

VECTORS = {
    "abs": tf.abs,
    "add": lambda x: tf.add(x, 1.0),
    "argmax": lambda x: tf.argmax(x, axis=-1),
    "argsort": tf.argsort,
    "atan2": lambda x: tf.atan2(x, 2.0),
    "bessel_i0": tf.math.bessel_i0,
    "cast": lambda x: tf.cast(x, tf.int32),
    "clip_by_norm": lambda x: tf.clip_by_norm(x, 0.5, axes=[1]),
    "clip_by_value": lambda x: tf.clip_by_value(x, -0.5, 0.5),
    "complex": lambda x: tf.math.real(tf.complex(x, x)),
    "concat": lambda x: tf.concat([x, 2 * x], axis=-1),
    "cumsum": lambda x: tf.cumsum(x, axis=1, exclusive=True, reverse=True),
    "digamma": lambda x: tf.math.digamma(tf.abs(x) + 1),
    "divide_no_nan": lambda x: tf.math.divide_no_nan(1.0, x),
    "dropout of nothing": lambda x: tf.nn.dropout(x, 0.0),
    "einsum": lambda x: tf.einsum("bi,ij->bj", x, W),
    "expand_dims": lambda x: tf.expand_dims(x, -1),
    "frame": lambda x: tf.signal.frame(x, 2, 2),
    "gather": lambda x: tf.gather(x, [0, 2], axis=1),
    "gather, batch_dims": lambda x: tf.gather(x, tf.argsort(x), batch_dims=1),
    "gelu": tf.nn.gelu,
    "greater": lambda x: tf.greater(x, 0.0),
    "identity": tf.identity,
    "is_nan": tf.math.is_nan,
    "l2_normalize": lambda x: tf.math.l2_normalize(x, axis=1),
    "lgamma": lambda x: tf.math.lgamma(tf.abs(x) + 1),
    "linalg.diag": tf.linalg.diag,
    "local_response_normalization": lambda x: tf.nn.lrn(x[:, None, None]),
    "log_softmax": tf.nn.log_softmax,
    "logical_and": lambda x: tf.logical_and(x > 0, x < 1),
    "matmul": lambda x: tf.matmul(x, W),
    "maximum": lambda x: tf.maximum(x, 0.0),
    "moments": lambda x: tf.nn.moments(x, axes=[1])[1],
    "norm": lambda x: tf.norm(x, axis=-1, keepdims=True),
    "one_hot": lambda x: tf.one_hot(tf.cast(x, tf.int32), 3),
    "ones_like": tf.ones_like,
    "pad": lambda x: tf.pad(x, [[0, 0], [1, 2]]),
    "pow": lambda x: tf.pow(x, 2.0),
    "reduce_any": lambda x: tf.reduce_any(x > 1, axis=1),
    "reduce_logsumexp": lambda x: tf.reduce_logsumexp(x, axis=1),
    "reduce_mean": lambda x: tf.reduce_mean(x, axis=1, keepdims=True),
    "reduce_mean of integers": lambda x: tf.reduce_mean(tf.cast(10 * x, tf.int32), axis=1),
    "reduce_std": lambda x: tf.math.reduce_std(x, axis=1),
    "relu": tf.nn.relu,
    "repeat": lambda x: tf.repeat(x, 2, axis=1),
    "reshape": lambda x: tf.reshape(x, [-1, 2, 3]),
    "reshape by tf.shape": lambda x: tf.reshape(x, (tf.shape(x)[0], 3, 2)),
    "reverse": lambda x: tf.reverse(x, axis=[-1]),
    "rfft": lambda x: tf.math.abs(tf.signal.rfft(x)),
    "roll": lambda x: tf.roll(x, 1, axis=1),
    "round": tf.round,
    "searchsorted": lambda x: tf.searchsorted(np.float32([-1, 0, 1]), x),
    "sigmoid": tf.sigmoid,
    "slice": lambda x: tf.slice(x, [0, 1], [-1, 2]),
    "softmax": lambda x: tf.nn.softmax(x, axis=-1),
    "softmax_cross_entropy": lambda x: tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(x), logits=2 * x),
    "sort": lambda x: tf.sort(x, direction="DESCENDING"),
    "split": lambda x: tf.split(x, [2, 4], axis=1)[1],
    "squared_difference": lambda x: tf.math.squared_difference(x, 1.0),
    "squeeze": lambda x: tf.squeeze(tf.expand_dims(x, 1), axis=1),
    "stack": lambda x: tf.stack([x, x], axis=1),
    "stft": lambda x: tf.abs(tf.signal.stft(x, 4, 2)),
    "stop_gradient": tf.stop_gradient,
    "strided_slice": lambda x: tf.strided_slice(x, [0, 0], [0, 6], [1, 2], begin_mask=1, end_mask=1),
    "tensordot": lambda x: tf.tensordot(x, W, 1),
    "tile": lambda x: tf.tile(x, [1, 2]),
    "top_k": lambda x: tf.math.top_k(x, 2).values,
    "transpose": lambda x: tf.transpose(x[:, None], perm=[0, 2, 1]),
    "unstack": lambda x: tf.unstack(x, axis=1)[2],
    "where": lambda x: tf.where(x > 0, x, 0.0),
    "xlogy": lambda x: tf.math.xlogy(x, tf.exp(x)),
    "zeros_like": tf.zeros_like,
}
PICTURES = {
    "adjust_brightness": lambda x: tf.image.adjust_brightness(x, 0.1),
    "adjust_contrast": lambda x: tf.image.adjust_contrast(x, 1.5),
    "adjust_hue": lambda x: tf.image.adjust_hue(x, 0.1),
    "adjust_saturation": lambda x: tf.image.adjust_saturation(x, 0.5),
    "avg_pool2d": lambda x: tf.nn.avg_pool2d(x, 2, 2, "SAME"),
    "batch_normalization": lambda x: tf.nn.batch_normalization(x, 0.5, 2.0, None, None, 1e-3),
    "bias_add": lambda x: tf.nn.bias_add(x, np.float32([1, 2, 3])),
    "central_crop": lambda x: tf.image.central_crop(x, 0.5),
    "conv2d": lambda x: tf.nn.conv2d(x, K, [1, 2, 2, 1], "SAME"),
    "conv2d, explicit": lambda x: tf.nn.conv2d(x, K, 1, [[0, 0], [1, 1], [1, 1], [0, 0]]),
    "conv2d_transpose": lambda x: tf.nn.conv2d_transpose(x, T, [tf.shape(x)[0], 16, 16, 2], 2),
    "convert_image_dtype": lambda x: tf.image.convert_image_dtype(x, tf.uint8),
    "depthwise_conv2d": lambda x: tf.nn.depthwise_conv2d(x, K, [1, 1, 1, 1], "SAME"),
    "flip_left_right": tf.image.flip_left_right,
    "max_pool2d": lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
    "per_image_standardization": tf.image.per_image_standardization,
    "psnr": lambda x: tf.image.psnr(x, 1 - x, 1.0),
    "resize": lambda x: tf.image.resize(x, (4, 6)),
    "resize_with_pad": lambda x: tf.image.resize_with_pad(x, 6, 12),
    "rgb_to_grayscale": tf.image.rgb_to_grayscale,
    "rot90": tf.image.rot90,
    "sobel_edges": tf.image.sobel_edges,
    "space_to_depth": lambda x: tf.nn.space_to_depth(x, 2),
    "ssim": lambda x: tf.image.ssim(x, 1 - x, 1.0, filter_size=5),
    "total_variation": tf.image.total_variation,
}
ALL = [(name, fn, X) for name, fn in VECTORS.items()] + [(name, fn, IMAGES) for name, fn in PICTURES.items()]
cases = pytest.mark.parametrize(("name", "fn", "x"), ALL, ids=[row[0] for row in ALL])


@cases
def test_on_symbolic_tensors(name, fn, x):
    inputs = kerax.Input(x.shape[1:])
    model = kerax.Model(inputs, fn(inputs))
    expected = np.asarray(fn(jnp.asarray(x)))
    given = np.asarray(model(x))
    assert model.outputs[0].shape == (None, *expected.shape[1:])
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)


@cases
def test_inside_jit(name, fn, x):
    np.testing.assert_allclose(np.asarray(jax.jit(fn)(x)), np.asarray(fn(jnp.asarray(x))), rtol=1e-4, atol=1e-5)


COMPILED = {
    "cond": lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: -x),
    "case": lambda x: tf.case([(x[0, 0] > 9, lambda: x), (x[0, 0] < 9, lambda: 2 * x)], default=lambda: 0 * x),
    "switch_case": lambda x: tf.switch_case(tf.cast(x[0, 0] * 0 + 7, tf.int32), [lambda: x, lambda: -x]),
    "while_loop": lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2), (tf.constant(0), x))[1],
    "map_fn": lambda x: tf.map_fn(lambda row: tf.reduce_sum(row), x),
    "scan": lambda x: tf.scan(lambda a, row: a + row, x),
    "foldl": lambda x: tf.foldl(lambda a, row: a + row, x),
    "vectorized_map": lambda x: tf.vectorized_map(lambda row: tf.reduce_sum(row), x),
    "zeros of its own size": lambda x: tf.zeros([tf.shape(x)[0], 2]),
    "concat of sizes": lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [2, 3]], axis=0)),
    "product of sizes": lambda x: tf.reshape(x, [tf.reduce_prod(tf.shape(x))]),
    "tiles by sizes and constants": lambda x: tf.tile(
        x[:1], tf.concat([tf.expand_dims(tf.shape(x)[0], -1), tf.constant([1], dtype=tf.int32)], axis=0)
    ),
    "sizes taken apart": lambda x: tf.zeros([tf.unstack(tf.shape(x))[1], tf.split(tf.shape(x), 2)[0][0]]),
    "sizes cut": lambda x: tf.zeros(tf.slice(tf.shape(x), [1], [1])) + tf.zeros(tf.gather(tf.shape(x), [1])),
    "half a size": lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0] // 2, -1])),
    "size as a float": lambda x: x / tf.cast(tf.shape(x)[0], tf.float32),
    "range of a size": lambda x: tf.range(tf.shape(x)[1]),
    "stateless_normal": lambda x: tf.random.stateless_normal(tf.shape(x), seed=[1, 2]),
    "scatter": lambda x: tf.tensor_scatter_nd_update(x, [[0, 0]], x[1:2, 1]),
    "segments": lambda x: tf.math.unsorted_segment_mean(x, [0, 1, 1, 0], 2),
    "global_norm": lambda x: tf.clip_by_global_norm([x, 2 * x], 1.0)[0][1],
    "ensure_shape": lambda x: tf.ensure_shape(x, (None, 6)),
    "assert_shapes": lambda x: (tf.debugging.assert_shapes([(x, ("B", 6)), (x, ("B", "D"))]), x)[1],
    "slice from a traced start": lambda x: tf.slice(x, [tf.argmax(x[:, 0]) * 0, 1], [1, 2]),
}


@pytest.mark.parametrize("name", COMPILED)
def test_control_flow_and_sizes_inside_jit(name):
    fn = COMPILED[name]
    np.testing.assert_allclose(np.asarray(jax.jit(fn)(X)), np.asarray(fn(jnp.asarray(X))), rtol=1e-5, atol=1e-5)


REFUSED = {
    "where of one": (lambda x: tf.where(x > 0), "tf.where.*keeps the size"),
    "boolean_mask": (lambda x: tf.boolean_mask(x, x > 0), "tf.boolean_mask.*keeps the size"),
    "unique": (lambda x: tf.unique(x[0]), "tf.unique.*kerax.ops.unique"),
    "segment_sum": (lambda x: tf.math.segment_sum(x, x[:, 0].astype(int)), "unsorted_segment_sum"),
    "confusion_matrix": (lambda x: tf.math.confusion_matrix(x[0].astype(int), x[0].astype(int)), "num_classes="),
    "as_string": (lambda x: tf.strings.as_string(x), "tf.print"),
    "numpy_function": (lambda x: tf.numpy_function(np.sin, [x], tf.float32), "pure_callback"),
    "encode_png": (lambda x: tf.image.encode_png(x), "on the host"),
    "assert_equal": (lambda x: tf.debugging.assert_equal(x, x), "checkify"),
    "reshape by a traced size": (lambda x: tf.reshape(x, [tf.argmax(x[0]), -1]), r"tf\.reshape.*tf\.shape\(x\)\[i\]"),
    "numpy": (lambda x: x.numpy(), r"numpy\(\) inside a compiled function.*run_eagerly"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_values_says_so_inside_jit(name):
    fn, message = REFUSED[name]
    with pytest.raises(RuntimeError, match=message):
        jax.jit(fn)(X)


def test_unknown_sizes_of_symbolic_tensors_are_none():
    x = kerax.Input((6,))
    assert tf.shape(x) == (None, 6)
    assert tf.reshape(x, [tf.shape(x)[0], 2, 3]).shape == (None, 2, 3)
    assert tf.shape(kerax.Input(batch_shape=(4, 6))).tolist() == [4, 6]
    assert x.get_shape().as_list() == [None, 6]
    with pytest.raises(TypeError, match="symbolic tensor has no values"):
        x.numpy()
    with pytest.raises(TypeError, match="symbolic tensor"):
        tf.boolean_mask(x, [True])


def test_a_model_of_ops_that_kerax_has_can_be_saved_as_a_config():
    x = kerax.Input((6,))
    model = kerax.Model(x, tf.nn.relu(tf.concat([x, tf.reduce_mean(x, axis=1, keepdims=True)], -1)))
    again = type(model).from_config(model.get_config())
    np.testing.assert_allclose(again(X), model(X))


def test_a_model_of_other_functions_says_that_it_has_no_config():
    x = kerax.Input((6,))
    model = kerax.Model(x, tf.math.lgamma(x))
    with pytest.raises(NotImplementedError, match="no op of kerax.ops"):
        model.get_config()
