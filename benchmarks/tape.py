"""Time a compiled step with GradientTape beside the same step with `jax.value_and_grad`: `python -m benchmarks.tape`.

Both steps are the same model, loss and update; they differ in how the gradient is taken. They run in one
process, in turns, in short bursts, each half of the time first: on a shared machine only numbers taken within
the same second compare. Reported are the best burst of each, the median of the ratios of neighbours, the
number of instructions of the two optimized programs, and how many of them the other has not, by kind and
shape: where that is 0 the two are one program, and what the clock says beyond 1.0 is noise.

    python -m benchmarks.tape              # all of it
    python -m benchmarks.tape mlp --bursts 40
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import kerax
from kerax import layers
from kerax._core.stateful import Carried, pure

TARGET = 1.05
BATCH = 32


@dataclasses.dataclass(frozen=True)
class Workload:
    """A classifier and the shape of one example; integers below `tokens` where that is not 0."""

    build: Callable[[], list[Any]]
    shape: tuple[int, ...]
    tokens: int = 0


WORKLOADS = {
    "mlp": Workload(
        lambda: [layers.Dense(300, activation="relu"), layers.Dense(100, activation="relu"), layers.Dense(10)], (784,)
    ),
    "cnn": Workload(
        lambda: [
            layers.Conv2D(16, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ],
        (28, 28, 1),
    ),
    "lstm": Workload(lambda: [layers.Embedding(1000, 32), layers.LSTM(64), layers.Dense(10)], (40,), tokens=1000),
}


def make(work: Workload) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The two compiled steps, and what they are called on."""
    rng = np.random.default_rng(0)
    if work.tokens:
        x = jnp.asarray(rng.integers(0, work.tokens, (BATCH, *work.shape)))
    else:
        x = jnp.asarray(rng.normal(size=(BATCH, *work.shape)), "float32")
    y = jnp.asarray(rng.integers(0, 10, BATCH))
    model = kerax.Sequential([kerax.Input(work.shape, dtype=str(x.dtype)), *work.build()])
    loss_of = kerax.losses.SparseCategoricalCrossentropy(from_logits=True)
    trainable = model.trainable_variables
    carried = Carried([*trainable, *model.variables, *(v for layer in model.layers for v in layer.variables)])

    def update(grads: list[Any]) -> None:
        for variable, grad in zip(trainable, grads, strict=True):
            variable.assign_sub(0.01 * grad)

    def with_tape(x: Any, y: Any) -> Any:
        with kerax.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        update(tape.gradient(loss, trainable))
        return loss

    def by_hand(values: list[Any], x: Any, y: Any) -> Any:
        count = len(trainable)

        def objective(chosen: list[Any]) -> tuple[Any, list[Any]]:
            return pure(lambda x, y: loss_of(y, model(x, training=True)), carried)([*chosen, *values[count:]], x, y)

        (loss, after), grads = jax.value_and_grad(objective, has_aux=True)(values[:count])
        stepped = [value - 0.01 * grad for value, grad in zip(values[:count], grads, strict=True)]
        return loss, [*stepped, *after[count:]]

    # One call of each makes what is made on first use, such as seeds.
    with_tape(x, y)
    carried.add(model.variables)
    args = (carried.values(), x, y)
    steps = {"tape": jax.jit(pure(with_tape, carried)), "value_and_grad": jax.jit(by_hand)}
    return {name: step.lower(*args).compile() for name, step in steps.items()}, args


def instructions(compiled: Any) -> Counter[str]:
    """The instructions of an optimized program: how many of each kind and shape."""
    return Counter(re.findall(r"^\s+(?:ROOT )?%?[\w.-]+ = (.*?[a-z-]+)\(", compiled.as_text(), re.MULTILINE))


def burst(step: Any, args: tuple[Any, ...], seconds: float) -> float:
    """The time of one step, over about so many seconds."""
    values, *rest = args
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        _, values = step(values, *rest)
        jax.block_until_ready(values)
        steps += 1
    return (time.perf_counter() - start) / steps


def main() -> None:
    """Print a row for each workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--bursts", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0.1)
    options = parser.parse_args()
    print(f"{'':6}{'tape':>12}{'by hand':>12}{'ratio':>8}{'target':>8}{'instructions':>16}{'alone':>8}")
    for name in options.workloads:
        steps, args = make(WORKLOADS[name])
        times: dict[str, list[float]] = {key: [] for key in steps}
        for index in range(options.bursts):
            for key in sorted(steps, reverse=index % 2 == 1):
                times[key].append(burst(steps[key], args, options.seconds))
        ratio = statistics.median(a / b for a, b in zip(times["tape"], times["value_and_grad"], strict=True))
        ours, theirs = (instructions(steps[key]) for key in ("tape", "value_and_grad"))
        counts, alone = f"{ours.total()} / {theirs.total()}", (ours - theirs).total()
        best = [f"{min(times[key]) * 1e6:,.0f} us" for key in ("tape", "value_and_grad")]
        print(f"{name:6}{best[0]:>12}{best[1]:>12}{ratio:>8.3f}{TARGET:>8}{counts:>16}{alone:>8}")


if __name__ == "__main__":
    main()
