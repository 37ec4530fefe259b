"""A short batch filled up gives the numbers of the short batch; code of others is never given filler."""

import numpy as np
import pytest

import kerax
from kerax import layers, metrics
from kerax._trainer import engine as engines


def dense():
    return kerax.Sequential(
        [
            kerax.Input((5,)),
            layers.Dense(6, "tanh"),
            layers.BatchNormalization(),
            layers.Dropout(0.0),
            layers.Dense(1, "sigmoid"),
        ]
    )


def sequence():
    return kerax.Sequential(
        [
            kerax.Input((6,), dtype="int32"),
            layers.Embedding(12, 4, mask_zero=True),
            layers.LSTM(3, return_sequences=True),
            layers.Dense(3, "softmax"),
        ]
    )


def rows(rng, n=21):
    return rng.normal(size=(n, 5)).astype("float32"), rng.integers(0, 2, (n, 1)).astype("float32")


def texts(rng, n=21):
    ids = rng.integers(1, 12, (n, 6))
    ids[::3, 4:] = 0
    return ids, rng.integers(0, 3, (n, 6))


def many_metrics():
    return [
        "accuracy",
        metrics.AUC(num_thresholds=50, name="auc"),
        metrics.Precision(name="pre"),
        metrics.Recall(name="rec"),
        metrics.RootMeanSquaredError(),
        metrics.MeanAbsoluteError(),
        metrics.BinaryCrossentropy(),
    ]


def run(build, compiled, data, seed=5, **options):
    kerax.utils.set_random_seed(seed)
    model = build()
    model.compile(**compiled())
    history = model.fit(*data, batch_size=8, epochs=2, verbose=0, shuffle=False, **options).history
    result = model.evaluate(*data, batch_size=8, verbose=0, return_dict=True, **options)
    return model, history, result, model.predict(data[0], batch_size=8, verbose=0)


SETS = {
    "batch norm and many metrics": (
        dense,
        lambda: {
            "optimizer": "adam",
            "loss": "binary_crossentropy",
            "metrics": many_metrics(),
            "weighted_metrics": many_metrics()[:4],
        },
        rows,
    ),
    "masks": (
        sequence,
        lambda: {
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            "weighted_metrics": ["sparse_categorical_crossentropy"],
        },
        texts,
    ),
}


@pytest.mark.parametrize("weighted", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SETS)
def test_filled_up_batches_give_the_numbers_of_short_ones(rng, monkeypatch, name, weighted):
    build, compiled, make = SETS[name]
    data = make(rng)
    shape = data[1].shape if name == "masks" else (len(data[0]),)
    options = {"sample_weight": rng.uniform(size=shape).astype("float32")} if weighted else {}
    model, *padded = run(build, compiled, data, **options)
    assert all(model._engine.value.rowwise(mode) for mode in ("train", "test", "predict"))
    assert {step[1] for step in model._engine.value.now.steps} == {True}
    monkeypatch.setattr(engines.Engine, "rowwise", lambda self, mode: False)
    short, *exact = run(build, compiled, data, **options)
    assert {step[1] for step in short._engine.value.now.steps} == {False}
    for given, expected in zip(padded[:2], exact[:2], strict=True):
        assert list(given) == list(expected)
        for key in expected:
            np.testing.assert_allclose(given[key], expected[key], rtol=2e-5, atol=2e-6, err_msg=key)
    np.testing.assert_allclose(padded[2], exact[2], rtol=1e-4, atol=1e-5)
    for one, other in zip(model.get_weights(), short.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


class Mixing(layers.Layer):
    def call(self, x):
        return x - kerax.ops.mean(x, axis=0, keepdims=True)


class Worst(metrics.Metric):
    def __init__(self):
        super().__init__(name="worst")
        self.seen = self.add_weight(name="seen", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen.assign_add(y_pred.shape[0])

    def result(self):
        return self.seen


def total(y_true, y_pred):
    return kerax.ops.sum(kerax.ops.square(y_true - y_pred))


STRANGE = {
    "layer": lambda: ([Mixing()], {}),
    "activation": lambda: ([layers.Dense(3, activation=lambda x: x - kerax.ops.mean(x, axis=0))], {}),
    "lambda": lambda: ([layers.Activation(lambda x: x / kerax.ops.sum(x))], {}),
    "activity": lambda: ([layers.Dense(3, activity_regularizer="l2")], {}),
    "loss": lambda: ([], {"loss": total}),
    "metric": lambda: ([], {"metrics": [Worst()]}),
    "metric function": lambda: ([], {"metrics": [total]}),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_code_of_others_sees_the_rows_there_are(rng, kind):
    inner, compiled = STRANGE[kind]()
    model = kerax.Sequential([kerax.Input((5,)), *inner, layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    x, y = rows(rng)
    model.fit(x, y, batch_size=8, verbose=0)
    model.evaluate(x, y, batch_size=8, verbose=0)
    if inner:
        model.predict(x, batch_size=8, verbose=0)
    padded = {step[1] for step in model._engine.value.now.steps if step[0] != "predict"}
    assert padded == {False}
    if kind == "metric":
        assert model.evaluate(x, y, batch_size=8, verbose=0)[1] == 21


def test_a_custom_step_sees_the_rows_there_are(rng):
    sizes = []

    class Counting(kerax.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def test_step(self, batch):
            sizes.append(batch[0].shape[0])
            return super().test_step(batch)

    model = Counting()
    model.compile("sgd", "mse")
    x, y = rows(rng)
    model.evaluate(x, y, batch_size=8, verbose=0)
    assert set(sizes) == {8, 5}


def test_one_row_predicts_as_many_do(rng):
    model = dense()
    x, _ = rows(rng)
    whole = model.predict(x, verbose=0)
    for size in (1, 3, 21):
        np.testing.assert_allclose(model.predict(x[:size], verbose=0), whole[:size], rtol=1e-5, atol=1e-6)


def test_a_short_last_batch_of_a_stream_compiles_nothing_more(rng):
    x, y = rows(rng)

    def batches():
        for start in range(0, 21, 8):
            yield x[start : start + 8], y[start : start + 8]

    kerax.utils.set_random_seed(0)
    model, whole = dense(), dense()
    whole.set_weights(model.get_weights())
    for one in (model, whole):
        one.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    logs = model.fit(batches(), verbose=0).history
    expected = whole.fit(x, y, batch_size=8, shuffle=False, verbose=0).history
    assert logs == {name: pytest.approx(value, rel=1e-5) for name, value in expected.items()}
    result = model.evaluate(batches(), verbose=0)
    np.testing.assert_allclose(result, model.evaluate(x, y, batch_size=8, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(model.predict(batches(), verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    shapes = [step[2][1][0][0] for step in model._engine.value.now.steps]
    assert (5, 5) not in shapes


def test_a_generator_may_fill_the_same_buffers_again(rng):
    x, y = rows(rng, 64)
    buffers = np.empty((8, 5), "float32"), np.empty((8, 1), "float32")

    def batches():
        for start in range(0, 64, 8):
            buffers[0][:], buffers[1][:] = x[start : start + 8], y[start : start + 8]
            yield buffers

    model = dense()
    np.testing.assert_allclose(
        model.predict(((part,) for part, _ in batches()), verbose=0), model.predict(x, verbose=0), rtol=1e-5
    )
