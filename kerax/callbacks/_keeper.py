"""Keeper: what callbacks have in common that save where a fit stands, and let it go on from there."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import jax
import numpy as np

from .._errors import ArgumentError, DataError, StateError, Unsupported
from .._types import Logs, PathLike
from ..checkpoint import plain, variables
from ..checkpoint.store import Damaged, Store
from ..checkpoint.writer import Writer
from ._periodic import Periodic

__all__ = ["Keeper"]


class Keeper(Periodic):
    """Saves the state of a fit: Variables, data, callbacks, random states.

    What a fit is made of, it learns from the `run` it is given: `run.take()` and `run.put_back(...)`.

    Args:
        directory: where the checkpoints are.
        save_freq: "epoch", or a number of steps.
        on_error: "warn" or "raise": what is done where a checkpoint cannot be written.

    Raises:
        ArgumentError: another word.
    """

    exact = True  # whether data that cannot be read from the middle on is refused

    def __init__(
        self, directory: PathLike, save_freq: int | str, on_error: str = "warn", verbose: int = 0, **rest: Any
    ) -> None:
        super().__init__(save_freq, **rest)
        if on_error not in ("warn", "raise"):
            raise ArgumentError(f"{type(self).__name__}: on_error", got=repr(on_error), expected='"warn" or "raise"')
        self.store = Store(directory)
        self.on_error = on_error
        self.verbose = verbose
        self._writer = Writer()
        self._run: Any = None

    # -- what the loop calls -------------------------------------------------------------------

    def begin(self, run: Any) -> bool:
        """A fit begins: go on from the newest checkpoint that is whole, if there is one; whether there was.

        Raises:
            DataError: the directory cannot be written to, or all checkpoints are damaged.
            ShapeError: the newest one is of another model.
            Unsupported: one of several processes of a training.
        """
        self._run = run
        if jax.process_count() > 1:
            raise Unsupported(
                f"{type(self).__name__} in a training of {jax.process_count()} processes",
                hint="Orbax's CheckpointManager on the state of the model",
            )
        self.store.prepare(type(self).__name__)
        run.check_data(within_epochs=not isinstance(self.save_freq, str), exact=self.exact)
        found = self._newest()
        if found is None:
            return False
        step, arrays, about = found
        where = f"The checkpoint {self.store.folder(step)}"
        count = len(about["entries"])
        state = plain.unpack(about["state"], list(arrays.values())[count:], where)
        if run.steps >= step > 0:  # another callback knew more
            return False
        self.before_going_on(state["epoch"], run)
        run.put_back(variables.listed(about), list(arrays.values())[:count], state, where)
        if self.verbose:
            print(f"Going on from {self.store.folder(step)}: {run.place()}.")
        return True

    def before_going_on(self, epoch: int, run: Any) -> None:
        """A fit is about to go on with `epoch`."""

    def _newest(self) -> tuple[int, dict[str, np.ndarray], dict[str, Any]] | None:
        steps = self.store.steps()
        for step in reversed(steps):
            try:
                return (step, *self.store.read(step))
            except Damaged as error:
                self.store.set_aside(step)
                warnings.warn(f"{type(self).__name__} skips a damaged checkpoint. {error}", stacklevel=2)
        if steps:
            raise DataError(
                f"{type(self).__name__}({str(self.store.path)!r})",
                got="damaged checkpoints alone",
                expected="one that is whole",
                hint="begin anew in another directory",
            )
        return None

    def on_due(self, epoch: int, batch: int, logs: Logs) -> None:
        if not self.model.stop_training:  # else the epoch ends here, and that is saved
            self.save()

    def epoch_done(self, epoch: int, logs: Logs) -> None:
        """An epoch is done, and every callback has been told."""
        if self.save_freq == "epoch" or self._run.is_last:
            self.save(must=self._run.is_last)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._writer.wait()
        self._report()

    def _release(self) -> None:
        """Finish what is being written."""
        self._writer.wait()
        self._run = None

    # -- saving --------------------------------------------------------------------------------

    def save(self, value: float | None = None, must: bool = False) -> None:
        """Save in a thread; what training changes from now on does not matter.

        Args:
            value: what tells a good checkpoint from others.
            must: whether it is worth waiting for the save before; others are left out while that is under way.
        """
        if not must and not self._writer.free:
            return
        self._writer.wait()
        self._report()
        run = self._run
        text, large = plain.pack(run.state(), type(self).__name__)
        groups = run.groups()
        about = {"entries": variables.entries(groups), "state": text, **self.marks(value)}
        self._writer.submit(functools.partial(self._write, run.steps, variables.take(groups), large, about))

    def _write(self, step: int, taken: dict[str, Any], large: list[np.ndarray], about: dict[str, Any]) -> None:
        arrays = {key: np.asarray(value) for key, value in taken.items()}
        arrays.update({f"state/{index}": array for index, array in enumerate(large)})
        self.store.save(step, arrays, about)
        self.written(step)

    def marks(self, value: float | None) -> dict[str, Any]:
        """What else is written, for whoever looks for a checkpoint."""
        return {}

    def written(self, step: int) -> None:
        """A checkpoint is on the disk; called in the thread that writes."""

    def _report(self) -> None:
        """Say what went wrong in the thread."""
        error = self._writer.error()
        if error is None:
            return
        steps = self.store.steps()
        last = f"The last whole checkpoint is {self.store.folder(steps[-1])}" if steps else "There is no checkpoint yet"
        problem = StateError(f"{type(self).__name__}: a checkpoint could not be written", got=f"{error}. {last}")
        if self.on_error == "raise" or not isinstance(error, (OSError, ValueError, RuntimeError)):
            raise problem from error
        warnings.warn(f"{problem} Training goes on.", stacklevel=2)
