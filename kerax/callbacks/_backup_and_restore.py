"""BackupAndRestore: a backup for the case that training is interrupted, removed when it is done."""

from __future__ import annotations

from .._errors import ArgumentError
from .._types import Logs, PathLike
from ._keeper import Keeper

__all__ = ["BackupAndRestore"]


class BackupAndRestore(Keeper):
    """Save all of a training at regular moments; a `fit` that was interrupted goes on from there.

    It saves and puts back what `Checkpoint` does: weights, optimizer, metrics, random states, the place in the data,
    the history of all epochs and the state of every callback. Of data that cannot be read from a place again, such as
    a generator, it keeps no place: the source begins anew, and `save_freq` must be "epoch".

    Args:
        backup_dir: a directory for this alone.
        save_freq: "epoch", or a number of batches; False for no new backups.
        double_checkpoint: keep the backup before the last one as well, for the case that the last one is damaged.
        delete_checkpoint: remove the backups when training is done.

    Raises:
        ArgumentError: no directory, another `save_freq`.
        DataError: a directory that cannot be written to, or damaged backups alone.
        ShapeError: the backup is that of another model.
    """

    exact = False

    def __init__(
        self,
        backup_dir: PathLike,
        save_freq: int | str | bool = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not backup_dir:
            raise ArgumentError("BackupAndRestore: backup_dir", got=repr(backup_dir), expected="a directory")
        super().__init__(backup_dir, "epoch" if save_freq is False else save_freq)
        self.backup_dir = backup_dir
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._saves = save_freq is not False

    def save(self, value: float | None = None, must: bool = False) -> None:
        if self._saves:
            super().save(value, must)

    def written(self, step: int) -> None:
        for old in self.store.steps()[: -2 if self.double_checkpoint else -1]:
            self.store.remove(old)

    def on_train_end(self, logs: Logs | None = None) -> None:
        super().on_train_end(logs)
        if self.delete_checkpoint:
            self.store.clear()
