"""Predict from a table of numbers, words and codes: `FeatureSpace` prepares the columns, the model takes raw rows.

`python structured_data.py [table.csv]` takes any CSV of words and numbers with a header, such as the Palmer penguins,
and predicts its first column, a class, from the others.

Without a file the table is made: visitors of a museum, and whether they bought a membership. Members are found by
their age, and by which day they came with which ticket: neither the day nor the ticket alone says much, their cross
does. The saved model takes a dict of raw columns. Takes about 15 seconds.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import kerax as keras
from kerax import layers
from kerax.utils import FeatureSpace

DAYS = np.array("Mon Tue Wed Thu Fri Sat Sun".split(), object)
TICKETS = np.array(["single", "family", "student", "senior"], object)


def visitors(count, seed):
    """Columns by name, and who became a member."""
    rng = np.random.default_rng(seed)
    table = {
        "age": rng.normal(42, 16, count).clip(8, 90).round(),
        "minutes": rng.gamma(4.0, 20.0, count).round(),
        "day": rng.choice(DAYS, count),
        "ticket": rng.choice(TICKETS, count),
        "gate": rng.choice([11, 12, 40, 77], count),
    }
    weekend = np.isin(table["day"], ["Sat", "Sun"])
    family = table["ticket"] == "family"
    taste = np.where(weekend == family, 1.8, -1.8) + 0.04 * (table["age"] - 42) + 0.01 * (table["minutes"] - 80)
    member = rng.random(count) < 1 / (1 + np.exp(-taste))
    return table, member.astype("float32")


def trained(train, test, crosses):
    """A logistic regression on prepared columns, as a model of raw ones, and its accuracy."""
    space = FeatureSpace(
        {
            "age": "float_normalized",
            "minutes": FeatureSpace.float_discretized(num_bins=8),
            "day": "string_categorical",
            "ticket": "string_categorical",
            "gate": "integer_categorical",
        },
        crosses=crosses,
        crossing_dim=64,
    )
    space.adapt(train[0])
    output = layers.Dense(1, activation="sigmoid")(space.get_encoded_features())
    model = keras.Model(space.get_inputs(), output, name="membership")
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    model.fit(*train, epochs=15, batch_size=64, verbose=0)
    return model, model.evaluate(*test, verbose=0)[1]


def classes_of(path):
    """A model of a file's raw columns, trained on four of five rows and tested on the fifth."""
    label = Path(path).read_text(encoding="utf8").splitlines()[0].split(",")[0]
    batches = keras.utils.make_csv_dataset(path, 1024, label_name=label, num_epochs=1, shuffle_seed=0, na_value="NA")
    batches = list(batches)
    columns = {name: np.concatenate([batch[name] for batch, _ in batches]) for name in batches[0][0]}
    labels = np.concatenate([batch for _, batch in batches])
    classes = sorted(set(labels.tolist()))
    y = np.array([classes.index(one) for one in labels.tolist()])
    chosen = np.arange(len(y)) % 5 > 0
    train, test = ({name: values[rows] for name, values in columns.items()} for rows in (chosen, ~chosen))

    kinds = {True: "string_categorical", False: "float_normalized"}
    space = FeatureSpace({name: kinds[values.dtype.kind in "OSU"] for name, values in columns.items()})
    space.adapt(train)
    x = layers.Dense(16, activation="relu")(space.get_encoded_features())
    model = keras.Model(space.get_inputs(), layers.Dense(len(classes), activation="softmax")(x))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, y[chosen], epochs=40, batch_size=32, verbose=0)
    _, accuracy = model.evaluate(test, y[~chosen], verbose=0)
    commonest = np.bincount(y[~chosen]).max() / (~chosen).sum()
    print(f"{label}, one of {classes}, from {sorted(columns)}:")
    print(f"accuracy on rows it has not seen {accuracy:.3f}; always the commonest would be {commonest:.3f}.")
    if accuracy < commonest + (1 - commonest) / 4:
        raise SystemExit("It learned less than it should.")


def main(path=None):
    keras.utils.set_random_seed(0)
    if path is not None:
        return classes_of(path)
    train, test = visitors(4000, seed=0), visitors(1000, seed=1)
    print(f"Of {len(test[1])} visitors, {test[1].mean():.0%} became members.")
    _, alone = trained(train, test, crosses=[])
    model, crossed = trained(train, test, crosses=[("day", "ticket")])
    print(f"Accuracy with each column alone: {alone:.3f}; with day and ticket crossed: {crossed:.3f}")
    assert crossed > alone + 0.05, "the cross should tell more than its parts"

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "membership.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
    family = {"age": [44.0, 44.0], "minutes": [120.0, 120.0], "ticket": ["family"] * 2, "gate": [12, 12]}
    saturday, tuesday = loaded.predict({**family, "day": ["Sat", "Tue"]}, verbose=0)[:, 0]
    print(f"A family on Saturday becomes a member with a chance of {saturday:.2f}, on Tuesday of {tuesday:.2f}.")
    assert saturday > 0.6 > 0.4 > tuesday


if __name__ == "__main__":
    main(*sys.argv[1:])
