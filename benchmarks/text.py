"""Text: tokens per second of TextVectorization, and what raw strings cost a model in training.

Run `python benchmarks/text.py`. The text is made: English function words, and longer words by Zipf's law.

The first table is about one process: tokens of `adapt` and of the call. The second trains one model, whose step takes
about `--step` milliseconds, on strings and on the same texts as integers, in three ways: arrays in memory, which
are vectorized once; arrays too many for that, which are vectorized ahead of the device; and a generator. An epoch
counts, the first one left out; the best of several. On a CPU the text is read by a core that computes, too; on another
device by one that waits.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import kerax
from kerax import layers

WORDS = (
    "the of and to in a is that for it was on as with his he at by this had not are but from or have an they which "
    "one you were her all she there would their we him been has when who will more no if out so said what up its"
).split()
SIZE, LENGTH, BATCH = 20_000, 100, 32


def documents(count: int, length: int = LENGTH, seed: int = 0) -> np.ndarray:
    """Texts of about `length` words, capitalized and punctuated."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    rare = ["".join(rng.choice(letters, rng.integers(3, 11))) for _ in range(SIZE)]
    words = np.array([*WORDS, *rare], object)
    chances = 1.0 / np.arange(3, len(words) + 3)
    chances /= chances.sum()
    out = np.empty(count, object)
    for number in range(count):
        chosen = rng.choice(words, rng.integers(length // 2, length * 3 // 2), p=chances)
        out[number] = " ".join(chosen).capitalize() + ", indeed."
    return out


def best(run: Callable[[], Any], repeats: int) -> float:
    """The least seconds of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def tokens(repeats: int) -> None:
    """Print the table of one process."""
    texts = documents(4000)
    count = sum(len(text.split()) for text in texts)
    layer = layers.TextVectorization(max_tokens=SIZE, output_sequence_length=LENGTH * 2)
    seconds = {"adapt": best(lambda: layer.adapt(texts), repeats)}
    seconds["call, mode int"] = best(lambda: layer.compute(texts), repeats)
    counting = layers.TextVectorization(max_tokens=SIZE, output_mode="count")
    counting.adapt(texts)
    few, few_count = texts[:400], sum(len(text.split()) for text in texts[:400])
    seconds["call, mode count"] = best(lambda: counting.compute(few), repeats) * count / few_count
    pairs = layers.TextVectorization(max_tokens=SIZE, ngrams=2, output_sequence_length=LENGTH * 2)
    pairs.adapt(texts)
    seconds["call, ngrams=2"] = best(lambda: pairs.compute(texts), repeats)
    print(f"{'TextVectorization':<28}{'million tokens/s':>18}")
    for name, value in seconds.items():
        print(f"{name:<28}{count / value / 1e6:>18.2f}")


def long_adapt(count: int) -> None:
    """Print how long a generator of short texts takes, and what memory it needs."""
    texts = documents(5000, 10)

    def batches() -> Iterator[Any]:
        for number in range(count // 100):
            start = number * 100 % len(texts)
            yield texts[start : start + 100]

    layer = layers.TextVectorization(max_tokens=SIZE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    layer.adapt(batches())
    seconds = time.perf_counter() - start
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"adapt on a generator of {count:,} short texts: {seconds:.1f} s, {more:.0f} MB more memory at its peak")


def model(text: Any, length: int | None, width: int) -> kerax.Model:
    """A classifier of texts, or of indices where `text` is None."""
    inputs = kerax.Input((1,), dtype="string") if text is not None else kerax.Input((length,), dtype="int32")
    x = text(inputs) if text is not None else inputs
    x = layers.Embedding(SIZE, 64)(x)
    for _ in range(2):
        x = layers.Dense(width, activation="relu")(x)
    x = layers.GlobalAveragePooling1D()(x)
    built = kerax.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    built.compile("adam", "binary_crossentropy")
    return built


class Epochs(kerax.callbacks.Callback):
    """Notes how long each epoch takes."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._start)


def training(epochs: int, step: float, rows: int, turns: int) -> None:
    """Print the table of training."""
    texts = documents(rows)
    y = np.random.default_rng(1).integers(0, 2, rows).astype("float32")
    layer = layers.TextVectorization(max_tokens=SIZE, output_sequence_length=LENGTH)
    layer.adapt(texts)
    ids = layer.compute(texts).astype("int32")
    steps = rows // BATCH

    def epoch_of(fitted: kerax.Model, *data: Any, **options: Any) -> float:
        """The seconds of an epoch that is neither the first nor slowed by the machine."""
        times = Epochs()
        fitted.fit(*data, epochs=epochs + 1, verbose=0, callbacks=[times], **options)
        return min(times.seconds[1:])

    width = 32
    while True:
        plain = model(None, LENGTH, width)
        if epoch_of(plain, ids, y, batch_size=BATCH) / steps * 1e3 >= step:
            break
        width *= 2
    on_text, ahead = model(layer, None, width), model(layer, None, width)
    ahead._host_part().fits = lambda rows: False  # as where they are too many

    def stream(x: np.ndarray) -> Iterator[tuple]:
        while True:
            for start in range(0, steps * BATCH, BATCH):
                yield x[start : start + BATCH], y[start : start + BATCH]

    runs = {
        "integers, in memory": lambda: epoch_of(plain, ids, y, batch_size=BATCH),
        "strings, in memory": lambda: epoch_of(on_text, texts, y, batch_size=BATCH),
        "integers, generator": lambda: epoch_of(plain, stream(ids), steps_per_epoch=steps),
        "strings, generator": lambda: epoch_of(on_text, stream(texts), steps_per_epoch=steps),
        "strings, in memory, ahead": lambda: epoch_of(ahead, texts, y, batch_size=BATCH),
    }
    seconds = dict.fromkeys(runs, float("inf"))
    for _ in range(turns):  # in turns, so that a slow moment of the machine hits none alone
        for name, run in runs.items():
            seconds[name] = min(seconds[name], run())
    took = best(lambda: layer.compute(texts[:BATCH]), 5)
    print(f"\nBatches of {BATCH} texts of about {LENGTH} words; one is vectorized in {took * 1e3:.2f} ms.")
    print(f"{'fit, epochs of ' + str(steps) + ' steps':<28}{'ms a step':>12}{'against integers':>18}")
    for name, value in seconds.items():
        base = seconds["integers, generator" if name.endswith("generator") else "integers, in memory"]
        print(f"{name:<28}{value / steps * 1e3:>12.2f}{(value / base - 1) * 100:>+17.1f}%")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--step", type=float, default=5.0, help="milliseconds a step should take at least")
    parser.add_argument("--rows", type=int, default=3200)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--turns", type=int, default=6, help="fits of each kind, one kind after the other")
    parser.add_argument("--texts", type=int, default=1_000_000, help="of the generator that adapt is given")
    arguments = parser.parse_args()
    tokens(arguments.repeats)
    long_adapt(arguments.texts)
    training(arguments.epochs, arguments.step, arguments.rows, arguments.turns)


if __name__ == "__main__":
    main()
