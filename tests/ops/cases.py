"""The calls that kerax.ops and keras.ops must agree on: name, positional arguments, keywords."""

from __future__ import annotations

import numpy as np

_rng = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return _rng.normal(size=shape).astype("float32")


def ints(*shape: int, high: int = 6, dtype: str = "int32") -> np.ndarray:
    return _rng.integers(0, high, size=shape).astype(dtype)


F, G = floats(2, 3, 4), floats(2, 3, 4)
UNIT = _rng.uniform(-0.9, 0.9, size=(2, 3, 4)).astype("float32")
POSITIVE = _rng.uniform(1.1, 3.0, size=(2, 3, 4)).astype("float32")
INTS = ints(2, 3, 4)
BOOLS = ints(2, 3, 4, high=2, dtype="bool")
NANS = np.where(F > 0.8, np.nan, F).astype("float32")
VECTOR, SQUARE, COMPLEX = floats(5), floats(3, 3), (floats(4) + 1j * floats(4)).astype("complex64")
SPD = (SQUARE @ SQUARE.T + 3 * np.eye(3)).astype("float32")
IMAGES = floats(2, 7, 6, 4)
DTYPES = ("bool", "int8", "int32", "float16", "bfloat16", "float32")

# Functions of one array: (names, values they are defined on).
UNARY = {
    "any": (
        "abs absolute angle arcsinh arctan cbrt ceil celu conj conjugate copy cos cosh deg2rad elu exp exp2 expm1 fabs "
        "floor gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh i0 imag isfinite isinf isnan isneginf "
        "isposinf isreal leaky_relu log_sigmoid logical_not nan_to_num negative ones_like rad2deg real relu relu6 "
        "round selu sign signbit sin sinc sinh softplus softsign soft_shrink sparse_plus sparse_sigmoid square "
        "squareplus stop_gradient tan tanh tanh_shrink trunc zeros_like "
        "all amax amin any argmax argmin argsort average count_nonzero cumprod cumsum diff fliplr flipud log_softmax "
        "logsumexp max mean median min nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin "
        "nanprod nanstd nansum nanvar ndim prod ptp ravel size softmax sort std sum transpose tril triu var"
    ).split(),
    "unit": ["arccos", "arcsin", "arctanh", "erf", "erfc", "erfinv"],
    "positive": ["arccosh", "log", "log10", "log1p", "log2", "reciprocal", "rsqrt", "sqrt"],
}

BINARY = (
    "add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater greater_equal heaviside hypot less "
    "less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod multiply not_equal "
    "power subtract true_divide"
).split()
INTEGER_BINARY = (
    "bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor gcd lcm left_shift right_shift"
).split()

CASES = [
    # reductions
    *((name, (F,), {"axis": 1}) for name in "all any amax amin average median ptp".split()),
    *((name, (F,), {"axis": (0, 2), "keepdims": True}) for name in "all any max mean min prod std sum var".split()),
    *((name, (NANS,), {"axis": 1}) for name in "nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar".split()),
    *((name, (NANS,), {"axis": 1}) for name in "nanargmax nanargmin nancumsum nancumprod".split()),
    *((name, (F,), {"axis": -1, "keepdims": True}) for name in ("argmax", "argmin", "logsumexp", "median")),
    ("average", (F,), {"axis": 1, "weights": np.array([1.0, 2.0, 3.0], "float32")}),
    ("count_nonzero", (BOOLS,), {"axis": 1}),
    ("cumsum", (INTS,), {"axis": 1, "dtype": "float32"}),
    ("cumprod", (F,), {"axis": -1}),
    ("max", (F,), {"initial": 10.0}),
    ("min", (F,), {"initial": -10.0, "axis": 0}),
    ("prod", (INTS,), {"dtype": "float32"}),
    ("percentile", (F, 30.0), {"axis": 1}),
    ("percentile", (INTS, np.array([30.0, 60.0], "float32")), {"keepdims": True}),
    ("quantile", (F, np.array([0.3, 0.6], "float32")), {"axis": (0, 1), "method": "nearest"}),
    ("nanpercentile", (NANS, 30.0), {"axis": 1}),
    ("nanquantile", (NANS, 0.3), {}),
    ("trapezoid", (F,), {"dx": 0.5}),
    ("trapezoid", (F, np.arange(4.0, dtype="float32")), {}),
    # shaping
    ("append", (F, G), {}),
    ("append", (F, G), {"axis": 1}),
    ("array_split", (F, 2), {"axis": 1}),
    ("broadcast_to", (VECTOR, (3, 5)), {}),
    ("concatenate", ([F, G],), {"axis": 1}),
    ("concatenate", ([INTS, G],), {"axis": -1}),
    ("dsplit", (F, 2), {}),
    ("dstack", ([F, G],), {}),
    ("expand_dims", (F, 1), {}),
    ("expand_dims", (F, (0, -1)), {}),
    ("flip", (F,), {}),
    ("flip", (F,), {"axis": (0, 2)}),
    ("hsplit", (F, 3), {}),
    ("hstack", ([F, G],), {}),
    ("moveaxis", (F, 0, -1), {}),
    ("moveaxis", (F, [0, 1], [2, 0]), {}),
    ("pad", (F, 1), {}),
    ("pad", (F, ((0, 0), (1, 2), (0, 1))), {"constant_values": 3.0}),
    ("pad", (F, ((0, 0), (1, 1), (0, 1))), {"mode": "reflect"}),
    ("pad", (F, ((0, 0), (1, 1), (0, 1))), {"mode": "symmetric"}),
    ("repeat", (F, 2), {}),
    ("repeat", (F, 2), {"axis": 1}),
    ("repeat", (F, np.array([1, 2, 3])), {"axis": 1}),
    ("reshape", (F, (4, -1)), {}),
    ("reshape", (F, -1), {}),
    ("roll", (F, 2), {}),
    ("roll", (F, (1, 2)), {"axis": (0, 1)}),
    ("rot90", (F,), {}),
    ("rot90", (F,), {"k": 3, "axes": (1, 2)}),
    ("split", (F, 2), {"axis": 2}),
    ("split", (F, [1, 2]), {"axis": 1}),
    ("squeeze", (F[:1],), {}),
    ("squeeze", (F[:, :1],), {"axis": 1}),
    ("stack", ([F, G],), {"axis": -1}),
    ("swapaxes", (F, 0, 2), {}),
    ("tile", (F, (2, 1, 3)), {}),
    ("tile", (F, 2), {}),
    ("transpose", (F,), {"axes": (1, 0, 2)}),
    ("unstack", (F,), {"axis": 1}),
    ("vsplit", (F, 2), {}),
    ("vstack", ([F, G],), {}),
    ("view", (F,), {"dtype": "int32"}),
    # creation
    ("arange", (5,), {}),
    ("arange", (1.0, 5), {}),
    ("arange", (1, 9, 2), {"dtype": "float16"}),
    ("array", ([1, 2],), {}),
    ("array", ([1, 2.5],), {"dtype": "bfloat16"}),
    ("bartlett", (5,), {}),
    ("blackman", (5,), {}),
    ("hamming", (5,), {}),
    ("hanning", (5,), {}),
    ("kaiser", (5, 2.0), {}),
    ("empty", ((2, 3),), {}),
    ("empty_like", (F,), {"dtype": "int32"}),
    ("eye", (3,), {}),
    ("eye", (3, 4), {"k": 1, "dtype": "int32"}),
    ("full", ((2, 3), 7), {}),
    ("full_like", (INTS, 2.5), {}),
    ("geomspace", (1, 100, 5), {}),
    ("identity", (3,), {}),
    ("linspace", (0, 1, 5), {}),
    ("linspace", (F, G), {"num": 4, "axis": 1, "endpoint": False}),
    ("linspace", (0.0, 1.0), {"num": 3, "retstep": True}),
    ("logspace", (0, 2, 5), {}),
    ("meshgrid", (VECTOR, np.arange(3)), {}),
    ("meshgrid", (VECTOR, np.arange(3)), {"indexing": "ij"}),
    ("ones", ((2, 3),), {"dtype": "int32"}),
    ("ones_like", (F,), {"dtype": "int32"}),
    ("tri", (3,), {}),
    ("tri", (3, 4), {"k": 1}),
    ("vander", (VECTOR,), {}),
    ("vander", (VECTOR,), {"N": 3, "increasing": True}),
    ("zeros", ((2, 3),), {}),
    ("zeros", (4,), {"dtype": "bool"}),
    ("zeros_like", (F,), {"dtype": "int32"}),
    # elements
    ("clip", (F, -0.5, 0.5), {}),
    ("clip", (INTS, 1, 3), {}),
    ("clip", (INTS, 0.5, 3.5), {}),
    ("clip", (BOOLS, 0, 1), {}),
    ("nan_to_num", (NANS,), {"nan": 3.0}),
    ("round", (F,), {"decimals": 2}),
    ("round", (INTS,), {"decimals": -1}),
    ("ldexp", (F, INTS), {}),
    ("nextafter", (F, G), {}),
    ("isclose", (F, F + 1e-7), {}),
    ("allclose", (F, F + 1e-7), {}),
    ("isin", (INTS, np.array([1, 2])), {}),
    ("isin", (INTS, np.array([1, 2])), {"invert": True}),
    ("angle", (COMPLEX,), {}),
    ("conj", (COMPLEX,), {}),
    ("imag", (COMPLEX,), {}),
    ("real", (COMPLEX,), {}),
    ("cast", (F, "int32"), {}),
    ("cast", (BOOLS, "float16"), {}),
    ("saturate_cast", (F * 300, "uint8"), {}),
    ("saturate_cast", (INTS * 100, "int8"), {}),
    ("threshold", (F, 0.2, 9.0), {}),
    ("leaky_relu", (F, 0.4), {}),
    ("gelu", (F,), {"approximate": False}),
    ("glu", (F,), {}),
    ("softmax", (F,), {"axis": (0, 1)}),
    ("softmax", (F,), {"axis": 0}),
    ("log_softmax", (F,), {"axis": 0}),
    ("squareplus", (F,), {"b": 1.0}),
    ("celu", (F, 0.5), {}),
    ("elu", (F, 0.5), {}),
    ("hard_shrink", (F, 0.2), {}),
    ("soft_shrink", (F, 0.2), {}),
    # indexing
    ("diag", (VECTOR,), {}),
    ("diag", (SQUARE,), {"k": 1}),
    ("diagflat", (VECTOR,), {"k": -1}),
    ("diagonal", (F,), {"offset": 1}),
    ("diagonal", (F,), {"axis1": 1, "axis2": 2}),
    ("get_item", (F, (slice(None), 1)), {}),
    ("get_item", (F, 1), {}),
    ("nonzero", (INTS,), {}),
    ("select", ([F > 1, F > 0], [F, G]), {"default": 7.0}),
    ("take", (F, np.array([1, -1])), {"axis": 1}),
    ("take", (F, np.array([[1, 5]])), {}),
    ("take", (VECTOR, 9), {}),
    ("take_along_axis", (F, INTS[:, :, :2] % 4), {"axis": 2}),
    ("take_along_axis", (VECTOR, np.array([1, 2])), {}),
    ("tril", (F,), {"k": -1}),
    ("triu", (F,), {"k": 1}),
    ("unravel_index", (np.array([5, 11]), (3, 4)), {}),
    ("where", (BOOLS, F, G), {}),
    ("where", (BOOLS, 1, 2.5), {}),
    ("where", (BOOLS,), {}),
    # sorting and counting
    ("argpartition", (VECTOR, 2), {}),
    ("argsort", (F,), {"axis": 0}),
    ("argsort", (F,), {"axis": None}),
    ("sort", (F,), {"axis": 0}),
    ("bincount", (np.array([1, 1, 4]),), {}),
    ("bincount", (np.array([1, 1, 4]),), {"minlength": 8}),
    ("bincount", (np.array([1, 1, 4]),), {"weights": np.array([1, 2, 3])}),
    ("bincount", (np.array([1, 1, 4]),), {"weights": np.array([1.0, 2, 3], "float32")}),
    ("bincount", (np.array([[1, 1, 4], [0, 4, 2]]),), {"minlength": 5}),
    ("corrcoef", (SQUARE,), {}),
    ("correlate", (VECTOR, SQUARE[0]), {}),
    ("correlate", (VECTOR, SQUARE[0]), {"mode": "same"}),
    ("correlate", (np.arange(5), np.arange(3)), {"mode": "full"}),
    ("diff", (F,), {"n": 2, "axis": 1}),
    ("digitize", (F, np.array([-1.0, 0.0, 1.0], "float32")), {}),
    ("histogram", (VECTOR,), {}),
    ("histogram", (VECTOR,), {"bins": 4, "range": (0.0, 2.0)}),
    ("searchsorted", (np.sort(VECTOR), F), {}),
    ("searchsorted", (np.array([1, 2, 2, 3]), np.array([2])), {"side": "right"}),
    ("top_k", (F, 2), {}),
    ("unique", (INTS,), {}),
    ("unique", (INTS,), {"return_index": True, "return_inverse": True, "return_counts": True}),
    ("unique", (INTS[0],), {"axis": 0}),
    ("unique", (INTS,), {"size": 9, "fill_value": -1}),
    # products
    ("cross", (SQUARE, SQUARE[::-1].copy()), {}),
    ("dot", (F, G[0].T), {}),
    ("dot", (INTS, INTS[0].T), {}),
    ("einsum", ("bij,bkj->bik", F, G), {}),
    ("einsum", ("ij,jk", INTS[0], INTS[0].T), {}),
    ("einsum", ("ij,jk", INTS[0].astype("int8"), INTS[0].T.astype("int8")), {}),
    ("einsum", ("ij,jk", INTS[0].astype("int8"), F[0].T), {}),
    ("inner", (F, G), {}),
    ("kron", (SQUARE, SQUARE), {}),
    ("matmul", (F, G[0].T), {}),
    ("matmul", (INTS, INTS[0].T), {}),
    ("matmul", (INTS.astype("int8"), INTS[0].T.astype("int8")), {}),
    ("outer", (VECTOR, SQUARE), {}),
    ("tensordot", (F, G), {"axes": 3}),
    ("tensordot", (F, G), {"axes": ((1, 2), (1, 2))}),
    ("trace", (F,), {}),
    ("trace", (BOOLS,), {}),
    ("trace", (INTS,), {"offset": 1, "axis1": 1, "axis2": 2}),
    ("vdot", (F, G), {}),
    # slices
    ("scatter", (np.array([[0], [2], [0]]), np.array([1.0, 2.0, 3.0], "float32"), (4,)), {}),
    ("scatter", (np.array([[0, 1], [2, 0]]), F[:, 0], (3, 2, 4)), {}),
    *(
        ("scatter_update", (F, np.array([[0, 1], [1, 2]]), G[:, 0]), {"reduction": reduction})
        for reduction in (None, "add", "mul", "max", "min")
    ),
    ("slice", (F, (0, 1, 1), (2, 2, 2)), {}),
    ("slice", (F, (0, 1, 1), (2, -1, 2)), {}),
    ("slice_update", (F, (0, 1, 1), G[:, :2, :2]), {}),
    # mathematics
    ("cdist", (SQUARE, F[0, :, :3]), {}),
    ("extract_sequences", (np.arange(10.0, dtype="float32"), 4, 2), {}),
    ("in_top_k", (np.array([0, 1, 2]), SQUARE, 2), {}),
    ("logdet", (SPD,), {}),
    ("logsumexp", (F,), {"axis": (0, 1)}),
    *(
        (name, (F, np.array([0, 2])), {"num_segments": 4})
        for name in ("segment_sum", "segment_max", "segment_min", "segment_prod")
    ),
    ("segment_sum", (INTS[0], np.array([0, 0, 1])), {"num_segments": 2, "sorted": True}),
    ("view_as_complex", (F[..., :2],), {}),
    ("view_as_real", (COMPLEX,), {}),
    # Fourier
    ("fft", ((F, G),), {}),
    ("fft2", ((F, G),), {}),
    ("ifft2", ((F, G),), {}),
    ("rfft", (F,), {}),
    ("rfft", (F,), {"fft_length": 6}),
    ("irfft", ((F, G),), {}),
    ("irfft", ((F, G),), {"fft_length": 5}),
    ("stft", (floats(2, 60), 16, 8, 20), {}),
    ("stft", (floats(60), 16, 8, 16), {"window": "hamming", "center": False}),
    ("stft", (floats(60), 16, 8, 16), {"window": None}),
    ("istft", ((floats(2, 9, 9), floats(2, 9, 9)), 16, 8, 16), {}),
    ("istft", ((floats(9, 9), floats(9, 9)), 16, 8, 16), {"length": 50}),
    ("istft", ((floats(9, 9), floats(9, 9)), 16, 8, 16), {"window": "hamming", "center": False}),
    # matrices
    ("cholesky", (SPD,), {}),
    ("cholesky", (SPD,), {"upper": True}),
    ("cholesky_inverse", (np.linalg.cholesky(SPD),), {}),
    ("cholesky_inverse", (np.linalg.cholesky(SPD).T.copy(),), {"upper": True}),
    ("det", (SQUARE,), {}),
    ("eig", (SPD,), {}),
    ("eigh", (SPD,), {}),
    ("inv", (SQUARE,), {}),
    ("lstsq", (F[0], VECTOR[:3]), {}),
    ("lu_factor", (SQUARE,), {}),
    ("matrix_rank", (SQUARE,), {}),
    ("norm", (F,), {}),
    ("norm", (INTS,), {"axis": 1}),
    ("norm", (F,), {"ord": "fro", "axis": (1, 2), "keepdims": True}),
    ("norm", (F,), {"ord": 3, "axis": 2}),
    ("norm", (F,), {"ord": np.inf, "axis": -1}),
    ("norm", (F,), {"ord": "nuc", "axis": (1, 2)}),
    ("pinv", (F,), {}),
    ("qr", (F,), {}),
    ("qr", (SQUARE[:, :2],), {"mode": "complete"}),
    ("slogdet", (SQUARE,), {}),
    ("solve", (SQUARE, VECTOR[:3]), {}),
    ("solve", (SPD, SQUARE), {}),
    ("solve_triangular", (np.tril(SPD), VECTOR[:3]), {"lower": True}),
    ("svd", (SQUARE[:, :2],), {}),
    ("svd", (SQUARE,), {"compute_uv": False}),
    # normalization
    ("batch_normalization", (F, VECTOR[:4], np.abs(VECTOR[:4]), -1), {}),
    ("batch_normalization", (F, VECTOR[:3], np.abs(VECTOR[:3]), 1, VECTOR[:3], VECTOR[:3]), {"epsilon": 0.1}),
    ("layer_normalization", (F,), {}),
    ("layer_normalization", (F, VECTOR[:4], VECTOR[:4]), {"epsilon": 0.1}),
    ("layer_normalization", (F,), {"axis": (1, 2)}),
    ("layer_normalization", (F.astype("float16"),), {}),
    ("rms_normalization", (F, VECTOR[:4]), {}),
    ("rms_normalization", (F.astype("float16"),), {"epsilon": 0.01}),
    ("moments", (F,), {"axes": (0, 1)}),
    ("moments", (F.astype("float16"),), {"axes": (0,), "keepdims": True}),
    ("normalize", (F,), {}),
    ("normalize", (F,), {"axis": 0, "order": 1}),
    ("normalize", (F,), {"axis": 1, "order": 3}),
    ("normalize", (np.zeros(3, "float32"),), {}),
    ("psnr", (F, G, 2.0), {}),
    ("polar", (F, G), {}),
    # classes
    ("one_hot", (np.array([0, 5, -1, 2]), 3), {}),
    ("one_hot", (INTS, 6), {"axis": 1, "dtype": "int32"}),
    ("multi_hot", (np.array([[0, 1], [1, 1]]), 3), {}),
    ("multi_hot", (np.array([0, 1]), 3), {"dtype": "bool"}),
    ("multi_hot", (INTS, 6), {}),
    # losses
    ("binary_crossentropy", (np.abs(UNIT), np.abs(UNIT[::-1])), {}),
    ("binary_crossentropy", (np.array([1.0, 0.0, 1.0], "float32"), np.array([0.0, 1.0, 1.0], "float32")), {}),
    ("binary_crossentropy", (np.abs(UNIT), 30 * F), {"from_logits": True}),
    ("categorical_crossentropy", (np.abs(UNIT), np.abs(F)), {}),
    ("categorical_crossentropy", (np.abs(UNIT), F), {"from_logits": True, "axis": 1}),
    ("sparse_categorical_crossentropy", (INTS[:, :, 0] % 4, np.abs(F)), {}),
    ("sparse_categorical_crossentropy", (INTS[:, :, :1] % 4, F), {"from_logits": True}),
    ("sparse_categorical_crossentropy", (np.array([-1, 9]), F[:, 0]), {"from_logits": True}),
    ("ctc_loss", (ints(2, 3, high=4) + 1, floats(2, 9, 6), np.array([3, 2]), np.array([9, 7])), {}),
    # windows
    ("max_pool", (IMAGES, (2, 2)), {"strides": (2, 2)}),
    ("max_pool", (IMAGES, (3, 2)), {"strides": (2, 1), "padding": "same"}),
    ("max_pool", (IMAGES[:, 0], (2,)), {"strides": (1,), "data_format": "channels_first"}),
    ("average_pool", (IMAGES, (2, 2)), {"strides": (2, 2)}),
    ("average_pool", (IMAGES, (3, 2)), {"strides": (2, 1), "padding": "same"}),
    ("adaptive_average_pool", (IMAGES, (3, 2)), {}),
    ("adaptive_max_pool", (IMAGES[:, 0], 4), {"data_format": "channels_first"}),
    ("conv", (IMAGES, floats(3, 2, 4, 5)), {}),
    ("conv", (IMAGES, floats(3, 3, 4, 5)), {"strides": 2, "padding": "same"}),
    ("conv", (IMAGES, floats(3, 3, 2, 6)), {"dilation_rate": 2}),
    ("conv", (IMAGES[:, 0], floats(3, 6, 5)), {"data_format": "channels_first"}),
    ("depthwise_conv", (IMAGES, floats(3, 3, 4, 2)), {"padding": "same"}),
    ("depthwise_conv", (IMAGES[:, 0], floats(3, 4, 2)), {"strides": 2}),
    ("separable_conv", (IMAGES, floats(3, 3, 4, 2), floats(1, 1, 8, 5)), {"strides": (2, 2), "padding": "same"}),
    *(
        ("conv_transpose", (IMAGES, floats(size, size, 5, 4)), {"strides": stride, "padding": padding})
        for size, stride, padding in ((3, 2, "valid"), (3, 2, "same"), (2, 3, "valid"), (2, 3, "same"), (4, 1, "same"))
    ),
    ("conv_transpose", (IMAGES, floats(3, 3, 5, 4)), {"strides": 2, "padding": "same", "output_padding": 1}),
    ("conv_transpose", (IMAGES, floats(3, 3, 5, 4)), {"strides": 2, "output_padding": 1}),
    ("conv_transpose", (IMAGES, floats(3, 2, 5, 4)), {"dilation_rate": 2, "padding": "same"}),
    ("conv_transpose", (IMAGES[:, 0], floats(3, 5, 6)), {"strides": 2, "data_format": "channels_first"}),
    ("unfold", (IMAGES, 2), {}),
    ("unfold", (IMAGES, (2, 3)), {"dilation": (1, 1), "padding": (1, 0), "stride": (2, 1)}),
    ("unfold", (floats(1, 2, 6, 7), (2, 3)), {"dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)}),
    ("fold", (floats(1, 8, 20), (5, 6), 2), {}),
    ("fold", (floats(1, 8, 12), (5, 6), 2), {"padding": 1, "stride": 2}),
    ("depth_to_space", (IMAGES, 2), {}),
    ("depth_to_space", (IMAGES[:, :4], 2), {"data_format": "channels_first"}),
    ("space_to_depth", (IMAGES[:, :6], 2), {}),
    ("space_to_depth", (IMAGES[:, :6], 2), {"data_format": "channels_first"}),
    # attention
    ("dot_product_attention", (floats(2, 5, 4, 8), floats(2, 3, 2, 8), floats(2, 3, 2, 8)), {}),
    (
        "dot_product_attention",
        (floats(2, 5, 4, 8), floats(2, 5, 4, 8), floats(2, 5, 4, 8)),
        {"is_causal": True, "scale": 0.5, "bias": floats(2, 4, 5, 5)},
    ),
    (
        "dot_product_attention",
        (floats(2, 5, 4, 8), floats(2, 5, 4, 8), floats(2, 5, 4, 8)),
        {"mask": ints(2, 1, 5, 5, high=2, dtype="bool")},
    ),
]
