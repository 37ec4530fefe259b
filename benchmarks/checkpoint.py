"""What saving costs a training: the model of examples/quickstart.py, saved every epoch, against the same without.

    python -m benchmarks.checkpoint [rounds]

The two are run in turn, so that whatever else the machine does hits both alike. The first round, in which everything is
compiled and Orbax is imported, does not count. Prints a line for each round, then the medians.
"""

import importlib.util
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import kerax as keras

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "quickstart.py"


def quickstart():
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("quickstart", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    example = quickstart()
    (x, y), _, source = example.load()
    epochs = 25 if len(x) < 5000 else 4
    model = example.build(x.shape[1:])
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    print(f"{source}: {len(x):,} rows, {epochs} epochs of {-(-int(len(x) * 0.9) // 64)} steps, {os.cpu_count()} cores")

    class Clock(keras.callbacks.Callback):
        """When the first epoch begins and the last one ends."""

        def on_train_begin(self, logs=None):
            self.started = None

        def on_epoch_begin(self, epoch, logs=None):
            self.started = self.started or time.perf_counter()

        def on_train_end(self, logs=None):
            self.loop = time.perf_counter() - self.started

    def train(directory, **options):
        clock = Clock()
        saves = [] if directory is None else [keras.callbacks.Checkpoint(directory, verbose=0, **options)]
        started = time.perf_counter()
        model.fit(x, y, batch_size=64, epochs=epochs, validation_split=0.1, verbose=0, callbacks=[clock, *saves])
        return clock.loop, time.perf_counter() - started

    loops, fits = [], []
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory() as home:
            directory = Path(home) / "run"
            if number % 2:  # neither is always first
                plain, saved = train(None), train(directory, max_to_keep=None)
            else:
                saved, plain = train(directory, max_to_keep=None), train(None)
            written = sum(path.name.isdigit() for path in directory.iterdir())
        if number:
            loops.append((plain[0], saved[0]))
            fits.append((plain[1], saved[1]))
            print(
                f"round {number}: loop {plain[0]:.3f} s, {saved[0]:.3f} s with saving; "
                f"fit {plain[1]:.3f} s, {saved[1]:.3f} s; {written} of {epochs} epochs written"
            )
    for name, times in (("loop", loops), ("fit, with the wait for the last file", fits)):
        plain, saved = (statistics.median(values) for values in zip(*times, strict=True))
        ratio = statistics.median(b / a for a, b in times)
        print(f"{name}: median {plain:.3f} s without, {saved:.3f} s with; ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
