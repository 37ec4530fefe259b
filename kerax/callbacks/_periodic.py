"""Periodic: what callbacks have in common that act at the end of an epoch or every so many steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import ArgumentError
from .._types import Logs
from ._callback import Callback

__all__ = ["Periodic"]


class Periodic(Callback):
    """A callback that acts every `save_freq` training steps, counted through epochs, or at the end of each epoch.

    It overrides no per-batch hook, so steps stay fused up to those that it waits for.

    Args:
        save_freq: "epoch", or a number of steps.

    Raises:
        ArgumentError: another `save_freq`.
    """

    def __init__(self, save_freq: int | str, **rest: Any) -> None:
        super().__init__(**rest)
        whole = isinstance(save_freq, (int, np.integer)) and not isinstance(save_freq, bool)
        if save_freq != "epoch" and (not whole or int(save_freq) < 1):
            raise ArgumentError(
                f"{type(self).__name__}: save_freq",
                got=repr(save_freq),
                expected='"epoch", or a number of steps from 1 up',
            )
        self.save_freq: int | str = save_freq if isinstance(save_freq, str) else int(save_freq)
        self._left = 0 if isinstance(self.save_freq, str) else self.save_freq  # steps until it acts

    def steps_left(self) -> int | None:
        """How many steps until it acts; None where it does not count them."""
        return None if isinstance(self.save_freq, str) else self._left

    def on_train_steps(self, count: int, epoch: int, batch: int, logs: Logs) -> None:
        """`count` more steps are done, the last of which was `batch` of `epoch`."""
        if isinstance(self.save_freq, str):
            return
        self._left -= count
        if self._left <= 0:
            self._left = self.save_freq
            self.on_due(epoch, batch, logs)

    def on_due(self, epoch: int, batch: int, logs: Logs) -> None:
        """It is time, after `batch` of `epoch`."""

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "left": self._left}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        if not isinstance(self.save_freq, str) and 0 < state["left"] <= self.save_freq:
            self._left = state["left"]
