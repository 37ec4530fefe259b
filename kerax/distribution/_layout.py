"""TensorLayout: which axis of a mesh each axis of an array is spread over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
from jax.sharding import NamedSharding, PartitionSpec

from .._errors import ArgumentError, StateError
from .._types import Array
from ._mesh import DeviceMesh


class TensorLayout:
    """Where the parts of an array live.

    Args:
        axes: for each axis of the array the name of an axis of the mesh, or None for an axis kept whole.
        device_mesh: the mesh; it may be set later.

    Raises:
        ArgumentError: a name that the mesh does not have.
    """

    def __init__(self, axes: Sequence[str | None], device_mesh: DeviceMesh | None = None) -> None:
        self._axes = tuple(axes)
        self.device_mesh = device_mesh

    @property
    def axes(self) -> tuple[str | None, ...]:
        """For each axis of the array the name of an axis of the mesh, or None."""
        return self._axes

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh, or None."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, value: DeviceMesh | None) -> None:
        unknown = [] if value is None else [axis for axis in self._axes if axis and axis not in value.axis_names]
        if value is not None and unknown:
            raise ArgumentError("TensorLayout", got=f"the axes {unknown}", expected=f"some of {value.axis_names}")
        self._device_mesh = value

    @property
    def backend_layout(self) -> NamedSharding:
        """The same for JAX.

        Raises:
            StateError: no mesh.
        """
        if self.device_mesh is None:
            raise StateError("TensorLayout.backend_layout", got="no device mesh", hint="set layout.device_mesh first")
        return NamedSharding(self.device_mesh.backend_mesh, PartitionSpec(*self._axes))

    def __repr__(self) -> str:
        return f"<TensorLayout axes={self._axes}, device_mesh={self.device_mesh}>"


def distribute_tensor(tensor: Any, layout: Any) -> Array:
    """An array with its parts where a layout says.

    Args:
        tensor: an array, or a tracer inside a compiled function.
        layout: a `TensorLayout`, or a sharding of JAX.
    """
    sharding = layout.backend_layout if isinstance(layout, TensorLayout) else layout
    if isinstance(tensor, jax.core.Tracer):
        return jax.lax.with_sharding_constraint(tensor, sharding)
    return jax.device_put(tensor, sharding)
