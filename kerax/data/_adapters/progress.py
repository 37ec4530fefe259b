"""Where an epoch stands, as the step has used it: what a checkpoint keeps of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..._errors import ArgumentError

__all__ = ["Progress"]


class Progress:
    """What both adapters say of their place. Batches read ahead do not count, only those handed to the step.

    `Epoch`, or a runner that takes many batches at once, calls `consumed`. After a step and before the next
    one, `get_state` says all that is needed to go on: with the same data, `set_state` and an `Epoch` give the
    batches that were left, the rest of the epoch first.

    Attributes:
        done: batches of the epoch in progress that were used; after `set_state` it says how many the rest
            of the epoch leaves out. 0 between two epochs.
        prepare: what the inputs of each batch go through, where batches are read; None for nothing.
    """

    done = 0
    prepare: Callable[[Any], Any] | None = None
    _kind = ""  # of the data, so that a state is not given to other data
    _mark: Any = None  # the place after the last batch used; None: the place where reading stands

    def _place_now(self) -> Any:
        """The place where reading stands, as plain values."""
        raise NotImplementedError

    def _go_to(self, place: Any) -> None:
        """Read from `place` on."""
        raise NotImplementedError

    def marked(self, rng: np.random.Generator | None = None, steps: int | None = None) -> Iterator[tuple]:
        """The batches of the next epoch as `(x, y, sample_weight)`, not `prepared` yet, each beside the place after it.

        Args:
            rng: shuffles, where that was asked for.
            steps: the most batches to give; None for what was asked, or a whole pass.
        """
        raise NotImplementedError

    def batches(self, rng: np.random.Generator | None = None, steps: int | None = None) -> Iterator[tuple]:
        """The same, `prepared` and alone."""
        return (self.prepared(batch) for batch, _ in self.marked(rng, steps))

    def prepared(self, batch: tuple) -> tuple:
        """A batch of `marked`, its inputs passed through `prepare`."""
        return batch if self.prepare is None else (self.prepare(batch[0]), *batch[1:])

    def consumed(self, done: int, mark: Any = None) -> None:
        """Say that the step has used `done` batches of this epoch.

        Args:
            done: how many, those of before `set_state` among them.
            mark: the place after them, where the adapter gave one beside the batch.
        """
        self.done, self._mark = done, mark

    def epoch_ended(self) -> None:
        """The next batch is the first of an epoch."""
        self.done, self._mark = 0, None

    def get_state(self) -> dict[str, Any]:
        """The place after the batches used so far: a dict of plain values, which JSON takes.

        Raises:
            StateError: the data cannot be read from a place in the middle.
        """
        place = self._mark if self._mark is not None else self._place_now()
        return {"data": self._kind, "done": self.done, "place": place}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a place that `get_state` gave, for the same data. Call it before an epoch begins.

        Raises:
            ArgumentError: the state of other data.
            StateError: the data cannot be read from a place in the middle.
        """
        if not isinstance(state, dict) or state.get("data") != self._kind:
            got = state.get("data") if isinstance(state, dict) else state
            raise ArgumentError(
                "The place in the data", got=f"that of {got!r}", expected=f"that of {self._kind!r}",
                hint="resume with the same kind of data that was trained on",
            )  # fmt: skip
        self._go_to(state["place"])
        self.done, self._mark = int(state["done"]), None
