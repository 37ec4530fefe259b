"""Distribution: one line says where variables and batches live; nothing else of a script changes.

`set_distribution(DataParallel())` before or after a model is built: the weights are kept on every
device, each takes its share of a batch, and XLA adds up the gradients.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
from jax.sharding import NamedSharding, PartitionSpec

from .._core import placement
from .._errors import ArgumentError
from . import _mesh
from ._layout import TensorLayout, distribute_tensor
from ._mesh import DeviceMesh, device, get_device_count, list_devices

__all__ = [
    "DataParallel",
    "DeviceMesh",
    "TensorLayout",
    "device",
    "distribute_tensor",
    "distribution",
    "get_device_count",
    "list_devices",
    "set_distribution",
]


class DataParallel:
    """Every device holds all weights and takes its share of each batch.

    Args:
        device_mesh: a mesh with one axis, which is named "batch" by default.
        devices: the devices, default all; instead of a mesh.
        auto_shard_dataset: kept for compatibility.

    Raises:
        ArgumentError: a mesh of several axes.
    """

    def __init__(
        self, device_mesh: DeviceMesh | None = None, devices: Any = None, auto_shard_dataset: bool = True
    ) -> None:
        if device_mesh is None:
            found = _mesh.found_devices(devices)
            device_mesh = DeviceMesh((len(found),), ["batch"], found)
        if len(device_mesh.shape) != 1:
            raise ArgumentError("DataParallel", got=f"a mesh of shape {device_mesh.shape}", expected="one axis")
        self.device_mesh = device_mesh
        self.batch_dim_name = device_mesh.axis_names[0]
        self.batch_multiple = device_mesh.shape[0]

    def _sharding(self, *axes: str | None) -> NamedSharding:
        return NamedSharding(self.device_mesh.backend_mesh, PartitionSpec(*axes))

    def place_variable(self, value: Any, path: str) -> Any:
        """The array, whole on every device."""
        return self.replicate(value)

    def replicate(self, value: Any) -> Any:
        """The array, whole on every device."""
        return jax.device_put(value, self._sharding())

    def place_rows(self, value: Any, axis: int) -> Any:
        """The array with its rows spread over the devices; whole on each where they do not divide."""
        if value.shape[axis] % self.batch_multiple:
            return self.replicate(value)
        return jax.device_put(value, self._sharding(*[None] * axis, self.batch_dim_name))

    def constrain_rows(self, value: Any) -> Any:
        """Inside a compiled function: the rows spread over the devices."""
        if value.ndim == 0 or value.shape[0] % self.batch_multiple:
            return value
        return jax.lax.with_sharding_constraint(value, self._sharding(self.batch_dim_name))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Make this the distribution within the block."""
        before = distribution()
        set_distribution(self)
        try:
            yield
        finally:
            set_distribution(before)

    def __repr__(self) -> str:
        return f"<DataParallel over {self.batch_multiple} devices>"


def distribution() -> Any:
    """The distribution in force, or None."""
    return placement.current


def set_distribution(value: Any) -> None:
    """Put variables and batches where `value` says from now on; None: on the first device."""
    if value is not None and not hasattr(value, "place_rows"):
        raise ArgumentError("set_distribution", got=f"{value!r}", expected="a DataParallel, or None")
    placement.use(value)
