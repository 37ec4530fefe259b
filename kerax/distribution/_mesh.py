"""Devices: by name, counted, and in a grid with named axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from .._errors import ArgumentError


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices, `"cpu:0"`, `"gpu:3"`; all of the default kind where none is named."""
    devices = jax.devices(backend=device_type.lower() if device_type else None)
    return [f"{device.platform}:{device.id}" for device in devices]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices there are of a kind, `"cpu"`, `"gpu"` or `"tpu"`; of the default kind where none is named."""
    return len(list_devices(device_type))


@contextmanager
def device(device_name: Any) -> Iterator[Any]:
    """Within the block arrays are made, and computed with, on one device.

    Args:
        device_name: `"cpu:0"`, `"gpu:1"`, or `"cpu"` for the first; or a JAX device.

    Raises:
        ArgumentError: another name, or a device that is not there.
    """
    found = device_name
    if not isinstance(device_name, jax.Device):
        kind, _, number = str(device_name).lower().partition(":")
        if not isinstance(device_name, str) or not (number or "0").isdigit():
            raise ArgumentError("device", got=repr(device_name), expected="a name such as 'gpu:0', or a JAX device")
        kind = "gpu" if kind == "cuda" else kind
        there = jax.local_devices(backend=kind)
        if int(number or 0) >= len(there):
            raise ArgumentError(
                "device", got=repr(device_name), expected=f"one of {[f'{kind}:{i}' for i in range(len(there))]}"
            )
        found = there[int(number or 0)]
    with jax.default_device(found):
        yield found


class DeviceMesh:
    """Devices in a grid with named axes.

    Args:
        shape: size of each axis.
        axis_names: a name for each.
        devices: names as `list_devices` gives them, or JAX devices; default all.

    Raises:
        ArgumentError: sizes, names and devices that do not go together.
    """

    def __init__(self, shape: Sequence[int], axis_names: Sequence[str], devices: Any = None) -> None:
        found = np.array(found_devices(devices))
        if len(shape) != len(axis_names):
            raise ArgumentError(
                "DeviceMesh", got=f"shape {tuple(shape)} and axes {list(axis_names)}", expected="a name for each axis"
            )
        if math.prod(shape) != found.size:
            raise ArgumentError(
                "DeviceMesh", got=f"shape {tuple(shape)} for {found.size} devices", expected="as many places as devices"
            )
        self.shape = tuple(shape)
        self.axis_names = list(axis_names)
        self.devices = found.reshape(shape)
        self.backend_mesh = Mesh(self.devices, tuple(axis_names))

    def __repr__(self) -> str:
        return f"<DeviceMesh shape={self.shape}, axis_names={self.axis_names}>"


def found_devices(devices: Any) -> list[Any]:
    """The JAX devices of these names, or all of them for None."""
    if devices is None:
        return jax.devices()
    known = {f"{device.platform}:{device.id}": device for device in jax.devices()}
    found = []
    for device in np.asarray(devices, dtype=object).ravel().tolist():
        if isinstance(device, str):
            if device not in known:
                raise ArgumentError("devices", got=repr(device), expected=f"one of {sorted(known)}")
            device = known[device]
        found.append(device)
    return found
