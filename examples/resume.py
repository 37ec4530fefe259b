"""Train a network that may be killed at any moment, and go on as if nothing had happened.

Start it, kill it (`kill -9`, a power cut, a job that ran into its limit), start it again: it goes on from the last
checkpoint, in the middle of an epoch if need be, and ends with the same numbers as a training that nobody killed. To
show that, this script kills itself: it starts a training in a process of its own, kills it, starts it again, and
compares the result with that of a training left alone.
"""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import kerax as keras
from kerax import layers

EPOCHS = 12


def train(directory):
    """A training with all that makes going on difficult: shuffling, dropout, a schedule, early stopping."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 20)).astype("float32")
    y = (np.sin(x[:, 0]) + x[:, 1] * x[:, 2] > 0).astype("float32")

    model = keras.Sequential(
        [
            keras.Input((20,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.BatchNormalization(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(3e-3, decay_steps=EPOCHS * 100)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x,
        y,
        epochs=EPOCHS,
        validation_split=0.2,
        verbose=2,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True),
            Slowly(),
            keras.callbacks.Checkpoint(directory, save_freq=30),  # every 30 steps
        ],
    )
    weights = b"".join(np.asarray(weight).tobytes() for weight in model.get_weights())
    print(
        "Result:",
        hashlib.sha256(weights + repr(history.history).encode()).hexdigest()[:16],
        len(history.epoch),
        "epochs",
    )


class Slowly(keras.callbacks.Callback):
    """Makes epochs take a third of a second, so that there is time for a kill."""

    def on_epoch_begin(self, epoch, logs=None):
        time.sleep(0.3)


def start(directory):
    """The training in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def main():
    with tempfile.TemporaryDirectory() as home:
        print("A training left alone:")
        alone = start(Path(home) / "alone")
        lines = alone.communicate()[0].splitlines()
        print("  " + "\n  ".join(lines[-3:]))

        print("\nThe same training, killed in its ninth epoch:")
        killed = start(Path(home) / "killed")
        for line in killed.stdout:
            if line.startswith("Epoch 9/"):
                killed.send_signal(signal.SIGKILL)
                break
        killed.communicate()

        print("\nStarted again:")
        again = start(Path(home) / "killed")
        others = again.communicate()[0].splitlines()
        print("  " + "\n  ".join([*others[:3], "…", *others[-3:]]))

        same = lines[-1] == others[-1]
        print(f"\nThe results are {'the same, to the last bit' if same else 'NOT the same'}.")
        return 0 if same else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        train(sys.argv[1])
    else:
        sys.exit(main())
