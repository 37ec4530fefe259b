"""What layers do beyond computing what Keras computes."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import layers, ops
from kerax._core.context import setting


def moving(layer):
    return [np.asarray(w) for w in layer.non_trainable_weights]


@pytest.mark.parametrize("axis", [-1, 1])
def test_padding_rows_stay_out_of_batch_statistics(rng, axis):
    x = rng.normal(size=(6, 4, 5)).astype("float32")
    garbage = np.concatenate([x, np.full((3, 4, 5), np.nan, "float32")])
    whole, padded = layers.BatchNormalization(axis=axis), layers.BatchNormalization(axis=axis)
    expected = whole(x, training=True)
    with setting(rows=jnp.arange(9) < 6):
        got = padded(garbage, training=True)
    np.testing.assert_allclose(got[:6], expected, rtol=1e-5, atol=1e-5)
    for a, b in zip(moving(whole), moving(padded), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_padding_rows_stay_out_of_gradients(rng):
    x = rng.normal(size=(6, 5)).astype("float32")
    layer = layers.BatchNormalization()
    layer(x)
    trainable = [v.value for v in layer.trainable_variables]
    rest = [v.value for v in layer.non_trainable_variables]

    def loss(trainable, x, rows):
        with setting(rows=rows):
            out = layer.stateless_call(trainable, rest, x, training=True)[0]
        out = out if rows is None else jnp.where(rows[:, None], out, 0)
        return jnp.sum(jnp.sin(out[:6]))

    garbage = np.concatenate([x, np.full((2, 5), np.nan, "float32")])
    expected = jax.grad(loss)(trainable, x, None)
    got = jax.grad(loss)(trainable, garbage, jnp.arange(8) < 6)
    for a, b in zip(expected, got, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_normalization_is_the_identity_until_adapted(rng):
    x = rng.normal(size=(50, 3)).astype("float32") * 4 + 7
    layer = layers.Normalization()
    np.testing.assert_allclose(layer(x), x)
    assert len(layer.non_trainable_weights) == 3
    layer.adapt(x)
    np.testing.assert_allclose(np.asarray(layer(x)).mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(np.asarray(layer(x)).std(0), 1, atol=1e-5)
    back = layers.Normalization(mean=layer.mean, variance=layer.variance, invert=True)
    np.testing.assert_allclose(back(layer(x)), x, rtol=1e-4)


def test_normalization_adapts_to_batches_as_to_the_whole(rng):
    x = rng.normal(size=(50, 3)).astype("float32") * 4 + 7
    one, many = layers.Normalization(), layers.Normalization()
    one.adapt(x)
    many.adapt(x[i : i + 7] for i in range(0, 50, 7))
    np.testing.assert_allclose(one.mean, many.mean, rtol=1e-6)
    np.testing.assert_allclose(one.variance, many.variance, rtol=1e-6)


def test_dropout_keeps_the_mean_and_repeats_with_its_seed():
    x = np.ones((200, 200), "float32")
    a = np.asarray(layers.Dropout(0.3, seed=5)(x, training=True))
    b = np.asarray(layers.Dropout(0.3, seed=5)(x, training=True))
    np.testing.assert_array_equal(a, b)
    assert abs(a.mean() - 1) < 0.02
    assert abs((a == 0).mean() - 0.3) < 0.02


@pytest.mark.parametrize("cls", [layers.GaussianDropout, layers.GaussianNoise, layers.AlphaDropout])
def test_noise_keeps_the_mean(cls, rng):
    x = rng.normal(size=(300, 300)).astype("float32")
    y = np.asarray(cls(0.2, seed=1)(x, training=True))
    assert abs(y.mean() - x.mean()) < 0.02
    assert (y != x).any()


def test_recurrent_dropout_is_the_same_at_every_step():
    layer = layers.SimpleRNN(
        4,
        dropout=0.5,
        seed=3,
        activation="linear",
        recurrent_initializer="zeros",
        kernel_initializer="ones",
        return_sequences=True,
    )
    y = np.asarray(layer(np.ones((2, 5, 8), "float32"), training=True))
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))


def test_an_embedding_takes_its_table_from_weights(rng):
    table = rng.normal(size=(4, 3)).astype("float32")
    for given in (table, [table]):
        np.testing.assert_array_equal(layers.Embedding(4, 3, weights=given)(np.array([[1, 2]])), table[[[1, 2]]])


def test_an_embedding_counts_ids_given_as_half_precision_would_not():
    layer = layers.Embedding(3000, 1, embeddings_initializer="ones", dtype="mixed_bfloat16")
    layer(np.array([1]))
    layer.embeddings.assign(np.arange(3000, dtype="float32")[:, None])
    assert float(layer(np.array([257.0], "float32"))[0, 0]) in (256.0, 258.0)
    assert float(layer(np.array([2999.0], "float32"))[0, 0]) > 2900


def test_an_embedding_masks_zero_and_an_lstm_obeys():
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    embedding, lstm = layers.Embedding(4, 3, mask_zero=True), layers.LSTM(2)
    np.testing.assert_allclose(lstm(embedding(ids))[0], lstm(embedding(ids[:1, :2]))[0], rtol=1e-5, atol=1e-7)


def test_a_stateful_lstm_goes_on_where_it_stopped(rng):
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    kept = layers.LSTM(4, stateful=True)
    kept(x[:, :3])
    plain = layers.LSTM(4)
    plain(x)
    plain.set_weights(kept.get_weights())
    kept.reset_state()
    kept(x[:, :3])
    np.testing.assert_allclose(kept(x[:, 3:]), plain(x), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="batch of 3"):
        kept(np.ones((3, 3, 3), "float32"))


def test_an_lstm_starts_from_the_states_it_is_given(rng):
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    lstm = layers.LSTM(4, return_state=True)
    whole = lstm(x)
    _, h, c = lstm(x[:, :3])
    np.testing.assert_allclose(lstm(x[:, 3:], initial_state=[h, c])[0], whole[0], rtol=1e-5, atol=1e-6)


class Counting(layers.Layer):
    """A cell of the user's own, with a Variable that moves at every step."""

    state_size = 2

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)
        self.drop = layers.Dropout(0.5)

    def call(self, inputs, states, training=False):
        self.steps.assign_add(1)
        h = states[0] + self.drop(inputs, training=training)
        return 2 * h, [h]


def test_a_cell_may_keep_variables_of_its_own():
    cell = Counting()
    layer = layers.RNN(cell, return_sequences=True)
    y = layer(np.ones((3, 5, 2), "float32"))
    np.testing.assert_allclose(y[0, :, 0], 2 * np.arange(1, 6))
    assert float(cell.steps) == 5
    layer(np.ones((3, 5, 2), "float32"), training=True)
    assert float(cell.steps) == 10


def test_lambda_evaluates_its_function_for_the_shape():
    x = layers.Input((4,))
    assert layers.Lambda(lambda t: ops.concatenate([t, t], axis=-1))(x).shape == (None, 8)
    assert layers.Lambda(lambda t, k: t * k, arguments={"k": 3})(np.ones((1, 2))).tolist() == [[3.0, 3.0]]


def test_masks_go_through_merging_layers():
    embedding = layers.Embedding(4, 3, mask_zero=True)
    a, b = embedding(np.array([[1, 0, 2]])), embedding(np.array([[0, 0, 2]]))
    assert layers.Add()([a, b])._keras_mask.tolist() == [[True, False, True]]
    assert layers.Concatenate(axis=1)([a, b])._keras_mask.tolist() == [[True, False, True, False, False, True]]


def test_functional_forms_make_layers():
    a, b = np.array([[1.0, 5.0]], "float32"), np.array([[3.0, 2.0]], "float32")
    assert layers.add([a, b]).tolist() == [[4.0, 7.0]]
    assert layers.subtract([a, b]).tolist() == [[-2.0, 3.0]]
    assert layers.multiply([a, b]).tolist() == [[3.0, 10.0]]
    assert layers.average([a, b]).tolist() == [[2.0, 3.5]]
    assert layers.maximum([a, b]).tolist() == [[3.0, 5.0]]
    assert layers.minimum([a, b]).tolist() == [[1.0, 2.0]]
    assert layers.concatenate([a, b]).tolist() == [[1.0, 5.0, 3.0, 2.0]]
    assert layers.dot([a, b], axes=1).tolist() == [[13.0]]


def test_keras_masks_reach_attention(rng):
    x = rng.normal(size=(1, 4, 3)).astype("float32")
    layer = layers.MultiHeadAttention(1, 2)
    masked = layers.Masking()(np.where(np.arange(4)[:, None] < 2, x, 0).astype("float32"))
    _, weights = layer(masked, masked, return_attention_scores=True)
    np.testing.assert_allclose(np.asarray(weights)[0, 0, :2, 2:], 0, atol=1e-6)


@pytest.mark.parametrize("use_bias", [True, False])
def test_self_attention_in_one_product_is_attention_in_three(rng, use_bias):
    x = jnp.asarray(rng.normal(size=(2, 5, 4)), "float32")
    layer = layers.MultiHeadAttention(2, 3, value_dim=5, use_bias=use_bias, bias_initializer="normal")
    np.testing.assert_allclose(layer(x, x), layer(x, x + 0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "shape", "text"),
    [
        (lambda: layers.Conv2D(3, 3), (2, 5), r"Conv2D 'conv2d'.*\(2, 5\)"),
        (lambda: layers.Conv2D(3, 9), (2, 5, 5, 1), r"Conv2D 'conv2d'.*\(5, 5\).*9"),
        (lambda: layers.Reshape((3, 3)), (2, 8), r"Reshape 'reshape'.*\(2, 8\).*\(3, 3\)"),
        (lambda: layers.LSTM(3), (2, 5), r"LSTM 'lstm'.*\(2, 5\)"),
        (lambda: layers.MaxPooling2D(), (2, 5, 5), r"MaxPooling2D 'max_pooling2d'"),
        (lambda: layers.Add(), (2, 5), r"Add 'add'.*list"),
        (lambda: layers.GroupNormalization(3), (2, 5, 4), r"GroupNormalization.*4 channels.*groups=3"),
    ],
)
def test_a_wrong_shape_is_named(make, shape, text):
    with pytest.raises(ValueError, match=text):
        make()(np.ones(shape, "float32"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Conv2D(0, 3),
        lambda: layers.Conv2D(3, (3, 3, 3)),
        lambda: layers.Conv2D(3, 3, padding="full"),
        lambda: layers.Conv2D(3, 3, strides=2, dilation_rate=2),
        lambda: layers.Conv2D(3, 3, groups=2),
        lambda: layers.Dropout(1.5),
        lambda: layers.Permute((2, 3)),
        lambda: layers.LSTM(0),
        lambda: layers.Embedding(0, 3),
        lambda: layers.Normalization(mean=1.0),
        lambda: layers.UpSampling2D(2, interpolation="cubic"),
        lambda: layers.ZeroPadding2D((1, 2, 3)),
        lambda: layers.MultiHeadAttention(0, 3),
        lambda: layers.GroupQueryAttention(3, 5, 2),
        lambda: layers.Bidirectional(layers.LSTM(3), merge_mode="max"),
        lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"max": 3}),
    ],
)
def test_a_wrong_argument_is_refused(make):
    with pytest.raises(ValueError, match="expected"):
        make()


def test_sizes_may_be_integers_of_numpy_and_jax():
    inputs = kerax.Input((np.int64(4), np.prod((2, 3))))
    x = layers.Conv1D(np.int32(5), np.int64(2))(inputs)
    x = layers.Reshape((np.prod(x.shape[1:]),))(x)
    model = kerax.Model(inputs, layers.Dense(jnp.asarray(7))(x))
    assert model.output_shape == (None, 7)
    assert all(type(size) is int for weight in model.weights for size in weight.shape)
    json.dumps(model.get_config())
    for bad in (np.float32(3), True, 2.0, "3", np.arange(3)):
        with pytest.raises((TypeError, ValueError), match="expected a positive integer"):
            layers.Dense(bad)
