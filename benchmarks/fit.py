"""Time kerax beside Keras, a hand-written loop and the fused limit: `python -m benchmarks.fit`.

Everything runs in one process, in turns, in short bursts: on a shared machine only numbers taken
within the same second compare. A burst is one epoch, the second of a fit; its time is taken between the callbacks
`on_epoch_begin` and `on_epoch_end` for `fit`, and around the epoch for the loops. Reported are the
best burst, the median and the ratios of the bests, with the target beside.

    python -m benchmarks.fit                          # all of it
    python -m benchmarks.fit mlp cnn --only fit       # two workloads, one measurement
    python -m benchmarks.fit --without-kerax          # the peers alone
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np

from benchmarks import peers

MEASUREMENTS = ["fit", "stream", "single", "evaluate", "predict", "first", "import"]
# (to Keras, to the hand loop, to the fused limit); None where there is no promise
FIT_TARGETS = {
    "wide_deep": (0.08, 0.20, 1.6),
    "mlp": (0.65, None, 1.05),
    "deep": (0.33, None, 1.2),
    "cnn": (0.60, 0.65, None),
    "transformer": (0.80, None, 1.1),
    "lstm": (1.05, 1.05, None),
}
STREAM_TARGET = 1.0  # of the hand loop, which slices NumPy arrays, too
SINGLE_TARGET = 1.15
EVALUATE_TARGETS = {"wide_deep": 0.1, "mlp": 0.5, "deep": 0.2}
PREDICT_TARGET = 0.3
FIRST_TARGETS = {"mlp": 1.3, "cnn": 1.3, "deep": 1.3}
IMPORT_TARGET = 1.25


@dataclasses.dataclass
class Row:
    """One leg's bursts, in seconds per step."""

    name: str
    bursts: list[float]

    @property
    def best(self) -> float:
        return min(self.bursts)

    def __str__(self) -> str:
        best, median = self.best * 1e6, statistics.median(self.bursts) * 1e6
        return f"  {self.name:<22}{best:>10,.0f} us{median:>10,.0f} us   +{100 * (median / best - 1):.0f} %"


def in_turns(legs: dict[str, Callable[[], float]], repeats: int) -> dict[str, Row]:
    """Run every leg once to warm up, then `repeats` times in turns; a leg returns its own seconds."""
    for leg in legs.values():
        leg()
    rows = {name: Row(name, []) for name in legs}
    for _ in range(repeats):
        for name, leg in legs.items():
            rows[name].bursts.append(leg())
    return rows


def report(title: str, rows: dict[str, Row], targets: dict[str, float | None]) -> bool:
    """Print a block; whether every target that applies was met."""
    print(f"\n{title}\n  {'':<22}{'best':>13}{'median':>13}   spread")
    for row in rows.values():
        print(row)
    met = True
    for other, target in targets.items():
        if "kerax" not in rows or other not in rows:
            continue
        ratio = rows["kerax"].best / rows[other].best
        verdict = "" if target is None else f"   target {target:.2f}   {'met' if ratio <= target else 'MISSED'}"
        met = met and (target is None or ratio <= target)
        print(f"  kerax / {other:<14}{ratio:>10.3f}{verdict}")
    sys.stdout.flush()
    return met


def timed(work: Callable[[], Any], steps: int) -> Callable[[], float]:
    def leg() -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) / steps

    return leg


@contextlib.contextmanager
def _bar_to_memory():
    """The progress bar stays on and does its work, but not on our screen."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def epoch_clock(keras, every_step: bool):
    """A callback that times epochs, and with `every_step` one that watches every batch as well."""

    class Clock(keras.callbacks.Callback):
        seconds = 0.0

        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.perf_counter() - self.started

    class Watcher(keras.callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1

    return Clock(), [Watcher()] if every_step else []


def fit_leg(keras, model, x, y, steps: int, every_step: bool = False) -> Callable[[], float]:
    def leg() -> float:
        clock, others = epoch_clock(keras, every_step)
        with _bar_to_memory():
            # The second of two epochs: the first one pays for handing over the data.
            model.fit(x, y, batch_size=peers.BATCH, epochs=2, callbacks=[clock, *others])
        return clock.seconds / steps

    return leg


def stream_leg(keras, model, x, y, rows: int, steps: int) -> Callable[[], float]:
    """The same on batches that a generator gives, in one order."""

    def batches():
        while True:
            for start in range(0, rows, peers.BATCH):
                yield part(x, start, start + peers.BATCH), part(y, start, start + peers.BATCH)

    def leg() -> float:
        clock, _ = epoch_clock(keras, False)
        with _bar_to_memory():
            model.fit(batches(), steps_per_epoch=steps, epochs=2, callbacks=[clock])
        return clock.seconds / steps

    return leg


def part(tree: Any, start: int, stop: int) -> Any:
    return [part(leaf, start, stop) for leaf in tree] if isinstance(tree, list) else tree[start:stop]


def run_workload(name: str, libraries: dict[str, Any], args: argparse.Namespace) -> bool:
    work = peers.WORKLOADS[name]
    rows = min(work.rows, args.rows) if args.rows else work.rows
    x, y = work.data(np.random.default_rng(0), rows)
    steps = -(-rows // peers.BATCH)
    models = {label: work.build(keras) for label, keras in libraries.items()}
    met = True
    if {"fit", "stream", "single"} & set(args.only):
        loop, fused = peers.Loop(work, x, y), peers.Fused(work, x, y)
        by_hand = {"hand loop": timed(loop.epoch, steps), "fused limit": timed(fused.epoch, steps)}
    if "fit" in args.only:
        legs = {label: fit_leg(libraries[label], model, x, y, steps) for label, model in models.items()}
        bests = in_turns({**legs, **by_hand}, args.repeats)
        targets = dict(zip(["Keras", "hand loop", "fused limit"], FIT_TARGETS[name], strict=True))
        met &= report(f"fit: {work.title}, {rows:,} rows", bests, targets)
    if "stream" in args.only:
        legs = {label: stream_leg(libraries[label], model, x, y, rows, steps) for label, model in models.items()}
        bests = in_turns({**legs, "hand loop": by_hand["hand loop"]}, args.repeats)
        met &= report(f"fit, a generator: {work.title}", bests, {"Keras": None, "hand loop": STREAM_TARGET})
    if "single" in args.only:
        legs = {label: fit_leg(libraries[label], model, x, y, steps, True) for label, model in models.items()}
        bests = in_turns({**legs, "hand loop": by_hand["hand loop"]}, args.repeats)
        met &= report(
            f"fit, a callback on every batch: {work.title}", bests, {"Keras": None, "hand loop": SINGLE_TARGET}
        )
    if "evaluate" in args.only:
        legs = {
            label: timed(lambda m=model: m.evaluate(x, y, batch_size=peers.BATCH, verbose=0), steps)
            for label, model in models.items()
        }
        met &= report(f"evaluate: {work.title}", in_turns(legs, args.repeats), {"Keras": EVALUATE_TARGETS.get(name)})
    if "predict" in args.only:
        three = part(x, 0, 3)
        calls = 20

        def predict(model):
            return timed(lambda: [model.predict(three, verbose=0) for _ in range(calls)], calls)

        legs = {label: predict(model) for label, model in models.items()}
        met &= report(f"predict, three rows: {work.title}", in_turns(legs, args.repeats), {"Keras": PREDICT_TARGET})
    return met


FIRST_STEP = """
import os, sys, time
os.environ["KERAS_BACKEND"] = "jax"
import importlib, numpy as np
keras = importlib.import_module(sys.argv[1])
from benchmarks import peers
work = peers.WORKLOADS[sys.argv[2]]
x, y = work.data(np.random.default_rng(0), 32 * 3 + 5)
model = work.build(keras)
start = time.perf_counter()
model.fit(x, y, epochs=1, verbose=0)
print(time.perf_counter() - start)
"""


def child(code: str, *arguments: str) -> float:
    """Run a program in a fresh process; it prints seconds last."""
    # Byte code is kept, as on a user's machine: the second import is the one that counts.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.split()[-1])


def run_first(names: list[str], modules: dict[str, str], repeats: int) -> bool:
    """From the call of `fit` to its end after three full batches and a short one: all that is compiled."""
    met = True
    for name in names:
        legs = {label: lambda m=module, n=name: child(FIRST_STEP, m, n) for label, module in modules.items()}
        rows = {label: Row(label, []) for label in legs}
        for _ in range(repeats):
            for label, leg in legs.items():
                rows[label].bursts.append(leg())
        title = f"first epoch of four steps, in a fresh process: {peers.WORKLOADS[name].title}"
        met &= report(title, rows, {"Keras": FIRST_TARGETS.get(name)})
    return met


def run_import(modules: dict[str, str], repeats: int) -> bool:
    timer = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
    code = {"jax+nnx+optax": timer.format("import jax, optax; from flax import nnx")}
    code |= {label: timer.format(f"import {module}") for label, module in modules.items()}
    rows = {label: Row(label, []) for label in code}
    for text in code.values():
        child(text)
    for _ in range(repeats):
        for label, text in code.items():
            rows[label].bursts.append(child(text))
    return report("import", rows, {"jax+nnx+optax": IMPORT_TARGET, "Keras": None})


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="workload", help=", ".join(peers.WORKLOADS))
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=MEASUREMENTS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=0, help="at most so many rows, for a quick look")
    parser.add_argument("--without-kerax", action="store_true", help="time the peers alone")
    args = parser.parse_args(argv)
    names = args.workloads or list(peers.WORKLOADS)
    if unknown := [name for name in names if name not in peers.WORKLOADS]:
        parser.error(f"no workload is called {unknown[0]!r}; there are {', '.join(peers.WORKLOADS)}")
    modules = {"Keras": "keras"} if args.without_kerax else {"kerax": "kerax", "Keras": "keras"}
    met = True
    if {"fit", "stream", "single", "evaluate", "predict"} & set(args.only):
        libraries = {label: __import__(module) for label, module in modules.items()}
        for name in names:
            met &= run_workload(name, libraries, args)
    if "first" in args.only:
        met &= run_first([n for n in names if n in FIRST_TARGETS], modules, min(args.repeats, 3))
    if "import" in args.only:
        met &= run_import(modules, min(args.repeats, 3))
    if not args.without_kerax:
        print("\nevery target met" if met else "\nsome targets missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
