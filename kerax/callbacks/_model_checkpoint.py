"""ModelCheckpoint: the model as a file, after each epoch or every so many batches."""

from __future__ import annotations

import math
import os
import re
import string
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError
from .._types import Logs, PathLike
from ._monitor import Monitor
from ._periodic import Periodic

__all__ = ["ModelCheckpoint"]


class UnknownField(ArgumentError, KeyError):
    """A name in braces that is not in the logs."""

    __str__ = Exception.__str__  # KeyError would quote it


class ModelCheckpoint(Periodic, Monitor):
    """Save the model, or its weights, at the end of each epoch or every `save_freq` batches.

    A file appears at once when it is whole, and until then an older one of that name stays. Folders are made. The
    best value so far travels with `Checkpoint` and `BackupAndRestore`: a training that goes on never replaces the best
    file by a worse one. A training begun anew knows no best value but `initial_value_threshold`.

    Args:
        filepath: the name, with fields in braces: `epoch` (from 1), `batch` (from 1, where `save_freq` is a number)
            and the names in the logs, formatted as in `"{epoch:02d}-{val_loss:.2f}.keras"`. It ends in `.keras` or
            `.h5`, of weights in `.weights.h5` or `.h5`; without such a suffix it becomes a directory of Orbax.
        monitor: a name in the logs; for `save_best_only`.
        verbose: 1 prints what is saved, and why not.
        save_best_only: save only where the watched value is better than it ever was.
        save_weights_only: the weights and the optimizer's state, without the model's config.
        mode: "min", "max", or "auto": the metric of that name knows, or the name itself tells.
        save_freq: "epoch", or a number of batches, counted through all epochs. Steps stay fused in between.
        initial_value_threshold: the value that the first one saved must beat.
        **kwargs: of tf.keras: `period`, epochs between two saves; `options`, which is ignored.

    Raises:
        ArgumentError: a suffix that does not say how to save; when it saves, a field that is not in the logs (also a
            KeyError), a `monitor` that is not there or whose direction cannot be told.
        DTypeError: an unknown argument.
        OSError: there is no room on the disk, or no permission.

    Examples:
        >>> ModelCheckpoint("best.keras", monitor="val_accuracy", save_best_only=True).mode
        'auto'
    """

    def __init__(
        self,
        filepath: PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        period = kwargs.pop("period", 1)
        kwargs.pop("options", None)
        if kwargs:
            raise DTypeError("ModelCheckpoint", got=f"the arguments {', '.join(kwargs)}", expected="known ones")
        super().__init__(save_freq, monitor=monitor, mode=mode)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.initial_value_threshold = initial_value_threshold
        self.period = period
        self.epochs_since_last_save = 0
        self.best: Any = initial_value_threshold
        _check_name(self.filepath, save_weights_only)

    # -- when ----------------------------------------------------------------------------------

    def on_due(self, epoch: int, batch: int, logs: Logs) -> None:
        self._save(epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq != "epoch":
            return
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save >= self.period:
            self.epochs_since_last_save = 0
            self._save(epoch, None, logs or {})

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "epochs": self.epochs_since_last_save}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.epochs_since_last_save = state["epochs"]

    # -- whether -------------------------------------------------------------------------------

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        if self.save_best_only and not self._is_better(epoch, batch, logs):
            return
        path = self._path(epoch, batch, logs)
        if self.verbose > 0:
            print(f"{self._reason(epoch)} saving model to {path}")
        Path(path).expanduser().parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _is_better(self, epoch: int, batch: int | None, logs: Logs) -> bool:
        if batch is not None and self.monitor not in logs:
            raise ArgumentError(
                f"ModelCheckpoint monitors {self.monitor!r}",
                got=f"logs with {', '.join(logs) or 'nothing'} after batch {batch + 1} of epoch {epoch + 1}",
                hint='monitor one of these, or save_freq="epoch"',
            )
        current = self.current_value(logs, epoch)
        if current is None:
            return False
        if np.ndim(current) > 0:
            warnings.warn(
                f"ModelCheckpoint monitors {self.monitor!r}, which is {current}, no single number: each is saved.",
                stacklevel=2,
            )
            self._before = None
            return True
        self._before = self.best
        # NaN is no best value that later ones would have to beat
        better = self.best is None or (math.isnan(self.best) and not math.isnan(current))
        if better or self.improves(current, self.best):
            self.best = current
            return True
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")
        return False

    def _reason(self, epoch: int) -> str:
        if not self.save_best_only or np.ndim(self.best) > 0:
            return f"\nEpoch {epoch + 1}:"
        before = "None" if self._before is None else f"{self._before:.5f}"
        return f"\nEpoch {epoch + 1}: {self.monitor} improved from {before} to {self.best:.5f},"

    # -- where ---------------------------------------------------------------------------------

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        values: dict[str, Any] = {"epoch": epoch + 1, **logs}
        if batch is not None:
            values["batch"] = batch + 1
        where = f"ModelCheckpoint: filepath {self.filepath!r}"
        try:
            return self.filepath.format(**values)
        except (KeyError, IndexError) as error:
            raise UnknownField(
                where,
                got=f"the field {{{error.args[0]}}}",
                expected=f"one of {', '.join(sorted(values))}",
                hint="save_freq=a number of batches gives {batch}" if error.args[0] == "batch" else None,
            ) from None
        except (ValueError, TypeError, AttributeError) as error:
            raise ArgumentError(where, got=f"a field that cannot be formatted ({error})") from None


def _check_name(name: str, weights: bool) -> None:
    """Raise where the name's ending does not say how to save; known before training, not after the first epoch."""
    try:
        fields = list(string.Formatter().parse(name))
    except ValueError as error:
        raise ArgumentError(
            "ModelCheckpoint: filepath", got=f"{name!r} ({error})", expected="balanced braces"
        ) from None
    plain = "".join(text + ("\0" if field is not None else "") for text, field, _, _ in fields)
    suffix = re.search(r"\.weights\.h5$|\.[^./\\]*$", plain)
    kind = "" if suffix is None else suffix.group()
    if kind in ("", ".h5", ".hdf5", ".ckpt", ".tf") or kind[1:].isdigit() or "\0" in kind:  # as in "cp-{loss:.2f}"
        return
    if kind == (".weights.h5" if weights else ".keras"):
        return
    raise ArgumentError(
        f"ModelCheckpoint: filepath {name!r}",
        got=f"the ending {kind}" + (" with save_weights_only=True" if weights else ""),
        expected=".weights.h5, .h5 or no suffix" if weights else ".keras, .h5 or no suffix",
        hint="save_weights_only=True" if kind == ".weights.h5" else None,
    )
