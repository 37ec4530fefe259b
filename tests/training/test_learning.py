"""Whole models of many shapes, and that they learn."""

import numpy as np
import pytest

import kerax
from kerax import layers


@pytest.fixture(autouse=True)
def _seed():
    kerax.utils.set_random_seed(1)


def tickets(rng, n=600):
    """Title and body as counts of words, tags; the priority and the department follow from them."""
    title, body = rng.integers(0, 2, (n, 12)).astype("float32"), rng.integers(0, 3, (n, 20)).astype("float32")
    tags = rng.integers(0, 2, (n, 4)).astype("float32")
    urgency = title[:, :3].sum(1) + tags[:, 0] * 2 - 2.5
    priority = (1 / (1 + np.exp(-3 * urgency)))[:, None].astype("float32")
    department = np.argmax(body[:, :3] + title[:, 3:6] * 2, axis=1)
    return title, body, tags, priority, department


def ticket_model():
    title, body = kerax.Input((12,), name="title"), kerax.Input((20,), name="body")
    tags = kerax.Input((4,), name="tags")
    joined = layers.concatenate([title, body, tags])
    hidden = layers.Dense(32, "relu")(joined)
    return kerax.Model(
        [title, body, tags],
        [layers.Dense(1, "sigmoid", name="priority")(hidden), layers.Dense(3, "softmax", name="department")(hidden)],
    )


@pytest.mark.parametrize("form", ["lists", "dicts"])
def test_the_ticket_model_learns_both_of_its_outputs(rng, form):
    title, body, tags, priority, department = tickets(rng)
    model = ticket_model()
    if form == "lists":
        x, y = [title, body, tags], [priority, department]
        model.compile(
            "adam", ["mse", "sparse_categorical_crossentropy"], loss_weights=(1.0, 0.2), metrics=[["mae"], ["accuracy"]]
        )
    else:
        x = {"tags": tags, "title": title, "body": body}
        y = {"department": department, "priority": priority}
        model.compile(
            "adam",
            {"priority": "mse", "department": "sparse_categorical_crossentropy"},
            loss_weights={"priority": 1.0, "department": 0.2},
            metrics={"priority": ["mae"], "department": ["accuracy"]},
        )
    logs = model.fit(x, y, epochs=30, batch_size=16, verbose=0, validation_split=0.2).history
    assert list(logs) == sorted(
        [
            "loss",
            "priority_loss",
            "department_loss",
            "priority_mae",
            "department_accuracy",
            "val_loss",
            "val_priority_loss",
            "val_department_loss",
            "val_priority_mae",
            "val_department_accuracy",
        ]
    )
    assert logs["val_department_accuracy"][-1] > 0.85
    assert logs["val_priority_mae"][-1] < 0.1
    first, second = model.predict(x, verbose=0)
    assert first.shape == (600, 1)
    assert np.mean(second.argmax(1) == department) > 0.9


def test_a_wide_and_deep_regression_learns(rng):
    x = rng.normal(size=(800, 8)).astype("float32")
    y = (x[:, 0] + np.tanh(2 * x[:, 5] * x[:, 6]) + 0.5 * x[:, 2]).astype("float32")[:, None]
    wide, deep = kerax.Input((5,), name="wide"), kerax.Input((6,), name="deep")
    hidden = layers.Dense(30, "relu")(layers.Dense(30, "relu")(layers.Normalization()(deep)))
    joined = layers.concatenate([wide, hidden])
    model = kerax.Model([wide, deep], [layers.Dense(1)(joined), layers.Dense(1)(hidden)])
    model.compile(
        kerax.optimizers.Adam(0.005), loss=("mse", "mse"), loss_weights=(0.9, 0.1), metrics=["RootMeanSquaredError"]
    )
    inputs = (x[:, :5], x[:, 2:])
    model.fit(inputs, (y, y), epochs=30, batch_size=16, verbose=0)
    result = model.evaluate(inputs, (y, y), verbose=0, return_dict=True)
    main = next(value for name, value in result.items() if name.endswith("root_mean_squared_error"))
    losses = [value for name, value in result.items() if name.endswith("_loss")]
    assert len(result) == 5
    assert main < 0.35 * y.std()
    np.testing.assert_allclose(result["loss"], 0.9 * min(losses) + 0.1 * max(losses), rtol=1e-4)


def squares(rng, n=240):
    """A bright bar, lying or standing, in noise."""
    images, labels = rng.normal(0, 0.3, (n, 12, 12, 1)).astype("float32"), rng.integers(0, 2, n)
    for image, label, place in zip(images, labels, rng.integers(2, 10, n), strict=True):
        if label:
            image[place, :] += 1
        else:
            image[:, place] += 1
    return images, labels


@pytest.mark.slow
def test_a_residual_network_with_a_shared_layer_learns(rng):
    x, y = squares(rng)
    inputs = kerax.Input((12, 12, 1))
    hidden = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    shared = layers.Conv2D(8, 3, padding="same")
    for _ in range(2):
        inner = layers.ReLU()(layers.BatchNormalization()(shared(hidden)))
        hidden = layers.add([hidden, inner])
    hidden = layers.GlobalAveragePooling2D()(layers.MaxPooling2D(3)(hidden))
    outputs = layers.Dense(2, "softmax")(layers.Dense(16, "relu")(layers.Flatten()(hidden)))
    model = kerax.Model(inputs, outputs)
    assert len([w for w in model.weights if "conv2d" in w.path]) == 4
    model.compile(kerax.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=14, batch_size=24, verbose=0)
    assert model.evaluate(*squares(np.random.default_rng(9)), verbose=0)[1] > 0.9


class Block(kerax.Model):
    """A subclassed model with a functional one inside."""

    def __init__(self, units, inner=None, **kwargs):
        super().__init__(**kwargs)
        self.first, self.inner, self.last = layers.Dense(units, "relu"), inner, layers.Dense(units, "relu")

    def call(self, x, training=False):
        x = self.first(x)
        if self.inner is not None:
            x = self.inner(x, training=training)
        return self.last(x)


def rings(rng, n=400):
    x = rng.normal(size=(n, 2)).astype("float32")
    return x, (np.square(x).sum(1) > 1.4).astype("float32")[:, None]


@pytest.mark.parametrize("kind", ["subclass in functional", "functional in subclass"])
def test_models_inside_models_learn(rng, kind):
    if kind == "subclass in functional":
        inputs = kerax.Input((2,))
        model = kerax.Model(inputs, layers.Dense(1, "sigmoid")(Block(16)(inputs)))
    else:
        inputs = kerax.Input((16,))
        functional = kerax.Model(inputs, layers.Dropout(0.1)(layers.Dense(16, "relu")(inputs)))
        model = kerax.Sequential([Block(16, functional), layers.Dense(1, "sigmoid")])
    model.compile(kerax.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(*rings(rng), epochs=25, batch_size=16, verbose=0)
    assert len(model.weights) == (6 if kind == "subclass in functional" else 8)
    assert model.evaluate(*rings(np.random.default_rng(9)), verbose=0)[1] > 0.9


@pytest.mark.slow
def test_an_lstm_reads_texts_of_different_lengths(rng):
    def texts(rng, n=400):
        """Whether word 7 comes before word 8; zeros fill up."""
        ids, y = rng.integers(9, 30, (n, 10)), rng.integers(0, 2, n)
        for row, label, size in zip(ids, y, rng.integers(5, 11, n), strict=True):
            a, b = np.sort(rng.choice(size, 2, replace=False))
            row[a], row[b] = (7, 8) if label else (8, 7)
            row[size:] = 0
        return ids, y

    model = kerax.Sequential(
        [
            kerax.Input((None,), dtype="int32"),
            layers.Embedding(30, 16, mask_zero=True),
            layers.LSTM(24),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(kerax.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(*texts(rng), epochs=25, batch_size=32, verbose=0)
    assert model.evaluate(*texts(np.random.default_rng(9)), verbose=0)[1] > 0.9
