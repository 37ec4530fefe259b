"""EarlyStopping: end `fit` when it no longer gets better."""

from __future__ import annotations

from typing import Any

from .._types import Logs
from ._monitor import Monitor

__all__ = ["EarlyStopping"]

_STATE = ("wait", "stopped_epoch", "best_epoch", "best_weights")


class EarlyStopping(Monitor):
    """Stop when the watched value no longer improves.

    Args:
        monitor: a name in the epoch's logs.
        min_delta: a change smaller than this is no improvement.
        patience: the number of epochs without improvement after which training stops.
        verbose: 1 says why it stopped.
        mode: `"min"`, `"max"`, or `"auto"`: the metric of that name knows, or the name itself tells.
        baseline: a value that counts as patience spent until it is beaten.
        restore_best_weights: whether the weights of the best epoch come back at the end, stopped or not. They are
            those of the first epoch if none beat the baseline.
        start_from_epoch: epochs before this one are not watched.
    Raises:
        ArgumentError: at the end of the first epoch, where nothing of that name is in the logs, or where `"auto"`
            cannot tell whether higher is better.

    Attributes:
        best, best_epoch, best_weights, wait, stopped_epoch: where it stands.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None
        self._found = False
        self._rising = None

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), **{name: getattr(self, name) for name in _STATE}}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        for name in _STATE:
            setattr(self, name, state[name])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.current_value(logs, epoch)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if self.best is None or self.improves(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> Any:
        """The watched value in `logs`, or None."""
        return (logs or {}).get(self.monitor)
