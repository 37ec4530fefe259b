"""Runners: what runs the batches of an epoch, one class for each place they come from.

The state lives in the Variables: a dispatch (`dispatch.py`) takes what they hold and makes them hold
what comes out. Whatever goes wrong, they hold the last finished step; and a callback may read and
assign them between any two dispatches.
"""

from __future__ import annotations

import functools
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
from .feed import Blocks, filled_up, leaves_of, padded_batch
from .reports import flat_logs, floats

_SMALL = 1 << 16  # bytes of an array that is not worth a transfer of its own


class RanOut(DataError):
    """A source gave no batch at all."""


class Runner:
    """Runs the epochs of one fit or evaluation.

    Attributes:
        seen: the steps of the last epoch.
        at: steps done of the epoch in progress; an epoch that begins leaves them out.
        exhausted: whether the data ran out before the epoch was full.
        custom: whether the logs are what the step returns, not what the metrics hold.
        fuses: whether a dispatch may run many steps, which leave their logs in the metrics alone.
    """

    fuses = False

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
        if self.custom or not self.fuses:
            return self.deferred()
        results = self.engine.results(self.mode)
        ready = results()
        return DeferredLogs(results.report.names, lambda: results.report.unpack(ready))

    def get_state(self) -> dict[str, Any]:
        """What the steps to come depend on, and the data does not tell; plain values."""
        return {"at": self.at, "logs": dict(self._logs_so_far()) if self.custom and self.at else None}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on as the runner would whose `get_state` this is."""
        self.at, self._before = state["at"], state["logs"] or {}


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
        return self._ended()

    def _ended(self) -> Logs:
        """The logs of an epoch that had batches."""
        if self.seen == 0:
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

    def _spec(self, batch: tuple) -> tuple[Any, bool]:
        """What the step for a batch is made for, and whether its batches are filled up."""
        if not self.engine.rowwise(self.mode):
            return batch, False
        self.size = max(self.size, filled_up(leaves_of(batch)[0].shape[0]))  # one program serves shorter ones, too

        def filled(leaf: Any) -> Any:
            return None if leaf is None else jax.ShapeDtypeStruct((self.size, *leaf.shape[1:]), leaf.dtype)

        return tree.map_structure(filled, batch), True

    def step(self, batch: tuple) -> tuple[Any, list[Any], int]:
        """One step: what ran, what it gave for the batch filled up, the rows of that which count."""
        leaves = leaves_of(batch)
        rows = leaves[0].shape[0]
        spec, padded = self._spec(batch)
        if padded:
            leaves = padded_batch(leaves, self.size)
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
    "Runner",
    "eagerly",
    "for_step",
    "no_mask",
    "put",
    "taken",
]
