"""The old backend against NumPy, by TensorFlow's documentation; Keras's own needs TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

import kerax
from kerax import backend as K
from kerax import layers

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(2, 4, 5)).astype("float32")
IDS = np.array([[0, 2], [1, 1]])
P = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], "float32")
IMAGES = np.random.default_rng(2).normal(size=(1, 4, 4, 2)).astype("float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


CASES = {
    "abs": (lambda: K.abs(X), np.abs(X)),
    "all": (lambda: K.all(X > -9), True),
    "any": (lambda: K.any(X, axis=-1), np.full((2, 3), True)),
    "arange": (lambda: K.arange(1, 7, 2), np.array([1, 3, 5], "int32")),
    "argmax": (lambda: K.argmax(X), X.argmax(-1)),
    "argmin": (lambda: K.argmin(X, 0), X.argmin(0)),
    "batch_dot": (lambda: K.batch_dot(X, Y), X @ Y),
    "batch_dot of vectors": (lambda: K.batch_dot(P, P), np.sum(P * P, 1, keepdims=True)),
    "batch_dot by axes": (lambda: K.batch_dot(X, Y, axes=(2, 1)), X @ Y),
    "batch_flatten": (lambda: K.batch_flatten(X), X.reshape(2, 12)),
    "cast": (lambda: K.cast(X > 0, "float32"), (X > 0).astype("float32")),
    "cast_to_floatx": (lambda: K.cast_to_floatx(np.arange(3)), np.arange(3, dtype="float32")),
    "clip": (lambda: K.clip(X, -0.5, None), np.maximum(X, -0.5)),
    "clip, bounds crossed": (lambda: K.clip(X, 1.0, 0.0), np.ones_like(X)),
    "concatenate": (lambda: K.concatenate([X, X]), np.concatenate([X, X], -1)),
    "constant": (lambda: K.constant(2, shape=(2, 2)), np.full((2, 2), 2.0, "float32")),
    "count_params": (lambda: K.count_params(X), 24),
    "cumprod": (lambda: K.cumprod(X, 1), np.cumprod(X, 1)),
    "cumsum": (lambda: K.cumsum(X), np.cumsum(X, 0)),
    "dot": (lambda: K.dot(X, Y), np.dot(X, Y)),
    "elu": (lambda: K.elu(X, 0.5), np.where(X > 0, X, 0.5 * np.expm1(X))),
    "eval": (lambda: K.eval(K.variable(X)), X),
    "expand_dims": (lambda: K.expand_dims(X), X[..., None]),
    "eye": (lambda: K.eye(3), np.eye(3, dtype="float32")),
    "flatten": (lambda: K.flatten(X), X.reshape(-1)),
    "foldl": (lambda: K.foldl(lambda a, x: 2 * a + x, P), 2 * P[0] + P[1]),
    "foldr": (lambda: K.foldr(lambda a, x: 2 * a + x, P), 2 * P[1] + P[0]),
    "gather": (lambda: K.gather(P, IDS[0][:1]), P[:1]),
    "greater": (lambda: K.greater(X, 0), X > 0),
    "hard_sigmoid": (lambda: K.hard_sigmoid(4 * X), np.clip(0.8 * X + 0.5, 0, 1)),
    "in_top_k": (lambda: K.in_top_k(P, np.array([2, 2]), 1), np.array([False, True])),
    "int_shape": (lambda: K.int_shape(X), (2, 3, 4)),
    "l2_normalize": (lambda: K.l2_normalize(X, -1), X / np.linalg.norm(X, axis=-1, keepdims=True)),
    "map_fn": (lambda: K.map_fn(lambda x: 2 * x, X), 2 * X),
    "max": (lambda: K.max(X, axis=(0, 1), keepdims=True), X.max((0, 1), keepdims=True)),
    "mean of integers": (lambda: K.mean(IDS), np.float32(1.0)),
    "min": (lambda: K.min(X), X.min()),
    "ndim": (lambda: K.ndim(X), 3),
    "one_hot": (lambda: K.one_hot(IDS, 3), np.eye(3, dtype="float32")[IDS]),
    "ones": (lambda: K.ones((2,)), np.ones(2, "float32")),
    "permute_dimensions": (lambda: K.permute_dimensions(X, (0, 2, 1)), X.transpose(0, 2, 1)),
    "pow": (lambda: K.pow(X, 2), X**2),
    "prod": (lambda: K.prod(X, 0), X.prod(0)),
    "relu": (lambda: K.relu(X, 0.1, 0.6), np.where(X >= 0.6, 0.6, np.where(X > 0, X, 0.1 * X)).astype("float32")),
    "repeat": (lambda: K.repeat(P, 2), np.stack([P, P], 1)),
    "repeat_elements": (lambda: K.repeat_elements(P, 2, 1), np.repeat(P, 2, 1)),
    "resize_images": (lambda: K.resize_images(IMAGES, 2, 3, "channels_last"), IMAGES.repeat(2, 1).repeat(3, 2)),
    "reverse": (lambda: K.reverse(X, 1), X[:, ::-1]),
    "sigmoid": (lambda: K.sigmoid(X), sigmoid(X)),
    "softmax": (lambda: K.softmax(X, 1), np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    "softsign": (lambda: K.softsign(X), X / (1 + np.abs(X))),
    "spatial_2d_padding": (lambda: K.spatial_2d_padding(IMAGES), np.pad(IMAGES, [(0, 0), (1, 1), (1, 1), (0, 0)])),
    "temporal_padding": (lambda: K.temporal_padding(X, (2, 0)), np.pad(X, [(0, 0), (2, 0), (0, 0)])),
    "sqrt of what is negative": (lambda: K.sqrt(X), np.sqrt(np.maximum(X, 0))),
    "squeeze": (lambda: K.squeeze(X[:1], 0), X[0]),
    "stack": (lambda: K.stack([X, X], 1), np.stack([X, X], 1)),
    "std of integers": (lambda: K.std(IDS, axis=0), IDS.astype("float32").std(0)),
    "sum": (lambda: K.sum(X, -1), X.sum(-1)),
    "switch": (lambda: K.switch(K.constant(1), lambda: K.constant(3.0), lambda: K.constant(4.0)), np.float32(3)),
    "switch by rows": (lambda: K.switch(np.array([True, False]), X, -X), X * np.array([1, -1])[:, None, None]),
    "tile": (lambda: K.tile(P, (1, 2)), np.tile(P, (1, 2))),
    "var": (lambda: K.var(X, 1, True), X.var(1, keepdims=True)),
    "zeros_like": (lambda: K.zeros_like(X), np.zeros_like(X)),
    "binary_crossentropy": (
        lambda: K.binary_crossentropy(np.array([[1.0, 0.0, 1.0]], "float32"), P[:1]),
        -np.log(np.array([[0.2, 0.5, 0.3]])),
    ),
    "binary_focal_crossentropy": (
        lambda: K.binary_focal_crossentropy(np.ones((1, 3), "float32"), P[:1]),
        -((1 - P[:1]) ** 2) * np.log(P[:1]),
    ),
    "categorical_crossentropy": (lambda: K.categorical_crossentropy(np.eye(3)[:2], P), -np.log([0.2, 0.1])),
    "sparse_categorical_crossentropy": (
        lambda: K.sparse_categorical_crossentropy(np.array([0, 2]), P, ignore_class=2),
        -np.log([0.2, 1.0]),
    ),
    "bias_add": (lambda: K.bias_add(X, np.arange(4.0, dtype="float32")), X + np.arange(4)),
    "bias_add of a row": (lambda: K.bias_add(X, X[0]), X + X[0]),
    "batch_normalization": (
        lambda: K.batch_normalization(X, X.mean((0, 1)), X.var((0, 1)), np.full(4, 2.0, "float32"), None),
        (X - X.mean((0, 1))) / np.sqrt(X.var((0, 1)) + 1e-3) + 2,
    ),
    "conv1d, looking back": (
        lambda: K.conv1d(X, np.ones((2, 4, 1), "float32"), padding="causal"),
        (X.sum(-1) + np.pad(X.sum(-1), [(0, 0), (1, 0)])[:, :-1])[..., None],
    ),
    "conv2d": (lambda: K.conv2d(IMAGES, np.ones((4, 4, 2, 1), "float32")), IMAGES.sum().reshape(1, 1, 1, 1)),
    "pool2d": (
        lambda: K.pool2d(IMAGES, (2, 2), (2, 2), pool_mode="avg"),
        IMAGES.reshape(1, 2, 2, 2, 2, 2).mean((2, 4)),
    ),
    "in_train_phase": (lambda: K.in_train_phase(X, lambda: -X), -X),
    "in_test_phase": (lambda: K.in_test_phase(X, -X, training=True), -X),
}


@pytest.mark.parametrize("name", CASES)
def test_values(name):
    compute, expected = CASES[name]
    found = compute()
    if not isinstance(expected, (int, tuple)):
        assert str(found.dtype) == str(np.asarray(expected).dtype).replace("64", "32")
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_values_of_variables():
    x = K.variable([1.0, 2.0], name="x")
    K.set_value(x, [3.0, 4.0])
    K.update_add(x, 1.0)
    K.update_sub(x, np.array([0.0, 1.0], "float32"))
    np.testing.assert_array_equal(K.get_value(x), [4.0, 4.0])
    K.moving_average_update(x, [0.0, 8.0], 0.75)
    np.testing.assert_array_equal(x.numpy(), [3.0, 5.0])
    K.batch_set_value([(x, [7.0, 7.0])])
    np.testing.assert_array_equal(K.batch_get_value([x])[0], [7.0, 7.0])


def test_random_numbers_have_the_moments_asked_for():
    kerax.utils.set_random_seed(0)
    draws = K.random_normal((20000,), 1.0, 2.0)
    assert abs(float(K.mean(draws)) - 1.0) < 0.05
    assert abs(float(K.std(draws)) - 2.0) < 0.05
    assert abs(float(K.mean(K.random_bernoulli((20000,), 0.3))) - 0.3) < 0.02
    uniform = K.random_uniform_variable((20000,), -1, 3).numpy()
    assert uniform.min() >= -1
    assert uniform.max() < 3
    assert abs(uniform.mean() - 1.0) < 0.05
    assert np.abs(K.truncated_normal((2000,))).max() <= 2.0


@pytest.mark.parametrize("time_major", [False, True])
def test_a_function_of_one_step_along_a_sequence(time_major):
    steps = X.swapaxes(0, 1) if time_major else X
    mask = np.array([[True, True, False], [True, False, True]])

    def step(x, states):
        total, factor = states
        return total + factor * x, [total + factor * x]

    last, outputs, states = K.rnn(
        step,
        steps,
        [np.zeros((2, 4), "float32")],
        mask=mask.T if time_major else mask,
        constants=[2.0],
        time_major=time_major,
    )
    expected = np.cumsum(2 * X * mask[..., None], 1)
    np.testing.assert_allclose(outputs.swapaxes(0, 1) if time_major else outputs, expected, rtol=1e-5)
    np.testing.assert_allclose(last, expected[:, -1], rtol=1e-5)
    np.testing.assert_allclose(states[0], expected[:, -1], rtol=1e-5)


def test_ctc_puts_the_blank_last():
    steps = np.array([[[0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]]], "float32")
    decoded, scores = K.ctc_decode(steps, np.array([3]))
    assert decoded[0][0][:2].tolist() == [1, 0]
    assert scores.shape == (1, 1)
    loss = K.ctc_batch_cost(np.array([[1, 0]]), steps, np.array([[3]]), np.array([[2]]))
    paths = [(1, 2, 0), (1, 0, 2), (2, 1, 0), (1, 1, 0), (1, 0, 0)]  # all that spell "1 0"
    total = sum(np.prod([steps[0, t, c] for t, c in enumerate(path)]) for path in paths)
    np.testing.assert_allclose(loss, [[-np.log(total)]], rtol=1e-4)


def test_functions_of_a_graph():
    x = kerax.Input((3,))
    hidden = layers.Dense(2, name="hidden")(x)
    out = layers.Dropout(0.9, seed=1)(hidden)
    model = kerax.Model(x, out)
    values = P[:, :3]
    expected = np.asarray(model.get_layer("hidden")(values))
    assert isinstance(K.function([model.input], [hidden])([values])[0], np.ndarray)
    np.testing.assert_allclose(K.function([model.input], [hidden])([values])[0], expected, rtol=1e-6)
    np.testing.assert_allclose(K.function(model.input, hidden)(values), expected, rtol=1e-6)
    both = K.function([model.input, K.learning_phase()], [hidden, out])
    np.testing.assert_allclose(both([values, 0])[1], expected, rtol=1e-6)
    assert np.any(both([values, 1])[1] == 0)


def test_symbolic_tensors_are_taken():
    x = kerax.Input((3, 4))
    y = K.sum(K.batch_dot(K.softmax(x), K.permute_dimensions(x, (0, 2, 1))), axis=-1)
    assert K.int_shape(y) == (None, 3)
    assert K.is_keras_tensor(y)
    assert K.placeholder((None, 2)).shape == (None, 2)
    assert K.placeholder(ndim=2).shape == (None, None)
    e = np.exp(X) / np.exp(X).sum(-1, keepdims=True)
    np.testing.assert_allclose(kerax.Model(x, y)(X), (e @ X.transpose(0, 2, 1)).sum(-1), rtol=1e-4)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: K.gradients(X, X), "GradientTape"),
        (lambda: K.placeholder(), "neither shape nor ndim"),
        (lambda: K.placeholder((2,), sparse=True), "sparse"),
        (lambda: K.pool2d(IMAGES, 2, pool_mode="min"), '"max" or "avg"'),
        (lambda: K.bias_add(X, np.ones((2, 2, 2), "float32")), "1 or 2 axes"),
        (lambda: K.function([kerax.Input((2,))], [], updates=[1]), "updates"),
        (lambda: K.conv2d_transpose(IMAGES, np.ones((2, 2, 3, 2)), (1, 9, 9, 3)), "output_shape"),
    ],
)
def test_what_cannot_be_is_told(call, text):
    with pytest.raises((ValueError, NotImplementedError), match=text):
        call()
