"""Find the few that matter: classes of very different size, weights for them, precision and recall.

`python imbalanced_classification.py [pulsars.csv]` takes the HTRU2 candidates as CSV, with a column `is_pulsar`, or
any CSV of numbers with such a label. Without a file it makes 20,000 rows, 1 in 60 positive. Takes about 20 seconds.

Without weights a model may call everything negative and be right most of the time. A weight for each class, so that
both count alike in the loss, buys recall for precision.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import kerax as keras
from kerax import layers

LABEL = "is_pulsar"


def made(path, rows=20_000):
    """A CSV of eight features; positives lie a little aside."""
    rng = np.random.default_rng(0)
    label = (rng.random(rows) < 1 / 60).astype(int)
    features = rng.normal(size=(rows, 8)) * rng.uniform(1, 30, 8) + rng.normal(size=8) * 20
    features += label[:, None] * rng.uniform(0.5, 1.1, 8) * features.std(axis=0)
    names = [f"feature_{number}" for number in range(8)]
    lines = [",".join([*map("{:.4f}".format, row), str(one)]) for row, one in zip(features, label)]
    path.write_text("\n".join([",".join([*names, LABEL]), *lines]) + "\n")


def load(path):
    """Features and labels, the rows in a random order."""
    data = keras.utils.make_csv_dataset(path, 4096, label_name=LABEL, num_epochs=1, shuffle_seed=1)
    batches = [(np.stack([*features.values()], axis=1).astype("float32"), y) for features, y in data]
    return np.concatenate([x for x, _ in batches]), np.concatenate([y for _, y in batches]).astype("float32")


def build(x):
    normalize = layers.Normalization()
    normalize.adapt(x)
    model = keras.Sequential(
        [normalize, layers.Dense(64, activation="relu"), layers.Dropout(0.2), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss="binary_crossentropy",
        metrics=[
            keras.metrics.Precision(name="precision"),
            keras.metrics.Recall(name="recall"),
            keras.metrics.AUC(curve="PR", name="auc"),
        ],
    )
    return model


def main(path=None):
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as own:
        if path is None:
            path = Path(own) / "made.csv"
            made(path)
        x, y = load(path)
    held_out = len(x) // 5
    x, y, x_test, y_test = x[held_out:], y[held_out:], x[:held_out], y[:held_out]
    positives = y.mean()
    print(f"{len(x):,} rows, {100 * positives:.1f} % positive")

    results = {}
    weights = {0: 0.5 / (1 - positives), 1: 0.5 / positives}
    for name, class_weight in {"as they come": None, "weighted": weights}.items():
        model = build(x)
        stop = keras.callbacks.EarlyStopping("val_auc", mode="max", patience=4, restore_best_weights=True)
        model.fit(
            x,
            y,
            batch_size=512,
            epochs=15,
            validation_split=0.2,
            class_weight=class_weight,
            callbacks=[stop],
            verbose=0,
        )
        results[name] = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
        told = {key: round(float(results[name][key]), 3) for key in ("precision", "recall", "auc")}
        print(f"{name:14}", told)
    plain, weighted = results["as they come"], results["weighted"]
    if weighted["recall"] <= plain["recall"] or weighted["recall"] < 0.8 or weighted["auc"] < 5 * positives:
        raise SystemExit("Weights should buy recall, and the scores should mean something.")


if __name__ == "__main__":
    main(*sys.argv[1:])
