"""`PyDataset`: batches by index, read by several threads or processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["PyDataset", "Sequence"]


class PyDataset:
    """Batches by index. A subclass writes `__getitem__`, and `__len__` or `num_batches`.

    Every batch is read once in each epoch, and arrives in the same order, for any number of workers.

    Args:
        workers: threads or processes that read batches ahead; 0 and 1 read one batch at a time.
        use_multiprocessing: read in processes. The dataset is then pickled, and a script needs
            the guard `if __name__ == "__main__":` around what it runs. What `on_epoch_begin` and
            `on_epoch_end` change reaches the processes; what other code changes after training began does not.
        max_queue_size: the most batches that wait to be used.
    Examples:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         return [[index]], [[index**2]]
        >>> list(Squares(workers=2))[2]
        ([[2]], [[4]])
    """

    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch `index`: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
        raise NotImplementedError(f"{type(self).__name__} needs a method `__getitem__(self, index)`.")

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch: `len(self)` unless overridden; None where they never end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} needs a method `__len__` or a property `num_batches`.")

    def on_epoch_begin(self) -> None:
        """Called before the first batch of an epoch is read."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of an epoch was used: the place to shuffle."""

    def __iter__(self) -> Iterator[Any]:
        index, count = 0, self.num_batches
        while count is None or index < count:
            yield self[index]
            index += 1


Sequence = PyDataset
