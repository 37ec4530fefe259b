"""`for i in tf.range(n)` in `tf.function`, as TensorFlow's own tutorials write it."""

import numpy as np
import pytest

from kerax.compat import tf


def test_a_loop_as_long_as_a_tensor_says():
    @tf.function(input_signature=(tf.TensorSpec([], tf.int32),))
    def count(steps):
        x = tf.constant(0.0)
        for i in tf.range(steps):
            x += tf.cast(i, tf.float32)
        return x

    assert [float(count(n)) for n in (0, 1, 5)] == [0, 0, 10]


def test_gradient_ascent_as_in_the_deep_dream_tutorial():
    class DeepDream(tf.Module):
        def __init__(self, model):
            self.model = model

        @tf.function(
            input_signature=(
                tf.TensorSpec(shape=[None, 3], dtype=tf.float32),
                tf.TensorSpec(shape=[], dtype=tf.int32),
                tf.TensorSpec(shape=[], dtype=tf.float32),
            )
        )
        def __call__(self, img, steps, step_size):
            loss = tf.constant(0.0)
            for _ in tf.range(steps):
                with tf.GradientTape() as tape:
                    tape.watch(img)
                    loss = tf.reduce_mean(self.model(img) ** 2)
                gradients = tape.gradient(loss, img)
                gradients /= tf.math.reduce_std(gradients) + 1e-8
                img = img + gradients * step_size
                img = tf.clip_by_value(img, -1, 1)
            return loss, img

    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(4, activation="tanh")])
    dream = DeepDream(model)
    start = tf.constant(np.linspace(-0.1, 0.1, 6).reshape(2, 3), tf.float32)
    first, _ = dream(start, tf.constant(1), tf.constant(0.01))
    last, img = dream(start, tf.constant(20), tf.constant(0.01))
    assert last > first
    assert np.abs(img.numpy()).max() <= 1


def test_as_an_array_its_length_must_be_known():
    @tf.function
    def squares(n):
        return tf.square(tf.range(n))

    with pytest.raises(NotImplementedError, match="A range of tensors as an array"):
        squares(tf.constant(3))
