"""What the server is asked for: a training, a few summaries, a few trials."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

import kerax
from kerax import layers, summary
from kerax.compat import hparams as hp

UNITS = hp.HParam("num_units", hp.Discrete([16, 32]), display_name="Units")
RATE = hp.HParam("rate", hp.RealInterval(0.1, 0.2))
OPTIMIZER = hp.HParam("optimizer", hp.Discrete(["adam", "sgd"]))
TRIALS = [({UNITS: 16, RATE: 0.1, OPTIMIZER: "adam"}, 0.5), ({UNITS: 32, RATE: 0.2, OPTIMIZER: "sgd"}, 0.75)]
PICTURES = (np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3) * 2).astype("uint8")
SOUND = np.sin(np.arange(400) / 7).astype("float32").reshape(1, 200, 2)


def train(folder):
    """A short training with everything that the callback can write."""
    kerax.utils.clear_session()  # names count from the start
    rng = np.random.default_rng(0)
    x = rng.integers(0, 20, (64, 5))
    y = (x.sum(axis=1, keepdims=True) % 2).astype("float32")
    folder.mkdir(parents=True)
    (folder / "words.tsv").write_text("".join(f"word{number}\n" for number in range(20)))
    model = kerax.Sequential(
        [
            layers.Embedding(20, 3, name="words"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(4, activation="relu", name="hidden"),
            layers.Dense(1, activation="sigmoid", name="head"),
        ],
        name="reviews",
    )
    model.compile(kerax.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    board = kerax.callbacks.TensorBoard(
        folder,
        histogram_freq=1,
        write_images=True,
        write_steps_per_second=True,
        update_freq=2,
        profile_batch=(2, 3),
        embeddings_freq=1,
        embeddings_metadata="words.tsv",
    )
    history = model.fit(x, y, 16, epochs=2, validation_split=0.25, verbose=0, callbacks=[board])
    return SimpleNamespace(model=model, history=history.history)


def summarize(folder):
    """Something for each plugin."""
    with summary.create_file_writer(folder).as_default():
        for step in range(3):
            summary.scalar("squares", step**2, step=step, description="Numbers that *grow*.")
        summary.histogram("spread", [1.0, 2.0, 2.5, np.nan, 3.0], step=5, buckets=2)
        summary.image("pictures", PICTURES, step=3)
        summary.audio("tone", SOUND, sample_rate=8000, step=1)
        summary.text("note", "It is **bold**.", step=0)
        summary.text("table", np.array([["a", "b"], ["c", "d"]]), step=0)


def tune(folder):
    """Two trials as the tutorial writes them, and one by the callback."""
    with summary.create_file_writer(folder).as_default():
        hp.hparams_config(
            hparams=[UNITS, RATE, OPTIMIZER],
            metrics=[hp.Metric("accuracy", display_name="Accuracy"), hp.Metric("epoch_loss", group="train")],
        )
    for number, (values, accuracy) in enumerate(TRIALS):
        with summary.create_file_writer(folder / f"run-{number}").as_default():
            hp.hparams(values)
            summary.scalar("accuracy", accuracy, step=1)
    model = kerax.Sequential([layers.Dense(1)])  # not built
    model.compile("sgd", "mse")
    run = folder / "run-2"
    callbacks = [kerax.callbacks.TensorBoard(run), hp.KerasCallback(str(run), {UNITS: 16, RATE: 0.15})]
    model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0, callbacks=callbacks)


def write_all(folder):
    """All of it; what the training returned."""
    trained = train(folder / "fit")
    summarize(folder / "own")
    tune(folder / "tuning")
    return trained


RUNS_WITH_SCALARS = 6
