"""Random numbers repeat by seeds, have the distributions they should, and work inside tf.function."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import kerax
from kerax.compat import tf

IMAGE = np.random.default_rng(0).uniform(size=(8, 6, 5, 3)).astype("float32")


def draws():
    return [
        tf.random.normal([3]),
        tf.random.uniform([3], seed=1),
        tf.random.uniform([3], seed=1),
        tf.random.truncated_normal([3], seed=2),
        tf.random.shuffle(tf.range(10)),
        tf.random.get_global_generator().normal([2]),
        tf.keras.layers.Dense(2)(np.ones((1, 3), "float32")),
        tf.nn.dropout(tf.ones([20]), 0.5, seed=3),
        tf.image.random_flip_left_right(IMAGE),
    ]


def test_set_seed_makes_everything_repeat():
    tf.random.set_seed(7)
    first = draws()
    tf.random.set_seed(7)
    for a, b in zip(first, draws(), strict=True):
        np.testing.assert_array_equal(a, b)
    tf.random.set_seed(8)
    assert not np.array_equal(first[0], tf.random.normal([3]))


def test_a_seed_starts_a_stream_that_moves_on():
    tf.random.set_seed(1)
    a, b = tf.random.uniform([3], seed=5), tf.random.uniform([3], seed=5)
    assert not np.array_equal(a, b)
    tf.random.set_seed(1)
    np.testing.assert_array_equal(a, tf.random.uniform([3], seed=5))
    tf.random.set_seed(2)
    assert not np.array_equal(a, tf.random.uniform([3], seed=5))


MOMENTS = {  # mean, deviation
    "normal": (lambda: tf.random.normal([20000], 1.0, 2.0), 1, 2),
    "normal, means of a tensor": (lambda: tf.random.normal([20000, 2], [0.0, 2.0], 1.0)[:, 1], 2, 1),
    "truncated_normal": (lambda: tf.random.truncated_normal([20000]), 0, 0.88),
    "uniform": (lambda: tf.random.uniform([20000], -1, 3), 1, 4 / np.sqrt(12)),
    "uniform integers": (lambda: tf.random.uniform([20000], maxval=10, dtype=tf.int32), 4.5, np.sqrt(99 / 12)),
    "gamma": (lambda: tf.random.gamma([20000], 4.0, 2.0), 2, 1),
    "poisson": (lambda: tf.random.poisson([20000], 4.0), 4, 2),
    "categorical": (lambda: tf.random.categorical(np.log([[0.5, 0.5]]), 20000)[0], 0.5, 0.5),
    "stateless_normal": (lambda: tf.random.stateless_normal([20000], [1, 2], 1.0, 2.0), 1, 2),
    "stateless_truncated_normal": (lambda: tf.random.stateless_truncated_normal([20000], [1, 2]), 0, 0.88),
    "stateless_uniform": (lambda: tf.random.stateless_uniform([20000], [1, 2]), 0.5, 1 / np.sqrt(12)),
    "stateless_gamma": (lambda: tf.random.stateless_gamma([20000], [1, 2], 4.0, 2.0), 2, 1),
    "stateless_poisson": (lambda: tf.random.stateless_poisson([20000], [1, 2], 4.0), 4, 2),
    "stateless_binomial": (lambda: tf.random.stateless_binomial([20000], [1, 2], 10.0, 0.5), 5, np.sqrt(2.5)),
    "stateless_categorical": (lambda: tf.random.stateless_categorical(np.zeros((1, 2)), 20000, [1, 2])[0], 0.5, 0.5),
    "generator, normal": (lambda: tf.random.Generator.from_seed(1).normal([20000], 1.0, 2.0), 1, 2),
    "generator, uniform": (lambda: tf.random.Generator.from_seed(1).uniform([20000]), 0.5, 1 / np.sqrt(12)),
    "generator, truncated": (lambda: tf.random.Generator.from_seed(1).truncated_normal([20000]), 0, 0.88),
    "generator, binomial": (lambda: tf.random.Generator.from_seed(1).binomial([20000], 10.0, 0.5), 5, np.sqrt(2.5)),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_distributions(name):
    tf.random.set_seed(0)
    draw, mean, deviation = MOMENTS[name]
    x = np.asarray(draw(), "float64")
    np.testing.assert_allclose([x.mean(), x.std()], [mean, deviation], atol=0.07)


def test_shapes_and_dtypes():
    assert tf.random.gamma([3], [1.0, 2.0]).shape == (3, 2)
    assert tf.random.poisson([3], [[1.0, 2.0]]).shape == (3, 1, 2)
    assert tf.random.categorical(np.zeros((2, 5)), 4).shape == (2, 4)
    assert tf.random.normal([2], dtype=tf.float16).dtype == tf.float16
    assert tf.random.uniform((), maxval=3, dtype=tf.int64).dtype == tf.int32
    assert tf.random.Generator.from_seed(1).uniform_full_int([2], tf.uint32).dtype == tf.uint32
    assert tf.random.Generator.from_seed(1).make_seeds(3).shape == (2, 3)


def test_shuffle_keeps_rows_whole():
    x = np.arange(20).reshape(10, 2)
    for y in (tf.random.shuffle(x, seed=1), tf.random.stateless_shuffle(x, [1, 2])):
        assert sorted(y.numpy()[:, 0].tolist()) == list(range(0, 20, 2))
        np.testing.assert_array_equal(y[:, 0] + 1, y[:, 1])


def test_stateless_samplers_depend_on_the_seed_alone():
    a = tf.random.stateless_normal([3], [1, 2])
    np.testing.assert_array_equal(a, tf.random.stateless_normal([3], (1, 2)))
    np.testing.assert_array_equal(a, jax.jit(lambda seed: tf.random.stateless_normal([3], seed))(np.array([1, 2])))
    first, second = tf.random.split([1, 2])
    assert not np.array_equal(first, second)
    assert not np.array_equal(tf.random.fold_in([1, 2], 1), tf.random.fold_in([1, 2], 2))


def test_generators():
    a, b = tf.random.Generator.from_seed(1), tf.random.Generator.from_seed(1)
    np.testing.assert_array_equal(a.normal([2]), b.normal([2]))
    assert not np.array_equal(a.normal([2]), a.normal([2]))
    copied = tf.random.Generator(copy_from=a)
    np.testing.assert_array_equal(a.normal([2]), copied.normal([2]))
    state = a.state.numpy()
    x = a.uniform([2])
    np.testing.assert_array_equal(x, tf.random.Generator.from_state(state).uniform([2]))
    a.reset_from_seed(1)
    b.reset_from_seed(1)
    b.skip(1)
    a.normal([2])
    np.testing.assert_array_equal(a.normal([2]), b.normal([2]))
    left, right = a.split(2)
    assert not np.array_equal(left.normal([2]), right.normal([2]))
    assert isinstance(a, kerax.random.SeedGenerator)
    tf.random.set_global_generator(a)
    assert tf.random.get_global_generator() is a
    assert isinstance(tf.random.Generator.from_non_deterministic_state(), tf.random.Generator)


def test_random_numbers_move_on_inside_a_function():
    @tf.function
    def draw():
        return tf.random.normal([2]), tf.random.uniform([2], seed=4)

    a, b = draw(), draw()
    assert not np.array_equal(a[0], b[0])
    assert not np.array_equal(a[1], b[1])


CHANGES = {
    "brightness": lambda x, **seed: tf.image.random_brightness(x, 0.2, **seed),
    "contrast": lambda x, **seed: tf.image.random_contrast(x, 0.5, 1.5, **seed),
    "crop": lambda x, **seed: tf.image.random_crop(x, (8, 3, 2, 3), **seed),
    "flip_left_right": lambda x, **seed: tf.image.random_flip_left_right(x, **seed),
    "flip_up_down": lambda x, **seed: tf.image.random_flip_up_down(x, **seed),
    "hue": lambda x, **seed: tf.image.random_hue(x, 0.2, **seed),
    "saturation": lambda x, **seed: tf.image.random_saturation(x, 0.5, 1.5, **seed),
}


@pytest.mark.parametrize("name", CHANGES)
def test_images_change_at_random(name):
    change = CHANGES[name]
    tf.random.set_seed(3)
    first = [np.asarray(change(IMAGE, seed=1)) for _ in range(3)]
    assert not all(np.array_equal(first[0], other) for other in first[1:])
    tf.random.set_seed(3)
    np.testing.assert_array_equal(first[0], change(IMAGE, seed=1))


STATELESS = {
    "brightness": lambda x, seed: tf.image.stateless_random_brightness(x, 0.2, seed),
    "contrast": lambda x, seed: tf.image.stateless_random_contrast(x, 0.5, 1.5, seed),
    "crop": lambda x, seed: tf.image.stateless_random_crop(x, (8, 3, 2, 3), seed),
    "flip_left_right": lambda x, seed: tf.image.stateless_random_flip_left_right(x, seed),
    "flip_up_down": lambda x, seed: tf.image.stateless_random_flip_up_down(x, seed),
    "hue": lambda x, seed: tf.image.stateless_random_hue(x, 0.2, seed),
    "saturation": lambda x, seed: tf.image.stateless_random_saturation(x, 0.5, 1.5, seed),
}


@pytest.mark.parametrize("name", STATELESS)
def test_stateless_changes_depend_on_the_seed_alone(name):
    change = STATELESS[name]
    one = change(IMAGE, (1, 2))
    np.testing.assert_array_equal(one, change(IMAGE, (1, 2)))
    np.testing.assert_allclose(one, jax.jit(change)(IMAGE, np.array([1, 2])), rtol=1e-4, atol=1e-5)
    others = [np.asarray(change(IMAGE, (n, n))) for n in range(4)]
    assert not all(np.array_equal(one, other) for other in others)


def test_flips_choose_for_each_image():
    tf.random.set_seed(0)
    out = tf.image.random_flip_left_right(np.tile(IMAGE[:1], (64, 1, 1, 1))).numpy()
    flipped = sum(np.array_equal(image, IMAGE[0][:, ::-1]) for image in out)
    kept = sum(np.array_equal(image, IMAGE[0]) for image in out)
    assert flipped + kept == 64
    assert min(flipped, kept) > 15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.image.random_brightness(IMAGE, -1.0), "max_delta=-1.0"),
        (lambda: tf.image.random_hue(IMAGE, 0.7), "from 0 to 0.5"),
        (lambda: tf.image.random_contrast(IMAGE, 2.0, 1.0), "lower < upper"),
    ],
)
def test_ranges_are_checked(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_layer_that_draws_from_the_global_stream_stands_in_a_functional_model():
    class Sampling(tf.keras.layers.Layer):
        def call(self, inputs):
            mean, log_variance = inputs
            noise = tf.random.normal(shape=(tf.shape(mean)[0], tf.shape(mean)[1]))
            return mean + tf.exp(0.5 * log_variance) * noise

    x = tf.keras.Input((3,))
    tf.random.set_seed(0)
    before = tf.random.normal([2])
    model = tf.keras.Model(x, Sampling()([x, x]))
    assert model.output_shape == (None, 3)
    a, b = model(np.ones((2, 3))), model(np.ones((2, 3)))
    assert not np.array_equal(a, b)
    tf.random.set_seed(0)
    np.testing.assert_array_equal(before, tf.random.normal([2]))
