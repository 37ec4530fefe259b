"""The Metric base: subclasses written for Keras, names, identifiers, errors."""

import inspect

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from flax import nnx

from kerax import losses, metrics
from kerax._errors import ArgumentError, ShapeError, StateError, Unsupported

CLASSES = sorted(n for n in metrics.__all__ if n[0].isupper())
OURS_ONLY = {"cosine_similarity", "resolve", "resolve_by_shapes"}


def test_all_public_names_are_there():
    assert set(metrics.__all__) - OURS_ONLY == {n for n in dir(keras.metrics) if not n.startswith("_")}


@pytest.mark.parametrize("name", CLASSES)
def test_signatures_are_keras_s(name):
    mine = inspect.signature(getattr(metrics, name).__init__).parameters
    other = inspect.signature(getattr(keras.metrics, name).__init__).parameters
    assert [(p.name, p.default) for p in mine.values()] == [(p.name, p.default) for p in other.values()]


def make(base):
    class Positives(base):
        def __init__(self, k=3, name="positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.k = k
            self.inner = (metrics if base is metrics.Metric else keras.metrics).Mean(name="inner")
            self.total = self.add_weight(name="total", initializer="zeros")
            self.seen = self.add_weight(shape=(2,), dtype="int32", initializer="ones", name="seen")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(keras.ops.sum(keras.ops.cast(y_pred > 0, "float32")))
            self.seen.assign(self.seen + 1)
            self.inner.update_state(y_pred)

        def result(self):
            return {"total": self.total, "inner": self.inner.result()}

    return Positives()


def test_a_subclass_written_for_keras_works():
    ours, theirs = make(metrics.Metric), make(keras.metrics.Metric)
    for metric in (ours, theirs):
        metric.update_state(np.ones(3), np.array([1.0, -1.0, 2.0]))
    assert [(v.path, v.dtype) for v in ours.variables] == [(v.path, v.dtype) for v in theirs.variables]
    assert [np.asarray(v.value).tolist() for v in ours.variables] == [np.asarray(v).tolist() for v in theirs.variables]
    assert ours.get_config() == theirs.get_config()
    assert float(ours.result()["total"]) == 2.0
    ours.reset_state()
    assert all(not np.any(v.numpy()) for v in ours.variables)
    ours.reset_states()


def test_metrics_in_lists_and_dicts_are_found():
    class Many(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.several = [metrics.Mean(name="a"), metrics.Mean(name="b")]
            self.named = {"k": metrics.Sum(name="c")}
            self.own = self.add_weight(name="own")

    assert [v.path for v in Many().variables] == ["many/own", "a/total", "a/count", "b/total", "b/count", "c/total"]


def test_a_name_may_come_first_as_in_tensorflow():
    metric = metrics.Mean()
    assert metric.add_weight("extra", initializer="ones").name == "extra"
    assert metric.add_weight("extra", initializer=lambda shape, dtype: jnp.full(shape, 2, dtype)).numpy() == 2


def test_results_are_plain_arrays_that_format():
    metric = metrics.Mean()
    metric.update_state([1.0, 2.0])
    assert f"{metric.result():.3f}" == "1.500"
    assert repr(metric) == "<Mean name=mean>"
    assert metrics.Mean()([1.0, 3.0]) == 2.0


def test_variables_that_come_too_early_are_explained():
    class Early(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight(name="total")

    with pytest.raises(StateError, match="super"):
        Early()


def test_stateless_forms_want_all_variables():
    with pytest.raises(ArgumentError, match="got 1 values, expected 2"):
        metrics.Mean().stateless_update_state([1.0], [1.0])
    assert float(metrics.Mean().stateless_result([3.0, 2.0])) == 1.5


def test_methods_left_undefined_say_so():
    with pytest.raises(Unsupported, match="update_state"):
        metrics.Metric().update_state(1)
    with pytest.raises(Unsupported, match="result"):
        metrics.Metric().result()


def test_a_metric_is_a_flax_module():
    metric = metrics.Precision(thresholds=[0.2, 0.7])
    metric.update_state([0, 1, 1], [0.3, 0.8, 0.1])
    graph, state = nnx.split(metric, graph=True)
    merged = nnx.merge(graph, state)
    np.testing.assert_allclose(merged.result(), metric.result())


@pytest.mark.parametrize(
    "identifier",
    "accuracy mse MSE mae msle mape bce BCE AUC auc Precision recall top_k_categorical_accuracy Mean "
    "root_mean_squared_error kl_divergence f1_score binary_accuracy hinge cosine_similarity r2_score".split(),
)
def test_identifiers_resolve_as_in_keras(identifier):
    ours, theirs = metrics.get(identifier), keras.metrics.get(identifier)
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.get_config().keys() == theirs.get_config().keys()


def test_get_takes_everything_else():
    metric = metrics.Mean(name="m")
    assert metrics.get(None) is None
    assert metrics.get(metric) is metric
    assert isinstance(metrics.get(metrics.Mean), metrics.Mean)
    assert metrics.get(metrics.binary_accuracy) is metrics.binary_accuracy
    assert isinstance(metrics.get("acc"), metrics.Accuracy)
    assert isinstance(metrics.get("cosine"), metrics.CosineSimilarity)
    with pytest.raises(ArgumentError, match="accuracy"):
        metrics.get("accuracie")
    with pytest.raises(ArgumentError, match="Not a metric"):
        metrics.get(3)


@pytest.mark.parametrize("fn", [metrics.binary_accuracy, losses.huber])
def test_wrapped_functions_are_written_and_read(fn):
    metric = metrics.MeanMetricWrapper(fn, name="w")
    theirs = keras.metrics.MeanMetricWrapper(getattr(keras.metrics, fn.__name__), name="w")
    assert metrics.serialize(metric) == keras.metrics.serialize(theirs)
    assert metrics.deserialize(keras.metrics.serialize(theirs))._fn is fn


NAMES = ["accuracy", "acc", "Accuracy", "mse", "MeanSquaredError", "AUC", "precision", "RootMeanSquaredError"]
SHAPES = [((8, 1), (1,)), ((8,), (1,)), ((8, 3), (3,)), ((8, 1), (3,)), ((8, 2, 3), (2, 3)), ((8, 2), (2, 1))]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("true", "out"), SHAPES)
def test_compiled_names_resolve_as_in_keras(name, true, out):
    if name in ("AUC", "precision", "mse", "MeanSquaredError", "RootMeanSquaredError") and true != (8, *out):
        return
    model = keras.Sequential([keras.Input(out), keras.layers.Identity()])
    model.compile(loss=lambda t, p: keras.ops.sum(p, axis=-1), metrics=[name])
    model.evaluate(np.zeros((8, *out)), np.zeros(true), verbose=0)
    theirs = model._compile_metrics.metrics[0]
    ours = metrics.resolve(name, true, (8, *out))
    assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)


def test_crossentropies_resolve_by_shape_and_take_the_loss_s_logits():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    metric = metrics.resolve_by_shapes("ce", (8,), (8, 3), loss)
    assert isinstance(metric, metrics.SparseCategoricalCrossentropy)
    assert (metric.name, metric.from_logits) == ("ce", True)
    assert isinstance(metrics.resolve_by_shapes("crossentropy", (8, 3), (8, 3)), metrics.CategoricalCrossentropy)
    assert isinstance(metrics.resolve_by_shapes("crossentropy", (8,), (8, 1)), metrics.BinaryCrossentropy)


def test_functions_losses_and_classes_resolve_with_their_names():
    def my_metric(y_true, y_pred):
        return y_pred

    assert metrics.resolve(my_metric, (8,), (8,)).name == "my_metric"
    assert metrics.resolve(losses.MeanSquaredError(), (8,), (8,)).name == "mean_squared_error"
    assert metrics.resolve(lambda t, p: p, (8,), (8,)).name == "lambda"
    assert metrics.resolve(metrics.AUC, (8,), (8,)).name == "auc"
    assert metrics.resolve(losses.huber, (8,), (8,)).name == "huber"
    assert metrics.resolve(None, (8,), (8,)) is None


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: metrics.Precision(thresholds=1.5), r"\[0, 1\]"),
        (lambda: metrics.AUC(curve="x"), "Invalid AUC curve value"),
        (lambda: metrics.AUC(summation_method="x"), "summation method"),
        (lambda: metrics.AUC(num_thresholds=1), "integer > 1"),
        (lambda: metrics.SensitivityAtSpecificity(2), r"`specificity`.*\[0, 1\]"),
        (lambda: metrics.F1Score(average="x"), "Invalid `average`"),
        (lambda: metrics.FBetaScore(beta=-1.0), "Invalid `beta`"),
        (lambda: metrics.F1Score(threshold=3), "Invalid `threshold`"),
        (lambda: metrics.R2Score(class_aggregation="q"), "class_aggregation"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors"),
        (lambda: metrics.IoU(2, [2]), "Target class id 2"),
        (lambda: metrics.Precision(class_id=7)(np.eye(3), np.eye(3)), "class_id"),
    ],
)
def test_arguments_out_of_range_are_named(make, match):
    with pytest.raises(ArgumentError, match=match):
        make()


@pytest.mark.parametrize(
    "metric",
    [metrics.MeanSquaredError, metrics.RootMeanSquaredError, metrics.BinaryAccuracy, metrics.Precision, metrics.AUC],
)
def test_shapes_that_differ_are_named(metric):
    with pytest.raises(ShapeError, match=r"\(4, 3\).*\(4, 1\)"):
        metric()(np.ones((4, 3)), np.ones((4, 1)))


def test_two_dimensions_are_asked_for():
    with pytest.raises(ShapeError, match="2D"):
        metrics.R2Score()(np.ones(3), np.ones(3))
    with pytest.raises(ShapeError, match="2D"):
        metrics.F1Score()(np.ones(3), np.ones(3))
    with pytest.raises(ShapeError, match="rank 2"):
        metrics.AUC(multi_label=True)(np.ones(3), np.ones(3))
    with pytest.raises(ShapeError, match="sample_weight"):
        metrics.Mean().update_state(np.ones(3), np.ones((3, 2)))
