"""Logs on their way from the device: as few arrays as there are dtypes, and floats at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Logs


def flat_logs(logs: Any) -> Logs:
    """Logs by name; what a metric of several names gave stands beside the others."""
    flat: Logs = {}
    for name, value in logs.items():
        flat.update(flat_logs(value) if isinstance(value, dict) else {name: value})
    return flat


def floats(logs: Any) -> Logs:
    """Logs as floats, and NumPy arrays for what is no scalar."""
    return {name: _float(value) for name, value in flat_logs(logs).items()}


def _float(value: Any) -> Any:
    array = np.asarray(value)
    return float(array) if array.shape == () else array


class Report:
    """How the logs of a compiled step leave the device: all scalars of one dtype as one array.

    Args:
        logs: names to values, nested; arrays or tracers.
    """

    def __init__(self, logs: Any) -> None:
        values = {name: jnp.asarray(value) for name, value in flat_logs(logs).items()}
        self.names = list(values)
        groups: dict[Any, list[str]] = {}
        for name, value in values.items():
            groups.setdefault(value.dtype if value.shape == () else name, []).append(name)
        self._groups = list(groups.values())
        self._alone = [values[group[0]].shape != () for group in self._groups]

    def pack(self, logs: Any) -> list[Any]:
        """Such logs as arrays; traceable."""
        flat = flat_logs(logs)
        return [
            jnp.asarray(flat[group[0]]) if alone else jnp.stack([jnp.asarray(flat[name]) for name in group])
            for group, alone in zip(self._groups, self._alone, strict=True)
        ]

    def unpack(self, arrays: Sequence[Any]) -> Logs:
        """The logs as floats; waits for the device."""
        found: Logs = {}
        for group, alone, array in zip(self._groups, self._alone, jax.device_get(list(arrays)), strict=True):
            found.update({group[0]: array} if alone else zip(group, map(float, array), strict=True))
        return {name: found[name] for name in self.names}


__all__ = ["Report", "flat_logs", "floats"]
