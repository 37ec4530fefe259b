"""What a user passes to `fit`, `evaluate` and `predict`, made batches.

`arrays.py` holds what lies in memory, `streams.py` what comes batch by batch out of one of
`sources.py`; `epoch.py` reads one epoch of either ahead. `make_adapter` chooses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._errors import ArgumentError, DataError
from ..._types import Nested, Shape
from .._stages.keeping import without_prefetch
from ..pydataset import PyDataset
from .arrays import ArrayAdapter
from .batch import pack_x_y_sample_weight, unpack_x_y_sample_weight
from .class_weights import class_sample_weight
from .datasets import DatasetRows, DatasetSource, batched_rows, neighbours
from .epoch import Epoch, GroupedEpoch
from .leaves import is_array
from .sources import GrainSource, IndexedSource, IterableSource, IteratorSource, Source
from .split import train_validation_split
from .streams import StreamAdapter

__all__ = [
    "ArrayAdapter",
    "Epoch",
    "GroupedEpoch",
    "StreamAdapter",
    "class_sample_weight",
    "make_adapter",
    "pack_x_y_sample_weight",
    "train_validation_split",
    "unpack_x_y_sample_weight",
]


def make_adapter(
    x: Any,
    y: Nested = None,
    sample_weight: Nested = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = True,
    class_weight: Mapping[int, float] | None = None,
    output_shape: Shape | None = None,
    where: str = "fit",
) -> ArrayAdapter | StreamAdapter:
    """The adapter for `x`.

    Args:
        x: arrays, pandas tables, lists of numbers, or lists, tuples and dicts of them; or a stream of
            batches: a generator, a PyDataset, a dataset or loader of kerax, Grain, torch or tf.data, any iterable.
        y: targets, nested; None for a stream, which brings its own.
        sample_weight: weights, nested like `y` or one for all; None for a stream.
        batch_size: rows in a batch of arrays, 32 if None; a stream has its own.
        steps: batches in an epoch, None for all.
        shuffle: whether rows, or the batches of a PyDataset, come in random order; "batch" to shuffle
            arrays within batches. Other streams keep their own order.
        class_weight: weights by class number, in place of `sample_weight`.
        output_shape: the shape of the model's output where it is known, for `class_weight`.
        where: what the user called, for errors.
    Raises:
        ArgumentError: arguments that do not go together.
        DataError: `x` is nothing that batches come from, or the arrays do not fit each other.
    """
    source = _source(x, shuffle, where)
    if isinstance(source, DatasetSource) and y is None and sample_weight is None:
        weights = {"class_weight": class_weight, "output_shape": output_shape}
        found = _of_rows(x, steps, where, weights)
        if found is not None:
            return found
    if source is None:
        return ArrayAdapter(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=steps,
            shuffle=shuffle,
            class_weight=class_weight,
            output_shape=output_shape,
            where=where,
        )
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ArgumentError(
                f"{where}: {name}",
                got=f"{name} beside a {source.kind}",
                expected="the batches to bring their own",
                hint="let each batch be (x, y) or (x, y, sample_weight)",
            )
    return StreamAdapter(source, steps=steps, class_weight=class_weight, output_shape=output_shape, where=where)


def _of_rows(x: Any, steps: int | None, where: str, weights: dict[str, Any]) -> ArrayAdapter | None:
    """The adapter of a Dataset that only picks rows of arrays; None of another one."""
    if batched_rows(x) is None:
        return None
    if where == "fit":
        return DatasetRows(x, steps=steps, where=where, **weights)
    arrays = neighbours(x)  # evaluate and predict take arrays in the given order
    if arrays is None:
        return None
    parts: Any = unpack_x_y_sample_weight(arrays)
    if where == "predict":
        parts = (parts[0], None, None)
    size = without_prefetch(x._stage).size  # type: ignore[attr-defined]
    return ArrayAdapter(*parts, batch_size=size, steps=steps, shuffle=False, where=where, **weights)


def _source(x: Any, shuffle: bool | str, where: str) -> Source | None:
    """What reads the stream `x`; None for arrays."""
    if isinstance(x, (list, tuple, range, Mapping)) or is_array(x):
        return None
    if x is None or isinstance(x, (str, bytes, type)):
        raise _unknown(x, where)
    if isinstance(x, PyDataset) or (hasattr(x, "num_batches") and hasattr(x, "__getitem__")):
        return IndexedSource(x, shuffle)
    if hasattr(x, "__next__"):
        return IteratorSource(x)
    if hasattr(x, "_stage") and hasattr(x, "element_spec"):
        return DatasetSource(x)
    if _is_grain(x):
        return GrainSource(x)
    if _is_torch_dataset(x):
        raise DataError(
            where,
            got=f"a torch dataset, {type(x).__name__}, which gives single samples",
            expected="batches",
            hint="wrap it: torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)",
        )
    if hasattr(x, "__iter__"):
        return IterableSource(x)
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return IndexedSource(x, shuffle)
    raise _unknown(x, where)


def _is_grain(x: Any) -> bool:
    return any(
        kind.__module__.partition(".")[0] == "grain" and kind.__name__ in ("MapDataset", "IterDataset", "DataLoader")
        for kind in type(x).__mro__
    )


def _is_torch_dataset(x: Any) -> bool:
    names = [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(x).__mro__]
    return ("torch", "Dataset") in names


def _unknown(x: Any, where: str) -> DataError:
    return DataError(
        f"{where}: x",
        got=f"a {type(x).__module__}.{type(x).__qualname__}" if x is not None else "None",
        expected="arrays, pandas tables or lists of numbers (nested), a generator, a PyDataset, or a dataset or "
        "loader that gives batches",
    )
