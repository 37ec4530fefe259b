"""Data on its way to the device: whole sets that stay there, and batches put there one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import tree
from .._core import placement

SHARE = 0.4  # of the device's memory that a data set may take to stay there
BLOCK_BYTES = 64 * 2**20  # of rows evaluated or predicted in one dispatch
BLOCK_BATCHES = 256


def leaves_of(batch: Any) -> list[Any]:
    """The arrays of a batch, in order, without what is None."""
    return jax.tree.leaves(batch)


def fits(leaves: list[Any]) -> bool:
    """Whether arrays may stay on the device for the whole of a fit."""
    stats = jax.local_devices()[0].memory_stats()
    limit = (stats or {}).get("bytes_limit")
    return limit is None or sum(leaf.nbytes for leaf in leaves) < SHARE * limit


def filled_up(rows: int) -> int:
    """The next number of rows of which every device can have an equal part."""
    return -(-rows // placement.batch_multiple()) * placement.batch_multiple()


class Resident:
    """A data set on the device, whose batches are gathered there.

    Args:
        adapter: an ArrayAdapter.
    """

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter
        self.structure = adapter.arrays
        self.batch_size = min(adapter.batch_size, adapter.rows)
        self.width = self.batch_size  # of a row of `order`: more where devices must share a batch evenly
        self.data = [placement.replicated(leaf) for leaf in leaves_of(adapter.arrays)]
        self.order: Any = None
        self.rows = 0
        self.steps = 0

    def widen(self) -> None:
        """Fill batches up until every device has as many rows."""
        self.width = filled_up(self.batch_size)

    def batch_spec(self, rows: int | None = None) -> Any:
        """The shapes and dtypes of a batch, nested like the data."""
        rows = self.width if rows is None else rows
        supply = iter(self.data)
        return tree.map_structure(lambda leaf: None if leaf is None else _spec(next(supply), rows), self.structure)

    def begin(self, done: int = 0) -> None:
        """Draw the order of the next epoch.

        Args:
            done: batches of it that were used before; their places are left empty, so that one program serves.
        """
        rows = self.adapter.epoch_rows()
        before = done * self.batch_size
        self.rows = before + len(rows)
        self.steps = -(-self.rows // self.batch_size)
        padded = np.zeros(self.steps * self.batch_size, np.int32)
        padded[before : self.rows] = rows
        table = padded.reshape(self.steps, self.batch_size)
        if self.width > self.batch_size:
            table = np.pad(table, ((0, 0), (0, self.width - self.batch_size)))
        (self.order,) = placement.batch_columns([table])

    @property
    def padded(self) -> bool:
        """Whether some rows of some batches are there only to fill it up."""
        return self.width > self.batch_size or self.tail() != 0

    def tail(self) -> int:
        """How many rows the last batch holds where it is not full, else 0."""
        return self.rows % self.batch_size

    def tail_batch(self) -> list[Any]:
        """The rows of the last, partial batch."""
        chosen = np.asarray(self.order[-1])[: self.tail()]
        return [leaf[chosen] for leaf in self.data]


def _spec(leaf: Any, rows: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((rows, *leaf.shape[1:]), leaf.dtype)


class Blocks:
    """Rows in order, in blocks of whole batches, each padded to the size of one of few programs.

    Args:
        adapter: an ArrayAdapter.
        keep: whether the blocks stay on the device, for the next time.
        whole: whether a set smaller than a batch is one batch of its own size; else it is filled up.
    """

    def __init__(self, adapter: Any, keep: bool, whole: bool) -> None:
        self.leaves = leaves_of(adapter.arrays)
        self.structure = adapter.arrays
        self.adapter = adapter
        rows = adapter.rows if adapter.asked is None else min(adapter.rows, adapter.asked * adapter.batch_size)
        self.rows = rows
        self.batch_size = adapter.batch_size
        if rows < adapter.batch_size:
            self.batch_size = rows if whole else min(adapter.batch_size, _rounded(rows))
        self.per_block = 1
        self.keep = keep
        self._kept: dict[int, list[Any]] = {}

    def loop(self) -> None:
        """Take several batches in one dispatch."""
        self.per_block = self._batches_in_a_block()

    def _batches_in_a_block(self) -> int:
        per_batch = sum(leaf.nbytes // max(len(leaf), 1) for leaf in self.leaves) * self.batch_size
        wanted = -(-self.rows // self.batch_size)
        most = max(1, min(BLOCK_BATCHES, BLOCK_BYTES // max(per_batch, 1)))
        return wanted if wanted <= 1 else min(most, _rounded(wanted))

    def batch_spec(self, rows: int | None = None) -> Any:
        """The shapes and dtypes of a batch, nested like the data."""
        rows = self.batch_size if rows is None else rows
        return tree.map_structure(lambda leaf: None if leaf is None else _spec(leaf, rows), self.structure)

    @property
    def steps(self) -> int:
        """The number of batches."""
        return -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[tuple[list[Any], int, int]]:
        """(block, batches used, rows used)."""
        size = self.per_block * self.batch_size
        for start in range(0, self.rows, size):
            used = min(size, self.rows - start)
            if start not in self._kept:
                block = [placement.batch_rows(_padded(leaf[start : start + used], size)) for leaf in self.leaves]
                if not self.keep:
                    yield block, -(-used // self.batch_size), used
                    continue
                self._kept[start] = jax.device_put(block)
            yield self._kept[start], -(-used // self.batch_size), used


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()


def _rounded(rows: int) -> int:
    """The next of 1, 2, 3, 4, 6, 8, 12, 16, 24, …: few programs for all sizes."""
    size = _power_of_two(rows)
    return size * 3 // 4 if rows > 1 and rows <= size * 3 // 4 and placement.current is None else size


def _padded(rows: Any, size: int) -> Any:
    missing = size - rows.shape[0]
    if missing == 0:
        return rows
    xp = jnp if isinstance(rows, jax.Array) else np
    return xp.concatenate([rows, xp.repeat(rows[:1], missing, axis=0)])


def padded_batch(leaves: list[Any], size: int) -> list[Any]:
    """A batch filled up to `size` rows with its first row."""
    return [_padded(leaf, size) for leaf in leaves]
