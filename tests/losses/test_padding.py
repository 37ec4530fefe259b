"""Padded rows: the loss of a padded batch is that of its real rows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kerax import losses
from kerax._core.context import setting
from kerax.losses._align import RowsMixed
from kerax.losses._base import LossFunctionWrapper, keeps_rows

N, T, C = 6, 4, 3
REAL = 4
ROWS = jnp.arange(N) < REAL
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"]


def garbage(x):
    x = np.array(x)
    x[REAL:] = np.nan if x.dtype.kind == "f" else 10**6
    return x


def masked(x, mask):
    if mask is None:
        return x
    x = jnp.asarray(x)
    x._keras_mask = jnp.asarray(mask)
    return x


def agree(loss, y_true, y_pred, weight, mask):
    """The padded batch, full of garbage, gives the loss and the gradient of its real rows."""
    cut, dirty = weight, weight
    if np.ndim(weight):
        cut, dirty = weight[:REAL], garbage(weight)

    def on_real(p):
        return loss(y_true[:REAL], masked(p, None if mask is None else mask[:REAL]), cut)

    def on_padded(p):
        with setting(rows=ROWS):
            return loss(garbage(y_true), masked(p, mask), dirty)

    if mask is not None:
        got, expected = on_padded(garbage(y_pred)), on_real(y_pred[:REAL])
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=1e-7)
        return
    expected = jax.value_and_grad(on_real)(jnp.asarray(y_pred[:REAL]))
    got = jax.value_and_grad(on_padded)(jnp.asarray(garbage(y_pred)))
    np.testing.assert_allclose(got[0], expected[0], rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(got[1][:REAL], expected[1], rtol=1e-5, atol=1e-6)
    assert not np.any(got[1][REAL:])


ONE_OF_EACH = "mse mape msle huber cosine kl poisson hinge bce focal_bce_logits cce_logits scce".split()


@pytest.mark.parametrize("case", [key.replace("_", " ") for key in ONE_OF_EACH], indirect=True)
def test_padded_rows_change_neither_loss_nor_gradient(case, rng):
    y_true, y_pred = case.data(rng, N, T)
    agree(case.ours(), y_true, y_pred, rng.uniform(0, 2, (N, T)), None)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_padded_rows_are_left_out_of_every_reduction(reduction, rng):
    loss = losses.MeanSquaredError(reduction=reduction)
    y_true, y_pred = rng.normal(size=(N, T, C)).astype("float32"), rng.normal(size=(N, T, C)).astype("float32")
    mask = rng.uniform(size=(N, T)) < 0.6
    for weight in (rng.uniform(0, 2, N), 2.0):
        agree(loss, y_true, y_pred, weight, None)
    for weight in (None, rng.uniform(0, 2, (N, 1))):
        agree(loss, y_true, y_pred, weight, mask)


def test_padded_rows_and_ignored_classes_are_both_left_out(rng):
    loss = losses.SparseCategoricalCrossentropy(ignore_class=1, from_logits=True)
    y_true, y_pred = rng.integers(0, C, (N, T)), rng.normal(size=(N, T, C)).astype("float32")
    agree(loss, y_true, y_pred, rng.uniform(0, 2, N), None)
    agree(loss, y_true, y_pred, None, rng.uniform(size=(N, T)) < 0.6)


@pytest.mark.parametrize("name", ["Dice", "Tversky"])
@pytest.mark.parametrize("axis", [None, (1,)])
def test_overlap_losses_leave_padded_rows_out(name, axis, rng):
    y_true, y_pred = (rng.uniform(size=(N, C)) < 0.5).astype("float32"), rng.uniform(size=(N, C)).astype("float32")
    loss = getattr(losses, name)(axis=axis)
    with setting(rows=ROWS):
        got = loss(garbage(y_true), garbage(y_pred))
    np.testing.assert_allclose(got, loss(y_true[:REAL], y_pred[:REAL]), rtol=1e-6)


def test_circle_loss_leaves_padded_rows_out(rng):
    e, ids = rng.normal(size=(N, 4)).astype("float32"), np.array([0, 0, 1, 1, 0, 1])
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    with setting(rows=ROWS):
        got = losses.Circle()(ids, garbage(e))
    np.testing.assert_allclose(got, losses.Circle()(ids[:REAL], e[:REAL]), rtol=1e-5)


def test_ctc_leaves_padded_rows_out(rng):
    y_true, y_pred = rng.integers(1, C, (N, 2)), rng.normal(size=(N, 5, C)).astype("float32")
    with setting(rows=ROWS):
        got = losses.CTC()(garbage(y_true), garbage(y_pred))
    np.testing.assert_allclose(got, losses.CTC()(y_true[:REAL], y_pred[:REAL]), rtol=1e-5)


def test_a_function_of_one_s_own_is_reduced_over_real_rows(rng):
    loss = LossFunctionWrapper(lambda t, p: jnp.mean(jnp.sqrt(jnp.abs(t - p)), -1), name="own")
    y_true, y_pred = rng.normal(size=(N, C)), rng.normal(size=(N, C))
    with setting(rows=ROWS):
        got = loss(garbage(y_true), garbage(y_pred))
    np.testing.assert_allclose(got, loss(y_true[:REAL], y_pred[:REAL]), rtol=1e-6)


def test_a_function_that_loses_the_rows_is_refused_for_padded_batches():
    loss = LossFunctionWrapper(lambda t, p: jnp.mean(jnp.square(t - p)), name="own")
    with setting(rows=ROWS), pytest.raises(RowsMixed, match="'own'.*padded rows"):
        loss(np.ones((N, C)), np.zeros((N, C)))
    assert float(loss(np.ones((N, C)), np.zeros((N, C)))) == 1.0


def test_other_sizes_are_not_touched():
    with setting(rows=ROWS):
        assert float(losses.MeanSquaredError()(np.ones((3, 2)), np.zeros((3, 2)))) == 1.0


def test_which_losses_keep_rows_is_known():
    assert keeps_rows(losses.MeanSquaredError())
    assert keeps_rows(losses.Dice())
    assert keeps_rows(losses.mean_squared_error)
    assert not keeps_rows(lambda t, p: t)
    assert not keeps_rows(losses.Loss())


def test_no_real_row_gives_zero():
    with setting(rows=jnp.zeros(N, bool)):
        assert float(losses.MeanSquaredError()(np.ones((N, 2)), np.zeros((N, 2)))) == 0.0
