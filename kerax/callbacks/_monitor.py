"""What callbacks that watch one entry of the logs have in common: finding it, and knowing which way is better."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

from .._errors import ArgumentError, near_misses
from .._types import Logs
from ._callback import Callback

__all__ = ["Monitor"]

# Names whose direction is known without asking a metric: those of the losses, and of the usual metrics.
_HIGHER = (
    "accuracy acc auc precision recall f1_score fbeta_score r2_score iou mean_iou binary_iou one_hot_iou "
    "one_hot_mean_iou true_positives true_negatives sensitivity_at_specificity specificity_at_sensitivity "
    "precision_at_recall recall_at_precision cosine_similarity"
).split()
_LOWER = (
    "loss mse mae mape msle mean_squared_error mean_absolute_error mean_absolute_percentage_error "
    "mean_squared_logarithmic_error root_mean_squared_error rmse hinge squared_hinge categorical_hinge crossentropy "
    "kl_divergence poisson log_cosh logcosh huber false_positives false_negatives"
).split()


class Monitor(Callback):
    """A callback that watches `logs[monitor]`.

    Args:
        monitor: a name in the epoch's logs.
        mode: `"min"`, `"max"`, or `"auto"`: the metric of that name knows, or the name itself tells.
        min_delta: a change smaller than this is no improvement.
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__}: unknown mode {mode!r}; using 'auto'. Try: 'auto', 'min' or 'max'.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: Any = None
        self._rising: bool | None = None  # whether higher is better; known from the first epoch's end
        self._found = False

    @property
    def monitor_op(self) -> Any:
        """The comparison that tells better from worse, or None before it is known."""
        return None if self._rising is None else (_greater if self._rising else _less)

    def set_validation(self, frequency: Any) -> None:
        """How often this `fit` validates: a number of epochs, a collection of epochs, or None for never."""
        self._validation = frequency

    _validation: Any = "unknown"

    def get_state(self) -> dict[str, Any]:
        watched = {"monitor": self.monitor, "best": self.best, "found": self._found, "rising": self._rising}
        return {**super().get_state(), **watched}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        if state["monitor"] != self.monitor:
            raise ArgumentError(
                f"{type(self).__name__} monitors {self.monitor!r}",
                got=f"the state of one that monitors {state['monitor']!r}",
                hint="the same monitor as before, or another directory of checkpoints",
            )
        self.best, self._found, self._rising = state["best"], state["found"], state["rising"]

    def current_value(self, logs: Logs | None, epoch: int) -> Any:
        """The watched value; None in an epoch that has none.

        Raises:
            ArgumentError: it is not there, and cannot come later.
        """
        logs = logs or {}
        if self.monitor in logs:
            self._found = True
            if self._rising is None:
                self._rising = self._direction()
            return logs[self.monitor]
        if self._found:
            return None
        unvalidated = self.monitor.startswith("val_") and not any(name.startswith("val_") for name in logs)
        if unvalidated and self._still_to_come(epoch):
            return None
        if unvalidated and self._validation == "unknown":
            warnings.warn(
                f"{type(self).__name__}: no {self.monitor!r} in the logs of epoch {epoch + 1}, "
                f"which has {', '.join(logs) or 'nothing'}.",
                stacklevel=4,
            )
            return None
        raise ArgumentError(
            f"{type(self).__name__} monitors {self.monitor!r}",
            got=f"logs with {', '.join(logs) or 'nothing'} at the end of epoch {epoch + 1}",
            hint="give fit validation_data or validation_split, or monitor one of these"
            if unvalidated
            else near_misses(self.monitor, logs),
        )

    def _still_to_come(self, epoch: int) -> bool:
        """Whether a validation is due after this epoch."""
        if self._validation is None or self._validation == "unknown":
            return False
        if isinstance(self._validation, int):
            return self._validation > 0
        return any(due > epoch + 1 for due in self._validation)

    def improves(self, value: Any, reference: Any) -> bool:
        """Whether `value` is better than `reference` by more than `min_delta`."""
        return bool(value - self.min_delta > reference if self._rising else value + self.min_delta < reference)

    def _direction(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        for metric in _flat(getattr(self.model, "metrics", None) or []):
            direction = getattr(metric, "_direction", None)
            if getattr(metric, "name", None) == name and direction in ("up", "down"):
                return direction == "up"
        name = re.sub(r"_\d+$", "", name)
        for names, rising in ((_LOWER, False), (_HIGHER, True)):
            if any(name == known or name.endswith("_" + known) for known in names):
                return rising
        raise ArgumentError(
            f"{type(self).__name__} monitors {self.monitor!r}",
            got="mode='auto' and a name that does not tell whether higher is better",
            expected="mode='min' or mode='max'",
        )


def _less(value: Any, reference: Any) -> bool:
    return bool(value < reference)


def _greater(value: Any, reference: Any) -> bool:
    return bool(value > reference)


def _flat(metrics: Any) -> Iterator[Any]:
    for metric in metrics:
        yield metric
        yield from _flat(getattr(metric, "metrics", None) or [])
