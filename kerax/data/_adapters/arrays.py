"""Arrays in memory: normalised once, then read by row numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from ... import tree
from ..._errors import ArgumentError, DataError
from ..._types import Nested, Shape
from .class_weights import class_sample_weight
from .leaves import path_name, structured, to_array
from .progress import Progress

__all__ = ["ArrayAdapter", "check_count", "normalised", "row_count"]

DEFAULT_BATCH_SIZE = 32


class ArrayAdapter(Progress):
    """Batches out of arrays with the same number of rows.

    Args:
        x, y, sample_weight: arrays, or lists, tuples and dicts of them; None where there is none. One
            `sample_weight` for several targets weighs each of them.
        batch_size: rows in a batch, 32 if None; the last batch holds what is left.
        steps: batches in an epoch; None for all rows. With another number an epoch goes on where the
            one before it stopped.
        shuffle: True for rows in random order, "batch" for random order within each batch of
            neighbours and of the batches, False for the given order.
        class_weight: weights by class number, in place of `sample_weight`.
        output_shape: the shape of the model's output, for `class_weight`; see `class_sample_weight`.
        where: what the user called, for errors.

    Attributes:
        arrays: `(x, y, sample_weight)`, normalised; NumPy and JAX arrays that fit are the user's own.
        rows: how many samples.
        batch_size: rows in a batch.
        passes: batches in one pass through all rows.
        steps: batches in an epoch.
    """

    in_memory = True
    _kind = "arrays"

    def __init__(
        self,
        x: Nested,
        y: Nested = None,
        sample_weight: Nested = None,
        *,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        output_shape: Shape | None = None,
        where: str = "fit",
    ) -> None:
        if shuffle not in (True, False, "batch"):
            raise ArgumentError(f"{where}: shuffle", got=repr(shuffle), expected='True, False or "batch"')
        self.where = where
        self.shuffle = shuffle
        self.arrays = normalised(x, y, sample_weight, where)
        self.rows = row_count(self.arrays, where)
        self.batch_size = check_count(batch_size, f"{where}: batch_size") or DEFAULT_BATCH_SIZE
        self.passes = -(-self.rows // self.batch_size)
        self.asked = check_count(steps, f"{where}: steps")
        self.steps = self.asked or self.passes
        self._host: tuple[list, Any] | None = None
        self._order: np.ndarray | None = None  # rows of the pass in progress
        self._place = 0
        self._base: int | None = None  # seeds the order of every pass
        self._pass = 0  # the number of the pass in progress
        self._from: tuple[int, int, int] | None = None  # pass, place and batches done when the epoch in progress began
        if class_weight is not None:
            self.weigh_classes(class_weight, output_shape)

    def weigh_classes(self, class_weight: Mapping[int, float], output_shape: Shape | None = None) -> None:
        """Turn `class_weight` into sample weights.

        Raises:
            ArgumentError: there are sample weights already, or a class that cannot occur is named.
            DataError: the targets are no class labels.
        """
        x, y, sample_weight = self.arrays
        if sample_weight is not None:
            raise ArgumentError(
                self.where, got="both class_weight and sample_weight", hint="multiply one into the other"
            )
        self.arrays = (x, y, class_sample_weight(y, class_weight, output_shape))
        self._host = None

    def replace(self, arrays: tuple) -> None:
        """Go on with other arrays of as many rows, in place of those given."""
        self.arrays, self._host = arrays, None

    def prepare_by(self, prepare: Callable[[Nested], Nested]) -> None:
        """Pass the inputs of each batch through `prepare`, where batches are read; the arrays stay as they are."""
        self.prepare = prepare
        self.in_memory = False

    def whole(self) -> tuple:
        """All rows as one batch."""
        return self.prepared(self.arrays)

    def order(self, rng: np.random.Generator | None = None) -> np.ndarray:
        """The rows of one pass in the order they are used, int32; random where `shuffle` says so."""
        rows = np.arange(self.rows, dtype=np.int32)
        if not self.shuffle:
            return rows
        rng = rng or _global_generator()
        if self.shuffle == "batch":
            whole = self.rows - self.rows % self.batch_size
            batches = rows[:whole].reshape(-1, self.batch_size)
            return np.concatenate([rng.permuted(rng.permutation(batches), axis=1).ravel(), rows[whole:]])
        rng.shuffle(rows)
        return rows

    def epoch_rows(self, rng: np.random.Generator | None = None, steps: int | None = None) -> np.ndarray:
        """The rows of the next epoch, int32: a whole pass, or the next `steps` batches of the pass in progress.

        A pass that ends gives fewer batches than asked for, never rows of the next pass.
        """
        steps = steps or self.asked
        if steps is not None:
            steps = max(0, steps - self.done)
        if self._order is None and self.done and not self._place:
            return np.zeros(0, np.int32)  # the pass ended with what was used before
        if self._order is None:
            self._order = self.order(rng or np.random.default_rng([self._seed(), self._pass]))
        self._from = self._pass, self._place, self.done
        end = self.rows if steps is None else min(self.rows, self._place + steps * self.batch_size)
        rows = self._order[self._place : end]
        self._place = end
        if end == self.rows:
            self._next_pass()
        return rows

    def _seed(self) -> int:
        if self._base is None:
            self._base = int(np.random.randint(2**31)) if self.shuffle else 0
        return self._base

    def _next_pass(self) -> None:
        self._order, self._place, self._pass = None, 0, self._pass + 1

    def _place_now(self) -> dict[str, int]:
        number, place = self._pass, self._place
        if self.done and self._from is not None:
            number, first, before = self._from
            place = first + (self.done - before) * self.batch_size
            if place >= self.rows:
                number, place = number + 1, 0
        return {"seed": self._seed(), "pass": number, "row": place}

    def _go_to(self, place: dict[str, int]) -> None:
        self._base, self._pass, self._place = place["seed"], place["pass"], place["row"]
        self._order = self._from = None

    def marked(self, rng: np.random.Generator | None = None, steps: int | None = None) -> Iterator[tuple]:
        """See `Progress`; None for a place, which follows from how many batches were used."""
        rows = self.epoch_rows(rng, steps)
        for start in range(0, len(rows), self.batch_size):
            yield self.gather(rows[start : start + self.batch_size]), None

    def gather(self, rows: np.ndarray) -> tuple:
        """The given rows of everything, as NumPy arrays; neighbours in order are not copied."""
        leaves, structure = self._on_host()
        first, count = int(rows[0]), len(rows)
        if not self.shuffle and int(rows[-1]) - first == count - 1:
            picked = [leaf if leaf is None else leaf[first : first + count] for leaf in leaves]
        else:
            picked = [leaf if leaf is None else leaf.take(rows, axis=0) for leaf in leaves]
        return jax.tree.unflatten(structure, picked)

    def peek(self, rng: np.random.Generator | None = None, *, raw: bool = False) -> tuple:
        """The first batch in the given order, to build a model with; `raw`: not `prepared`."""
        leaves, structure = self._on_host()
        first = [leaf if leaf is None else leaf[: self.batch_size] for leaf in leaves]
        batch = jax.tree.unflatten(structure, first)
        return batch if raw else self.prepared(batch)

    def _on_host(self) -> tuple[list, Any]:
        if self._host is None:
            leaves = [leaf if leaf is None else np.asarray(leaf) for leaf in tree.flatten(self.arrays)]
            self._host = leaves, tree.structure_of(self.arrays)
        return self._host

    def on_epoch_begin(self) -> None:
        """Nothing to prepare."""

    def on_epoch_end(self) -> None:
        """The next batch is the first of an epoch."""
        self.epoch_ended()

    def interrupt(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Forget the pass in progress."""
        if self._order is not None:
            self._next_pass()


def normalised(x: Nested, y: Nested, sample_weight: Nested, where: str) -> tuple:
    """`(x, y, sample_weight)` with every leaf an array that JAX takes as it is.

    Raises:
        DataError: something is no array, or the weights do not go with the targets.
    """
    arrays = tuple(
        structured(part, name, lambda leaf, path: _column(leaf, to_array(leaf, f"{where}: {path}")))
        for name, part in (("x", x), ("y", y), ("sample_weight", sample_weight))
    )
    return arrays[0], arrays[1], _weights_like(arrays[1], arrays[2], where)


def _column(leaf: Any, array: Any) -> Any:
    """A pandas Series is a column of a table, not a vector: (n, 1)."""
    return array[:, None] if hasattr(leaf, "iloc") and array.ndim == 1 else array


def _weights_like(y: Nested, weights: Nested, where: str) -> Nested:
    if weights is None or not tree.is_nested(y):
        return weights
    if not tree.is_nested(weights):
        return tree.map_structure(lambda target: None if target is None else weights, y)
    wanted, given = (set(path for path, _ in tree.flatten_with_path(part)) for part in (y, weights))
    if wanted != given:
        raise DataError(
            f"{where}: sample_weight",
            got=", ".join(path_name("sample_weight", path) for path in sorted(given, key=str)),
            expected="weights nested like y: " + ", ".join(path_name("y", path) for path in sorted(wanted, key=str)),
            hint="None for an output whose samples all weigh 1",
        )
    return weights


def row_count(arrays: tuple, where: str) -> int:
    """The number of rows that all arrays share.

    Raises:
        DataError: they differ, there are none, or there is no array at all.
    """
    counts = [
        (path_name(name, path), leaf.shape[0])
        for name, part in zip(("x", "y", "sample_weight"), arrays, strict=True)
        for path, leaf in tree.flatten_with_path(part)
        if leaf is not None
    ]
    if not counts:
        raise DataError(where, got="no data: every array is None", expected="at least one array")
    if len({count for _, count in counts}) > 1:
        raise DataError(
            where,
            got=", ".join(f"{path}: {count} rows" for path, count in counts),
            expected="as many rows in every array",
            hint="a list or tuple stands for several arrays; make it one with np.array(…)"
            if any("[" in path for path, _ in counts)
            else None,
        )
    if counts[0][1] == 0:
        raise DataError(where, got=f"empty data, {counts[0][0]} has 0 rows", expected="at least one row")
    return counts[0][1]


def check_count(value: Any, where: str) -> int | None:
    """`value` as an int of at least 1, or None.

    Raises:
        ArgumentError: it is something else.
    """
    if value is None:
        return None
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ArgumentError(where, got=repr(value), expected="a whole number from 1 up, or None")
    return int(value)


def _global_generator() -> np.random.Generator:
    """A generator that follows NumPy's global seed."""
    return np.random.default_rng(np.random.randint(2**31))
