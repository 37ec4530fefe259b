"""Batches that somebody else makes: generators, PyDatasets, datasets of other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from ... import tree
from ..._errors import ArgumentError, DataError, StateError
from ..._types import Shape
from .arrays import check_count
from .batch import unpack_x_y_sample_weight
from .class_weights import check_class_weight, class_sample_weight
from .leaves import path_name, structured, to_array
from .progress import Progress
from .sources import Source

__all__ = ["StreamAdapter"]


class StreamAdapter(Progress):
    """Batches out of a source, each checked and normalised.

    Args:
        source: where they come from.
        steps: batches in an epoch; None for a whole pass.
        class_weight: weights by class number.
        output_shape: the shape of the model's output, for `class_weight`; see `class_sample_weight`.
        where: what the user called, for errors.

    Attributes:
        steps: batches in an epoch, None where it is not known before the end.
    """

    in_memory = False
    rows = None
    batch_size = None

    def __init__(
        self,
        source: Source,
        *,
        steps: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        output_shape: Shape | None = None,
        where: str = "fit",
    ) -> None:
        self.source, self.where, self._kind = source, where, source.kind
        self.asked = check_count(steps, f"{where}: steps")
        self.steps = self.asked or source.steps
        self.class_weight = None if class_weight is None else check_class_weight(class_weight)
        self.output_shape = output_shape
        self._structure = jax.tree.structure(())  # of the first batch
        self._names: list[str] = []  # of its arrays
        self._seen = 0
        self._peeked: list[tuple] = []  # batches, each beside the place after it
        self._shown: tuple | None = None  # the first of them as `peek` gave it
        self._in_epoch = False
        self._start: Any = None  # the place before the batch that was peeked at
        if source.steps == 0:
            raise DataError(where, got=f"a {source.kind} of no batches", expected="at least one batch")

    def weigh_classes(self, class_weight: Mapping[int, float], output_shape: Shape | None = None) -> None:
        """Weigh the labels of the batches to come; see `class_sample_weight`."""
        self.class_weight, self.output_shape = check_class_weight(class_weight), output_shape
        self._peeked = [(self._weighed(*batch), mark) for batch, mark in self._peeked]
        self._shown = None

    def prepare_by(self, prepare: Callable[[Any], Any]) -> None:
        """Pass the inputs of each batch through `prepare`, where batches are read."""
        self.prepare, self._shown = prepare, None

    def marked(self, rng: np.random.Generator | None = None, steps: int | None = None) -> Iterator[tuple]:
        """See `Progress`; what comes after `steps` batches stays for the next call."""
        steps = steps or self.asked
        given = self.done
        self._shown = None
        while self._peeked:
            given += 1
            yield self._peeked.pop(0)
        left = None if steps is None else steps - given
        if left is None or left > 0:
            for data in self.source.read(rng, left, going_on=given > 0):
                yield self._normal(data), self.source.place()

    def get_state(self) -> dict[str, Any]:
        """See `Progress`.

        Raises:
            StateError: a generator; or a dataset without a state of its own, in the middle of an epoch.
        """
        if not self.source.resumable and (self.done or self.source.kind == "generator"):
            raise StateError(
                f"The place in a {self.source.kind}",
                got=f"{self.done} batches of the epoch used"
                if self.done
                else "a source that goes on where it stopped, and cannot be sent there",
                expected="a source that can be read from there on",
                hint="kerax.data.Dataset.from_generator, which calls the function again and leaves out what was used"
                if self.source.kind == "generator"
                else "kerax.data.Dataset or a dataset of Grain; or keep states between epochs only",
            )
        return super().get_state()

    def _place_now(self) -> Any:
        return self.source.place() if self._start is None else self._start

    def _go_to(self, place: Any) -> None:
        self._peeked, self._shown, self._start = [], None, None
        self.source.go_to(place)

    def peek(self, rng: np.random.Generator | None = None, *, raw: bool = False) -> tuple:
        """The first batch, which `batches` will give again, to build a model with.

        Args:
            rng: shuffles the batches of a PyDataset, where that was asked for.
            raw: whether it is given as `marked` gives it, not `prepared`.

        Raises:
            DataError: there is none.
        """
        if not self._peeked:
            self.on_epoch_begin()
            self._start = self.source.place()
            for data in self.source.read(rng, 1):
                self._peeked.append((self._normal(data), self.source.place()))
        if not self._peeked:
            raise DataError(
                self.where,
                got=f"a {self.source.kind} that gave no batch",
                expected="at least one",
                hint="make a new generator for each call; a used one does not begin again",
            )
        if raw:
            return self._peeked[0][0]
        if self._shown is None:
            self._shown = self.prepared(self._peeked[0][0])
        return self._shown

    def _normal(self, data: Any) -> tuple:
        place = f"{self.where}: batch {self._seen}"
        self._seen += 1
        if isinstance(data, (list, tuple)) and not 1 <= len(data) <= 3:
            try:
                unpack_x_y_sample_weight(data)
            except DataError as error:
                raise DataError(place, got=error.got, expected=error.expected, hint=error.hint) from None
        parts = zip(("x", "y", "sample_weight"), unpack_x_y_sample_weight(data), strict=True)
        batch = tuple(
            structured(part, name, lambda leaf, path: to_array(leaf, f"{place}: {path}")) for name, part in parts
        )
        self._check(batch, place)
        return self._weighed(*batch)

    def _check(self, batch: tuple, place: str) -> None:
        leaves, structure = jax.tree.flatten(batch)
        if structure == self._structure and len({leaf.shape[0] for leaf in leaves}) == 1 and leaves[0].shape[0]:
            return
        named = [
            (path_name(name, path), leaf)
            for name, part in zip(("x", "y", "sample_weight"), batch, strict=True)
            for path, leaf in tree.flatten_with_path(part)
            if leaf is not None
        ]
        names = [name for name, _ in named]
        if not self._names:
            self._structure, self._names = structure, names
        elif names != self._names:
            raise DataError(
                place,
                got=", ".join(names) or "nothing",
                expected=f"what the first batch held: {', '.join(self._names)}",
            )
        rows = {leaf.shape[0] for leaf in leaves}
        if len(rows) != 1 or 0 in rows:
            counts = ", ".join(f"{name}: {leaf.shape[0]} rows" for name, leaf in named)
            raise DataError(place, got=counts or "nothing", expected="the same number of rows, at least one, in each")

    def _weighed(self, x: Any, y: Any, sample_weight: Any) -> tuple:
        if self.class_weight is not None:
            if sample_weight is not None:
                raise ArgumentError(
                    self.where, got="class_weight, and batches that bring sample weights", hint="pass one of them"
                )
            sample_weight = class_sample_weight(y, self.class_weight, self.output_shape)
        elif sample_weight is not None and not tree.is_nested(sample_weight) and tree.is_nested(y):
            sample_weight = tree.map_structure(lambda target: None if target is None else sample_weight, y)
        return x, y, sample_weight

    def on_epoch_begin(self) -> None:
        """Tell the source that an epoch begins, once for each epoch."""
        if not self._in_epoch:
            self._in_epoch = True
            self.source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the source that the epoch ended."""
        if self._in_epoch:
            self._in_epoch = False
            self.source.on_epoch_end()
        self._start = None
        self.epoch_ended()

    def interrupt(self) -> None:
        """Let `batches` running in another thread end soon."""
        self.source.interrupt()

    def close(self) -> None:
        """End the workers of the source."""
        self.source.close()
