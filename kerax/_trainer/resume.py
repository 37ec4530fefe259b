"""Run: where a fit stands, as values that can be saved and put back.

All that the rest of a fit depends on is here: the Variables of the step, the place in the data, the random states of
the process, what the callbacks hold, and where in which epoch it is.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core import nnx_private
from .._core.module import variables_of
from .._errors import ArgumentError, StateError
from .._types import Logs
from ..callbacks import CallbackList
from ..checkpoint import variables
from ..random import _global as seeds
from .runners import FunctionRunner, Runner, eagerly, put

__all__ = ["Run"]


class Run:
    """A fit in progress.

    Args:
        model: that trains.
        runner: runs its epochs.
        validation: what evaluates it after an epoch, or None.
        listeners: its callbacks.
        first: the number of the first epoch.
        epochs: the number of the epoch to stop before.

    Attributes:
        epoch: the epoch in progress, or the next one.
        logs: those of the last epoch.
    """

    def __init__(
        self, model: Any, runner: Runner, validation: Any, listeners: CallbackList, first: int, epochs: int
    ) -> None:
        self.model, self.runner, self.validation, self.listeners = model, runner, validation, listeners
        self.first, self.epochs = first, epochs
        self.epoch = first
        self.logs: Logs = {}
        self._before = 0  # steps of earlier epochs
        self._over = False  # whether the data had run out
        self._groups: dict[str, list[Any]] = {}
        self._groups_of: Any = None  # what they were looked up for
        self._waiting: tuple[Any, ...] | None = None  # what is put back once that epoch has begun

    # -- what the loop says --------------------------------------------------------------------

    def begin(self) -> None:
        """Go on where a callback that keeps the state finds the fit further than the others do."""
        for keeper in self.listeners.keepers:
            if keeper.begin(self) and self.epoch < self.first:
                raise ArgumentError(
                    "fit",
                    got=f"initial_epoch={self.first}, and a checkpoint of epoch {self.epoch}",
                    expected="a checkpoint that is not older",
                )

    @property
    def left(self) -> range:
        """The epochs to come."""
        return range(self.epoch, self.epoch if self._ended else self.epochs)

    @property
    def _ended(self) -> bool:
        return self.model.stop_training or self.runner.exhausted or self._over

    @property
    def trained(self) -> bool:
        """Whether there was anything to do, here or before."""
        return self._before > 0

    def epoch_begins(self, epoch: int) -> None:
        """Tell the callbacks, with metrics that start anew, unless the fit goes on within this epoch."""
        self.epoch = epoch
        self.model._engine.value.reset_metrics()
        self.listeners.on_epoch_begin(epoch)
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._put(*waiting)  # also over what the callbacks did at the beginning

    def epoch_ended(self, epoch: int, logs: Logs) -> None:
        """All callbacks have been told of the end of an epoch."""
        self._before += self.runner.seen
        self.epoch, self.logs = epoch + 1, logs
        for keeper in self.listeners.keepers:
            keeper.epoch_done(epoch, logs)

    # -- what keepers ask ----------------------------------------------------------------------

    @property
    def steps(self) -> int:
        """Training steps done, in all epochs and processes."""
        return self._before + self.runner.at

    @property
    def is_last(self) -> bool:
        """Whether the epoch that ended was the last one."""
        return self.epoch >= self.epochs or self._ended

    def place(self) -> str:
        """Where it is, in words."""
        if self.is_last:
            return "nothing is left to train"
        return f"epoch {self.epoch + 1}" + (f", after {self.runner.at} steps" if self.runner.at else "")

    def check_data(self, within_epochs: bool, exact: bool) -> None:
        """Raise where the data cannot be read from a place again.

        Args:
            within_epochs: whether the place may be within an epoch.
            exact: whether the place between two epochs matters.
        """
        source = getattr(self.runner.adapter, "source", None)
        if source is None or source.resumable:
            return
        if within_epochs or (exact and source.kind == "generator"):
            raise StateError(
                "fit",
                got=f"a {source.kind}, which cannot be read again from the place where training stopped",
                expected="arrays, a PyDataset, a kerax.data.Dataset or a dataset of Grain",
                hint="kerax.data.Dataset.from_generator" if source.kind == "generator" else 'save_freq="epoch"',
            )

    def groups(self) -> dict[str, list[Any]]:
        """The Variables by what they belong to, each once."""
        model, engine = self.model, self.model._engine.value
        engine.refresh()
        known = engine.now, len(engine.carried("train"))
        if self._groups_of == known:
            return self._groups
        found = {
            "model": model.variables,
            "optimizer": [] if model.optimizer is None else variables_of(model.optimizer),
            "metrics": [variable for metric in model.metrics for variable in metric.variables],
            "others": [*variables_of(model), *engine.carried("train").variables],
        }
        seen: set[int] = set()
        self._groups = {}
        for group, held in found.items():
            self._groups[group] = [v for v in held if id(v) not in seen]
            seen.update(map(id, held))
        self._groups_of = known
        return self._groups

    def state(self) -> dict[str, Any]:
        """All else, as plain values."""
        adapter = self.runner.adapter
        return {
            "epoch": self.epoch,
            "before": self._before,
            "logs": self.logs,
            "stop": bool(self.model.stop_training),
            "over": self.runner.exhausted,
            "data": _place(adapter),
            "size": _size(adapter),
            "runner": self.runner.get_state(),
            "validation": None if self.validation is None else _place(self.validation.adapter),
            "steps": self.listeners.params.get("steps"),
            "random": _random_state(),
            "trainable": [layer.trainable for layer in self.model._flatten_layers()],
            "callbacks": self.listeners.get_state(),
        }

    def put_back(
        self, saved: Sequence[variables.Entry], arrays: Sequence[np.ndarray], state: dict[str, Any], where: str
    ) -> None:
        """Go on from what `groups` and `state` gave; within an epoch as soon as that has begun."""
        self.epoch, self._before, self.logs = state["epoch"], state["before"], state["logs"]
        self.model.stop_training, self._over = state["stop"], state["over"]
        self.listeners.params["steps"] = state["steps"]
        adapter = self.runner.adapter
        within = state["runner"]["at"] > 0
        if within and state["size"] != _size(adapter):
            raise StateError(
                where,
                got=f"a place within an epoch of {_sized(state['size'])}, and data of {_sized(_size(adapter))}",
                expected="the same data and batch size",
            )
        flags, layers = state["trainable"], list(self.model._flatten_layers())
        if len(flags) == len(layers):  # else the arrays do not fit either
            for layer, flag in zip(layers, flags, strict=True):
                if layer.trainable != flag:
                    layer.trainable = flag
        if variables.missing(saved, self.groups()):
            self._rehearse()
        if state["data"] is not None:
            adapter.set_state(state["data"])
        if self.validation is not None and state["validation"] is not None:
            self.validation.adapter.set_state(state["validation"])
        self.runner.set_state(state["runner"])
        if within:
            self._waiting = saved, arrays, state, where
        else:
            self._put(saved, arrays, state, where)

    def _put(self, saved: Any, arrays: Any, state: dict[str, Any], where: str) -> None:
        variables.fit(saved, arrays, self.groups(), where)
        self.listeners.set_state(state["callbacks"])
        self.model.stop_training = state["stop"]
        _set_random_state(state["random"])

    def _rehearse(self) -> None:
        """Have the Variables that only a step makes: metrics' that wait for data, and those outside of the model."""
        engine = self.model._engine.value
        batch = self.runner.adapter.peek()
        if self.model.run_eagerly:
            eagerly(engine, "train", put(batch))
        elif not isinstance(self.runner, FunctionRunner):
            engine.refresh()
            engine.rehearse("train", batch)


def _place(adapter: Any) -> Any:
    """Where data stands; None where it cannot be sent there again."""
    source = getattr(adapter, "source", None)
    return adapter.get_state() if source is None or source.resumable else None


def _size(adapter: Any) -> list[Any]:
    return [adapter.rows, adapter.batch_size, adapter.steps]


def _sized(size: Sequence[Any]) -> str:
    rows, batch_size, steps = size
    return f"{steps} steps" if rows is None else f"{rows} rows in batches of {batch_size}"


def _random_state() -> dict[str, Any]:
    kept = seeds.current()
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "kerax": None if kept is None else np.asarray(nnx_private.raw(kept.state)),
    }


def _set_random_state(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    if state["kerax"] is not None:
        seeds.global_seed_generator().state.assign(state["kerax"])
        random.setstate(state["python"])  # where making the generator drew a seed
