"""Checkpoint: a training that was killed goes on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._core.module import variables_of
from .._errors import ArgumentError, StateError
from .._types import Logs, PathLike
from ..checkpoint import keep, variables
from ..checkpoint.store import Damaged
from ._keeper import Keeper
from ._monitor import Monitor

__all__ = ["Checkpoint"]


_finished: set[Path] = set()  # directories of the fits that this process has finished


class Checkpoint(Keeper, Monitor):
    """Save all of a training at regular moments, and go on from there when the same script is started again.

    What is saved is what the rest of the training depends on: weights, the optimizer's and the metrics' state, random
    states (of layers, of the process, of NumPy and of Python), the place in the data, the history and the state of
    every callback. A training that was killed, in the middle of an epoch or of a save, ends with the same bits as one
    that was not. The directory is made; the checkpoints in it are read by Orbax as well.

    Writing goes on beside the training, which never waits for it before its end. Where the moments come faster than
    can be written, some are left out: those within two seconds of a save, at most. The best epochs and the last one
    are always written.

    Args:
        directory: one of its own for each `fit`.
        save_freq: "epoch", or a number of steps: those through all epochs are counted.
        max_to_keep: how many of the newest stay; None for all.
        keep_best: how many of the best epochs stay as well.
        monitor: a name in the epoch's logs that tells how good it is; for `keep_best`.
        mode: "min", "max" or "auto", as in `ModelCheckpoint`.
        on_error: "warn": training goes on where one cannot be written; "raise": it stops.
        verbose: 1 prints where training goes on.

    Raises:
        ArgumentError: an argument that cannot be; at the end of the first epoch a `monitor` that is not there.
        DataError: a directory that cannot be written to, or holds nothing but damaged checkpoints; data that cannot
            be read from the middle on, such as a generator.
        ShapeError: the checkpoint is that of another model.
        StateError: the directory was used by another fit of this process.

    Examples:
        model.fit(x, y, epochs=100, callbacks=[kerax.callbacks.Checkpoint("run")])
    """

    def __init__(
        self,
        directory: PathLike,
        save_freq: int | str = "epoch",
        max_to_keep: int | None = 3,
        keep_best: int = 0,
        monitor: str = "val_loss",
        mode: str = "auto",
        on_error: str = "warn",
        verbose: int = 1,
    ) -> None:
        super().__init__(directory, save_freq, on_error, verbose, monitor=monitor, mode=mode)
        if max_to_keep is not None and max_to_keep < 1:
            raise ArgumentError("Checkpoint: max_to_keep", got=max_to_keep, expected="1 or more, or None for all")
        if keep_best < 0:
            raise ArgumentError("Checkpoint: keep_best", got=keep_best, expected="0 or more")
        self.max_to_keep = max_to_keep
        self.keep_best = keep_best
        self._values: dict[int, float | None] = {}  # of the checkpoints there are

    def begin(self, run: Any) -> bool:
        found = super().begin(run)
        self._values = {step: self._value_of(step) for step in self.store.steps()}
        return found

    def _value_of(self, step: int) -> float | None:
        try:
            return self.store.about(step)["value"]
        except Damaged:
            return None

    def before_going_on(self, epoch: int, run: Any) -> None:
        if epoch >= run.epochs and self.store.path in _finished:
            raise StateError(
                f"Checkpoint({str(self.store.path)!r})",
                got=f"the directory of a fit that this process has finished, of {epoch} epochs",
                expected="a directory of its own for each fit",
                hint="another directory, or more epochs than that to go on",
            )

    def epoch_done(self, epoch: int, logs: Logs) -> None:
        value = self.current_value(logs, epoch) if self.keep_best else None
        good = value is not None and self._run.steps in keep.best(
            {**self._values, self._run.steps: value}, self.keep_best, bool(self._rising)
        )
        if self.save_freq == "epoch" or good or self._run.is_last:
            self.save(value, must=good or self._run.is_last)

    def on_train_end(self, logs: Logs | None = None) -> None:
        super().on_train_end(logs)
        _finished.add(self.store.path)

    def marks(self, value: float | None) -> dict[str, Any]:
        return {"value": value, "rising": self._rising}

    def written(self, step: int) -> None:
        values = {**self._values, step: self._value_of(step)}
        stay = keep.kept(values, self.max_to_keep, self.keep_best, bool(self._rising))
        for old in sorted(set(values) - stay):
            self.store.remove(old)
        # a new dict: the training looks at the old one meanwhile
        self._values = {number: value for number, value in values.items() if number in stay}

    def restore(self, model: Any, step: int | str = "latest") -> int:
        """Give a model the weights of a checkpoint, and its optimizer the state, if that is built.

        Args:
            model: built as the one that was trained.
            step: "latest", "best" (of `keep_best`), or the number of a checkpoint.

        Returns:
            The number of the checkpoint.

        Raises:
            ArgumentError: there is none, or not that one.
            DataError: it is damaged.
            ShapeError: it is that of another model.
        """
        self._writer.wait()
        number = self._chosen(step)
        arrays, about = self.store.read(number)
        saved = variables.listed(about)
        groups = {"model": model.variables}
        if model.optimizer is not None and model.optimizer.built:
            groups["optimizer"] = variables_of(model.optimizer)
        chosen = [(entry, array) for entry, array in zip(saved, arrays.values(), strict=False) if entry.group in groups]
        where = f"The checkpoint {self.store.folder(number)}"
        variables.fit([entry for entry, _ in chosen], [array for _, array in chosen], groups, where)
        return number

    def _chosen(self, step: int | str) -> int:
        steps = self.store.steps()
        where = f"Checkpoint({str(self.store.path)!r}).restore"
        if step == "best":
            abouts = {number: self.store.about(number) for number in steps}
            rising = any(about["rising"] for about in abouts.values())
            found = keep.best({number: about["value"] for number, about in abouts.items()}, 1, rising)
            if found:
                return found[0]
            raise ArgumentError(
                where, got='"best", and no checkpoint that knows how good it is', hint="keep_best=1 in fit"
            )
        if not steps:
            raise ArgumentError(where, got="a directory without checkpoints")
        if step == "latest":
            return steps[-1]
        if step not in steps:
            raise ArgumentError(where, got=repr(step), expected=f'"latest", "best" or one of {steps}')
        return int(step)

    def wait_until_finished(self) -> None:
        """Until what is being written is on the disk."""
        self._writer.wait()
