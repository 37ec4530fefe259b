"""tf.data: `kerax.data` under TensorFlow's names."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from ...data import (
    AUTOTUNE,
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    Dataset,
    DatasetIterator,
    Options,
    TextLineDataset,
)
from ...utils import make_csv_dataset
from ._missing import absent

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "Iterator",
    "Options",
    "TextLineDataset",
    "experimental",
]

Iterator = NumpyIterator = DatasetIterator


class _AutoShardPolicy(enum.IntEnum):
    """How tf.data splits datasets between processes; for `Options`, without effect."""

    OFF = -1
    AUTO = 0
    FILE = 1
    DATA = 2
    HINT = 3


class experimental:
    """tf.data.experimental: the names from before they became methods."""

    AUTOTUNE = AUTOTUNE
    INFINITE_CARDINALITY = INFINITE_CARDINALITY
    UNKNOWN_CARDINALITY = UNKNOWN_CARDINALITY
    AutoShardPolicy = _AutoShardPolicy
    Counter = staticmethod(Dataset.counter)
    make_csv_dataset = staticmethod(make_csv_dataset)
    choose_from_datasets = staticmethod(Dataset.choose_from_datasets)
    sample_from_datasets = staticmethod(Dataset.sample_from_datasets)

    @staticmethod
    def cardinality(dataset: Dataset) -> Any:
        """How many elements: -1 without end, -2 where nobody can tell."""
        return dataset.cardinality()

    @staticmethod
    def get_single_element(dataset: Dataset) -> Any:
        """The only element."""
        return dataset.get_single_element()

    @staticmethod
    def unbatch() -> Callable:
        """For `apply`: the rows of each element."""
        return lambda dataset: dataset.unbatch()

    @staticmethod
    def ignore_errors(log_warning: bool = False) -> Callable:
        """For `apply`: the elements that can be made."""
        return lambda dataset: dataset.ignore_errors(log_warning)

    @staticmethod
    def take_while(predicate: Callable) -> Callable:
        """For `apply`: the elements before the first for which `predicate` says False."""
        return lambda dataset: dataset.take_while(predicate)

    @staticmethod
    def scan(initial_state: Any, scan_func: Callable) -> Callable:
        """For `apply`: a function that hands a state from element to element."""
        return lambda dataset: dataset.scan(initial_state, scan_func)

    @staticmethod
    def enumerate_dataset(start: int = 0) -> Callable:
        """For `apply`: elements beside their numbers."""
        return lambda dataset: dataset.enumerate(start)

    @staticmethod
    def shuffle_and_repeat(buffer_size: int, count: int | None = None, seed: int | None = None) -> Callable:
        """For `apply`: `shuffle`, then `repeat`."""
        return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)

    @staticmethod
    def map_and_batch(
        map_func: Callable,
        batch_size: int,
        num_parallel_batches: int | None = None,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
    ) -> Callable:
        """For `apply`: `map`, then `batch`."""
        return lambda dataset: dataset.map(map_func, num_parallel_calls).batch(batch_size, drop_remainder)

    @staticmethod
    def prefetch_to_device(device: str, buffer_size: int | None = None) -> Callable:
        """For `apply`: `prefetch`; `fit` moves batches to the devices ahead of the steps."""
        return lambda dataset: dataset.prefetch(buffer_size)


__getattr__ = absent(__name__)
