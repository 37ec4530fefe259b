"""What each function gives: worked by hand, or by NumPy, SciPy and JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import scipy.special as sp

from kerax.compat import tf

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], "float32")
P = np.array([0.5, 1.5, 2.5, 3.5], "float32")  # positive
U = np.array([-0.9, -0.2, 0.3, 0.8], "float32")  # inside (-1, 1)
I = np.array([7, -7, 5, -5], "int32")  # noqa: E741
J = np.array([2, 2, -3, -3], "int32")
S = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]], "float32")  # positive definite
B = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")
IMAGE = np.arange(2 * 4 * 6 * 3, dtype="float32").reshape(2, 4, 6, 3) / 144
BYTES = (np.arange(5 * 7 * 3) * 7 % 256).astype("uint8").reshape(5, 7, 3)
SIGNAL = np.sin(np.arange(64) / 3).astype("float32")

ONE = [  # name, oracle, argument
    ("abs", np.abs, A),
    ("acos", np.arccos, U),
    ("acosh", np.arccosh, 1 + P),
    ("asin", np.arcsin, U),
    ("asinh", np.arcsinh, A),
    ("atan", np.arctan, A),
    ("atanh", np.arctanh, U),
    ("bessel_i0", sp.i0, P),
    ("bessel_i0e", sp.i0e, P),
    ("bessel_i1", sp.i1, P),
    ("bessel_i1e", sp.i1e, P),
    ("ceil", np.ceil, A / 4),
    ("cos", np.cos, A),
    ("cosh", np.cosh, A),
    ("digamma", sp.digamma, P),
    ("erf", sp.erf, U),
    ("erfc", sp.erfc, U),
    ("erfcinv", sp.erfcinv, P / 2),
    ("erfinv", sp.erfinv, U),
    ("exp", np.exp, A),
    ("expm1", np.expm1, U),
    ("floor", np.floor, A / 4),
    ("is_finite", np.isfinite, np.array([1, np.inf, np.nan], "float32")),
    ("is_inf", np.isinf, np.array([1, np.inf, np.nan], "float32")),
    ("is_nan", np.isnan, np.array([1, np.inf, np.nan], "float32")),
    ("lgamma", sp.gammaln, P),
    ("log", np.log, P),
    ("log1p", np.log1p, P),
    ("log_sigmoid", sp.log_expit, A),
    ("logical_not", np.logical_not, A > 0),
    ("ndtri", sp.ndtri, P / 4),
    ("negative", np.negative, A),
    ("reciprocal", np.reciprocal, P),
    ("reciprocal_no_nan", lambda x: [0.0, 0.5], np.array([0.0, 2.0], "float32")),
    ("rint", np.rint, P),
    ("round", lambda x: [0.0, 2.0, 2.0, 4.0], P),  # half to even
    ("rsqrt", lambda x: 1 / np.sqrt(x), P),
    ("sigmoid", sp.expit, A),
    ("sign", np.sign, A),
    ("sin", np.sin, A),
    ("sinh", np.sinh, A),
    ("softplus", lambda x: np.log1p(np.exp(x)), A),
    ("softsign", lambda x: x / (1 + np.abs(x)), A),
    ("sqrt", np.sqrt, P),
    ("square", np.square, A),
    ("tan", np.tan, A),
    ("tanh", np.tanh, A),
    ("angle", np.angle, np.array([1 + 1j, -2j], "complex64")),
    ("conj", np.conj, np.array([1 + 1j, -2j], "complex64")),
    ("imag", np.imag, np.array([1 + 1j, -2j], "complex64")),
    ("real", np.real, np.array([1 + 1j, -2j], "complex64")),
    ("invert_permutation", lambda x: [2, 0, 1], np.array([1, 2, 0])),
    ("is_non_decreasing", lambda x: True, np.array([1, 1, 2])),
    ("is_strictly_increasing", lambda x: False, np.array([1, 1, 2])),
    ("lbeta", lambda x: np.log(sp.beta(x[0], x[1])), P[1:3]),
    ("zero_fraction", lambda x: 0.75, np.array([0.0, 0, 0, 5])),
]
TWO = [  # name, oracle, arguments
    ("add", np.add, P, U),
    ("atan2", np.arctan2, P, U),
    ("divide", np.true_divide, I, J),
    ("divide_no_nan", lambda x, y: [0.0, 2.0], np.array([3.0, 4.0], "float32"), np.array([0.0, 2.0], "float32")),
    ("equal", np.equal, I, np.array([7, 7, 5, 5])),
    ("floordiv", np.floor_divide, I, J),
    ("floormod", np.mod, I, J),
    ("mod", np.mod, I, J),
    ("greater", np.greater, I, J),
    ("greater_equal", np.greater_equal, I, np.array([7, 7, 5, 5])),
    ("igamma", sp.gammainc, P, 1 + P),
    ("igammac", sp.gammaincc, P, 1 + P),
    ("less", np.less, I, J),
    ("less_equal", np.less_equal, I, np.array([7, 7, 5, 5])),
    ("logical_and", np.logical_and, np.array([True, True]), np.array([True, False])),
    ("logical_or", np.logical_or, np.array([False, True]), np.array([False, False])),
    ("logical_xor", np.logical_xor, np.array([True, True]), np.array([True, False])),
    ("maximum", np.maximum, P, 2.0),
    ("minimum", np.minimum, P, 2.0),
    ("multiply", np.multiply, P, U),
    ("multiply_no_nan", lambda x, y: [0.0, 6.0], np.array([np.nan, 2.0], "float32"), np.array([0.0, 3.0], "float32")),
    ("nextafter", np.nextafter, P, np.zeros(4, "float32")),
    ("not_equal", np.not_equal, I, np.array([7, 7, 5, 5])),
    ("polygamma", lambda n, x: sp.polygamma(n.astype(int), x), np.array([1.0, 2, 1, 2], "float32"), P),
    ("pow", np.power, P, U),
    ("scalar_mul", np.multiply, 3.0, P),
    ("squared_difference", lambda x, y: (x - y) ** 2, P, U),
    ("subtract", np.subtract, P, U),
    ("truediv", np.true_divide, I, J),
    ("truncatediv", lambda x, y: [3, -3, -1, 1], I, J),
    ("truncatemod", np.fmod, I, J),
    ("xdivy", lambda x, y: [0.0, 2.0], np.array([0.0, 6.0], "float32"), np.array([0.0, 3.0], "float32")),
    ("xlog1py", sp.xlog1py, np.array([0.0, 2.0], "float32"), np.array([-1.0, 3.0], "float32")),
    ("xlogy", sp.xlogy, np.array([0.0, 2.0], "float32"), np.array([0.0, 3.0], "float32")),
    ("zeta", sp.zeta, 1 + P, P),
]
REDUCE = [
    ("reduce_sum", np.sum),
    ("reduce_mean", np.mean),
    ("reduce_max", np.max),
    ("reduce_min", np.min),
    ("reduce_prod", np.prod),
    ("reduce_std", np.std),
    ("reduce_variance", np.var),
    ("reduce_all", np.all),
    ("reduce_any", np.any),
    (
        "reduce_euclidean_norm",
        lambda x, axis=None, keepdims=False: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
    ),
    ("reduce_logsumexp", sp.logsumexp),
]


def close(given, expected):
    if isinstance(expected, (list, tuple)) and any(isinstance(one, (list, tuple, np.ndarray)) for one in expected):
        assert len(given) == len(expected)
        for a, b in zip(given, expected, strict=True):
            close(a, b)
        return
    given, expected = np.asarray(given), np.asarray(expected)
    if expected.dtype.kind in "US":
        np.testing.assert_array_equal(given, expected)
        return
    assert np.shape(given) == expected.shape
    np.testing.assert_allclose(given, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(("name", "oracle", "x"), ONE, ids=[row[0] for row in ONE])
def test_functions_of_one_tensor(name, oracle, x):
    close(getattr(tf.math, name)(x), oracle(x))


@pytest.mark.parametrize(("name", "oracle", "x", "y"), TWO, ids=[row[0] for row in TWO])
def test_functions_of_two_tensors(name, oracle, x, y):
    close(getattr(tf.math, name)(x, y), oracle(x, y))


@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"axis": [0, 1], "keepdims": True}, {"axis": -2}], ids=str)
@pytest.mark.parametrize(("name", "oracle"), REDUCE, ids=[row[0] for row in REDUCE])
def test_reductions(name, oracle, options):
    x = A > 0 if name in ("reduce_all", "reduce_any") else A
    plain = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    close(getattr(tf.math, name)(x, **options), oracle(x, **plain))


def conv(x, k, stride=1, padding="VALID", dilation=1):
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(
        jnp.asarray(x),
        jnp.asarray(k),
        (stride, stride),
        padding,
        rhs_dilation=(dilation,) * 2,
        dimension_numbers=numbers,
    )


K = np.random.default_rng(1).normal(size=(3, 3, 3, 5)).astype("float32")
DW = np.random.default_rng(2).normal(size=(3, 3, 3, 2)).astype("float32")
LABELS = np.array([[0.0, 1.0, 0.0], [0.3, 0.3, 0.4]], "float32")
SOFT = A - np.log(np.exp(A).sum(-1, keepdims=True))
ids = np.array([0, 0, 1, 2, 2])
rows = np.array([[1.0, 2], [3, 4], [5, 6], [7, 8], [9, 1]], "float32")

CASES = {
    # creation
    "constant": (lambda: tf.constant([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "constant, filled": (lambda: tf.constant(2.5, shape=[2, 2]), [[2.5, 2.5], [2.5, 2.5]]),
    "constant, shaped": (lambda: tf.constant([1, 2, 3, 4], shape=(2, 2)), [[1, 2], [3, 4]]),
    "convert_to_tensor of a Variable": (lambda: tf.convert_to_tensor(tf.Variable([1.0, 2.0])), [1, 2]),
    "convert_to_tensor of mixed lists": (lambda: tf.convert_to_tensor([tf.constant(1.0), 2.0]), [1, 2]),
    "zeros": (lambda: tf.zeros([2, 3]), np.zeros((2, 3))),
    "ones": (lambda: tf.ones(3), np.ones(3)),
    "fill": (lambda: tf.fill([2, 2], 7), [[7, 7], [7, 7]]),
    "zeros_like": (lambda: tf.zeros_like(A), np.zeros((2, 3))),
    "ones_like": (lambda: tf.ones_like(A, dtype=tf.int32), np.ones((2, 3))),
    "range": (lambda: tf.range(5), np.arange(5)),
    "range of three": (lambda: tf.range(3, 18, 3), [3, 6, 9, 12, 15]),
    "range of floats, falling": (lambda: tf.range(3, 1, -0.5), [3, 2.5, 2, 1.5]),
    "linspace": (lambda: tf.linspace(0.0, 1.0, 5), np.linspace(0, 1, 5)),
    "eye": (lambda: tf.eye(2, 3), np.eye(2, 3)),
    "eye of a batch": (lambda: tf.eye(2, batch_shape=[3]), np.stack([np.eye(2)] * 3)),
    "one_hot": (lambda: tf.one_hot([0, 2, -1], 3), [[1, 0, 0], [0, 0, 1], [0, 0, 0]]),
    "one_hot with values": (lambda: tf.one_hot([1], 3, on_value=5.0, off_value=-1.0), [[-1, 5, -1]]),
    "one_hot along axis 0": (lambda: tf.one_hot([0, 2], 3, axis=0), [[1, 0], [0, 0], [0, 1]]),
    "cast cuts towards 0": (lambda: tf.cast([1.8, -1.8], tf.int32), [1, -1]),
    "saturate_cast": (lambda: tf.saturate_cast([-3.0, 300.0], tf.uint8), [0, 255]),
    "bitcast": (lambda: tf.bitcast(np.float32(1.0), tf.int32), 1065353216),
    "complex": (lambda: tf.complex([1.0], [2.0]), [1 + 2j]),
    "sequence_mask": (lambda: tf.sequence_mask([1, 3], 4), [[1, 0, 0, 0], [1, 1, 1, 0]]),
    "sequence_mask to the longest": (lambda: tf.sequence_mask([1, 3]), [[1, 0, 0], [1, 1, 1]]),
    "shape": (lambda: tf.shape(A), [2, 3]),
    "size": (lambda: tf.size(A), 6),
    "rank": (lambda: tf.rank(A), 2),
    "identity": (lambda: tf.identity(tf.Variable(3.0)), 3.0),
    # shaping
    "reshape": (lambda: tf.reshape(A, [-1]), A.ravel()),
    "transpose": (lambda: tf.transpose(A), A.T),
    "transpose, reversed by default": (lambda: tf.transpose(IMAGE), IMAGE.T),
    "transpose, perm": (lambda: tf.transpose(IMAGE, [0, 3, 1, 2]), IMAGE.transpose(0, 3, 1, 2)),
    "transpose, conjugate": (lambda: tf.transpose([[1j, 2]], conjugate=True), [[-1j], [2]]),
    "expand_dims": (lambda: tf.expand_dims(A, -1), A[..., None]),
    "squeeze": (lambda: tf.squeeze(A[None, :, None]), A),
    "squeeze, axis": (lambda: tf.squeeze(A[None, :, None], axis=[0]), A[:, None]),
    "concat": (lambda: tf.concat([A, A], 1), np.concatenate([A, A], 1)),
    "stack": (lambda: tf.stack([A, -A], axis=-1), np.stack([A, -A], -1)),
    "unstack": (lambda: tf.unstack(A, axis=1), [A[:, 0], A[:, 1], A[:, 2]]),
    "split in equal parts": (lambda: tf.split(A, 3, axis=1), [A[:, :1], A[:, 1:2], A[:, 2:]]),
    "split in sizes": (lambda: tf.split(A, [1, -1], 1), [A[:, :1], A[:, 1:]]),
    "tile": (lambda: tf.tile([[1, 2]], [2, 2]), [[1, 2, 1, 2], [1, 2, 1, 2]]),
    "repeat": (lambda: tf.repeat([[1, 2], [3, 4]], [1, 2], axis=0), [[1, 2], [3, 4], [3, 4]]),
    "repeat, flattened": (lambda: tf.repeat([[1, 2]], 2), [1, 1, 2, 2]),
    "broadcast_to": (lambda: tf.broadcast_to([1, 2], [2, 2]), [[1, 2], [1, 2]]),
    "pad": (lambda: tf.pad([1, 2], [[1, 2]], constant_values=9), [9, 1, 2, 9, 9]),
    "pad, reflect": (lambda: tf.pad([1, 2, 3], [[2, 1]], "REFLECT"), [3, 2, 1, 2, 3, 2]),
    "pad, symmetric": (lambda: tf.pad([1, 2, 3], tf.constant([[2, 1]]), "symmetric"), [2, 1, 1, 2, 3, 3]),
    "reverse": (lambda: tf.reverse(A, axis=[1]), A[:, ::-1]),
    "roll": (lambda: tf.roll([0, 1, 2, 3, 4], shift=2, axis=0), [3, 4, 0, 1, 2]),
    "meshgrid": (lambda: tf.meshgrid([1, 2, 3], [4, 5]), [[[1, 2, 3], [1, 2, 3]], [[4, 4, 4], [5, 5, 5]]]),
    "broadcast_static_shape": (lambda: tf.broadcast_static_shape((2, 1), (3,)), [2, 3]),
    "broadcast_dynamic_shape": (lambda: tf.broadcast_dynamic_shape([2, 1], [3]), [2, 3]),
    "ensure_shape": (lambda: tf.ensure_shape(A, [None, 3]), A),
    # indexing
    "where of three": (lambda: tf.where([True, False], [1, 2], [3, 4]), [1, 4]),
    "where of one": (lambda: tf.where([[True, False], [False, True]]), [[0, 0], [1, 1]]),
    "boolean_mask": (lambda: tf.boolean_mask([[1, 2], [3, 4], [5, 6]], [True, False, True]), [[1, 2], [5, 6]]),
    "boolean_mask, axis": (lambda: tf.boolean_mask(A, [True, False, True], axis=1), A[:, ::2]),
    "gather": (lambda: tf.gather(A, [1, 0]), A[[1, 0]]),
    "gather, axis": (lambda: tf.gather(A, [2, 0], axis=1), A[:, [2, 0]]),
    "gather, indices of two axes": (lambda: tf.gather(A, [[2], [0]], axis=-1), A[:, [[2], [0]]]),
    "gather, batch_dims": (lambda: tf.gather(A, [[2, 0], [1, 1]], batch_dims=1), [[3, 1], [5, 5]]),
    "gather, batch_dims and axis": (
        lambda: tf.gather(IMAGE, [[1], [0]], axis=2, batch_dims=1),
        np.stack([IMAGE[0][:, [1]], IMAGE[1][:, [0]]]),
    ),
    "gather_nd": (lambda: tf.gather_nd(A, [[0, 1], [1, 2]]), [-2, -6]),
    "gather_nd of slices": (lambda: tf.gather_nd(A, [[1]]), A[1:]),
    "gather_nd, batch_dims": (lambda: tf.gather_nd(A, [[2], [0]], batch_dims=1), [3, 4]),
    "scatter_nd": (lambda: tf.scatter_nd([[1], [3], [1]], [9, 10, 1], [5]), [0, 10, 0, 10, 0]),
    "tensor_scatter_nd_update": (lambda: tf.tensor_scatter_nd_update([1, 1, 1], [[0], [2]], [5, 6]), [5, 1, 6]),
    "tensor_scatter_nd_add": (lambda: tf.tensor_scatter_nd_add([1, 1, 1], [[0], [0]], [5, 6]), [12, 1, 1]),
    "tensor_scatter_nd_sub": (lambda: tf.tensor_scatter_nd_sub([1, 1], [[0]], [5]), [-4, 1]),
    "tensor_scatter_nd_max": (lambda: tf.tensor_scatter_nd_max([1, 9], [[0], [1]], [5, 5]), [5, 9]),
    "tensor_scatter_nd_min": (lambda: tf.tensor_scatter_nd_min([1, 9], [[0], [1]], [5, 5]), [1, 5]),
    "slice": (lambda: tf.slice(A, [0, 1], [1, -1]), A[:1, 1:]),
    "strided_slice": (lambda: tf.strided_slice(A, [0, 2], [2, 0], [1, -1]), A[0:2, 2:0:-1]),
    "strided_slice, masks": (
        lambda: tf.strided_slice(
            A, [0, 1, 0], [0, 0, 0], begin_mask=1, end_mask=1, shrink_axis_mask=2, new_axis_mask=4
        ),
        A[:, 1, None],
    ),
    "sort": (lambda: tf.sort([3, 1, 2]), [1, 2, 3]),
    "sort, falling": (lambda: tf.sort([3, 1, 2], direction="DESCENDING"), [3, 2, 1]),
    "argsort": (lambda: tf.argsort([3, 1, 2]), [1, 2, 0]),
    "argsort, falling and stable": (lambda: tf.argsort([1, 3, 3], direction="DESCENDING"), [1, 2, 0]),
    "top_k": (lambda: tf.math.top_k([1, 9, 5], 2), [[9, 5], [1, 2]]),
    "unique, in order of coming": (lambda: tf.unique([4, 1, 4, 2]), [[4, 1, 2], [0, 1, 0, 2]]),
    "unique_with_counts": (lambda: tf.unique_with_counts([4, 1, 4]).count, [2, 1]),
    "searchsorted": (lambda: tf.searchsorted([1, 3, 5], [3, 4], side="right"), [2, 2]),
    "searchsorted in rows": (lambda: tf.searchsorted([[1, 3], [2, 4]], [[2], [5]]), [[1], [2]]),
    "dynamic_partition": (lambda: tf.dynamic_partition([1, 2, 3], [1, 0, 1], 2), [[2], [1, 3]]),
    "dynamic_stitch": (lambda: tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]]), [10, 20, 30]),
    # reductions and the like
    "reduce_mean of integers": (lambda: tf.reduce_mean([1, 0, 1, 0]), 0),
    "reduce_mean of negative integers": (lambda: tf.reduce_mean([-1, -2]), -1),
    "reduce_mean of rows of integers": (lambda: tf.reduce_mean([[1, 2], [5, 8]], axis=1), [1, 6]),
    "reduce_sum of a list of tensors": (lambda: tf.reduce_sum([tf.constant(1.0), tf.constant(2.0)]), 3.0),
    "count_nonzero": (lambda: tf.math.count_nonzero([[0, 1], [2, 3]], axis=1), [1, 2]),
    "argmax, first axis by default": (lambda: tf.argmax(A), [1, 1, 0]),
    "argmin": (lambda: tf.argmin(A, axis=1, output_type=tf.int32), [1, 2]),
    "cumsum": (lambda: tf.cumsum([1, 2, 3]), [1, 3, 6]),
    "cumsum, exclusive": (lambda: tf.cumsum([1, 2, 3], exclusive=True), [0, 1, 3]),
    "cumsum, reverse": (lambda: tf.cumsum([1, 2, 3], reverse=True), [6, 5, 3]),
    "cumsum, both": (lambda: tf.cumsum([1, 2, 3], exclusive=True, reverse=True), [5, 3, 0]),
    "cumprod": (lambda: tf.math.cumprod([2.0, 3.0, 4.0]), [2, 6, 24]),
    "cumprod, exclusive": (lambda: tf.math.cumprod([2.0, 3.0, 4.0], exclusive=True), [1, 2, 6]),
    "cumulative_logsumexp": (lambda: tf.math.cumulative_logsumexp(P), np.log(np.cumsum(np.exp(P)))),
    "norm": (lambda: tf.norm(A), np.sqrt((A * A).sum())),
    "norm of rows": (lambda: tf.norm(A, ord=1, axis=1), np.abs(A).sum(1)),
    "norm, infinite": (lambda: tf.norm(A, ord=np.inf), 6.0),
    "norm of matrices": (lambda: tf.norm(A, ord=2, axis=[-2, -1]), np.linalg.norm(A, 2)),
    "norm, kept": (lambda: tf.norm(A, keepdims=True), [[np.sqrt((A * A).sum())]]),
    "l2_normalize": (lambda: tf.math.l2_normalize(A, axis=1), A / np.linalg.norm(A, axis=1, keepdims=True)),
    "l2_normalize of zeros": (lambda: tf.math.l2_normalize([0.0, 0.0]), [0, 0]),
    "clip_by_value": (lambda: tf.clip_by_value(A, -2, 2), A.clip(-2, 2)),
    "clip_by_norm": (lambda: tf.clip_by_norm([3.0, 4.0], 1.0), [0.6, 0.8]),
    "clip_by_norm of short ones": (lambda: tf.clip_by_norm([0.3, 0.4], 1.0), [0.3, 0.4]),
    "global_norm": (lambda: tf.linalg.global_norm([tf.constant([3.0]), None, tf.constant([4.0])]), 5.0),
    "confusion_matrix": (
        lambda: tf.math.confusion_matrix([0, 1, 2, 2], [0, 2, 2, 2]),
        [[1, 0, 0], [0, 0, 1], [0, 0, 2]],
    ),
    "confusion_matrix, weighted": (
        lambda: tf.math.confusion_matrix([0, 1], [0, 0], num_classes=2, weights=[0.5, 2], dtype=tf.float32),
        [[0.5, 0], [2, 0]],
    ),
    "in_top_k": (lambda: tf.math.in_top_k([0, 1], A, 1), [False, True]),
    "bincount": (lambda: tf.math.bincount([1, 1, 3]), [0, 2, 0, 1]),
    "bincount, rows": (lambda: tf.math.bincount([[1, 1], [0, 2]], axis=-1), [[0, 2, 0], [1, 0, 1]]),
    "bincount, maxlength": (lambda: tf.math.bincount([1, 1, 3], maxlength=2, weights=[1.0, 2.0, 3.0]), [0, 3]),
    "histogram_fixed_width": (
        lambda: tf.histogram_fixed_width([-1.0, 0, 1.5, 2, 5, 15], [0.0, 5.0], 5),
        [2, 1, 1, 0, 2],
    ),
    "segment_sum": (lambda: tf.math.segment_sum(rows, ids), [[4, 6], [5, 6], [16, 9]]),
    "segment_mean": (lambda: tf.math.segment_mean(rows, ids), [[2, 3], [5, 6], [8, 4.5]]),
    "segment_max": (lambda: tf.math.segment_max(rows, [0, 0, 2, 2, 2]), [[3, 4], [0, 0], [9, 8]]),
    "segment_min": (lambda: tf.math.segment_min(rows, ids), [[1, 2], [5, 6], [7, 1]]),
    "segment_prod": (lambda: tf.math.segment_prod(rows, ids), [[3, 8], [5, 6], [63, 8]]),
    "unsorted_segment_sum": (lambda: tf.math.unsorted_segment_sum([1, 2, 3], [1, 0, -1], 2), [2, 1]),
    "unsorted_segment_sum, ids of two axes": (
        lambda: tf.math.unsorted_segment_sum([[1, 2], [3, 4]], [[0, 1], [1, 0]], 2),
        [5, 5],
    ),
    "unsorted_segment_mean": (lambda: tf.math.unsorted_segment_mean([1.0, 2, 4], [1, 1, 0], 3), [4, 1.5, 0]),
    "unsorted_segment_max": (
        lambda: tf.math.unsorted_segment_max([1, 2], [0, 0], 2),
        [2, np.iinfo("int32").min],
    ),
    "unsorted_segment_min": (lambda: tf.math.unsorted_segment_min([1, 2], [0, 0], 1), [1]),
    "unsorted_segment_prod": (lambda: tf.math.unsorted_segment_prod([2, 3], [0, 0], 2), [6, 1]),
    "unsorted_segment_sqrt_n": (lambda: tf.math.unsorted_segment_sqrt_n([1.0, 3], [0, 0], 1), [4 / np.sqrt(2)]),
    "polyval": (lambda: tf.math.polyval([2.0, 0.0, 1.0], 3.0), 19.0),
    "add_n": (lambda: tf.add_n([A, A, A]), 3 * A),
    "betainc": (lambda: tf.math.betainc(P, 1 + P, np.float32(0.3)), sp.betainc(P, 1 + P, 0.3)),
    # linear algebra
    "matmul": (lambda: tf.matmul(A, B), A @ B),
    "matmul, transposed": (lambda: tf.matmul(A, A, transpose_b=True), A @ A.T),
    "matmul, adjoint": (lambda: tf.matmul(A, A, adjoint_a=True), A.T @ A),
    "matvec": (lambda: tf.linalg.matvec(A, [1.0, 2, 3]), A @ [1, 2, 3]),
    "tensordot": (lambda: tf.tensordot(A, B, axes=[[1], [0]]), A @ B),
    "einsum": (lambda: tf.einsum("ij,kj->ik", A, A), A @ A.T),
    "det": (lambda: tf.linalg.det(S), np.linalg.det(S)),
    "logdet": (lambda: tf.linalg.logdet(S), np.log(np.linalg.det(S))),
    "slogdet": (lambda: tf.linalg.slogdet(-S), [-1.0, np.log(np.linalg.det(S))]),
    "inv": (lambda: tf.linalg.inv(S), np.linalg.inv(S)),
    "pinv": (lambda: tf.linalg.pinv(A), np.linalg.pinv(A)),
    "matrix_rank": (lambda: tf.linalg.matrix_rank([[1.0, 2], [2, 4]]), 1),
    "cholesky": (lambda: tf.linalg.cholesky(S), np.linalg.cholesky(S)),
    "cholesky_solve": (lambda: tf.linalg.cholesky_solve(np.linalg.cholesky(S), B), np.linalg.solve(S, B)),
    "solve": (lambda: tf.linalg.solve(S, B), np.linalg.solve(S, B)),
    "triangular_solve": (
        lambda: tf.linalg.triangular_solve(np.tril(S), B),
        scipy.linalg.solve_triangular(S, B, lower=True),
    ),
    "triangular_solve, adjoint": (
        lambda: tf.linalg.triangular_solve(np.tril(S), B, adjoint=True),
        np.linalg.solve(np.tril(S).T, B),
    ),
    "lstsq": (lambda: tf.linalg.lstsq(B, B[:, :1] + 1), np.linalg.lstsq(B, B[:, :1] + 1, rcond=None)[0]),
    "lstsq, regularized": (
        lambda: tf.linalg.lstsq(B, B[:, :1], l2_regularizer=0.1),
        np.linalg.solve(B.T @ B + 0.1 * np.eye(2), B.T @ B[:, :1]),
    ),
    "qr": (lambda: tf.matmul(*tf.linalg.qr(B)), B),
    "svd, values": (lambda: tf.linalg.svd(A, compute_uv=False), np.linalg.svd(A, compute_uv=False)),
    "svd": (lambda: (lambda s, u, v: u @ tf.linalg.diag(s) @ tf.transpose(v))(*tf.linalg.svd(A)), A),
    "eigvalsh": (lambda: tf.linalg.eigvalsh(S), np.linalg.eigvalsh(S)),
    "eigh": (lambda: (lambda e, v: v @ tf.linalg.diag(e) @ tf.transpose(v))(*tf.linalg.eigh(S)), S),
    "expm": (lambda: tf.linalg.expm(S), scipy.linalg.expm(S)),
    "sqrtm": (lambda: tf.linalg.sqrtm(S), scipy.linalg.sqrtm(S)),
    "trace": (lambda: tf.linalg.trace(S), 9.0),
    "adjoint": (lambda: tf.linalg.adjoint([[1j, 2]]), [[-1j], [2]]),
    "matrix_transpose": (lambda: tf.linalg.matrix_transpose(A), A.T),
    "cross": (lambda: tf.linalg.cross([1.0, 0, 0], [0, 1.0, 0]), [0, 0, 1]),
    "normalize": (lambda: tf.linalg.normalize([3.0, 4.0]), [[0.6, 0.8], [5.0]]),
    "diag": (lambda: tf.linalg.diag([1, 2]), [[1, 0], [0, 2]]),
    "diag of another diagonal": (lambda: tf.linalg.diag([1, 2], k=1), [[0, 1, 0], [0, 0, 2], [0, 0, 0]]),
    "diag_part": (lambda: tf.linalg.diag_part(S), np.diag(S)),
    "set_diag": (lambda: tf.linalg.set_diag(A, [9.0, 8.0]), [[9, -2, 3], [4, 8, -6]]),
    "band_part": (lambda: tf.linalg.band_part(np.ones((3, 3)), 0, 1), np.triu(np.tril(np.ones((3, 3)), 1))),
    "band_part, lower triangle": (lambda: tf.linalg.band_part(np.ones((3, 3)), -1, 0), np.tril(np.ones((3, 3)))),
    "tensor_diag": (lambda: tf.linalg.tensor_diag([1, 2]), [[1, 0], [0, 2]]),
    "tensor_diag_part": (lambda: tf.linalg.tensor_diag_part(np.diag([1, 2])), [1, 2]),
    "lu": (lambda: tf.linalg.lu(np.array([[1.0, 2], [3, 4]], "float32"))[1], [1, 0]),
    # nn
    "relu": (lambda: tf.nn.relu(A), np.maximum(A, 0)),
    "relu6": (lambda: tf.nn.relu6(3 * A), np.clip(3 * A, 0, 6)),
    "leaky_relu": (lambda: tf.nn.leaky_relu(A), np.where(A > 0, A, 0.2 * A)),
    "elu": (lambda: tf.nn.elu(A), np.where(A > 0, A, np.expm1(A))),
    "selu": (lambda: tf.nn.selu(A), 1.05070098 * np.where(A > 0, A, 1.67326324 * np.expm1(A))),
    "gelu, exact": (lambda: tf.nn.gelu(A), A * sp.ndtr(A)),
    "silu": (lambda: tf.nn.silu(A), A * sp.expit(A)),
    "swish, beta": (lambda: tf.nn.swish(A, 2.0), A * sp.expit(2 * A)),
    "crelu": (lambda: tf.nn.crelu([[-1.0, 2.0]]), [[0, 2, 1, 0]]),
    "softmax": (lambda: tf.nn.softmax(A), np.exp(SOFT)),
    "softmax, axis": (lambda: tf.nn.softmax(A, axis=0), sp.softmax(A, 0)),
    "log_softmax": (lambda: tf.nn.log_softmax(A), SOFT),
    "bias_add": (lambda: tf.nn.bias_add(A, [1.0, 2, 3]), A + [1, 2, 3]),
    "bias_add, NCHW": (
        lambda: tf.nn.bias_add(IMAGE, [1.0, 2, 3, 4], "NCHW"),
        IMAGE + np.array([1, 2, 3, 4]).reshape(1, 4, 1, 1),
    ),
    "moments": (lambda: tf.nn.moments(A, axes=[0]), [A.mean(0), A.var(0)]),
    "weighted_moments": (lambda: tf.nn.weighted_moments([1.0, 4.0], [0], [3.0, 1.0]), [1.75, 1.6875]),
    "batch_normalization": (
        lambda: tf.nn.batch_normalization(A, A.mean(0), A.var(0), 1.0, 2.0, 1e-3),
        2 * (A - A.mean(0)) / np.sqrt(A.var(0) + 1e-3) + 1,
    ),
    "local_response_normalization": (
        lambda: tf.nn.local_response_normalization(np.ones((1, 1, 1, 3), "float32"), depth_radius=1, bias=1, alpha=1),
        np.array([1 / np.sqrt(3), 0.5, 1 / np.sqrt(3)]).reshape(1, 1, 1, 3),
    ),
    "embedding_lookup": (lambda: tf.nn.embedding_lookup(B, [2, 0]), B[[2, 0]]),
    "embedding_lookup, max_norm": (lambda: tf.nn.embedding_lookup([[3.0, 4.0]], [[0]], max_norm=1.0), [[[0.6, 0.8]]]),
    "l2_loss": (lambda: tf.nn.l2_loss([3.0, 4.0]), 12.5),
    "softmax_cross_entropy": (
        lambda: tf.nn.softmax_cross_entropy_with_logits(labels=LABELS, logits=A),
        -(LABELS * SOFT).sum(-1),
    ),
    "softmax_cross_entropy, axis": (
        lambda: tf.nn.softmax_cross_entropy_with_logits(LABELS, A, axis=0),
        -(LABELS * (A - np.log(np.exp(A).sum(0)))).sum(0),
    ),
    "sparse_softmax_cross_entropy": (
        lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1, 7], logits=A),
        [-SOFT[0, 1], np.nan],
    ),
    "sigmoid_cross_entropy": (
        lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=LABELS, logits=A),
        -LABELS * sp.log_expit(A) - (1 - LABELS) * sp.log_expit(-A),
    ),
    "weighted_cross_entropy": (
        lambda: tf.nn.weighted_cross_entropy_with_logits(LABELS, A, 3.0),
        -3 * LABELS * sp.log_expit(A) - (1 - LABELS) * sp.log_expit(-A),
    ),
    "log_poisson_loss": (lambda: tf.nn.log_poisson_loss([2.0], [0.5]), [np.exp(0.5) - 1.0]),
    "compute_average_loss": (lambda: tf.nn.compute_average_loss([1.0, 3.0], global_batch_size=4), 1.0),
    "conv2d, SAME": (lambda: tf.nn.conv2d(IMAGE, K, strides=[1, 2, 2, 1], padding="SAME"), conv(IMAGE, K, 2, "SAME")),
    "conv2d, one stride": (lambda: tf.nn.conv2d(IMAGE, K, 1, "VALID"), conv(IMAGE, K)),
    "conv2d, dilated": (lambda: tf.nn.conv2d(IMAGE, K, 1, "SAME", dilations=2), conv(IMAGE, K, 1, "SAME", 2)),
    "conv2d, explicit": (
        lambda: tf.nn.conv2d(IMAGE, K, 1, [[0, 0], [1, 0], [2, 1], [0, 0]]),
        conv(IMAGE, K, 1, [(1, 0), (2, 1)]),
    ),
    "conv2d, NCHW": (
        lambda: tf.nn.conv2d(IMAGE.transpose(0, 3, 1, 2), K, [1, 1, 1, 1], "SAME", data_format="NCHW"),
        conv(IMAGE, K, 1, "SAME").transpose(0, 3, 1, 2),
    ),
    "conv1d": (lambda: tf.nn.conv1d([[[1.0], [2], [4], [8]]], [[[1.0]], [[-1.0]]], 1, "VALID"), [[[-1], [-2], [-4]]]),
    "conv3d": (lambda: tf.nn.conv3d(IMAGE[None], K[None], 1, "SAME"), conv(IMAGE, K, 1, "SAME")[None]),
    "convolution": (lambda: tf.nn.convolution(IMAGE, K), conv(IMAGE, K)),
    "atrous_conv2d": (lambda: tf.nn.atrous_conv2d(IMAGE, K, 2, "SAME"), conv(IMAGE, K, 1, "SAME", 2)),
    "depthwise_conv2d": (
        lambda: tf.nn.depthwise_conv2d(IMAGE, DW, [1, 1, 1, 1], "VALID")[..., 2:4],
        conv(IMAGE[..., 1:2], DW[:, :, 1:2, :]),
    ),
    "separable_conv2d": (
        lambda: tf.nn.separable_conv2d(IMAGE, DW[..., :1], np.eye(3, dtype="float32")[None, None], 1, "VALID")[..., :1],
        conv(IMAGE[..., :1], DW[:, :, :1, :1]),
    ),
    "conv2d_transpose": (
        lambda: tf.nn.conv2d_transpose(
            np.ones((1, 2, 2, 1), "float32"), np.ones((2, 2, 1, 1), "float32"), [1, 4, 4, 1], 2
        ),
        np.ones((1, 4, 4, 1)),
    ),
    "conv2d_transpose, VALID": (
        lambda: tf.nn.conv2d_transpose([[[[1.0], [2.0]]]], [[[[1.0]], [[10.0]], [[100.0]]]], [1, 1, 4, 1], 1, "VALID"),
        [[[[1], [12], [120], [200]]]],
    ),
    "max_pool2d": (lambda: tf.nn.max_pool2d(IMAGE, 2, 2, "VALID"), IMAGE.reshape(2, 2, 2, 3, 2, 3).max((2, 4))),
    "max_pool, four numbers": (
        lambda: tf.nn.max_pool(IMAGE, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
        IMAGE.reshape(2, 2, 2, 3, 2, 3).max((2, 4)),
    ),
    "max_pool, explicit": (
        lambda: tf.nn.max_pool1d([[[-1.0], [-2.0]]], 2, 2, [[0, 0], [1, 1], [0, 0]]),
        [[[-1], [-2]]],
    ),
    "avg_pool2d": (lambda: tf.nn.avg_pool2d(IMAGE, 2, 2, "VALID"), IMAGE.reshape(2, 2, 2, 3, 2, 3).mean((2, 4))),
    "avg_pool, SAME leaves padding out": (
        lambda: tf.nn.avg_pool1d([[[1.0], [2.0], [6.0]]], 2, 2, "SAME"),
        [[[1.5], [6]]],
    ),
    "pool": (lambda: tf.nn.pool(IMAGE, [2, 2], "AVG", [2, 2]), IMAGE.reshape(2, 2, 2, 3, 2, 3).mean((2, 4))),
    "depth_to_space": (lambda: tf.nn.depth_to_space(np.arange(4.0).reshape(1, 1, 1, 4), 2), [[[[0], [1]], [[2], [3]]]]),
    "space_to_depth": (lambda: tf.nn.space_to_depth(np.arange(4.0).reshape(1, 2, 2, 1), 2), [[[[0, 1, 2, 3]]]]),
    # signal
    "fft": (lambda: tf.signal.fft(np.array([1.0, 2, 3, 4], "complex64")), np.fft.fft([1, 2, 3, 4])),
    "ifft": (lambda: tf.signal.ifft(tf.signal.fft(np.array([1.0, 2, 3], "complex64"))), [1, 2, 3]),
    "fft2d": (lambda: tf.signal.fft2d(A.astype("complex64")), np.fft.fft2(A)),
    "rfft": (lambda: tf.signal.rfft(P, [8]), np.fft.rfft(P, 8)),
    "irfft": (lambda: tf.signal.irfft(tf.signal.rfft(P)), P),
    "rfft2d": (lambda: tf.signal.rfft2d(A), np.fft.rfft2(A)),
    "fftshift": (lambda: tf.signal.fftshift([0, 1, 2, 3]), [2, 3, 0, 1]),
    "hann_window": (lambda: tf.signal.hann_window(8), scipy.signal.windows.hann(8, sym=False)),
    "hamming_window, symmetric": (lambda: tf.signal.hamming_window(8, periodic=False), scipy.signal.windows.hamming(8)),
    "frame": (lambda: tf.signal.frame(np.arange(5), 3, 2), [[0, 1, 2], [2, 3, 4]]),
    "frame, pad_end": (lambda: tf.signal.frame([1, 2, 3], 2, 2, pad_end=True, pad_value=9), [[1, 2], [3, 9]]),
    "overlap_and_add": (lambda: tf.signal.overlap_and_add([[1, 2, 3], [4, 5, 6]], 2), [1, 2, 7, 5, 6]),
    "stft": (
        lambda: tf.signal.stft(SIGNAL, 16, 8),
        np.fft.rfft(
            np.stack([SIGNAL[i : i + 16] for i in range(0, 49, 8)]) * scipy.signal.windows.hann(16, sym=False), 16
        ),
    ),
    "inverse_stft": (
        lambda: tf.signal.inverse_stft(
            tf.signal.stft(SIGNAL, 16, 4), 16, 4, window_fn=tf.signal.inverse_stft_window_fn(4)
        )[16:48],
        SIGNAL[16:48],
    ),
    "dct": (lambda: tf.signal.dct(P, norm="ortho"), scipy.fft.dct(P, norm="ortho")),
    # images
    "resize, bilinear at pixel centres": (
        lambda: tf.image.resize([[[0.0], [1.0]]], [1, 4]),
        [[[0], [0.25], [0.75], [1]]],
    ),
    "resize, nearest keeps the dtype": (
        lambda: tf.image.resize(BYTES, (10, 14), method="nearest"),
        BYTES.repeat(2, 0).repeat(2, 1),
    ),
    "resize, area": (lambda: tf.image.resize(IMAGE, (2, 3), "area"), IMAGE.reshape(2, 2, 2, 3, 2, 3).mean((2, 4))),
    "resize without blurring": (lambda: tf.image.resize([[[0.0], [0], [4], [0]]], [1, 2]), [[[0], [2]]]),
    "resize, aspect kept": (
        lambda: tf.shape(tf.image.resize(IMAGE, (2, 100), preserve_aspect_ratio=True)),
        [2, 2, 3, 3],
    ),
    "resize_with_pad": (
        lambda: tf.image.resize_with_pad(np.ones((2, 4, 1)), 4, 4)[..., 0],
        [[0] * 4, [1] * 4, [1] * 4, [0] * 4],
    ),
    "resize_with_crop_or_pad": (
        lambda: tf.image.resize_with_crop_or_pad(np.arange(6.0).reshape(2, 3, 1), 3, 2)[..., 0],
        [[0, 1], [3, 4], [0, 0]],
    ),
    "crop_to_bounding_box": (lambda: tf.image.crop_to_bounding_box(IMAGE, 1, 2, 2, 3), IMAGE[:, 1:3, 2:5]),
    "pad_to_bounding_box": (
        lambda: tf.image.pad_to_bounding_box(np.ones((1, 1, 1)), 1, 0, 2, 2)[..., 0],
        [[0, 0], [1, 0]],
    ),
    "central_crop": (lambda: tf.image.central_crop(IMAGE, 0.5), IMAGE[:, 1:3, 1:5]),
    "flip_left_right": (lambda: tf.image.flip_left_right(BYTES), BYTES[:, ::-1]),
    "flip_up_down": (lambda: tf.image.flip_up_down(IMAGE), IMAGE[:, ::-1]),
    "rot90": (lambda: tf.image.rot90(BYTES), np.rot90(BYTES)),
    "rot90 of a batch": (lambda: tf.image.rot90(IMAGE, 3), np.rot90(IMAGE, 3, (1, 2))),
    "transpose of an image": (lambda: tf.image.transpose(BYTES), BYTES.transpose(1, 0, 2)),
    "crop_and_resize": (
        lambda: tf.image.crop_and_resize(np.arange(9.0).reshape(1, 3, 3, 1), [[0.0, 0, 1, 1]], [0], [2, 2])[0, ..., 0],
        [[0, 2], [6, 8]],
    ),
    "crop_and_resize beyond the edge": (
        lambda: tf.image.crop_and_resize(np.ones((1, 2, 2, 1)), [[0.0, 0, 2, 2]], [0], [2, 2], extrapolation_value=7.0)[
            0, ..., 0
        ],
        [[1, 7], [7, 7]],
    ),
    "extract_patches": (
        lambda: tf.image.extract_patches(
            np.arange(16.0).reshape(1, 4, 4, 1), [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"
        )[0, 0],
        [[0, 1, 4, 5], [2, 3, 6, 7]],
    ),
    "convert_image_dtype to floats": (lambda: tf.image.convert_image_dtype(BYTES, tf.float32), BYTES / 255),
    "convert_image_dtype to bytes": (lambda: tf.image.convert_image_dtype([0.0, 0.5, 1.0], tf.uint8), [0, 127, 255]),
    "convert_image_dtype, saturated": (
        lambda: tf.image.convert_image_dtype([-1.0, 2.0], tf.uint8, saturate=True),
        [0, 255],
    ),
    "convert_image_dtype of integers": (lambda: tf.image.convert_image_dtype(np.uint8([3]), tf.uint16), [768]),
    "rgb_to_grayscale": (
        lambda: tf.image.rgb_to_grayscale(IMAGE),
        (IMAGE @ np.array([0.2989, 0.587, 0.114]))[..., None],
    ),
    "rgb_to_grayscale of bytes": (lambda: tf.image.rgb_to_grayscale(np.uint8([[[255, 255, 255]]])), [[[255]]]),
    "grayscale_to_rgb": (lambda: tf.image.grayscale_to_rgb([[[5]]]), [[[5, 5, 5]]]),
    "rgb_to_hsv": (lambda: tf.image.rgb_to_hsv([[[1.0, 0.5, 0.5]]]), [[[0, 0.5, 1]]]),
    "hsv_to_rgb of pixels": (lambda: tf.image.hsv_to_rgb([1 / 3, 1.0, 1.0]), [0, 1, 0]),
    "yuv": (lambda: tf.image.yuv_to_rgb(tf.image.rgb_to_yuv(IMAGE)), IMAGE),
    "yiq": (lambda: tf.image.yiq_to_rgb(tf.image.rgb_to_yiq(IMAGE)), IMAGE),
    "adjust_brightness": (lambda: tf.image.adjust_brightness(IMAGE, 0.1), IMAGE + 0.1),
    "adjust_brightness of bytes": (
        lambda: tf.image.adjust_brightness(np.uint8([[[0, 100, 250]]]), 0.1),
        [[[25, 125, 255]]],
    ),
    "adjust_contrast": (
        lambda: tf.image.adjust_contrast(IMAGE, 2.0),
        2 * (IMAGE - IMAGE.mean((1, 2), keepdims=True)) + IMAGE.mean((1, 2), keepdims=True),
    ),
    "adjust_gamma": (lambda: tf.image.adjust_gamma(IMAGE, 2, 0.5), 0.5 * IMAGE**2),
    "adjust_saturation to grey": (lambda: tf.image.adjust_saturation([[[1.0, 0.5, 0.25]]], 0.0), [[[1, 1, 1]]]),
    "adjust_hue by a third": (lambda: tf.image.adjust_hue([[[1.0, 0.0, 0.0]]], 1 / 3), [[[0, 1, 0]]]),
    "per_image_standardization": (
        lambda: tf.image.per_image_standardization(IMAGE),
        (IMAGE - IMAGE.mean((1, 2, 3), keepdims=True)) / IMAGE.std((1, 2, 3), keepdims=True),
    ),
    "per_image_standardization of a flat image": (
        lambda: tf.image.per_image_standardization(np.ones((2, 2, 1))),
        np.zeros((2, 2, 1)),
    ),
    "psnr": (lambda: tf.image.psnr(IMAGE, IMAGE + 0.1, 1.0), [20.0, 20.0]),
    "psnr of bytes": (
        lambda: tf.image.psnr(BYTES, BYTES // 2 * 2, 255),
        20 * np.log10(255) - 10 * np.log10(np.mean((BYTES % 2) ** 2)),
    ),
    "ssim of itself": (lambda: tf.image.ssim(IMAGE, IMAGE, 1.0, filter_size=3), [1.0, 1.0]),
    "total_variation": (lambda: tf.image.total_variation([[[1.0], [3.0]], [[2.0], [7.0]]]), 2 + 5 + 1 + 4),
    "image_gradients": (
        lambda: tf.image.image_gradients(np.array([[[[1.0], [3]], [[2], [7]]]]))[0][0, ..., 0],
        [[1, 4], [0, 0]],
    ),
    "sobel_edges": (
        lambda: tf.image.sobel_edges(np.tile(np.arange(4.0, dtype="float32"), (4, 1))[None, ..., None])[0, 1, 1, 0],
        [0.0, 8.0],
    ),
    # strings
    "lower": (lambda: tf.strings.lower(["AbC", "D"]), ["abc", "d"]),
    "upper": (lambda: tf.strings.upper(b"abc"), "ABC"),
    "strip": (lambda: tf.strings.strip(["  a b "]), ["a b"]),
    "length in bytes": (lambda: tf.strings.length(["é", "abc"]), [2, 3]),
    "length in characters": (lambda: tf.strings.length(["é"], unit="UTF8_CHAR"), [1]),
    "substr": (lambda: tf.strings.substr(["hello", "world"], 1, 3), ["ell", "orl"]),
    "substr from the end": (lambda: tf.strings.substr(["hello"], -2, 5), ["lo"]),
    "regex_replace": (lambda: tf.strings.regex_replace(["a<br />b!"], "<br />|[^a-z]", " "), ["a b "]),
    "regex_replace, punctuation and groups": (
        lambda: tf.strings.regex_replace("a,b", r"([[:punct:]])", r"<\1>"),
        "a<,>b",
    ),
    "regex_full_match": (lambda: tf.strings.regex_full_match(["ab", "abc"], "a."), [True, False]),
    "split, one text": (lambda: tf.strings.split("a b  c"), ["a", "b", "c"]),
    "split, several": (lambda: tf.strings.split(["a,b", "c"], ","), [["a", "b"], ["c"]]),
    "unicode_split": (lambda: tf.strings.unicode_split("héy", "UTF-8"), ["h", "é", "y"]),
    "join": (lambda: tf.strings.join([["a", "b"], "x"], separator="-"), ["a-x", "b-x"]),
    "reduce_join": (lambda: tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=1), ["ab", "cd"]),
    "to_number": (lambda: tf.strings.to_number(["1.5", "2"]), [1.5, 2]),
    "as_string": (lambda: tf.strings.as_string([1, 20]), ["1", "20"]),
    "as_string of floats": (lambda: tf.strings.as_string([3.14159], precision=2), ["3.14"]),
    "format": (lambda: tf.strings.format("x: {}, y: {}", (tf.range(8), 1.5)), "x: [0 1 2 ... 5 6 7], y: 1.5"),
    # control flow
    "cond": (lambda: tf.cond(tf.constant(True), lambda: 1, lambda: 2), 1),
    "case": (lambda: tf.case([(tf.constant(False), lambda: 1), (tf.constant(True), lambda: 2)]), 2),
    "switch_case": (lambda: tf.switch_case(5, [lambda: 1, lambda: 2], default=lambda: 9), 9),
    "while_loop": (lambda: tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), [0, 0]), [4, 6]),
    "while_loop, stopped": (lambda: tf.while_loop(lambda i: True, lambda i: i + 1, [0], maximum_iterations=3), [3]),
    "map_fn": (lambda: tf.map_fn(lambda x: x * 2, np.array([1, 2, 3])), [2, 4, 6]),
    "map_fn over strings": (lambda: tf.map_fn(lambda s: tf.strings.length(s), np.array(["a", "bcd"])), [1, 3]),
    "vectorized_map": (lambda: tf.vectorized_map(lambda x: tf.reduce_sum(x), A), A.sum(1)),
    "scan": (lambda: tf.scan(lambda a, x: a + x, np.array([1, 2, 3])), [1, 3, 6]),
    "scan with a start": (lambda: tf.scan(lambda a, x: a + x, np.array([1, 2, 3]), initializer=10), [11, 13, 16]),
    "scan, reverse": (lambda: tf.scan(lambda a, x: a + x, np.array([1, 2, 3]), reverse=True), [6, 5, 3]),
    "foldl": (lambda: tf.foldl(lambda a, x: a - x, np.array([10, 2, 3])), 5),
    "foldr": (lambda: tf.foldr(lambda a, x: a - x, np.array([10, 2, 3])), -9),
    "numpy_function": (lambda: tf.numpy_function(lambda x: x + 1, [np.float32([1])], tf.float32), [2]),
    "py_function": (lambda: tf.py_function(lambda x: x.numpy() + 1, [np.float32([1])], tf.float32), [2]),
    "bitwise_and": (lambda: tf.bitwise.bitwise_and(6, 3), 2),
    "bitwise_xor": (lambda: tf.bitwise.bitwise_xor(6, 3), 5),
    "left_shift": (lambda: tf.bitwise.left_shift(1, 3), 8),
    "nest.flatten": (lambda: tf.nest.flatten({"b": [1, 2], "a": 3}), [3, 1, 2]),
    "nest.map_structure": (lambda: tf.nest.map_structure(lambda x, y: x + y, [1, 2], [10, 20]), [11, 22]),
    "nest.pack_sequence_as": (lambda: tf.nest.pack_sequence_as([0, 0], [1, 2]), [1, 2]),
    "experimental.numpy": (lambda: tf.experimental.numpy.square(3), 9),
}


@pytest.mark.parametrize("name", CASES)
def test_calls(name):
    call, expected = CASES[name]
    close(call(), expected)


def test_clip_by_global_norm_gives_a_list_and_the_norm_and_lets_none_pass():
    clipped, length = tf.clip_by_global_norm([tf.constant([3.0]), None, tf.constant([4.0])], 1.0)
    assert isinstance(clipped, list)
    assert clipped[1] is None
    close([clipped[0], clipped[2]], [[0.6], [0.8]])
    close(length, 5.0)
    kept, _ = tf.clip_by_global_norm([tf.constant([3.0])], 10.0)
    close(kept[0], [3.0])
    broken, _ = tf.clip_by_global_norm([tf.constant([np.inf])], 1.0)
    assert np.isnan(broken[0].numpy()).all()


def test_ctc_loss_takes_time_first_and_any_blank(rng):
    from kerax import ops

    logits = rng.normal(size=(2, 6, 4)).astype("float32")
    labels, label_length, steps = np.array([[1, 2], [3, 1]]), np.array([2, 1]), np.array([6, 5])
    expected = ops.ctc_loss(labels, logits, label_length, steps, mask_index=0)
    close(tf.nn.ctc_loss(labels, logits.transpose(1, 0, 2), label_length, steps), expected)
    last = ops.ctc_loss(labels - 1, logits, label_length, steps, mask_index=3)
    close(tf.nn.ctc_loss(labels - 1, logits, label_length, steps, logits_time_major=False, blank_index=-1), last)


def test_mel_bands_are_triangles():
    bands = tf.signal.linear_to_mel_weight_matrix(10, 65, 8000).numpy()
    assert bands.shape == (65, 10)
    assert not bands[0].any()
    assert (bands.max(0) > 0.5).all()
    peaks = bands.argmax(0)
    assert (np.diff(peaks) > 0).all()


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_conv_transpose_is_the_gradient_of_the_convolution(rng, padding):
    x, k = rng.normal(size=(2, 7, 9, 3)).astype("float32"), rng.normal(size=(3, 3, 3, 4)).astype("float32")
    y, pull = jax.vjp(lambda x: tf.nn.conv2d(x, k, 2, padding), x)
    ct = rng.normal(size=y.shape).astype("float32")
    close(tf.nn.conv2d_transpose(ct, k, x.shape, 2, padding), pull(ct)[0])
