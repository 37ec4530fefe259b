"""TensorBoard: what a training does, for TensorBoard to show."""

from __future__ import annotations

import os
import time
from typing import Any

import jax

from .._errors import ArgumentError
from .._events import values
from .._events.writer import EventWriter, NoopWriter
from .._types import Logs
from ._callback import Callback

__all__ = ["TensorBoard"]


class TensorBoard(Callback):
    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.write_steps_per_second = write_steps_per_second
        self._writers: dict[str, Any] = {}

    def _writer(self, run: str) -> Any:
        if run not in self._writers:
            first = jax.process_index() == 0
            self._writers[run] = EventWriter(os.path.join(self.log_dir, run), lenient=True) if first else NoopWriter()
        return self._writers[run]

    def _scalars(self, run: str, prefix: str, logs: Logs, step: int, suffix: str = "") -> None:
        found = [values.scalar(f"{prefix}{name}{suffix}", value) for name, value in logs.items()]
        self._writer(run).add(step, summary=values.summary(*found))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        validation = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        self._scalars("train", "epoch_", training, epoch)
        self._scalars("validation", "epoch_", validation, epoch)

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
