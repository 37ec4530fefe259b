"""Pooling kernels against Keras and against JAX's own window reduction, ties included."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from jax import lax

from kerax.ops._kernels import pooling

CASES = [
    # (shape, window, strides)
    ((2, 9, 3), (3,), (1,)),
    ((2, 9, 3), (2,), (4,)),
    ((2, 8, 8, 3), (2, 2), (2, 2)),
    ((2, 9, 8, 3), (3, 3), (2, 2)),
    ((2, 9, 7, 3), (2, 3), (3, 5)),
    ((2, 9, 7, 3), (3, 2), (1, 3)),
    ((1, 40, 5, 2), (20, 2), (20, 2)),
    ((2, 5, 6, 7, 2), (2, 3, 2), (1, 2, 2)),
]
PADDINGS = ["valid", "same"]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(params=["cpu form", "window reduction"])
def form(request, monkeypatch):
    monkeypatch.setattr(pooling, "on_cpu", lambda: request.param == "cpu form")
    return request.param


def reduce_window_max(x, window, strides, padding):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, *window, 1), (1, *strides, 1), padding.upper())


def with_ties(rng, shape):
    """Few distinct values and whole stretches of zeros, as a ReLU leaves them."""
    x = np.maximum(rng.integers(-3, 3, size=shape), 0).astype("float32")
    x[:, : shape[1] // 2] = 0
    return jnp.asarray(x)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("shape", "window", "strides"), CASES)
def test_values_are_keras_s(rng, shape, window, strides, padding):
    x = jnp.asarray(rng.normal(size=shape), "float32")

    @jax.jit
    def ours(x):
        first = jnp.moveaxis(x, -1, 1)
        return [
            pooling.max_pool(x, window, strides, padding),
            pooling.average_pool(x, window, strides, padding),
            jnp.moveaxis(pooling.max_pool(first, window, strides, padding, channels_last=False), 1, -1),
            jnp.moveaxis(pooling.average_pool(first, window, strides, padding, channels_last=False), 1, -1),
        ]

    expected = [
        pool(x, window, strides, padding, "channels_last") for pool in (keras.ops.max_pool, keras.ops.average_pool)
    ]
    for mine, other in zip(ours(x), expected + expected, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("shape", "window", "strides"), CASES)
def test_the_first_of_equal_values_takes_the_whole_gradient(rng, shape, window, strides, padding):
    x, dx = with_ties(rng, shape), jnp.asarray(rng.integers(-9, 9, size=shape), "float32")

    def ours(x):
        return pooling.max_pool(x, window, strides, padding)

    def oracle(x):
        return reduce_window_max(x, window, strides, padding)

    def weights(y):  # whole numbers: sums are exact in any order
        return jnp.arange(y.size, dtype=y.dtype).reshape(y.shape) % 97

    value, gradient = jax.jit(jax.value_and_grad(lambda x: (ours(x) * weights(ours(x))).sum()))(x)
    expected, expected_gradient = jax.jit(jax.value_and_grad(lambda x: (oracle(x) * weights(oracle(x))).sum()))(x)
    assert value == expected
    np.testing.assert_array_equal(gradient, expected_gradient)
    if max(window) > 16:  # JAX's reduction, whose forward mode breaks ties another way than its gradient
        return
    # Our forward mode follows the same winners: along any direction it agrees with the gradient.
    y, along = jax.jit(lambda x, dx: jax.jvp(ours, (x,), (dx,)))(x, dx)
    assert (along * weights(y)).sum() == (gradient * dx).sum()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("shape", "window", "strides"), CASES)
def test_the_gradient_of_the_mean_is_keras_s(rng, shape, window, strides, padding):
    x = jnp.asarray(rng.normal(size=shape), "float32")
    ours = jax.jit(jax.grad(lambda x: (pooling.average_pool(x, window, strides, padding) ** 2).sum()))
    oracle = jax.jit(
        jax.grad(lambda x: (keras.ops.average_pool(x, window, strides, padding, "channels_last") ** 2).sum())
    )
    np.testing.assert_allclose(ours(x), oracle(x), atol=1e-6)


def test_nan_wins_as_it_does_in_lax(rng):
    x = rng.normal(size=(1, 4, 4, 1)).astype("float32")
    x[0, 1, 1, 0] = x[0, 2, 2, 0] = np.nan
    expected = reduce_window_max(jnp.asarray(x), (2, 2), (2, 2), "valid")
    np.testing.assert_array_equal(pooling.max_pool(jnp.asarray(x), (2, 2), (2, 2), "valid"), expected)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32", "uint8"])
def test_max_keeps_the_dtype(rng, dtype):
    x = jnp.asarray(rng.integers(0, 100, size=(1, 5, 5, 2)), dtype)
    y = pooling.max_pool(x, (2, 2), (2, 2), "same")
    assert y.dtype == x.dtype
    expected = pooling.max_pool(x.astype("float32"), (2, 2), (2, 2), "same")
    np.testing.assert_array_equal(y.astype("float32"), expected)


def test_it_batches_and_differentiates_twice(rng):
    x = jnp.asarray(rng.normal(size=(3, 1, 4, 4, 2)), "float32")

    def energy(x):
        return (pooling.max_pool(x, (2, 2), (2, 2), "valid") ** 3).sum()

    np.testing.assert_allclose(jax.vmap(energy)(x), [energy(one) for one in x], rtol=1e-5)
    v = jnp.ones_like(x[0])
    _, along = jax.jvp(jax.grad(energy), (x[0],), (v,))
    step = 1e-2
    expected = (jax.grad(energy)(x[0] + step * v) - jax.grad(energy)(x[0] - step * v)) / (2 * step)
    np.testing.assert_allclose(along, expected, atol=1e-2)


@pytest.mark.parametrize("window", [(2, 2), (3, 3)])
def test_the_cpu_form_has_no_scatter(window, monkeypatch):
    monkeypatch.setattr(pooling, "on_cpu", lambda: True)
    x = jnp.zeros((1, 8, 8, 1))
    text = str(jax.make_jaxpr(jax.grad(lambda x: pooling.max_pool(x, window, (2, 2), "valid").sum()))(x))
    assert "scatter" not in text
    assert "reduce_window" not in text
