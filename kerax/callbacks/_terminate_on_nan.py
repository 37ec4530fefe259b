"""TerminateOnNaN: stop a training that has gone wrong."""

from __future__ import annotations

import math

from .._errors import StateError
from .._types import Logs
from ._callback import Callback

__all__ = ["TerminateOnNaN"]


class TerminateOnNaN(Callback):
    """Stop `fit` after the first batch whose loss is not finite. Asks for single steps, and waits for each.

    Args:
        raise_error: raise instead of stopping.
    Raises:
        StateError: the loss is not finite, where `raise_error` is true.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(float(loss)):
            return
        if self.raise_error:
            raise StateError(
                f"Training at batch {batch}",
                got=f"a loss of {float(loss)} (NaN or Inf)",
                expected="a finite one",
                hint="a smaller learning rate, clipnorm=1.0 in the optimizer, or inputs without NaN",
            )
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
