"""Callback: what `fit`, `evaluate` and `predict` tell whoever listens."""

from __future__ import annotations

from typing import Any

from .._types import Logs

__all__ = ["BATCH_HOOKS", "Callback"]

BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}
"""The hooks that hear of single batches, by mode."""


class Callback:
    """The base of callbacks: hooks that do nothing, to be overridden.

    A hook may read and assign weights, the learning rate and `trainable`, and set
    `self.model.stop_training = True`. One that overrides a per-batch hook makes the model run its steps
    one by one, since it must be told of each; epoch hooks cost nothing.

    Attributes:
        params: a dict with `"verbose"`, `"epochs"` and `"steps"` (None while unknown).
        model: the model at work.

    Examples:
        >>> class Names(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, sorted(logs))
        >>> Names().on_epoch_end(0, {"loss": 0.5})
        0 ['loss']
    """

    params: dict[str, Any] | None = None
    _model: Any = None

    def __init__(self) -> None:
        self.params = None
        self._model = None

    @property
    def model(self) -> Any:
        """The model at work; None before `set_model`."""
        return self._model

    @model.setter
    def model(self, model: Any) -> None:
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called once before the work begins."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Called once before the work begins."""
        self._model = model

    def get_state(self) -> dict[str, Any]:
        """What must outlive a restart: counters, best values. `Checkpoint` saves it with the weights.

        Returns:
            Numbers, strings, arrays, and lists, tuples and dicts of them; here nothing.
        """
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on as the callback whose `get_state` this is.

        Called when `fit` goes on from a checkpoint: after `on_train_begin`, and after `on_epoch_begin` where it goes
        on within an epoch.
        """

    def _release(self) -> None:
        """Let go of what is held beyond a call: files, threads. Also called where the call broke off."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """`fit` begins; `logs` is empty."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """`fit` ends; `logs` is that of the last epoch."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """`evaluate`, or the validation of an epoch, begins; `logs` is empty."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """`evaluate`, or the validation of an epoch, ends; `logs` holds its results."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """`predict` begins; `logs` is empty."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """`predict` ends; `logs` is empty."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch begins; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch ends; `logs` holds its means, those of the validation under `val_` names.

        What is added to `logs` reaches the callbacks after this one, the history and the progress bar.
        """

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A training step begins; the first of an epoch is 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A training step ended; `logs` holds the means of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_end`."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `evaluate` or of a validation begins."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `evaluate` or of a validation ended; `logs` holds the means so far."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `predict` begins."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `predict` ended; `logs` may hold its `"outputs"`."""
