"""ProgbarLogger: the progress bar of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._types import Logs
from ._bar import Progbar
from ._callback import Callback

__all__ = ["ProgbarLogger"]


class ProgbarLogger(Callback):
    """Show the progress of each epoch. `verbose` of `fit` adds one by itself.

    It shows the logs as they are given, and does not ask for single steps. Where its per-batch hooks are
    called for several steps at once (with the index of the last), the bar moves by as many. They take a function
    in place of the logs, and call it only when a line is drawn.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose: int | str = 1
        self.epochs = 1
        self._within_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        self.verbose = params.get("verbose", 1)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def get_state(self) -> dict[str, Any]:
        return {"seen": self.seen, "target": self.target}

    def set_state(self, state: dict[str, Any]) -> None:
        self.seen, self.target = state["seen"], state["target"]
        if self.progbar is not None:
            self.progbar.target = self.target

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._within_fit = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._within_fit = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._within_fit:
            self._begin()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin()
        if self.verbose and self.epochs > 1:
            Progbar._write(f"Epoch {epoch + 1}/{self.epochs}\n")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._update(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self._within_fit:
            self._update(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self._update(batch, None)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._end(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._within_fit:
            self._end(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._end(None)

    def close(self) -> None:
        """End the line where it is, when the work broke off."""
        self._within_fit = False
        if self.progbar is not None:
            self.progbar.close()

    def _begin(self) -> None:
        self.seen = 0
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _update(self, batch: int, logs: dict[str, Any] | Callable[[], dict[str, Any]] | None) -> None:
        self.seen = batch + 1
        if self.progbar is not None:
            self.progbar.update(self.seen, logs, finalize=False)

    def _end(self, logs: Logs | None) -> None:
        if self.progbar is None:
            return
        if self.target is None:
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.seen or self.target, logs, finalize=True)
