"""Padded rows: a metric fed padded batches holds what it would hold of the real rows."""

import jax.numpy as jnp
import numpy as np
import pytest

from kerax import metrics
from kerax._core.context import setting
from kerax.losses._align import RowsMixed

N, REAL = 6, 4
ROWS = jnp.arange(N) < REAL


def garbage(x):
    x = np.array(x)
    x[REAL:] = np.nan if x.dtype.kind == "f" else 10**6
    return x


FEW = ["sparse", "mse", "rmse", "auc", "precision", "mean iou", "f1", "r2", "hinge"]


def test_padded_rows_add_nothing(case, rng):
    agree(case, rng, None)


@pytest.mark.parametrize("case", FEW, indirect=True)
def test_padded_rows_add_nothing_to_weighted_metrics(case, rng):
    agree(case, rng, rng.uniform(0, 2, N))


def agree(case, rng, weight):
    """The metric holds of a padded batch, full of garbage, what it holds of the real rows."""
    padded, real = case.ours(), case.ours()
    y_true, y_pred = case.batches(rng, (N,))[0]
    real.update_state(y_true[:REAL], y_pred[:REAL], None if weight is None else weight[:REAL])
    with setting(rows=ROWS):
        padded.update_state(garbage(y_true), garbage(y_pred), None if weight is None else garbage(weight))
    for mine, other in zip(padded.variables, real.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize("shape", [(N,), (N, 2)])
def test_means_and_sums_leave_padded_rows_out(name, shape, rng):
    values = rng.normal(size=shape)
    for weight in (None, 2.0, rng.uniform(size=N), rng.uniform(size=shape)):
        padded, real = getattr(metrics, name)(), getattr(metrics, name)()
        cut, dirty = (weight[:REAL], garbage(weight)) if np.ndim(weight) else (weight, weight)
        real.update_state(values[:REAL], cut)
        with setting(rows=ROWS):
            padded.update_state(garbage(values), dirty)
        for mine, other in zip(padded.variables, real.variables, strict=True):
            np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-5)


def test_scalars_are_not_rows():
    metric = metrics.Mean()
    with setting(rows=ROWS):
        metric.update_state(3.0)
    assert (float(metric.total.value), float(metric.count.value)) == (3.0, 1.0)


def test_a_function_of_one_s_own_must_keep_the_rows():
    with setting(rows=ROWS):
        metric = metrics.MeanMetricWrapper(lambda t, p: jnp.abs(t - p), name="own")
        metric.update_state(garbage(np.ones((N, 2))), garbage(np.zeros((N, 2))))
        assert float(metric.count.value) == REAL
        assert float(metric.result()) == 1.0
        with pytest.raises(RowsMixed, match="'lost'"):
            metrics.MeanMetricWrapper(lambda t, p: jnp.mean(t - p), name="lost").update_state(
                np.ones((N, 2)), np.ones((N, 2))
            )
