"""LearningRateScheduler: a learning rate for each epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from .._errors import ArgumentError
from .._types import Logs
from ._callback import Callback
from ._learning_rate import read_rate, write_rate

__all__ = ["LearningRateScheduler"]


class LearningRateScheduler(Callback):
    """Set the learning rate at the beginning of each epoch, and log it as `"learning_rate"`.

    Args:
        schedule: a function of (epoch, current rate), or of (epoch), that gives a float; epochs count from 0.
        verbose: 1 prints every rate.
    Raises:
        ArgumentError: the schedule gave something else than a float.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        rate = read_rate(self, self.model)
        rate = self.schedule(epoch, rate) if _takes_two(self.schedule) else self.schedule(epoch)
        if not isinstance(rate, (float, np.floating)) and not _is_float_scalar(rate):
            raise ArgumentError("LearningRateScheduler", got=f"{rate!r} from the schedule", expected="a float")
        rate = float(rate)
        write_rate(self, self.model, rate)
        if self.verbose > 0:
            rate = read_rate(self, self.model)
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = read_rate(self, self.model)


def _is_float_scalar(rate: object) -> bool:
    """Whether it is an array of any library that holds one float."""
    dtype = getattr(rate, "dtype", None)
    return dtype is not None and getattr(rate, "shape", None) == () and "float" in str(dtype)


def _takes_two(schedule: Callable) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.1)
    except ValueError:  # a builtin without a signature
        return True
    except TypeError:
        return False
    return True
