"""Training on data that stays on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._types import Logs
from ..callbacks import CallbackList
from .feed import Resident
from .pace import Lagging
from .runners import Runner, no_mask


class ResidentRunner(Runner):
    """Runs epochs over data that stays on the device, as many steps in one dispatch as listeners allow.

    The device never waits for Python: a dispatch is followed by the next one before anyone is told of its
    logs, so the progress bar lags one dispatch behind. Where a callback listens to single batches, it is
    told of each at once.
    """

    def __init__(self, model: Any, adapter: Any, listeners: CallbackList) -> None:
        super().__init__(model, adapter, "train", listeners)
        self.feed = Resident(adapter)
        if self.engine.rowwise("train"):
            self.feed.widen()

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        feed, model, engine = self.feed, self.model, self.engine
        index = self.at  # more than 0 where a fit goes on in the middle of an epoch
        feed.begin(index)
        self.every_step = self.listeners.wants_batches("train")
        self.fuses = not self.every_step
        told = Lagging(self)
        plan = None
        while index < feed.steps:
            before = index
            self.begin(index)
            if engine.refresh() or plan is None:
                plan = self._plan()
            step, whole, run = plan
            if index >= whole:
                self._run_tail()
                index += 1
            else:
                stop = index + 1 if self.every_step else min(index + told.stride(step), whole)
                run(index, stop)
                index = stop
            self.adapter.consumed(index)
            if self.every_step:
                self.end(index - 1, self.deferred())
            else:
                told.dispatched(index)
            self._steps_done(before, index)
            if self.every_step and model.stop_training:
                break
        told.finish()
        self.adapter.on_epoch_end()
        self.seen, self.at = index, 0
        return self.logs()

    def _plan(self) -> tuple[Any, int, Callable[[int, int], None]]:
        """The step, how many batches it serves, and what runs those from one index up to another."""
        feed, engine = self.feed, self.engine
        rowwise = engine.rowwise("train")
        step = engine.step("train", feed.batch_spec(), feed.padded and rowwise)
        whole = feed.steps - 1 if feed.tail() and not rowwise else feed.steps
        data, order, rows = feed.data, feed.order, np.int32(feed.rows)
        if engine.loops(step) and not self.every_step:
            many = engine.program("fused", step, feed.batch_size, self.custom)

            def run(start: int, stop: int) -> None:
                self.last = step.report, many(data, order, start, stop, rows)
        else:
            one = engine.program("gathered", step, feed.batch_size)

            def run(start: int, stop: int) -> None:
                for at in range(start, stop):
                    self.last = step.report, one(data, order, at, rows)

        return step, whole, run

    def _run_tail(self) -> None:
        feed, engine = self.feed, self.engine
        step = engine.step("train", feed.batch_spec(feed.tail()), False)
        self.last = step.report, engine.program("single", step)(feed.tail_batch(), no_mask(step.rows))


__all__ = ["ResidentRunner"]
