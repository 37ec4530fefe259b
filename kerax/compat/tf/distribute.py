"""tf.distribute: strategies over `kerax.distribution.DataParallel`.

TensorFlow runs a step once for every replica, each on its part of the batch. JAX runs it once, on the whole
batch, which lies spread over the devices. So `run` calls its function once, with the global batch;
`num_replicas_in_sync` counts the devices; and `reduce` over replicas gives the one value there is. A loss
divided by the global batch size, as `tf.nn.compute_average_loss` does, means the same in both.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from ... import distribution, ops, tree
from ..._core.variable import plain
from ..._errors import ArgumentError
from . import _devices
from ._missing import absent
from ._static import axes

__all__ = [
    "InputContext",
    "MirroredStrategy",
    "OneDeviceStrategy",
    "ReduceOp",
    "ReplicaContext",
    "Strategy",
    "get_replica_context",
    "get_strategy",
    "has_strategy",
    "in_cross_replica_context",
]


class ReduceOp(enum.Enum):
    """How values are put together."""

    SUM = "SUM"
    MEAN = "MEAN"

    @staticmethod
    def from_variable_aggregation(aggregation: Any) -> ReduceOp:
        """SUM or MEAN, of the aggregation of a variable."""
        return ReduceOp(str(getattr(aggregation, "name", aggregation)).upper())


class InputContext:
    """What a function that makes a dataset is told: one pipeline feeds all devices.

    Args:
        num_input_pipelines: how many processes read.
        input_pipeline_id: which of them this is.
        num_replicas_in_sync: how many devices there are.
    """

    def __init__(self, num_input_pipelines: int = 1, input_pipeline_id: int = 0, num_replicas_in_sync: int = 1) -> None:
        self.num_input_pipelines = num_input_pipelines
        self.input_pipeline_id = input_pipeline_id
        self.num_replicas_in_sync = num_replicas_in_sync

    def get_per_replica_batch_size(self, global_batch_size: int) -> int:
        """`global_batch_size / num_replicas_in_sync`.

        Raises:
            ArgumentError: that is no whole number.
        """
        if global_batch_size % self.num_replicas_in_sync:
            raise ArgumentError(
                "get_per_replica_batch_size", got=f"{global_batch_size} rows for {self.num_replicas_in_sync} devices",
                expected="a batch that divides",
            )  # fmt: skip
        return global_batch_size // self.num_replicas_in_sync


_entered: list[Strategy] = []


class Strategy:
    """Where variables and batches live; this one leaves both on the first device."""

    def __init__(self, extended: Any = None) -> None:
        self._distribution: Any = None
        self._count = 1

    @property
    def num_replicas_in_sync(self) -> int:
        """How many devices share a batch."""
        return self._count

    @property
    def extended(self) -> Strategy:
        """Itself."""
        return self

    @contextmanager
    def scope(self) -> Iterator[Strategy]:
        """Create models and compile them in here; variables live where the strategy says.

        The distribution stays in force after the block, until another scope begins or
        `kerax.distribution.set_distribution` is called: tutorials call `fit` outside.
        """
        distribution.set_distribution(self._distribution)
        _entered.append(self)
        try:
            yield self
        finally:
            _entered.remove(self)

    def run(self, fn: Callable, args: Any = (), kwargs: Any = None, options: Any = None) -> Any:
        """`fn(*args, **kwargs)`, once, the rows of arrays spread over the devices."""
        with _replica(self):
            return fn(*self._spread(tuple(args)), **self._spread(dict(kwargs or {})))

    def _spread(self, values: Any) -> Any:
        return values if self._distribution is None else tree.map_structure(self._placed, values)

    def _placed(self, value: Any) -> Any:
        if not isinstance(value, (jax.Array, np.ndarray)) or not value.ndim:
            return value
        if isinstance(value, jax.core.Tracer):
            return self._distribution.constrain_rows(value)
        return value if value.dtype.kind in "SUOT" else self._distribution.place_rows(value, 0)

    def reduce(self, reduce_op: Any, value: Any, axis: Any) -> Any:
        """The value of all replicas; with `axis` also the sum or mean along it.

        Args:
            reduce_op: `ReduceOp.SUM` or `MEAN`, or their names.
            value: what `run` gave, alone or in a structure.
            axis: None, or along which.

        Raises:
            ArgumentError: another `reduce_op`.
        """
        kind = str(getattr(reduce_op, "value", reduce_op)).upper()
        if kind not in ("SUM", "MEAN"):
            raise ArgumentError("Strategy.reduce", got=f"reduce_op={reduce_op!r}", expected="SUM or MEAN")
        if axis is None:
            return tree.map_structure(plain, value)
        along = axes("Strategy.reduce", axis)
        return tree.map_structure(lambda x: (ops.sum if kind == "SUM" else ops.mean)(x, along), value)

    def gather(self, value: Any, axis: int) -> Any:
        """The value of all replicas: it is whole already."""
        return value

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """The one value there is, as a tuple."""
        return (value,)

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The dataset: its batches are global ones, which `run` and `fit` spread."""
        return dataset

    def distribute_datasets_from_function(self, dataset_fn: Callable, options: Any = None) -> Any:
        """The dataset that `dataset_fn`, of an `InputContext`, makes; one that is batched globally."""
        return dataset_fn(InputContext(jax.process_count(), jax.process_index(), self.num_replicas_in_sync))

    def experimental_distribute_values_from_function(self, value_fn: Callable) -> Any:
        """The rows that `value_fn` gives for each device, put together.

        Args:
            value_fn: of a `ReplicaContext`, gives arrays of one shape.
        """
        values = [value_fn(ReplicaContext(self, index)) for index in range(self.num_replicas_in_sync)]
        return self._spread(tree.map_structure(lambda *rows: ops.stack([plain(row) for row in rows]), *values))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self.num_replicas_in_sync} devices>"


class MirroredStrategy(Strategy):
    """Every device holds all variables and takes its share of each batch.

    Args:
        devices: names such as "/gpu:0"; all devices of the default kind by default.
        cross_device_ops: kept for compatibility; XLA adds up gradients.

    Raises:
        InvalidArgumentError: a device that is not there.
    """

    def __init__(self, devices: Any = None, cross_device_ops: Any = None) -> None:
        super().__init__()
        self._distribution = distribution.DataParallel(devices=None if devices is None else _found(devices))
        self._count = self._distribution.device_mesh.shape[0]


class OneDeviceStrategy(Strategy):
    """Variables and batches live on one device.

    Args:
        device: its name, such as "/gpu:0".

    Raises:
        InvalidArgumentError: it is not there.
    """

    def __init__(self, device: str) -> None:
        super().__init__()
        self._distribution = distribution.DataParallel(devices=_found([device]))


def _found(devices: Any) -> list[Any]:
    found = []
    for name in devices:
        device = _devices.called(name) if isinstance(name, str) else name
        if device is None:
            raise ArgumentError("tf.distribute", got=repr(name), expected=f"one of {distribution.list_devices()}")
        found.append(device)
    return found


_default = Strategy()
_replicas: list[Strategy] = []


@contextmanager
def _replica(strategy: Strategy) -> Iterator[None]:
    _replicas.append(strategy)
    try:
        yield
    finally:
        _replicas.pop()


class ReplicaContext:
    """What code inside `run` is told.

    Args:
        strategy: whose `run` it is.
        replica_id_in_sync_group: 0: there is one call for all devices.
    """

    def __init__(self, strategy: Strategy, replica_id_in_sync_group: int = 0) -> None:
        self.strategy = strategy
        self.replica_id_in_sync_group = replica_id_in_sync_group

    @property
    def num_replicas_in_sync(self) -> int:
        """How many devices share a batch."""
        return self.strategy.num_replicas_in_sync

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The value: there is one call for all devices."""
        return self.strategy.reduce(reduce_op, value, axis=None)

    def merge_call(self, merge_fn: Callable, args: Any = (), kwargs: Any = None) -> Any:
        """`merge_fn(strategy, *args)`."""
        return merge_fn(self.strategy, *args, **(kwargs or {}))


def get_strategy() -> Strategy:
    """The strategy whose scope, or `run`, this is; a default one elsewhere."""
    return (_replicas or _entered or [_default])[-1]


def has_strategy() -> bool:
    """Whether this is inside the scope, or `run`, of a strategy."""
    return bool(_replicas or _entered)


def get_replica_context() -> ReplicaContext | None:
    """What `run` tells; None inside a scope, outside of `run`."""
    if _replicas or not _entered:
        return ReplicaContext(get_strategy())
    return None


def in_cross_replica_context() -> bool:
    """Whether this is inside a scope, outside of `run`."""
    return get_replica_context() is None


__getattr__ = absent(__name__)
