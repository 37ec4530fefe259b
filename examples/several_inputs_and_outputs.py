"""A model with three inputs and two outputs: rank support tickets and route them.

The functional API on data made up here: a title and a body as token ids, tags as flags; out come
a priority from 0 to 1 and one of four departments. Takes about 15 seconds.
"""

import numpy as np

import kerax as keras
from kerax import layers

WORDS, TAGS, DEPARTMENTS = 1_000, 12, 4


def tickets(rows, rng):
    """Titles, bodies, tags, and the priority and department they lead to."""
    title = rng.integers(1, WORDS, (rows, 8))
    body = rng.integers(1, WORDS, (rows, 30))
    tags = rng.integers(0, 2, (rows, TAGS)).astype("float32")
    urgent = (title < 100).sum(1) + (body < 100).sum(1)
    priority = np.clip(urgent / 8, 0, 1).astype("float32")[:, None]
    department = tags.reshape(rows, DEPARTMENTS, -1).sum(-1).argmax(1)
    return {"title": title, "body": body, "tags": tags}, {"priority": priority, "department": department}


def build():
    title = keras.Input((None,), dtype="int32", name="title")
    body = keras.Input((None,), dtype="int32", name="body")
    tags = keras.Input((TAGS,), name="tags")
    words = layers.Embedding(WORDS, 16)  # shared by title and body
    seen = layers.concatenate(
        [layers.GlobalAveragePooling1D()(words(title)), layers.GlobalAveragePooling1D()(words(body)), tags]
    )
    hidden = layers.Dense(64, activation="relu")(seen)
    return keras.Model(
        inputs=[title, body, tags],
        outputs={
            "priority": layers.Dense(1, activation="sigmoid", name="priority")(hidden),
            "department": layers.Dense(DEPARTMENTS, activation="softmax", name="department")(hidden),
        },
    )


def main():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = tickets(8_000, rng)
    x_test, y_test = tickets(1_000, rng)
    model = build()
    model.summary()
    model.compile(
        optimizer="adam",
        loss={"priority": "mse", "department": "sparse_categorical_crossentropy"},
        loss_weights={"priority": 5.0, "department": 1.0},
        metrics={"priority": ["mae"], "department": ["accuracy"]},
    )
    model.fit(x, y, epochs=25, batch_size=64, validation_split=0.1, verbose=2)
    results = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    print({name: round(value, 4) for name, value in results.items()})
    if results["department_accuracy"] < 0.9 or results["priority_mae"] > 0.15:
        raise SystemExit("It learned less than it should.")


if __name__ == "__main__":
    main()
