"""Runners: what runs the batches of an epoch, one class for each place they come from.

The state lives in the Variables: a dispatch (`dispatch.py`) takes what they hold and makes them hold
what comes out. Whatever goes wrong, they hold the last finished step; and a callback may read and
assign them between any two dispatches.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .. import tree
from .._core import nnx_private, placement
from .._core.stateful import discover
from .._errors import DataError
from .._types import Logs
from ..callbacks import CallbackList
from ..callbacks._logs import DeferredLogs
from ..data._adapters import Epoch
from . import custom
from .feed import Blocks, Resident, leaves_of, padded_batch
from .reports import flat_logs, floats

_SMALL = 1 << 16  # bytes of an array that is not worth a transfer of its own

DISPATCH = 0.05  # seconds that one dispatch should take: short enough for a smooth bar and Ctrl-C


class RanOut(DataError):
    """A source gave no batch at all."""


class Runner:
    """Runs the epochs of one fit or evaluation.

    Attributes:
        seen: the steps of the last epoch.
        at: steps done of the epoch in progress; an epoch that begins leaves them out.
        exhausted: whether the data ran out before the epoch was full.
        custom: whether the logs are what the step returns, not what the metrics hold.
    """

    def __init__(self, model: Any, adapter: Any, mode: str, listeners: CallbackList) -> None:
        self.model, self.adapter, self.mode, self.listeners = model, adapter, mode, listeners
        self.engine = model._engine.value
        self.seen = 0
        self.at = 0
        self.exhausted = False
        self.begin = getattr(listeners, f"on_{mode}_batch_begin")
        self.end = getattr(listeners, f"on_{mode}_batch_end")
        self.every_step = listeners.wants_batches(mode)
        self.custom = self._returns_logs()
        self._before: Logs = {}  # the logs that the fit goes on from, within an epoch
        self.last: tuple[Any, list[Any]] | None = None  # the report of the last step, and its arrays

    def epoch(self) -> Logs:
        """Run an epoch; its logs. Each kind of runner writes it."""
        raise NotImplementedError

    def _returns_logs(self) -> bool:
        names = (custom.STEPS[self.mode], "compute_metrics", "get_metrics_result")
        return any(custom.overridden(self.model, name) for name in names)

    def deferred(self) -> Logs:
        """What the last step returned, fetched if anyone looks. It holds none of the state."""
        if self.last is None:
            return {}
        report, outs = self.last
        return DeferredLogs(report.names, lambda: report.unpack(outs))

    def logs(self) -> Logs:
        """The logs so far, as floats; waits for the device."""
        if self.custom:
            return self._before if self.last is None else self.last[0].unpack(self.last[1])
        results = self.engine.results(self.mode)
        return results.report.unpack(results())

    def _steps_done(self, before: int, index: int) -> None:
        """Tell those who act every so many training steps that this epoch has done `index`, after `before`."""
        self.at = index
        if self.mode == "train" and self.listeners.steps_left() is not None:
            self.listeners.on_train_steps(index - before, index - 1, self._logs_so_far())

    def _logs_so_far(self) -> Logs:
        """The logs after the last step, fetched if anyone looks."""
        return self.deferred()

    def get_state(self) -> dict[str, Any]:
        """What the steps to come depend on, and the data does not tell; plain values."""
        return {"at": self.at, "logs": dict(self._logs_so_far()) if self.custom and self.at else None}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on as the runner would whose `get_state` this is."""
        self.at, self._before = state["at"], state["logs"] or {}


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
                stop = index + 1 if self.every_step else min(index + self._stride(told, step), whole)
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

    def _stride(self, told: Lagging, step: Any) -> int:
        """How many steps the next dispatch runs: no more than until somebody must be told."""
        left = self.listeners.steps_left()
        return told.stride(step) if left is None else min(told.stride(step), left)

    def _logs_so_far(self) -> Logs:
        if self.custom or self.every_step:
            return self.deferred()
        results = self.engine.results("train")
        ready = results()
        return DeferredLogs(results.report.names, lambda: results.report.unpack(ready))

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


class Lagging:
    """Tells the progress bar of each dispatch once the next one is under way, and paces them.

    Args:
        runner: whose dispatches they are.
    """

    def __init__(self, runner: ResidentRunner) -> None:
        self.runner = runner
        self.pace = runner.engine.pace  # step -> seconds, from earlier epochs and fits
        self._waiting: tuple[int, int, Any, Any, Any] | None = None
        self._last = runner.at
        self._since = time.perf_counter()
        self._step: Any = None

    def stride(self, step: Any) -> int:
        """How many steps the next dispatch should run, to take about `DISPATCH` seconds."""
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
            results = self.runner.engine.results("train")
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


def no_mask(rows: int) -> Any:
    return np.ones(rows, bool)


class BatchRunner(Runner):
    """Runs epochs over batches that come from outside, one dispatch each."""

    def __init__(self, model: Any, adapter: Any, mode: str, listeners: CallbackList, steps: int | None = None) -> None:
        super().__init__(model, adapter, mode, listeners)
        self.size = 0  # of the largest batch so far: shorter ones are filled up to it

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        index = self.at
        with Epoch(self.adapter, transform=functools.partial(for_step, own=not self.adapter.in_memory)) as batches:
            for batch in batches:
                self.begin(index)
                self.engine.refresh()
                self._run(batch)
                self.end(index, self.deferred())
                index += 1
                self._steps_done(index - 1, index)
                if self.model.stop_training and self.mode == "train":
                    break
            self.exhausted = batches.exhausted
        self.seen, self.at = index, 0
        if index == 0:
            raise RanOut(self.adapter.where, got="no batch", expected="at least one")
        return self.logs()

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "size": self.size}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.size = state.get("size", 0)

    def _run(self, batch: tuple) -> None:
        step, outs, _ = self.step(batch)
        self.last = step.report, outs

    def step(self, batch: tuple) -> tuple[Any, list[Any], int]:
        """One step: what ran, what it gave for the batch filled up, the rows of that which count."""
        leaves = leaves_of(batch)
        rows = leaves[0].shape[0]
        padded = self.engine.rowwise(self.mode)  # full batches too, so that one program serves all
        many = placement.batch_multiple() if padded else 1
        self.size = max(self.size, -(-rows // many) * many)
        if padded:
            spec = tree.map_structure(
                lambda leaf: None if leaf is None else jax.ShapeDtypeStruct((self.size, *leaf.shape[1:]), leaf.dtype),
                batch,
            )
            leaves = padded_batch(leaves, self.size)
        else:
            spec = batch
        if placement.current is not None:
            leaves = [placement.batch_rows(leaf) for leaf in leaves]
        step = self.engine.step(self.mode, spec, padded)
        outs = self.engine.program("single", step)(leaves, np.arange(step.rows) < rows)
        return step, outs, rows


def put(batch: tuple) -> tuple:
    """A batch on the device."""
    return _ready(batch)


def taken(batch: tuple) -> tuple:
    """A batch on the device that shares nothing with its source, which may fill the same buffers again."""
    return _ready(batch, own=True)


def for_step(batch: tuple, own: bool) -> tuple:
    """A batch for a compiled step; what is small stays on the host until the step takes it, which costs less."""
    return _ready(batch, own, _SMALL)


def _ready(batch: tuple, own: bool = False, small: int = -1) -> tuple:
    def ready(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf if leaf is None else jax.device_put(leaf)
        if _is_text(leaf):
            return leaf
        leaf = leaf.copy() if own else leaf
        return leaf if leaf.nbytes <= small else jax.device_put(leaf)

    return tree.map_structure(ready, batch)


def _is_text(leaf: np.ndarray) -> bool:
    """Whether an array must stay on the host."""
    return leaf.dtype.kind in "OUST"


class EagerRunner(Runner):
    """Runs steps as plain Python, on concrete values."""

    _logs: Logs = {}

    def _returns_logs(self) -> bool:
        return True

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        self._logs, self._before = self._before, {}
        index = self.at
        with Epoch(self.adapter, depth=0) as batches:
            for batch in batches:
                self.begin(index)
                batch = put(batch) if self.adapter.in_memory else taken(batch)
                self._logs = eagerly(self.engine, self.mode, batch)
                self.end(index, self.logs)
                index += 1
                self._steps_done(index - 1, index)
                if self.model.stop_training and self.mode == "train":
                    break
            self.exhausted = batches.exhausted
        self.seen, self.at = index, 0
        return self.logs()

    def logs(self) -> Logs:
        """What the last step returned."""
        return floats(self._logs)

    def _logs_so_far(self) -> Logs:
        return self.logs()


class FunctionRunner(Runner):
    """Calls the function that the user's `make_train_function` or `make_test_function` made, once a step."""

    def __init__(self, model: Any, adapter: Any, mode: str, listeners: CallbackList, function: Callable) -> None:
        super().__init__(model, adapter, mode, listeners)
        self._function = function
        self._now: Logs = {}

    def _returns_logs(self) -> bool:
        return True

    def _logs_so_far(self) -> Logs:
        return self._now

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        index = self.at
        last: Any = self._before
        self._before = {}
        with Epoch(self.adapter, transform=put if self.adapter.in_memory else taken) as source:
            batches = custom.Batches(source)
            while batches.more():
                self.begin(index)
                last = custom.checked(self.model, self.mode, self._function(batches))
                self._now = DeferredLogs(flat_logs(last), functools.partial(floats, last))
                self.end(index, self._now)
                index += 1
                self._steps_done(index - 1, index)
                if self.model.stop_training and self.mode == "train":
                    break
            self.exhausted = source.exhausted
        self.seen, self.at = index, 0
        return floats(last)


def eagerly(engine: Any, mode: str, batch: Any) -> Any:
    """A step as plain Python; one that fails half-way leaves every Variable as it was."""
    carried = engine.carried(mode)

    def attempt() -> Any:
        variables, values = list(carried.variables), carried.values()
        try:
            return engine.fn(mode)(batch)
        except BaseException:
            for variable, value in zip(variables, values, strict=True):
                nnx_private.put(variable, value)
            raise

    return discover(attempt, carried)


class BlockRunner(Runner):
    """Evaluates arrays block by block, many batches in one dispatch."""

    def __init__(self, model: Any, adapter: Any, listeners: CallbackList, keep: bool) -> None:
        super().__init__(model, adapter, "test", listeners)
        self.keep = keep
        self.blocks: Blocks | None = None

    def epoch(self) -> Logs:
        """Evaluate all rows; the logs."""
        engine = self.engine
        engine.refresh()
        if self.blocks is None:
            self.blocks, _ = engine.blocks(self.adapter, "test", self.keep)
        blocks = self.blocks
        rowwise = engine.rowwise("test")
        index = 0
        if self.every_step or self.custom:
            blocks.per_block = 1
        step = engine.step("test", blocks.batch_spec(), rowwise and blocks.rows % blocks.batch_size != 0)
        program = engine.program("blockwise", step, blocks.batch_size, self.custom)
        for block, count, rows in blocks:
            self.begin(index)
            partial = rows % blocks.batch_size
            if partial and not rowwise:
                if count > 1:
                    whole = (count - 1) * blocks.batch_size
                    self.last = step.report, program(block, np.int32(count - 1), np.int32(whole))
                self._run_short([leaf[(count - 1) * blocks.batch_size :][:partial] for leaf in block], partial)
            else:
                self.last = step.report, program(block, np.int32(count), np.int32(rows))
            index += count
            self.end(index - 1, self.logs)
        self.seen, self.at = index, 0
        return self.logs()

    def _run_short(self, leaves: list[Any], rows: int) -> None:
        blocks = self.blocks
        assert blocks is not None
        step = self.engine.step("test", blocks.batch_spec(rows), False)
        self.last = step.report, self.engine.program("single", step)(leaves, no_mask(rows))


__all__ = [
    "BatchRunner",
    "BlockRunner",
    "EagerRunner",
    "FunctionRunner",
    "RanOut",
    "ResidentRunner",
    "Runner",
    "eagerly",
    "for_step",
    "no_mask",
    "put",
    "taken",
]
