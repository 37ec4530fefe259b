"""Every loss against Keras: values, reductions, weights, masks, dtypes, gradients."""

import inspect
import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerax import losses

REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]
N, T, C = 6, 4, 3


def close(ours, theirs, tolerance=2e-6):
    ours, theirs = np.asarray(ours, "float64"), np.asarray(theirs, "float64")
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=tolerance * 5, atol=tolerance)


def one_hot(rng, *shape):
    return np.eye(C, dtype="float32")[rng.integers(0, C, shape)]


def probabilities(rng, *shape):
    return rng.uniform(0.02, 0.98, (*shape, C)).astype("float32")


def reals(rng, *shape):
    return rng.normal(size=(*shape, C)).astype("float32")


def labels(rng, *shape):
    return rng.integers(0, C, shape)


def test_values_match_keras_row_by_row_and_reduced(case, rng):
    y_true, y_pred = case.data(rng, N)
    weight = rng.uniform(0, 2, N).astype("float32")
    close(case.ours(reduction=None)(y_true, y_pred), case.theirs(reduction=None)(y_true, y_pred))
    close(case.ours()(y_true, y_pred, weight), case.theirs()(y_true, y_pred, weight))


def masked(x, mask):
    x = jnp.asarray(x)
    x._keras_mask = mask
    return x


def test_values_match_keras_over_time_with_a_mask_and_weights(case, rng):
    y_true, y_pred = case.data(rng, N, T)
    mask, weight = jnp.asarray(rng.uniform(size=(N, T)) < 0.6), rng.uniform(0, 2, (N, T)).astype("float32")
    expected = case.theirs()(y_true, masked(y_pred, mask), weight)
    close(case.ours()(y_true, masked(y_pred, mask), weight), expected)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", ["mse", "scce ignore"], indirect=True)
def test_every_reduction_takes_every_weight_as_keras_does(case, reduction, rng):
    y_true, y_pred = case.data(rng, N)
    ours, theirs = case.ours(reduction=reduction), case.theirs(reduction=reduction)
    for weight in (None, rng.uniform(0, 2, N), rng.uniform(0, 2, (N, 1)), 2.0, np.zeros(N)):
        close(ours(y_true, y_pred, weight), theirs(y_true, y_pred, weight))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", ["mse", "scce ignore"], indirect=True)
def test_every_reduction_takes_masks_as_keras_does(case, reduction, rng):
    y_true, y_pred = case.data(rng, N, T)
    ours, theirs = case.ours(reduction=reduction), case.theirs(reduction=reduction)
    weight = rng.uniform(0, 2, (N, T)).astype("float32")
    mask = jnp.asarray(rng.uniform(size=(N, T)) < 0.6)
    for given, m in ((None, mask), (weight[..., None], mask), (None, jnp.zeros((N, T), bool))):
        close(ours(y_true, masked(y_pred, m), given), theirs(y_true, masked(y_pred, m), given))
    close(ours(y_true, y_pred, weight[:, :1]), theirs(y_true, y_pred, weight[:, :1]))


def test_gradients_match_keras(case, rng):
    ours, theirs = case.ours, case.theirs
    y_true, y_pred = case.data(rng, N)
    if "corners" in case.key:
        y_pred = np.clip(y_pred, 0.01, 0.99)  # at the clip the two sides of the derivative differ
    weight = rng.uniform(0, 2, N).astype("float32")

    def gradient(loss):
        return jax.grad(lambda p: loss()(y_true, p, weight))(jnp.asarray(y_pred))

    close(gradient(ours), gradient(theirs), 1e-5)


def test_functions_match_keras(case, rng):
    fn = case.ours().fn
    y_true, y_pred = case.data(rng, N)
    theirs = getattr(keras.losses, fn.__name__)
    assert list(inspect.signature(fn).parameters) == list(inspect.signature(theirs).parameters)
    close(fn(y_true, y_pred, **case.options), theirs(y_true, y_pred, **case.options))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_bfloat16"])
@pytest.mark.parametrize("case", ["mse", "bce logits", "cce", "scce logits"], indirect=True)
def test_dtype_is_what_the_result_comes_in(case, dtype, rng):
    ours, theirs = case.ours, case.theirs
    y_true, y_pred = case.data(rng, N)
    got, expected = ours(dtype=dtype)(y_true, y_pred), theirs(dtype=dtype)(y_true, y_pred)
    assert got.dtype == expected.dtype
    close(got, expected, 3e-2)
    assert ours(dtype=dtype).dtype == theirs(dtype=dtype).dtype


def test_class_numbers_beyond_sixteen_bits_stay_exact():
    logits = np.zeros((2, 1000), "float32")
    logits[0, 999], logits[1, 997] = 50, 50
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, dtype="bfloat16")
    assert float(loss(np.array([999, 997]), logits)) < 1e-3


@pytest.mark.parametrize("axis", [None, (1, 2, 3), (0, 1)])
@pytest.mark.parametrize("name", ["Dice", "Tversky"])
def test_overlap_losses_match_keras(name, axis, rng):
    y_true = (rng.uniform(size=(4, 3, 3, 2)) < 0.4).astype("float32")
    y_pred = rng.uniform(size=(4, 3, 3, 2)).astype("float32")
    options = {"axis": axis} | ({"alpha": 0.3, "beta": 0.6} if name == "Tversky" else {})
    ours, theirs = getattr(losses, name)(**options), getattr(keras.losses, name)(**options)
    close(ours(y_true, y_pred), theirs(y_true, y_pred))
    close(ours(y_true, y_pred, 3.0), theirs(y_true, y_pred, 3.0))


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, [0, 0, 1, 2]),
        ({}, [0, 1, 2, 3]),
        ({"gamma": 10.0, "margin": 0.2}, [[1], [1], [2], [2]]),
        ({"remove_diagonal": False}, [0, 0, 1, 2]),
    ],
    ids=str,
)
def test_circle_loss_matches_keras(options, ids, rng):
    e = rng.normal(size=(4, 5)).astype("float32")
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    for reduction in ("sum_over_batch_size", "none"):
        ours = losses.Circle(reduction=reduction, **options)(np.array(ids), e)
        close(ours, keras.losses.Circle(reduction=reduction, **options)(np.array(ids), e), 1e-4)
    references = np.array([0, 1]), e[:2] * 0.5
    close(losses.circle(np.ravel(ids), e, *references), keras.losses.circle(np.ravel(ids), e, *references), 1e-4)
    gradient = jax.grad(lambda e: losses.Circle(**options)(np.array(ids), e))(jnp.asarray(e))
    assert np.isfinite(gradient).all()


def test_ctc_matches_keras(rng):
    y_true = np.array([[1, 2, 0], [1, 1, 2], [3, 0, 0]])
    y_pred = rng.normal(size=(3, 7, 4)).astype("float32")
    close(losses.ctc(y_true, y_pred), keras.losses.ctc(y_true, y_pred))
    close(losses.CTC()(y_true, y_pred), keras.losses.CTC()(y_true, y_pred))


def test_ranks_that_differ_by_a_column_meet_as_in_keras(rng):
    values = rng.uniform(0.1, 0.9, 5).astype("float32")
    for name in ("MeanSquaredError", "BinaryCrossentropy"):
        ours, theirs = getattr(losses, name)(reduction=None), getattr(keras.losses, name)(reduction=None)
        target = (values > 0.5).astype("float32")
        for shape in [((5,), (5, 1)), ((5, 1), (5,)), ((5,), (5,)), ((5, 1), (5, 1))]:
            args = target.reshape(shape[0]), values.reshape(shape[1])
            close(ours(*args), theirs(*args))
    deep = rng.uniform(size=(4, 3, 1)).astype("float32")
    close(
        losses.MeanSquaredError(reduction=None)(deep[..., 0], deep + 1),
        keras.losses.MeanSquaredError(reduction=None)(deep[..., 0], deep + 1),
    )


def test_a_weight_per_row_counts_for_the_whole_row(rng):
    y_true, y_pred = reals(rng, N, T), reals(rng, N, T)
    row = rng.uniform(0, 2, N).astype("float32")
    loss = losses.MeanSquaredError()
    close(loss(y_true, y_pred, row), keras.losses.MeanSquaredError()(y_true, y_pred, row[:, None]))


def test_a_mask_over_time_meets_a_weight_per_row(rng):
    y_true, mask, row = reals(rng, N, T), rng.uniform(size=(N, T)) < 0.5, rng.uniform(0, 2, N).astype("float32")
    y_pred = jnp.asarray(reals(rng, N, T))
    y_pred._keras_mask = jnp.asarray(mask)
    each = np.mean((y_true - np.asarray(y_pred)) ** 2, -1)
    expected = np.sum(each * mask * row[:, None]) / mask.sum()
    close(losses.MeanSquaredError()(y_true, y_pred, row), expected)


def test_labels_out_of_range_give_zero_as_in_keras(rng):
    y_pred = probabilities(rng, 3)
    for from_logits in (False, True):
        ours = losses.sparse_categorical_crossentropy(np.array([5, -1, 0]), y_pred, from_logits)
        close(ours, keras.losses.sparse_categorical_crossentropy(np.array([5, -1, 0]), y_pred, from_logits))


def test_axis_other_than_the_last(rng):
    y_true, y_pred = np.moveaxis(one_hot(rng, 2, 3), -1, 1), probabilities(rng, 2, 3)
    for name, target in (("categorical_crossentropy", y_true), ("sparse_categorical_crossentropy", labels(rng, 2, 3))):
        ours = getattr(losses, name)(target, y_pred, axis=1)
        close(ours, getattr(keras.losses, name)(target, y_pred, axis=1))


def test_extreme_logits_have_finite_losses_and_gradients():
    logits = jnp.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]])
    target = np.eye(3, dtype="float32")[[0, 0]]
    for loss in (
        losses.CategoricalCrossentropy(from_logits=True),
        losses.BinaryCrossentropy(from_logits=True),
        losses.CategoricalFocalCrossentropy(from_logits=True),
        losses.BinaryFocalCrossentropy(from_logits=True),
    ):
        value, gradient = jax.value_and_grad(lambda p, loss=loss: loss(target, p))(logits)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_the_gradient_of_cosine_similarity_at_zero_is_finite():
    gradient = jax.grad(lambda p: losses.cosine_similarity(np.ones((2, 3)), p).sum())(jnp.zeros((2, 3)))
    assert np.isfinite(gradient).all()


def test_structures_of_outputs_reach_call():
    class Both(losses.Loss):
        def call(self, y_true, y_pred):
            return jnp.mean(jnp.abs(y_true["a"] - y_pred["a"]) + jnp.abs(y_true["b"] - y_pred["b"]), -1)

    ones, zeros = np.ones((3, 2)), np.zeros((3, 2))
    assert float(Both()({"a": ones, "b": ones}, {"a": zeros, "b": ones})) == 1.0


def test_a_subclass_sees_floats_and_is_weighted_as_in_keras(rng):
    def make(base):
        class Mine(base):
            def call(self, y_true, y_pred):
                return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

        return Mine(name="mine")

    y_true, y_pred, w = rng.integers(0, 3, (4, 2)), reals(rng, 4)[:, :2], np.arange(4.0)
    close(make(losses.Loss)(y_true, y_pred, w), make(keras.losses.Loss)(y_true, y_pred, w))
    assert make(losses.Loss).name == "mine"
    assert losses.Loss().name == "loss"


def test_integer_outputs_do_not_stay_integers():
    for name in ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "poisson"):
        ours = getattr(losses, name)([1, 0], [1, 1])
        close(ours, getattr(keras.losses, name)(np.array([1.0, 0.0]), np.array([1.0, 1.0])))


def test_one_class_is_warned_about():
    with pytest.warns(SyntaxWarning, match="single class"):
        losses.categorical_crossentropy(np.ones((2, 1)), np.ones((2, 1)))


def test_under_jit_vmap_and_grad_a_loss_is_the_same(rng):
    y_true, y_pred = reals(rng, N), jnp.asarray(reals(rng, N))
    loss = losses.MeanSquaredError()
    plain = loss(y_true, y_pred)
    close(jax.jit(lambda t, p: loss(t, p))(y_true, y_pred), plain)
    each = jax.vmap(lambda t, p: loss(t[None], p[None]))(y_true, y_pred)
    close(each.mean(), plain)
    value, pull = jax.vjp(lambda p: loss(y_true, p), y_pred)
    close(pull(jnp.ones_like(value))[0], jax.grad(lambda p: loss(y_true, p))(y_pred))


def test_empty_batches_are_as_in_keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = keras.losses.MeanSquaredError()(np.ones((0, 2)), np.ones((0, 2)))
    close(losses.MeanSquaredError()(np.ones((0, 2)), np.ones((0, 2))), expected)


def test_a_subclass_that_ignores_a_class_has_the_mean_of_the_others(rng):
    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            return losses.sparse_categorical_crossentropy(y_true, y_pred, ignore_class=1)

    y_true, y_pred = np.array([0, 1, 2, 1, 1, 0]), probabilities(rng, N)
    expected = keras.losses.SparseCategoricalCrossentropy(ignore_class=1)(y_true, y_pred)
    close(Mine()(y_true, y_pred), expected)
    close(jax.jit(lambda t, p: Mine()(t, p))(y_true, y_pred), expected)
