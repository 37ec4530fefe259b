"""Pace: how many steps a dispatch should run, and when the progress bar is told of them."""

from __future__ import annotations

import time
from typing import Any

import jax

from .runners import Runner

DISPATCH = 0.05  # seconds that one dispatch should take: short enough for a smooth bar and Ctrl-C


class Lagging:
    """Tells the progress bar of each dispatch once the next one is under way, and paces them.

    Args:
        runner: whose dispatches they are.
    """

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.pace = runner.engine.pace  # step -> seconds, from earlier epochs and fits
        self._waiting: tuple[int, int, Any, Any, Any] | None = None
        self._last = runner.at
        self._since = time.perf_counter()
        self._step: Any = None

    def stride(self, step: Any) -> int:
        """How many steps the next dispatch should run, to take about `DISPATCH` seconds.

        No more than until somebody must be told.
        """
        left = self.runner.listeners.steps_left() if self.runner.mode == "train" else None
        wanted = self._wanted(step)
        return wanted if left is None else min(wanted, left)

    def _wanted(self, step: Any) -> int:
        if step is not self._step:
            self._since = time.perf_counter()
            self._step = step
        seconds = self.pace.get(id(step))
        return 1 if seconds is None else max(1, min(int(DISPATCH / seconds), 1_000_000))

    def dispatched(self, index: int) -> None:
        """Steps up to `index` are under way: wait for those before, and tell of them."""
        self._tell()
        if self.runner.custom:
            assert self.runner.last is not None
            report, ready = self.runner.last
        else:  # asked for after the first step: some metrics make their variables when they see data
            results = self.runner.engine.results(self.runner.mode)
            report, ready = results.report, results()
        self._waiting = index, index - self._last, report, ready, self._step
        self._last = index

    def finish(self) -> None:
        """Tell of what is left."""
        self._tell()

    def _tell(self) -> None:
        if self._waiting is None:
            return
        index, count, report, ready, step = self._waiting
        self._waiting = None
        jax.block_until_ready(ready)
        self.runner.end(index - 1, lambda: report.unpack(ready))
        now = time.perf_counter()
        self._learn(step, (now - self._since) / count)
        self._since = now

    def _learn(self, step: Any, seconds: float) -> None:
        """Remember how long a step takes; the first dispatch compiles, so it only says "at most"."""
        known = self.pace.get(id(step))
        if known is None:
            self.pace[id(step)] = max(seconds / 16, 1e-7)  # the next dispatch runs longer and tells more
        else:
            self.pace[id(step)] = max(0.5 * known + 0.5 * seconds, known / 16, 1e-7)


__all__ = ["Lagging"]
