"""Training agrees with Keras: logs of fit and evaluate, weights after steps, orders and names."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
import pytest

import kerax

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]


def vectors(n=44, width=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, width)).astype("float32")


def numbers(n=44, width=1, seed=1):
    return np.random.default_rng(seed).normal(size=(n, width)).astype("float32")


def labels(n=44, classes=3, seed=2):
    return np.random.default_rng(seed).integers(0, classes, n)


def one_hot(n=44, classes=3, seed=2):
    return np.eye(classes, dtype="float32")[labels(n, classes, seed)]


def weights(n=44, seed=3):
    return np.random.default_rng(seed).uniform(0.1, 2.0, n).astype("float32")


def images(n=22, seed=4):
    return np.random.default_rng(seed).normal(size=(n, 8, 8, 2)).astype("float32")


def tokens(n=22, length=6, seed=5):
    ids = np.random.default_rng(seed).integers(1, 20, (n, length))
    for row, size in zip(ids, np.random.default_rng(seed).integers(2, length + 1, n), strict=True):
        row[size:] = 0
    return ids


# -- models, each written once for both libraries ------------------------------------------------


def regression(k):
    return k.Sequential([k.layers.Input((5,)), k.layers.Dense(8, activation="relu"), k.layers.Dense(1)])


def classifier(k):
    return k.Sequential([k.layers.Input((5,)), k.layers.Dense(8, "tanh"), k.layers.Dense(3, "softmax")])


def binary(k):
    return k.Sequential([k.layers.Input((5,)), k.layers.Dense(6, "tanh"), k.layers.Dense(1, "sigmoid")])


def regularized(k):
    return k.Sequential(
        [
            k.layers.Input((5,)),
            k.layers.Dense(8, kernel_regularizer=k.regularizers.L2(0.05), bias_regularizer=k.regularizers.L1(0.02)),
            k.layers.Dense(4, activity_regularizer=k.regularizers.L1(0.01)),
            k.layers.Dense(1),
        ]
    )


def added_losses(k):
    class Sparse(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = k.layers.Dense(4)

        def call(self, x):
            y = self.dense(x)
            self.add_loss(0.1 * k.ops.mean(k.ops.square(y)))
            return y

    inputs = k.Input((5,))
    return k.Model(inputs, k.layers.Dense(1)(Sparse()(inputs)))


def normalized(k):
    return k.Sequential(
        [k.layers.Input((5,)), k.layers.Dense(8), k.layers.BatchNormalization(), k.layers.ReLU(), k.layers.Dense(1)]
    )


def convolutional(k):
    return k.Sequential(
        [
            k.layers.Input((8, 8, 2)),
            k.layers.Conv2D(4, 3, activation="relu"),
            k.layers.BatchNormalization(),
            k.layers.MaxPooling2D(),
            k.layers.Flatten(),
            k.layers.Dense(3, activation="softmax"),
        ]
    )


def recurrent(k):
    return k.Sequential(
        [
            k.layers.Input((6,), dtype="int32"),
            k.layers.Embedding(20, 4, mask_zero=True),
            k.layers.LSTM(5),
            k.layers.Dense(1, "sigmoid"),
        ]
    )


def tagger(k):
    return k.Sequential(
        [
            k.layers.Input((6,), dtype="int32"),
            k.layers.Embedding(20, 4, mask_zero=True),
            k.layers.LSTM(5, return_sequences=True),
            k.layers.Dense(3, "softmax"),
        ]
    )


def two_heads(k):
    """Named so that the order of the outputs is not the order of their names."""
    inputs = k.Input((5,))
    hidden = k.layers.Dense(8, "tanh")(inputs)
    return k.Model(
        inputs, [k.layers.Dense(1, name="priority")(hidden), k.layers.Dense(3, "softmax", name="department")(hidden)]
    )


def dict_heads(k):
    inputs = k.Input((5,))
    hidden = k.layers.Dense(8, "tanh")(inputs)
    return k.Model(
        inputs,
        {
            "priority": k.layers.Dense(1, name="first")(hidden),
            "department": k.layers.Dense(3, "softmax", name="second")(hidden),
        },
    )


def two_inputs(k):
    wide, deep = k.Input((5,), name="wide"), k.Input((5,), name="deep")
    joined = k.layers.concatenate([wide, k.layers.Dense(4, "relu")(deep)])
    return k.Model([wide, deep], k.layers.Dense(1)(joined))


def tuple_model(k):
    class Two(k.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = k.layers.Dense(1), k.layers.Dense(3, activation="softmax")

        def call(self, x):
            return self.a(x), self.b(x)

    model = Two()
    model(np.zeros((1, 5), "float32"))
    return model


def both(build):
    """The model of each library, with equal weights."""
    keras.utils.set_random_seed(7)
    one, other = build(keras), build(kerax)
    other.set_weights(one.get_weights())
    return one, other


def compiled(one, other, arguments):
    one.compile(**arguments(keras))
    other.compile(**arguments(kerax))


def same_logs(given, expected, tolerance=1e-5):
    assert list(given) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(given[name], value, rtol=tolerance, atol=tolerance, err_msg=name)


def same_weights(given, expected, tolerance=2e-5):
    for one, other in zip(given.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def heads_y(n=44):
    return [numbers(n), labels(n)]


CASES = {
    "plain": (regression, lambda k: {"loss": "mse", "metrics": ["mae"]}, (vectors(), numbers()), {}),
    "flat targets": (
        regression,
        lambda k: {"loss": "mse", "metrics": ["mae", "RootMeanSquaredError"]},
        (vectors(), numbers()[:, 0]),
        {},
    ),
    "sample weights": (
        regression,
        lambda k: {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mae", "mse"]},
        (vectors(), numbers()),
        {"sample_weight": weights()},
    ),
    "class weights": (
        classifier,
        lambda k: {
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            "weighted_metrics": ["accuracy"],
        },
        (vectors(), labels()),
        {"class_weight": {0: 0.5, 1: 2.0, 2: 1.5}},
    ),
    "one-hot": (
        classifier,
        lambda k: {
            "loss": k.losses.CategoricalCrossentropy(label_smoothing=0.1),
            "metrics": ["acc", "categorical_crossentropy"],
        },
        (vectors(), one_hot()),
        {"class_weight": {0: 0.5, 1: 2.0, 2: 1.5}},
    ),
    "binary": (
        binary,
        lambda k: {
            "loss": "binary_crossentropy",
            "metrics": ["accuracy", k.metrics.AUC(), k.metrics.Precision(), k.metrics.Recall(name="rec")],
        },
        (vectors(), labels(classes=2)),
        {"sample_weight": weights()},
    ),
    "regularizers": (regularized, lambda k: {"loss": "mae", "optimizer": "adam"}, (vectors(), numbers()), {}),
    "add_loss": (
        added_losses,
        lambda k: {"loss": "mse", "optimizer": "sgd", "metrics": ["mse"]},
        (vectors(), numbers()),
        {},
    ),
    "batch norm": (normalized, lambda k: {"loss": "mse", "optimizer": "sgd"}, (vectors(), numbers()), {}),
    "convolutions": (
        convolutional,
        lambda k: {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "optimizer": "adam"},
        (images(), labels(22)),
        {},
    ),
    "masked LSTM": (
        recurrent,
        lambda k: {"loss": "binary_crossentropy", "metrics": ["accuracy"], "optimizer": "adam"},
        (tokens(), labels(22, 2)),
        {},
    ),
    "masks on outputs": (
        tagger,
        lambda k: {
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            "weighted_metrics": ["sparse_categorical_crossentropy"],
        },
        (tokens(), np.random.default_rng(0).integers(0, 3, (22, 6))),
        {},
    ),
    "masks and weights": (
        tagger,
        lambda k: {"loss": "sparse_categorical_crossentropy", "weighted_metrics": ["accuracy"]},
        (tokens(), np.random.default_rng(0).integers(0, 3, (22, 6))),
        {"sample_weight": np.random.default_rng(1).uniform(size=(22, 6)).astype("float32")},
    ),
    "two outputs": (
        two_heads,
        lambda k: {
            "loss": ["mse", "sparse_categorical_crossentropy"],
            "loss_weights": [0.3, 2.0],
            "metrics": [["mae", "mse"], ["accuracy"]],
        },
        (vectors(), heads_y()),
        {},
    ),
    "outputs by name": (
        two_heads,
        lambda k: {
            "loss": {"department": "sparse_categorical_crossentropy", "priority": k.losses.MeanAbsoluteError()},
            "loss_weights": {"priority": 0.5, "department": 1.0},
            "metrics": {"department": ["accuracy"], "priority": "mse"},
        },
        (vectors(), {"department": labels(), "priority": numbers()}),
        {},
    ),
    "weights by output": (
        two_heads,
        lambda k: {
            "loss": ["mse", "sparse_categorical_crossentropy"],
            "weighted_metrics": [["mae"], ["accuracy"]],
            "metrics": [["mae"], ["accuracy"]],
        },
        (vectors(), heads_y()),
        {"sample_weight": [weights(), weights(seed=9)]},
    ),
    "one loss, two outputs": (
        two_heads,
        lambda k: {"loss": "mse", "metrics": [["mae"], ["mae"]]},
        (vectors(), [numbers(), one_hot()]),
        {},
    ),
    "loss of one output": (
        two_heads,
        lambda k: {"loss": [None, "sparse_categorical_crossentropy"], "metrics": [[], ["accuracy"]]},
        (vectors(), heads_y()),
        {},
    ),
    "dict outputs": (
        dict_heads,
        lambda k: {
            "loss": {"priority": "mse", "department": "sparse_categorical_crossentropy"},
            "metrics": {"department": ["accuracy"], "priority": ["mae"]},
        },
        (vectors(), {"department": labels(), "priority": numbers()}),
        {},
    ),
    "two inputs": (
        two_inputs,
        lambda k: {"loss": "mse", "optimizer": "adam"},
        ((vectors(), vectors(seed=8)), numbers()),
        {},
    ),
    "inputs by name": (
        two_inputs,
        lambda k: {"loss": "mse"},
        ({"deep": vectors(), "wide": vectors(seed=8)}, numbers()),
        {},
    ),
    "tuple of a subclass": (
        tuple_model,
        lambda k: {"loss": ["mse", "sparse_categorical_crossentropy"], "metrics": [["mae"], ["accuracy"]]},
        (vectors(), tuple(heads_y())),
        {},
    ),
    "metric object": (
        regression,
        lambda k: {"loss": "huber", "metrics": [k.metrics.MeanAbsoluteError(name="gap")]},
        (vectors(), numbers()),
        {},
    ),
    "functions": (
        regression,
        lambda k: {
            "loss": lambda t, p: k.ops.mean(k.ops.square(t - p), axis=-1),
            "metrics": [lambda t, p: k.ops.abs(t - p)],
        },
        (vectors(), numbers()),
        {"sample_weight": weights()},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_logs_and_weights_of_fit_and_evaluate_are_keras_s(case):
    build, arguments, (x, y), options = CASES[case]
    one, other = both(build)
    compiled(one, other, lambda k: {"optimizer": "rmsprop", **arguments(k)})
    shared = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0, **options}
    expected = one.fit(x, y, **shared, validation_data=(x, y))
    given = other.fit(x, y, **shared, validation_data=(x, y))
    same_logs(given.history, expected.history)
    assert list(given.epoch) == list(expected.epoch)
    assert given.params == expected.params
    same_weights(other, one)

    weight = options.get("sample_weight")
    expected = one.evaluate(x, y, batch_size=16, verbose=0, sample_weight=weight)
    given = other.evaluate(x, y, batch_size=16, verbose=0, sample_weight=weight)
    if case in ("sample weights", "class weights"):  # Keras gives a metric twice that is weighted and not
        expected = list(dict.fromkeys(expected))
        given = list(dict.fromkeys(given))
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)
    same_logs(
        other.evaluate(x, y, batch_size=16, verbose=0, return_dict=True),
        one.evaluate(x, y, batch_size=16, verbose=0, return_dict=True),
    )
    expected, given = one.predict(x, batch_size=16, verbose=0), other.predict(x, batch_size=16, verbose=0)
    assert jax.tree.structure(given) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(given), jax.tree.leaves(expected), strict=True):
        assert isinstance(a, np.ndarray)
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


STEPS = {
    "sgd": (regression, lambda k: k.optimizers.SGD(0.05), vectors, numbers, "mse"),
    "momentum": (regression, lambda k: k.optimizers.SGD(0.05, momentum=0.9, nesterov=True), vectors, numbers, "mse"),
    "adam": (regression, lambda k: k.optimizers.Adam(0.01), vectors, numbers, "mse"),
    "adamw": (regression, lambda k: k.optimizers.AdamW(0.01, weight_decay=0.1, clipnorm=0.5), vectors, numbers, "mse"),
    "batch norm": (normalized, lambda k: k.optimizers.RMSprop(0.01), vectors, numbers, "mse"),
    "convolution": (convolutional, lambda k: k.optimizers.SGD(0.05), images, lambda: labels(22),
                    "sparse_categorical_crossentropy"),
    "embedding and LSTM": (recurrent, lambda k: k.optimizers.Adam(0.01), tokens, lambda: labels(22, 2),
                           "binary_crossentropy"),
}  # fmt: skip


@pytest.mark.parametrize("case", STEPS)
def test_weights_after_one_and_ten_steps_are_keras_s(case):
    build, optimizer, x, y, loss = STEPS[case]
    x, y = x(), y()
    one, other = both(build)
    compiled(one, other, lambda k: {"optimizer": optimizer(k), "loss": loss})
    expected, given = one.train_on_batch(x, y), other.train_on_batch(x, y)
    np.testing.assert_allclose(given, expected, rtol=1e-5)
    same_weights(other, one, 1e-5)
    for _ in range(9):
        expected, given = one.train_on_batch(x, y), other.train_on_batch(x, y)
    np.testing.assert_allclose(given, expected, rtol=1e-4)
    same_weights(other, one, 1e-4)


def test_generators_epochs_of_few_steps_and_early_ends_are_counted_as_keras_counts_them():
    x, y, weight = vectors(), numbers(), weights()

    def batches():
        for start in range(0, 44, 8):
            yield x[start : start + 8], y[start : start + 8], weight[start : start + 8]

    one, other = both(regression)
    compiled(one, other, lambda k: {"optimizer": "sgd", "loss": "mse", "weighted_metrics": ["mae"]})
    for model in (one, other):
        model.first = model.fit(batches(), verbose=0)
        model.second = model.fit(batches(), epochs=3, steps_per_epoch=2, verbose=0)
        model.third = model.fit(x, y, batch_size=8, epochs=4, steps_per_epoch=4, shuffle=False, verbose=0)
    for part in ("first", "second", "third"):
        given, expected = getattr(other, part), getattr(one, part)
        same_logs(given.history, expected.history)
        assert given.epoch == expected.epoch, part
    same_weights(other, one)
