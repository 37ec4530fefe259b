"""SwapEMAWeights: evaluate with the moving average of the weights."""

from __future__ import annotations

from typing import Any

from .._core import nnx_private
from .._errors import ArgumentError
from .._types import Logs
from ._callback import Callback

__all__ = ["SwapEMAWeights"]


class SwapEMAWeights(Callback):
    """Let the model have the optimizer's moving averages in place of its weights while it is evaluated.

    Arrays change hands, none is copied. Averages of the weights: Polyak & Juditsky, 1992.

    Args:
        swap_on_epoch: whether the averages are also in place at the end of each epoch, for the callbacks after this
            one, until the next epoch begins.

    Raises:
        ArgumentError: the optimizer keeps no averages: make it with `use_ema=True`.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False
        self._last: list[Any] | None = None  # the averages at the end of the last epoch

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._last = None
            self._have(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._have(True)
            self._last = [nnx_private.raw(variable) for variable, _ in self._pairs()]

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._swapped and self._last is not None:  # what ended the training set weights to what the averages hold
            for (variable, average), value in zip(self._pairs(), self._last, strict=True):
                variable.set_value(value)
                average.assign(value)
        self._swapped, self._last = False, None

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._have(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._have(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._have(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._have(False)

    def get_state(self) -> dict[str, Any]:
        return {"swapped": self._swapped}

    def set_state(self, state: dict[str, Any]) -> None:
        self._swapped = state["swapped"]
        self._last = [nnx_private.raw(variable) for variable, _ in self._pairs()] if self._swapped else None

    def _pairs(self) -> list[tuple[Any, Any]]:
        """The weights beside their averages; none as long as the optimizer has not met them."""
        optimizer = self.model.optimizer
        pairs = [] if optimizer is None else optimizer._averages(self.model.trainable_variables)
        if not pairs and (optimizer is None or optimizer.built):
            raise ArgumentError(
                "SwapEMAWeights",
                got="no optimizer" if optimizer is None else f"use_ema=False in the optimizer {optimizer.name!r}",
                expected="an optimizer made with use_ema=True",
            )
        return pairs

    def _have(self, averages: bool) -> None:
        """Have the averages in the model, or its weights."""
        if self._swapped == averages:
            return
        pairs = self._pairs()
        weights, means = (
            ([nnx_private.raw(v) for v in side] for side in zip(*pairs, strict=True)) if pairs else ([], [])
        )
        nnx_private.put_all([v for v, _ in pairs] + [a for _, a in pairs], means + weights)
        self._swapped = averages
