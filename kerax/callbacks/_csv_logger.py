"""CSVLogger: the logs of every epoch as lines of a file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._types import Logs
from ._callback import Callback

__all__ = ["CSVLogger"]


class CSVLogger(Callback):
    """Write the logs of every epoch to a CSV file, at once.

    The columns are `epoch` and the names in the first epoch's logs, sorted; where none of them is of a validation, a
    `val_` column for each, since the first validation may come later. What is missing is written as `NA`.

    Args:
        filename: the file; its folder must exist.
        separator: what stands between two values.
        append: go on at the end of the file; default: begin it anew.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._start = 0  # where in the file the lines of this fit begin
        self._headed = False

    def get_state(self) -> dict[str, Any]:
        text = ""
        if os.path.exists(self.filename):
            with open(self.filename, "rb") as file:
                file.seek(self._start)
                text = file.read().decode()
        return {"keys": self.keys, "start": self._start, "headed": self._headed, "text": text}

    def set_state(self, state: dict[str, Any]) -> None:
        """Have the lines in the file that were there when the state was taken, and no later ones."""
        self.keys, self._start, self._headed = state["keys"], state["start"], state["headed"]
        with open(self.filename, "r+b") as file:
            self._start = min(self._start, file.seek(0, os.SEEK_END))
            file.truncate(self._start)
            file.seek(self._start)
            file.write(state["text"].encode())

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.keys = None
        self._headed = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        with open(self.filename, "a" if self.append else "w", encoding="utf-8"):
            pass  # a file that cannot be written is known before the first epoch, not after
        self._start = os.path.getsize(self.filename)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += ["val_" + key for key in self.keys]
        # opened for each line: a training that breaks off leaves no open file behind
        with open(self.filename, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.sep)
            if not self._headed:
                writer.writerow(["epoch", *self.keys])
                self._headed = True
            writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])


def _cell(value: Any) -> Any:
    if isinstance(value, str) or np.ndim(value) == 0 or not isinstance(value, Iterable):
        return value
    return f'"[{", ".join(map(str, value))}]"'
