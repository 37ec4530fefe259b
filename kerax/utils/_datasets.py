"""Datasets out of what lies in memory: two parts of one, windows of a time series."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError
from ..data import Dataset
from ..data._adapters.leaves import is_array
from ..data._element import tensor_of
from ..data._iterator import DatasetIterator
from ..data._stages.batching import Batch
from ..data._stages.keeping import without_prefetch
from ..data._stages.sources import Listed, Rows

__all__ = ["split_dataset", "timeseries_dataset_from_array"]


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Cut data in two, such as a part to train on and a part to test with.

    Args:
        dataset: a `Dataset`, arrays of one length, nested in lists, tuples and dicts, or anything with a length and
            items, or that can be iterated. A dataset of batches is cut between samples, and both parts are batched
            alike.
        left_size: how many samples the first part has, counted from the start; or as a fraction of all, from 0 to 1.
            None: what the second leaves.
        right_size: the same for the second part, counted from the end.
        shuffle: whether the samples are cut in random order, one that stays.
        seed: of that order.
        preferred_backend: has no effect.
    Returns:
        Two datasets of samples. What has no known size is read once, into memory.
    Raises:
        ArgumentError: sizes that do not fit, or leave a part empty.
        DTypeError: a size that is no number, or data that has no samples.
    """
    data, size = _samples(dataset)
    left, right = _sizes(left_size, right_size, len(data))
    if shuffle:
        data = data.shuffle(None, seed=seed, reshuffle_each_iteration=False)
    parts = data.take(left), data.skip(len(data) - right)
    return parts if size is None else (parts[0].batch(size), parts[1].batch(size))


def _samples(dataset: Any) -> tuple[Dataset, int | None]:
    """A dataset of samples that knows its size, and the size of the batches they came in."""
    if isinstance(dataset, Dataset):
        stage: Any = without_prefetch(dataset._stage)
        size = None
        if isinstance(stage, Batch) and stage.collate is None:
            size, stage = stage.size, stage.input
        data = Dataset(stage)
        if stage.indexed and stage.cardinality() >= 0:
            return data, size
        if stage.cardinality() == -1:
            raise ArgumentError("split_dataset", got="a dataset without end", hint="dataset.take(count)")
        with DatasetIterator(data) as elements:
            return Dataset(Listed(list(elements))), size
    if isinstance(dataset, list) and dataset and is_array(dataset[0]):
        dataset = tuple(dataset)
    if isinstance(dataset, (list, tuple, dict)) or is_array(dataset):
        return Dataset.from_tensor_slices(dataset), None
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):
        items = (dataset[i] for i in range(len(dataset)))
    elif hasattr(dataset, "__iter__"):
        items = iter(dataset)
    else:
        raise DTypeError(
            "split_dataset", got=f"a {type(dataset).__name__}", expected="a Dataset, arrays, or something with items"
        )
    with DatasetIterator(Dataset.from_generator(lambda: items)) as elements:
        return Dataset(Listed(list(elements))), None


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    if left is None and right is None:
        raise ArgumentError("split_dataset", got="neither left_size nor right_size", expected="at least one of them")
    counts = [_size(size, name, total) for size, name in ((left, "left_size"), (right, "right_size"))]
    first = total - counts[1] if counts[0] is None else counts[0]  # type: ignore[operator]
    second = total - first if counts[1] is None else counts[1]
    if first + second > total:
        raise ArgumentError(
            "split_dataset", got=f"left_size={left} and right_size={right} of {total} samples", expected="at most all"
        )
    if not first or not second:
        raise ArgumentError(
            "split_dataset",
            got=f"{first} samples in the first part and {second} in the second",
            expected="some in each",
        )
    return first, second


def _size(size: Any, name: str, total: int) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, (int, float, np.integer, np.floating)):
        expected = "a number of samples, or a fraction of them"
        raise DTypeError(f"split_dataset: {name}", got=repr(size), expected=expected)
    if isinstance(size, (int, np.integer)):
        if not 0 < size < total:
            raise ArgumentError(f"split_dataset: {name}", got=size, expected=f"1 to {total - 1}, of {total} samples")
        return int(size)
    if not 0 <= size <= 1:
        raise ArgumentError(f"split_dataset: {name}", got=size, expected="a fraction from 0 to 1, or a whole number")
    return round(float(size) * total)


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Windows of a time series: the one that starts at step i holds the steps i, i + sampling_rate, …

    Args:
        data: an array whose first axis is time; windows are views of it.
        targets: `targets[i]` goes with the window that starts at step i; None for windows alone.
        sequence_length: steps in a window.
        sequence_stride: from the start of one window to the start of the next.
        sampling_rate: from one step of a window to the next.
        batch_size: windows in a batch; None for single windows.
        shuffle: whether windows come in random order, another one in each pass.
        seed: of that order.
        start_index: steps before it are left out.
        end_index: it and the steps after it are left out.
        format: has no effect: the dataset needs neither TensorFlow nor Grain.
    Returns:
        A Dataset of (batch_size, sequence_length, …) arrays, or of pairs of them and the targets.
    Raises:
        ArgumentError: numbers that no window fits.
    """
    for name, number in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        if number < 1:
            raise ArgumentError(f"timeseries_dataset_from_array: {name}", got=number, expected="at least 1")
    array = tensor_of(data, "timeseries_dataset_from_array: data")
    steps = len(array)
    start, end = _bounds(start_index, end_index, steps)
    for name, number in (("sequence_stride", sequence_stride), ("sampling_rate", sampling_rate)):
        if number >= steps:
            raise ArgumentError(
                f"timeseries_dataset_from_array: {name}", got=number, expected=f"less than {steps} steps"
            )
    span = (sequence_length - 1) * sampling_rate + 1
    count = end - start - span + 1
    goals = None
    if targets is not None:
        goals = tensor_of(targets, "timeseries_dataset_from_array: targets")[start:end]
        count = min(count, len(goals))
    if count < 1:
        raise ArgumentError(
            "timeseries_dataset_from_array", got=f"{end - start} steps", expected=f"at least {span} for one window"
        )
    windows = np.lib.stride_tricks.sliding_window_view(array[start:end], span, axis=0)
    windows = np.moveaxis(windows, -1, 1)[:count:sequence_stride, ::sampling_rate]
    rows: Any = windows if goals is None else (windows, goals[:count:sequence_stride])
    found = Dataset(Rows(rows, len(windows)))
    if shuffle:
        found = found.shuffle(len(windows), seed=seed)
    return found if batch_size is None else found.batch(batch_size)


def _bounds(start: int | None, end: int | None, steps: int) -> tuple[int, int]:
    where = "timeseries_dataset_from_array"
    if start is not None and not 0 <= start < steps:
        raise ArgumentError(f"{where}: start_index", got=start, expected=f"0 to {steps - 1}")
    if end is not None and not 0 < end <= steps:
        raise ArgumentError(f"{where}: end_index", got=end, expected=f"1 to {steps}, and more than start_index")
    if start is not None and end is not None and end <= start:
        raise ArgumentError(f"{where}: end_index", got=end, expected=f"more than start_index={start}")
    return start or 0, steps if end is None else end
