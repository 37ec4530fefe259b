"""StackedRNNCells: several cells as one."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import _serial
from ..._errors import ArgumentError
from ..._types import Array, Shape
from .._call import signature_of
from .._layer import Layer, LayerOptions


class StackedRNNCells(Layer):
    """Several cells as one: each takes the output of the one before.

    Args:
        cells: the cells, the first one first.
    """

    def __init__(self, cells: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        for cell in cells:
            for name in ("call", "state_size"):
                if not hasattr(cell, name):
                    raise ArgumentError(
                        f"StackedRNNCells {self.name!r}",
                        got=f"a cell {cell!r} without `{name}`",
                        expected="layers with call(inputs, states) and state_size",
                    )
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """That of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """That of the last cell."""
        cell = self.cells[-1]
        size = getattr(cell, "output_size", None)
        if size is not None:
            return size
        return cell.state_size[0] if isinstance(cell.state_size, (list, tuple)) else cell.state_size

    def build(self, input_shape: Shape) -> None:
        """Build each cell for what the one before gives."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            size = getattr(cell, "output_size", None)
            if size is None:
                size = cell.state_size[0] if isinstance(cell.state_size, (list, tuple)) else cell.state_size
            input_shape = (input_shape[0], *(size if isinstance(size, (list, tuple)) else (size,)))

    def call(self, inputs: Array, states: Any, training: bool = False, **kwargs: Any) -> tuple[Array, list[Any]]:
        """One step of every cell."""
        new = []
        for cell, state in zip(self.cells, states, strict=True):
            listed = list(state) if isinstance(state, (list, tuple)) else [state]
            options = {"training": training} if signature_of(type(cell).call).takes_training else {}
            inputs, after = cell(inputs, listed, **options)
            after = list(after) if isinstance(after, (list, tuple)) else [after]
            new.append(after if isinstance(state, (list, tuple)) else after[0])
        return inputs, new

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """That of each cell."""
        found = []
        for cell in self.cells:
            make = getattr(cell, "get_initial_state", None)
            sizes = cell.state_size if isinstance(cell.state_size, (list, tuple)) else [cell.state_size]
            states = (
                make(batch_size=batch_size)
                if make
                else [jnp.zeros((batch_size, size), self.compute_dtype) for size in sizes]
            )
            states = list(states) if isinstance(states, (list, tuple)) else [states]
            found.append(states if isinstance(cell.state_size, (list, tuple)) else states[0])
        return found

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The stack of a config."""
        config = dict(config)
        config["cells"] = [_serial.deserialize_keras_object(cell) for cell in config["cells"]]
        return cls(**config)
