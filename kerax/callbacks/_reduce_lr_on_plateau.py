"""ReduceLROnPlateau: smaller steps when bigger ones no longer help."""

from __future__ import annotations

import warnings
from typing import Any

from .._errors import ArgumentError, DTypeError
from .._types import Logs
from ._learning_rate import read_rate, write_rate
from ._monitor import Monitor

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(Monitor):
    """Multiply the learning rate by `factor` when the watched value no longer improves.

    Logs the rate each epoch was trained with as `"learning_rate"`.

    Args:
        monitor: a name in the epoch's logs.
        factor: below 1.
        patience: the number of epochs without improvement after which the rate falls.
        verbose: 1 prints every change.
        mode: `"min"`, `"max"`, or `"auto"`: the metric of that name knows, or the name itself tells.
        min_delta: a change smaller than this is no improvement.
        cooldown: epochs to wait after a change before counting again.
        min_lr: the rate never falls below it.
        **kwargs: `epsilon`, the old name of `min_delta`.
    Raises:
        ArgumentError: a factor of 1 or more; at the end of the first epoch, where nothing of that name is in the
            logs, or where `"auto"` cannot tell whether higher is better.
        DTypeError: an unknown argument.

    Attributes:
        best, wait, cooldown_counter: where it stands.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if "epsilon" in kwargs:
            warnings.warn("ReduceLROnPlateau: epsilon is now called min_delta.", stacklevel=2)
            min_delta = kwargs.pop("epsilon")
        if kwargs:
            raise DTypeError("ReduceLROnPlateau", got=f"the arguments {', '.join(kwargs)}", expected="known ones")
        super().__init__(monitor, mode, min_delta)
        if factor >= 1.0:
            raise ArgumentError("ReduceLROnPlateau", got=f"factor={factor}", expected="a factor below 1")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0
        self._found = False
        self._rising = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.wait, self.cooldown_counter = state["wait"], state["cooldown_counter"]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        current = self.current_value(logs, epoch)
        rate = read_rate(self, self.model)
        logs["learning_rate"] = rate
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.best is None or self.improves(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self._reduce(epoch, rate)

    def _reduce(self, epoch: int, rate: float) -> None:
        rate = max(rate * self.factor, self.min_lr)
        write_rate(self, self.model, rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether it still waits after the last change."""
        return self.cooldown_counter > 0
