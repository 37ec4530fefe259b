"""The convolution kernel against Keras, in every form it can take."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from jax import lax

import kerax
from kerax.ops._kernels import convolution

CASES = [
    # (sizes, channels, window, filters, strides, dilation, groups)
    ((11,), 3, (3,), 4, (1,), (1,), 1),
    ((11,), 40, (3,), 4, (1,), (2,), 1),
    ((8, 9), 3, (3, 2), 4, (2, 1), (1, 1), 1),
    ((8, 9), 30, (2, 3), 4, (2, 3), (1, 1), 1),
    ((8, 9), 30, (3, 3), 4, (1, 1), (2, 2), 1),
    ((8, 9), 6, (1, 1), 4, (2, 2), (1, 1), 1),
    ((8, 9), 4, (3, 3), 4, (1, 1), (1, 1), 4),
    ((8, 9), 4, (3, 3), 8, (2, 2), (1, 1), 4),
    ((8, 9), 4, (3, 3), 6, (1, 1), (1, 1), 2),
    ((5, 6, 7), 2, (2, 3, 2), 4, (1, 1, 1), (1, 1, 1), 1),
    ((5, 6, 7), 9, (3, 3, 3), 4, (2, 1, 2), (1, 1, 1), 1),
]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def draw(rng, sizes, channels, window, filters, groups, batch=2):
    x = jnp.asarray(rng.normal(size=(batch, *sizes, channels)), "float32")
    kernel = jnp.asarray(rng.normal(size=(*window, channels // groups, filters)) / 5, "float32")
    return x, kernel


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("sizes", "channels", "window", "filters", "strides", "dilation", "groups"), CASES)
def test_values_and_gradients_are_keras_s(
    rng, monkeypatch, sizes, channels, window, filters, strides, dilation, groups, padding
):
    x, kernel = draw(rng, sizes, channels, window, filters, groups)

    def everything(conv):
        """The value, both gradients and the derivative along a direction."""

        def energy(x, kernel):
            y = conv(x, kernel)
            return (y**2).mean(), y

        (_, y), gradients = jax.value_and_grad(energy, (0, 1), has_aux=True)(x, kernel)
        return y, *gradients, jax.jvp(conv, (x, kernel), (x / 10, kernel))[1]

    def ours(x, kernel):
        return convolution.conv(x, kernel, strides, padding, dilation, groups)

    def channels_first(x, kernel):
        y = convolution.conv(jnp.moveaxis(x, -1, 1), kernel, strides, padding, dilation, groups, channels_last=False)
        return jnp.moveaxis(y, 1, -1)

    def theirs(x, kernel):
        return keras.ops.conv(x, kernel, strides, padding, "channels_last", dilation)

    monkeypatch.setattr(convolution, "on_cpu", lambda: True)
    on_cpu, first = jax.jit(lambda: (everything(ours), channels_first(x, kernel)))()
    monkeypatch.setattr(convolution, "on_cpu", lambda: False)
    elsewhere, first_elsewhere, expected = jax.jit(
        lambda: (everything(lambda *a: ours(*a)), channels_first(x, kernel), everything(theirs))
    )()
    for got in (on_cpu, elsewhere):
        for mine, other in zip(got, expected, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5)
    for got in (first, first_elsewhere):
        np.testing.assert_allclose(got, expected[0], atol=1e-5)


@pytest.mark.parametrize("dilation", [1, 3])
def test_causal_never_sees_the_future(rng, dilation):
    x, kernel = draw(rng, (12,), 3, (3,), 4, 1)
    y = convolution.conv(x, kernel, (1,), "causal", (dilation,))
    later = convolution.conv(x.at[:, 6:].set(7.0), kernel, (1,), "causal", (dilation,))
    assert y.shape == (2, 12, 4)
    np.testing.assert_array_equal(y[:, :6], later[:, :6])
    layer = keras.layers.Conv1D(4, 3, padding="causal", dilation_rate=dilation, use_bias=False)
    layer.build(x.shape)
    layer.set_weights([np.asarray(kernel)])
    np.testing.assert_allclose(y, layer(x), atol=1e-5)


def test_explicit_padding_is_taken_as_it_is(rng):
    x, kernel = draw(rng, (5, 6), 3, (2, 3), 4, 1)
    y = convolution.conv(x, kernel, (1, 1), ((1, 0), (0, 3)), (1, 1))
    expected = lax.conv_general_dilated(x, kernel, (1, 1), ((1, 0), (0, 3)), dimension_numbers=("NHWC", "HWIO", "NHWC"))
    np.testing.assert_allclose(y, expected, atol=1e-5)


def uses_xla_convolution(x, kernel, padding="same", groups=1, transform=lambda f: f):
    ones = (1,) * (x.ndim - 2)
    program = jax.make_jaxpr(transform(lambda x, k: convolution.conv(x, k, ones, padding, ones, groups)))(x, kernel)
    return "conv_general_dilated" in str(program)


def gradient(of):
    return lambda conv: jax.grad(lambda x, k: conv(x, k).sum(), of)


@pytest.mark.parametrize("of", [0, 1, (0, 1)])
def test_training_small_convolutions_on_the_cpu_can_stand_in_a_loop(rng, monkeypatch, of):
    monkeypatch.setattr(convolution, "on_cpu", lambda: True)
    assert not uses_xla_convolution(*draw(rng, (28, 28), 1, (3, 3), 32, 1, batch=32), transform=gradient(of))
    assert not uses_xla_convolution(*draw(rng, (13, 13), 32, (3, 3), 64, 1, batch=32), transform=gradient(of))
    assert not uses_xla_convolution(*draw(rng, (14, 14), 8, (3, 3), 8, 8), groups=8, transform=gradient(of))


def test_in_the_body_of_a_loop_small_convolutions_on_the_cpu_are_products(rng, monkeypatch):
    monkeypatch.setattr(convolution, "on_cpu", lambda: True)
    images = draw(rng, (28, 28), 1, (3, 3), 32, 1, batch=32)
    assert uses_xla_convolution(*images)

    def looped(conv):
        return lambda x, k: kerax.ops.fori_loop(0, 3, lambda i, y: y + conv(x, k), jnp.zeros((32, 28, 28, 32)))

    assert not uses_xla_convolution(*images, transform=looped)


def test_a_step_of_a_frozen_image_costs_no_derivative_of_it(rng, monkeypatch):
    monkeypatch.setattr(convolution, "on_cpu", lambda: True)
    x, kernel = draw(rng, (8, 8), 3, (3, 3), 4, 1)

    def products(of):
        traced = jax.make_jaxpr(gradient(of)(lambda x, k: convolution.conv(x, k, (1, 1), "same", (1, 1))))
        return str(traced(x, kernel)).count("dot_general")

    assert products(1) == products((0, 1)) - 1


def test_second_derivatives_are_keras_s(rng, monkeypatch):
    monkeypatch.setattr(convolution, "on_cpu", lambda: True)
    x, kernel = draw(rng, (6, 7), 3, (3, 3), 4, 1)

    def bend(conv):
        def slope(k):
            return (jax.grad(lambda k: (conv(x, k) ** 3).sum())(k) ** 2).sum()

        return jax.grad(slope)(kernel)

    ours = bend(lambda x, k: convolution.conv(x, k, (1, 1), "same", (1, 1)))
    theirs = bend(lambda x, k: keras.ops.conv(x, k, 1, "same", "channels_last"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_large_or_whole_number_convolutions_stay_xla_s(rng, monkeypatch):
    monkeypatch.setattr(convolution, "on_cpu", lambda: True)
    x, kernel = jax.eval_shape(lambda: (jnp.zeros((32, 224, 224, 64)), jnp.zeros((3, 3, 64, 64))))
    assert uses_xla_convolution(x, kernel)
    x, kernel = draw(rng, (8, 8), 3, (3, 3), 4, 1)
    assert uses_xla_convolution(x.astype("int32"), kernel.astype("int32"))


def test_elsewhere_it_is_xla_s(rng, monkeypatch):
    monkeypatch.setattr(convolution, "on_cpu", lambda: False)
    assert uses_xla_convolution(*draw(rng, (8, 8), 3, (3, 3), 4, 1))


def test_half_precision_keeps_its_dtype(rng):
    x, kernel = draw(rng, (8, 8), 3, (3, 3), 4, 1)
    y = convolution.conv(x.astype("bfloat16"), kernel.astype("bfloat16"), (1, 1), "same", (1, 1))
    assert y.dtype == jnp.bfloat16
    np.testing.assert_allclose(y.astype("float32"), convolution.conv(x, kernel, (1, 1), "same", (1, 1)), atol=0.1)


def test_an_empty_batch_passes_through(rng):
    x, kernel = draw(rng, (8, 8), 3, (3, 3), 4, 1, batch=0)
    assert convolution.conv(x, kernel, (1, 1), "same", (1, 1)).shape == (0, 8, 8, 4)
