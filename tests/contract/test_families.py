"""What every loss, metric, optimizer, initializer, regularizer and constraint must do; a class without a row fails."""

from __future__ import annotations

import copy
import inspect
import json
import pickle

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import constraints, initializers, losses, metrics, optimizers, regularizers
from kerax.optimizers import schedules

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
ROWS, CLASSES = 6, 3
REAL, OTHER = (RNG.normal(size=(ROWS, CLASSES)).astype("float32") for _ in range(2))
SHARE = RNG.uniform(0.05, 0.95, size=(ROWS, CLASSES)).astype("float32")
HOT = np.eye(CLASSES, dtype="float32")[RNG.integers(0, CLASSES, ROWS)]
IDS = RNG.integers(0, CLASSES, ROWS).astype("int32")
SIGNS = 2 * HOT - 1

# Class -> (constructor's arguments, targets, outputs).
LOSSES = {
    "BinaryCrossentropy": ({"label_smoothing": 0.1}, HOT, SHARE),
    "BinaryFocalCrossentropy": ({"gamma": 1.5}, HOT, SHARE),
    "CTC": ({}, np.array([[1, 2], [2, 1]], "int32"), RNG.normal(size=(2, 6, 4)).astype("float32")),
    "CategoricalCrossentropy": ({"from_logits": True}, HOT, REAL),
    "CategoricalFocalCrossentropy": ({"alpha": 0.5}, HOT, SHARE),
    "CategoricalGeneralizedCrossEntropy": ({"q": 0.4}, IDS, SHARE),
    "CategoricalHinge": ({}, HOT, REAL),
    "Circle": ({"gamma": 2.0}, IDS, REAL),
    "CosineSimilarity": ({"axis": -1}, REAL, OTHER),
    "Dice": ({}, HOT, SHARE),
    "Hinge": ({}, SIGNS, REAL),
    "Huber": ({"delta": 0.5}, REAL, OTHER),
    "KLDivergence": ({}, SHARE, SHARE[::-1]),
    "LogCosh": ({}, REAL, OTHER),
    "MeanAbsoluteError": ({}, REAL, OTHER),
    "MeanAbsolutePercentageError": ({}, SHARE, OTHER),
    "MeanSquaredError": ({"reduction": "sum"}, REAL, OTHER),
    "MeanSquaredLogarithmicError": ({}, SHARE, SHARE[::-1]),
    "Poisson": ({}, SHARE, SHARE[::-1]),
    "SparseCategoricalCrossentropy": ({"ignore_class": 1}, IDS, SHARE),
    "SquaredHinge": ({}, SIGNS, REAL),
    "Tversky": ({"alpha": 0.3}, HOT, SHARE),
}
BITS = (SHARE > 0.5).astype("float32")
METRICS = {
    "AUC": ({"num_thresholds": 20}, BITS, SHARE),
    "Accuracy": ({}, IDS, IDS[::-1]),
    "BinaryAccuracy": ({"threshold": 0.3}, BITS, SHARE),
    "BinaryCrossentropy": ({}, HOT, SHARE),
    "BinaryIoU": ({"threshold": 0.4}, BITS, SHARE),
    "CategoricalAccuracy": ({}, HOT, SHARE),
    "CategoricalCrossentropy": ({}, HOT, SHARE),
    "CategoricalHinge": ({}, HOT, REAL),
    "ConcordanceCorrelation": ({}, REAL, OTHER),
    "CosineSimilarity": ({}, REAL, OTHER),
    "F1Score": ({"average": "macro"}, HOT, SHARE),
    "FBetaScore": ({"beta": 2.0}, HOT, SHARE),
    "FalseNegatives": ({}, BITS, SHARE),
    "FalsePositives": ({"thresholds": [0.2, 0.7]}, BITS, SHARE),
    "Hinge": ({}, SIGNS, REAL),
    "IoU": ({"num_classes": 3, "target_class_ids": [0, 2]}, IDS, IDS[::-1]),
    "KLDivergence": ({}, SHARE, SHARE[::-1]),
    "LogCoshError": ({}, REAL, OTHER),
    "Mean": ({}, REAL, None),
    "MeanAbsoluteError": ({}, REAL, OTHER),
    "MeanAbsolutePercentageError": ({}, SHARE, OTHER),
    "MeanIoU": ({"num_classes": 3}, IDS, IDS[::-1]),
    "MeanMetricWrapper": ({"fn": "mean_squared_error"}, REAL, OTHER),
    "MeanSquaredError": ({}, REAL, OTHER),
    "MeanSquaredLogarithmicError": ({}, SHARE, SHARE[::-1]),
    "OneHotIoU": ({"num_classes": 3, "target_class_ids": [1]}, HOT, HOT[::-1]),
    "OneHotMeanIoU": ({"num_classes": 3}, HOT, HOT[::-1]),
    "PearsonCorrelation": ({}, REAL, OTHER),
    "Poisson": ({}, SHARE, SHARE[::-1]),
    "Precision": ({"thresholds": 0.4}, BITS, SHARE),
    "PrecisionAtRecall": ({"recall": 0.5}, BITS, SHARE),
    "R2Score": ({}, REAL, OTHER),
    "Recall": ({"class_id": 1}, HOT, SHARE),
    "RecallAtPrecision": ({"precision": 0.5}, BITS, SHARE),
    "RootMeanSquaredError": ({}, REAL, OTHER),
    "SensitivityAtSpecificity": ({"specificity": 0.5}, BITS, SHARE),
    "SparseCategoricalAccuracy": ({}, IDS, SHARE),
    "SparseCategoricalCrossentropy": ({}, IDS, SHARE),
    "SparseTopKCategoricalAccuracy": ({"k": 2}, IDS, SHARE),
    "SpecificityAtSensitivity": ({"sensitivity": 0.5}, BITS, SHARE),
    "SquaredHinge": ({}, SIGNS, REAL),
    "Sum": ({}, REAL, None),
    "TopKCategoricalAccuracy": ({"k": 2}, HOT, SHARE),
    "TrueNegatives": ({}, BITS, SHARE),
    "TruePositives": ({}, BITS, SHARE),
}
INITIALIZERS = {
    "Constant": ({"value": 0.5}, (3, 4)),
    "GlorotNormal": ({"seed": 1}, (3, 4)),
    "GlorotUniform": ({"seed": 1}, (3, 4)),
    "HeNormal": ({"seed": 1}, (3, 4)),
    "HeUniform": ({"seed": 1}, (3, 4)),
    "Identity": ({"gain": 2.0}, (3, 4)),
    "LecunNormal": ({"seed": 1}, (3, 4)),
    "LecunUniform": ({"seed": 1}, (3, 4)),
    "Ones": ({}, (3, 4)),
    "Orthogonal": ({"seed": 1}, (3, 4)),
    "RandomNormal": ({"stddev": 0.2, "seed": 1}, (3, 4)),
    "RandomUniform": ({"minval": 0.0, "seed": 1}, (3, 4)),
    "STFT": ({"window": "hamming"}, (16, 1, 9)),
    "TruncatedNormal": ({"seed": 1}, (3, 4)),
    "VarianceScaling": ({"mode": "fan_out", "seed": 1}, (3, 4)),
    "Zeros": ({}, (3, 4)),
}
REGULARIZERS = {
    "L1": {"l1": 0.1},
    "L1L2": {"l1": 0.1, "l2": 0.2},
    "L2": {"l2": 0.2},
    "OrthogonalRegularizer": {"factor": 0.1, "mode": "columns"},
}
CONSTRAINTS = {
    "MaxNorm": {"max_value": 0.5, "axis": 0},
    "MinMaxNorm": {"min_value": 0.2, "rate": 0.5},
    "NonNeg": {},
    "UnitNorm": {"axis": 1},
}
OPTIMIZERS = {
    "Adadelta": {"rho": 0.9},
    "Adafactor": {"clip_threshold": 2.0},
    "Adagrad": {"initial_accumulator_value": 0.2},
    "Adam": {"amsgrad": True, "clipnorm": 1.0},
    "AdamW": {"weight_decay": 0.01},
    "Adamax": {"beta_1": 0.8},
    "Ftrl": {"l1_regularization_strength": 0.1},
    "Lamb": {"epsilon": 1e-5},
    "Lion": {"use_ema": True},
    "LossScaleOptimizer": {"initial_scale": 64.0},
    "Muon": {"momentum": 0.9},
    "Nadam": {"global_clipnorm": 1.0},
    "RMSprop": {"centered": True, "momentum": 0.9},
    "SGD": {"momentum": 0.9, "nesterov": True},
    "ScheduleFreeAdamW": {},
}
SCHEDULES = {
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9, "warmup_target": 0.2, "warmup_steps": 3},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 5},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5, "staircase": True},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundaries": [3, 6], "values": [0.1, 0.2, 0.3]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 5},
}
TABLES = {
    "constraints": (constraints, CONSTRAINTS, {"Constraint"}),
    "initializers": (initializers, INITIALIZERS, {"Initializer"}),
    "losses": (losses, LOSSES, {"Loss"}),
    "metrics": (metrics, METRICS, {"Metric"}),
    "optimizers": (optimizers, OPTIMIZERS, {"Optimizer"}),
    "optimizers.schedules": (schedules, SCHEDULES, {"LearningRateSchedule"}),
    "regularizers": (regularizers, REGULARIZERS, {"Regularizer"}),
}
# Tested where what they hold is at hand.
ELSEWHERE = {"MultiOptimizer", "OptaxOptimizer", "OptimizerMap"}
# Keras 3.15 leaves arguments out of these configs, or cannot read its own.
OURS_ALONE = {"CategoricalGeneralizedCrossEntropy", "Huber", "Identity", "Lamb"}


@pytest.mark.parametrize("family", TABLES)
def test_every_public_class_has_a_row(family):
    module, table, bases = TABLES[family]
    classes = {obj.__name__ for name in module.__all__ if inspect.isclass(obj := getattr(module, name))}
    assert sorted(classes - set(table) - bases - ELSEWHERE) == [], "add a row"
    assert sorted(set(table) - classes) == []


def rows(*families):
    for family in families:
        module, table, _ = TABLES[family]
        for name, row in table.items():
            options = row[0] if isinstance(row, tuple) else row
            yield pytest.param(family, module, name, options, id=name)


def oracle(family):
    found = keras
    for part in family.split("."):
        found = getattr(found, part)
    return found


def make(library, name, options):
    options = dict(options)
    if name == "LossScaleOptimizer":
        options = {"inner_optimizer": library.SGD(0.1), **options}
    if name == "MeanMetricWrapper":
        options["fn"] = (losses if library is metrics else keras.losses).mean_squared_error
    return getattr(library, name)(**options)


ALL = list(
    rows("constraints", "initializers", "losses", "metrics", "optimizers", "optimizers.schedules", "regularizers")
)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's, of its own Variables
@pytest.mark.parametrize(("family", "module", "name", "options"), ALL)
def test_configs_survive_json_and_are_read_by_keras_and_from_keras(family, module, name, options):
    ours = make(module, name, options)
    saved = json.loads(json.dumps(module.serialize(ours)))
    again = module.deserialize(saved)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    theirs_module = oracle(family)
    if not hasattr(theirs_module, name) or name in OURS_ALONE:
        return
    theirs = make(theirs_module, name, options)
    assert json.loads(json.dumps(theirs_module.deserialize(saved).get_config())) == json.loads(
        json.dumps({**theirs.get_config(), **({"name": ours.name} if hasattr(ours, "name") else {})})
    )
    back = module.deserialize(json.loads(json.dumps(theirs_module.serialize(theirs))))
    assert back.get_config().keys() == ours.get_config().keys()


@pytest.mark.parametrize(("family", "module", "name", "options"), ALL)
def test_copies_and_pickles_have_the_same_config(family, module, name, options):
    ours = make(module, name, options)
    for other in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert type(other) is type(ours)
        assert other.get_config() == ours.get_config()


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_the_same_under_jit_finite_in_half_precision_and_has_a_gradient(name):
    options, y_true, y_pred = LOSSES[name]
    loss = getattr(losses, name)(**options)
    value, grads = jax.jit(jax.value_and_grad(lambda p: loss(y_true, p)))(jnp.asarray(y_pred))
    np.testing.assert_allclose(value, loss(y_true, y_pred), rtol=1e-5)
    assert np.isfinite(grads).all()
    half = getattr(losses, name)(**options, dtype="bfloat16")(y_true, y_pred)
    assert half.dtype == "bfloat16"
    np.testing.assert_allclose(np.asarray(half, "float32"), value, rtol=0.1, atol=0.05)


@pytest.mark.parametrize("name", METRICS)
def test_states_of_a_metric_add_up_over_batches_and_reset(name):
    options, y_true, y_pred = METRICS[name]

    def measured(*parts):
        metric = make(metrics, name, options)
        for part in parts:
            metric.update_state(*(x[part] for x in (y_true, y_pred) if x is not None))
        return np.asarray(metric.result())

    whole, parted = measured(slice(0, ROWS)), measured(slice(0, 4), slice(4, ROWS))
    np.testing.assert_allclose(parted, whole, rtol=1e-5, atol=1e-6)
    arguments = [jnp.asarray(x) for x in (y_true, y_pred) if x is not None]
    start = make(metrics, name, options)
    start.update_state(*(x[:1] for x in arguments))
    start.reset_state()
    states = [v.value for v in start.variables]
    after = jax.jit(lambda states, *args: start.stateless_update_state(states, *args))(states, *arguments)
    np.testing.assert_allclose(start.stateless_result(after), whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_makes_the_shape_and_dtype_asked_for_and_repeats(name):
    options, shape = INITIALIZERS[name]
    for dtype in ("float32", "bfloat16"):
        value = getattr(initializers, name)(**options)(shape, dtype=dtype)
        assert (value.shape, str(value.dtype)) == (shape, dtype)
        again = getattr(initializers, name)(**options)(shape, dtype=dtype)
        np.testing.assert_array_equal(np.asarray(value, "float32"), np.asarray(again, "float32"))


@pytest.mark.parametrize(("family", "module", "name", "options"), list(rows("constraints", "regularizers")))
def test_constraints_and_regularizers_keep_the_dtype_and_work_under_jit(family, module, name, options):
    fn = make(module, name, options)
    for dtype in ("float32", "bfloat16"):
        x = jnp.asarray(REAL, dtype)
        eager, traced = fn(x), jax.jit(lambda x: fn(x))(x)
        assert eager.dtype == traced.dtype
        if module is constraints:
            assert eager.dtype == dtype
        np.testing.assert_allclose(np.asarray(eager, "float32"), np.asarray(traced, "float32"), rtol=2e-2)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_steps_alike_stateless_under_jit(name):
    start = [np.asarray(REAL), np.asarray([0.5, -0.2], "float32")]
    grads = [jnp.asarray(OTHER), jnp.asarray([0.1, 0.3])]
    weights = [kerax.Variable(value) for value in start]
    optimizer = make(optimizers, name, OPTIMIZERS[name])
    optimizer.build(weights)
    slots = [v.value for v in optimizer.variables]
    optimizer.apply(grads, weights)
    new, _ = jax.jit(lambda w, g, s: optimizer.stateless_apply(s, g, w))([jnp.asarray(v) for v in start], grads, slots)
    for a, b in zip(new, weights, strict=True):
        np.testing.assert_allclose(a, b.value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_gives_keras_s_rates_under_jit(name):
    ours, theirs = (
        getattr(schedules, name)(**SCHEDULES[name]),
        getattr(keras.optimizers.schedules, name)(**SCHEDULES[name]),
    )
    steps = np.arange(0, 12)
    np.testing.assert_allclose(
        jax.jit(jax.vmap(ours))(jnp.asarray(steps)),
        [float(theirs(int(step))) for step in steps],
        rtol=1e-5,
        atol=1e-8,  # of rates around 0.1
    )
