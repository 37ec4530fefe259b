"""A training that is killed at random moments, again and again: run by test_killed.py in a process of its own.

    python killed.py folder kills

Every trial is a fork of this process, which has imported everything but started no device yet. It trains with
callbacks.Checkpoint, is killed by SIGKILL after a random time, and started again until it ends. What is left of it
must be what is left of a training that nobody killed.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import orbax.checkpoint  # noqa: F401  # once, not in every fork

import kerax as keras
from kerax._core import nnx_private
from kerax.checkpoint import writer

EPOCHS, STEPS = 6, 7


class Slow(keras.callbacks.Callback):
    """Gives a kill time to hit the middle of an epoch, and says when that time begins."""

    def __init__(self, begun):
        super().__init__()
        self.begun = begun

    def on_train_batch_end(self, batch, logs=None):
        self.begun.touch()
        time.sleep(0.01)


def train(folder, freq):
    keras.utils.set_random_seed(5)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 6)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    rate = keras.optimizers.schedules.ExponentialDecay(0.02, 5, 0.9)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    callbacks = [
        Slow(folder / "begun"),
        keras.callbacks.EarlyStopping(monitor="loss", patience=3, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint(folder / "best.weights.h5", save_best_only=True, save_weights_only=True),
        keras.callbacks.CSVLogger(folder / "log.csv"),
        keras.callbacks.Checkpoint(folder / "run", freq, keep_best=1),
    ]
    history = model.fit(x, y, 10, EPOCHS, verbose=0, validation_split=0.2, callbacks=callbacks)
    variables = model._engine.value.carried("train").variables
    left = {
        "variables": [np.asarray(nnx_private.raw(v)).tobytes().hex() for v in variables],
        "history": history.history,
        "epochs": history.epoch,
        "random": [random.random(), np.random.random()],
        "log": (folder / "log.csv").read_text(),
        "best": max(history.history["val_loss"]),
    }
    (folder / "left.json").write_text(json.dumps(left))


def forked(folder, freq):
    """The process of a training."""
    child = os.fork()
    if child:
        return child
    with open(folder / "out.txt", "a") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        writer.PAUSE = 0.0  # every save that finds the writer free is made
        code = 1
        try:
            train(folder, freq)
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            os._exit(code)


def ended(child):
    """Its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def wait_for(begun, child):
    """Until the training is under way, or over: what is left of it may be an end without a step."""
    while not begun.exists() and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.002)


def main():
    home, kills = Path(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(11)
    whole = home / "whole"
    for _ in range(2):  # the first one compiles
        shutil.rmtree(whole, ignore_errors=True)
        whole.mkdir()
        child = forked(whole, 1)
        wait_for(whole / "begun", child)
        started = time.monotonic()
        assert ended(child) == 0, (whole / "out.txt").read_text()
        length = time.monotonic() - started
    wanted = json.loads((whole / "left.json").read_text())
    done = trials = going_on = torn = 0
    while done < kills:
        folder = home / f"trial{trials}"
        folder.mkdir()
        freq = ["epoch", 1, 3][trials % 3]
        trials += 1
        while True:
            child = forked(folder, freq)
            if done < kills:
                when = chance.random()
                wait_for(folder / "begun", child)
                time.sleep(when * length)
                os.kill(child, signal.SIGKILL)
            code = ended(child)
            (folder / "begun").unlink(missing_ok=True)
            if code == 0:
                break
            assert code == -signal.SIGKILL, (folder / "out.txt").read_text()
            done += 1
            torn += any((folder / "run").glob(".*.part"))
        out = (folder / "out.txt").read_text()
        going_on += out.count("Going on from")
        assert "damaged" not in out, out
        left = json.loads((folder / "left.json").read_text())
        assert left == wanted, (folder, [key for key in wanted if left[key] != wanted[key]])
    print(json.dumps({"kills": done, "trainings": trials, "going_on": going_on, "torn": torn}))


if __name__ == "__main__":
    main()
