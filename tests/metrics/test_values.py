"""Every metric against Keras: streams of weighted batches, masks, dtypes, configs."""

import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerax import metrics

pytestmark = pytest.mark.filterwarnings("ignore:Explicitly requested dtype")  # Keras asks JAX for int64


def close(ours, theirs, tolerance=2e-6):
    ours, theirs = np.asarray(ours, "float64"), np.asarray(theirs, "float64")
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=tolerance * 5, atol=tolerance)


def same_state(ours, theirs):
    mine, other = ([(v.name, v.shape, v.dtype) for v in metric.variables] for metric in (ours, theirs))
    assert mine == other
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        close(mine.value, other.value, 1e-5)


def test_a_stream_of_batches_with_and_without_weights_gives_keras_s_state_and_result(case, rng):
    ours, theirs = case.ours(), case.theirs()
    weight = rng.uniform(0, 2, 6).astype("float32")
    if case.name == "BinaryIoU":  # Keras wants a weight an element there
        weight = np.repeat(weight[:, None], 3, 1)
    for (y_true, y_pred), w in zip(case.batches(rng, (6, 6, 6)), (None, weight, weight[::-1]), strict=True):
        ours.update_state(y_true, y_pred, w)
        theirs.update_state(y_true, y_pred, w)
    same_state(ours, theirs)
    close(ours.result(), theirs.result())
    ours.reset_state()
    assert not any(np.any(v.numpy()) for v in ours.variables)


def test_configs_are_keras_s_and_are_read_by_both(case):
    ours, theirs = case.ours(name="own"), case.theirs(name="own")
    mine, other = metrics.serialize(ours), keras.metrics.serialize(theirs)
    if case.key == "auc labels":  # Keras writes a tensor there, which it cannot read itself
        weights = other["config"].pop("label_weights")["config"]["value"]
        np.testing.assert_allclose(mine["config"].pop("label_weights"), weights, rtol=1e-6)
    assert mine == other
    again = metrics.deserialize(keras.metrics.serialize(theirs))
    if case.key != "auc labels":
        assert metrics.serialize(again) == metrics.serialize(ours)
    revived = keras.metrics.deserialize(metrics.serialize(ours))
    assert keras.metrics.serialize(revived) == keras.metrics.serialize(theirs)


@pytest.mark.parametrize("case", ["mse", "rmse", "auc", "precision", "mean iou", "f1", "r2"], indirect=True)
def test_stateless_forms_agree_with_the_stateful_ones(case, rng):
    ((y_true, y_pred),) = case.batches(rng, (6,))
    metric = case.ours()
    metric.update_state(y_true, y_pred)
    metric.reset_state()
    start = metric.stateless_reset_state()
    after = jax.jit(metric.stateless_update_state)(start, y_true, y_pred)
    assert not any(np.any(v.numpy()) for v in metric.variables)
    result = metric.stateless_result(after)
    metric.update_state(y_true, y_pred)
    close(result, metric.result())
    for value, variable in zip(after, metric.variables, strict=True):
        close(value, variable.value)


VALUES = np.arange(6, dtype="float32").reshape(3, 2)


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(
    "args",
    [
        (VALUES,),
        (VALUES, np.array([1.0, 2, 3])),
        (VALUES, np.array([[1.0], [2], [3]])),
        (VALUES, VALUES),
        (VALUES, 2.0),
        (3.0,),
        (3, 2.0),
        ([1, 2, 4],),
        ([1.0, 2.0], [0.5, 0]),
        (VALUES[..., None], VALUES),
        (VALUES[..., None], VALUES[:, 0]),
    ],
    ids=str,
)
def test_means_and_sums_reduce_as_in_keras(name, args):
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for _ in range(2):
        ours.update_state(*args)
        theirs.update_state(*args)
    same_state(ours, theirs)
    close(ours.result(), theirs.result())


@pytest.mark.parametrize("shape", [(3,), (3, 2)])
@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryAccuracy", "Mean", "RootMeanSquaredError"])
def test_masks_count_as_in_keras(name, shape, rng):
    mask = jnp.asarray(rng.uniform(size=shape) < 0.5).at[0].set(True)
    y_true, y_pred = rng.normal(size=(3, 2, 2)), jnp.asarray(rng.normal(size=(3, 2, 2)))
    if shape == (3,):
        y_true, y_pred = y_true[:, 0], y_pred[:, 0]
    y_pred._keras_mask = mask
    for weight in (None, rng.uniform(size=shape)):
        ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
        args = (y_pred,) if name == "Mean" else (y_true, y_pred)
        ours.update_state(*args, sample_weight=weight)
        theirs.update_state(*args, sample_weight=weight)
        same_state(ours, theirs)


def test_a_weight_per_row_meets_a_mask_over_time(rng):
    y_true, y_pred = rng.normal(size=(3, 2, 2)), jnp.asarray(rng.normal(size=(3, 2, 2)))
    y_pred._keras_mask = jnp.array([[True, False], [True, True], [False, False]])
    metric = metrics.MeanSquaredError()
    metric.update_state(y_true, y_pred, np.array([1.0, 2.0, 3.0]))
    each = np.mean((y_true - np.asarray(y_pred)) ** 2, -1)
    close(metric.total.value, each[0, 0] / 2 + (each[1].sum() * 2) / 2, 1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16"])
def test_dtypes_are_keras_s(dtype):
    ours, theirs = metrics.Mean(dtype=dtype), keras.metrics.Mean(dtype=dtype)
    assert ours.dtype == theirs.dtype
    assert ours.get_config() == theirs.get_config()
    ours.update_state([1.0, 2.0])
    theirs.update_state([1.0, 2.0])
    same_state(ours, theirs)
    assert ours.result().dtype == theirs.result().dtype


FUNCTIONS = [
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "pearson_correlation",
    "concordance_correlation",
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_match_keras(name, rng):
    y_pred = rng.uniform(size=(2, 4, 3)).astype("float32")
    y_true = rng.integers(0, 3, (2, 4)) if "sparse" in name else np.eye(3, dtype="float32")[rng.integers(0, 3, (2, 4))]
    ours, theirs = getattr(metrics, name), getattr(keras.metrics, name)
    options = {"k": 2} if "top_k" in name else {}
    close(ours(y_true, y_pred, **options), theirs(y_true, y_pred, **options))
    if "sparse" in name:
        close(ours(y_true[0], y_pred[0], **options), theirs(y_true[0], y_pred[0], **options))
        close(ours(y_true[0][:, None], y_pred[0], **options), theirs(y_true[0][:, None], y_pred[0], **options))


def test_sorted_ids_are_looked_through(rng):
    ids = np.array([[0, 1, 2], [2, 0, 1], [2, 1, 0]])
    for y_true in ([0, 1, 2], [[0], [1], [2]]):
        options = {"k": 2, "from_sorted_ids": True}
        ours = metrics.SparseTopKCategoricalAccuracy(**options)(np.array(y_true), ids)
        close(ours, keras.metrics.SparseTopKCategoricalAccuracy(**options)(np.array(y_true), ids))


def test_int_confusion_matrices_are_the_default_and_are_returned(rng):
    ours, theirs = metrics.MeanIoU(num_classes=2), keras.metrics.MeanIoU(num_classes=2)
    args = [0, 0, 5, 1], [0, 1, 0, 1]
    close(ours.update_state(*args), theirs.update_state(*args))
    assert ours.dtype == theirs.dtype == "int32"
    close(ours.result(), theirs.result())


def test_adjusted_scores_warn_where_samples_are_few(rng):
    metric = metrics.R2Score(num_regressors=9)
    metric.update_state(rng.normal(size=(2, 2)), rng.normal(size=(2, 2)))
    with pytest.warns(UserWarning, match="too many"):
        metric.result()


def test_updates_do_the_same_under_jit_with_variables_carried(rng):
    from kerax._core.stateful import Carried, pure

    metric = metrics.AUC()
    step = pure(metric.update_state, Carried(metric.variables))
    y_true, y_pred = rng.integers(0, 2, 50), rng.uniform(size=50)
    _, values = jax.jit(step)([v.value for v in metric.variables], y_true, y_pred)
    metric.update_state(y_true, y_pred)
    for value, variable in zip(values, metric.variables, strict=True):
        close(value, variable.value)


def test_many_predictions_make_no_thresholds_by_predictions_matrix(rng):
    y_true, y_pred = rng.integers(0, 2, 20000).astype("float32"), rng.uniform(size=20000).astype("float32")
    ours, theirs = metrics.AUC(), keras.metrics.AUC()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        close(ours(y_true, y_pred), theirs(y_true, y_pred), 1e-5)
