"""tf.config: the devices there are, and how functions run."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax

from ... import config as _config
from ..._errors import ArgumentError, StateError, Unsupported
from . import _devices
from ._missing import absent

__all__ = [
    "LogicalDevice",
    "PhysicalDevice",
    "experimental",
    "experimental_run_functions_eagerly",
    "functions_run_eagerly",
    "get_soft_device_placement",
    "get_visible_devices",
    "list_logical_devices",
    "list_physical_devices",
    "optimizer",
    "run_functions_eagerly",
    "set_soft_device_placement",
    "set_visible_devices",
    "threading",
]


class PhysicalDevice(NamedTuple):
    """A device: "/physical_device:GPU:0"."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as code names it: "/device:GPU:0"."""

    name: str
    device_type: str


_memory_growth: dict[str, bool] = {}
_visible: dict[str, list[int]] = {}


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of this machine: of one kind ("CPU", "GPU", "TPU"), or all."""
    return [
        PhysicalDevice(f"/physical_device:{kind}:{i}", kind)
        for kind in _devices.kinds(device_type)
        for i in range(len(_devices.of_kind(kind)))
    ]


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices that `set_visible_devices` left."""
    return [
        device
        for device in list_physical_devices(device_type)
        if device.device_type not in _visible or int(device.name.rpartition(":")[2]) in _visible[device.device_type]
    ]


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The visible devices, under the names that `tf.device` takes."""
    return [
        LogicalDevice(device.name.replace("physical_device", "device"), device.device_type)
        for device in get_visible_devices(device_type)
    ]


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Compute on these devices alone.

    Args:
        devices: from `list_physical_devices`, one or a list. Without any GPU or TPU computing goes to the CPU.
        device_type: the kind meant; all kinds by default.

    Raises:
        Unsupported: several of a kind, but not all: JAX decides that when it starts.
    """
    chosen = [devices] if isinstance(devices, PhysicalDevice) else list(devices)
    kinds = _devices.kinds(device_type)
    for kind in kinds:
        places = [int(one.name.rpartition(":")[2]) for one in chosen if one.device_type == kind]
        if 1 < len(places) < len(_devices.of_kind(kind)):
            raise Unsupported(
                "tf.config.set_visible_devices",
                got=f"{len(places)} of {len(_devices.of_kind(kind))} devices",
                hint="CUDA_VISIBLE_DEVICES before Python starts, or MirroredStrategy(devices)",
            )
        _visible[kind] = places
    jax.config.update("jax_default_device", _default_device())


def _default_device() -> Any:
    """Where JAX computes: on the first visible accelerator, else the CPU; None where nothing is hidden."""
    for kind in reversed(_devices.kinds()):
        there = _devices.of_kind(kind)
        places = _visible.get(kind, list(range(len(there))))
        if places:
            whole = len(places) == len(there) and there[0].platform == jax.default_backend()
            return None if whole else there[places[0]]
    return _devices.of_kind("CPU")[0]


def get_soft_device_placement() -> bool:
    """Whether `tf.device` with a device that is not there is let through."""
    return _devices.soft_placement


def set_soft_device_placement(enabled: bool) -> None:
    """Let `tf.device` with a device that is not there through."""
    _devices.soft_placement = bool(enabled)


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Let `tf.function` run code as it stands instead of compiling it; for debugging."""
    _config.run_functions_eagerly(bool(run_eagerly))


experimental_run_functions_eagerly = run_functions_eagerly


def functions_run_eagerly() -> bool:
    """Whether `tf.function` runs code as it stands."""
    return _config.functions_run_eagerly()


class experimental:
    """tf.config.experimental."""

    list_physical_devices = staticmethod(list_physical_devices)
    list_logical_devices = staticmethod(list_logical_devices)
    get_visible_devices = staticmethod(get_visible_devices)
    set_visible_devices = staticmethod(set_visible_devices)

    @staticmethod
    def set_memory_growth(device: Any, enable: bool) -> None:
        """Noted, no more: XLA_PYTHON_CLIENT_PREALLOCATE, read when JAX starts, decides about memory."""
        if not isinstance(device, PhysicalDevice):
            raise ArgumentError(
                "set_memory_growth", got=repr(device), expected="one of tf.config.list_physical_devices()"
            )
        _memory_growth[device.name] = bool(enable)

    @staticmethod
    def get_memory_growth(device: Any) -> bool:
        """What `set_memory_growth` was told."""
        return _memory_growth.get(device.name, False)

    @staticmethod
    def get_memory_info(device: str) -> dict[str, int]:
        """Bytes in use on a device: {"current": ..., "peak": ...}; 0 where the device does not tell."""
        found = _devices.called(device)
        told = (found.memory_stats() if found is not None else None) or {}
        return {"current": told.get("bytes_in_use", 0), "peak": told.get("peak_bytes_in_use", 0)}

    @staticmethod
    def get_device_details(device: Any) -> dict[str, Any]:
        """{"device_name": ...}."""
        index = int(device.name.rpartition(":")[2])
        return {"device_name": _devices.of_kind(device.device_type)[index].device_kind}

    @staticmethod
    def enable_op_determinism() -> None:
        """The CPU and TPUs are deterministic as they are.

        Raises:
            StateError: on a GPU, where XLA must be told when it starts.
        """
        if jax.default_backend() == "gpu":
            raise StateError(
                "enable_op_determinism",
                got="a GPU that is in use already",
                hint="XLA_FLAGS=--xla_gpu_deterministic_ops=true before Python starts",
            )


class optimizer:
    """tf.config.optimizer: all code that is compiled goes through XLA."""

    @staticmethod
    def set_jit(enabled: Any) -> None:
        """Nothing to set: XLA compiles everything."""

    @staticmethod
    def get_jit() -> str:
        """ "autoclustering": XLA compiles everything."""
        return "autoclustering"


class threading:
    """tf.config.threading: XLA's threads are set by XLA_FLAGS, before Python starts."""

    @staticmethod
    def set_inter_op_parallelism_threads(num_threads: int) -> None:
        """Raises Unsupported unless it is 0, which leaves the choice to XLA."""
        _threads(num_threads)

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads: int) -> None:
        """Raises Unsupported unless it is 0, which leaves the choice to XLA."""
        _threads(num_threads)


def _threads(count: int) -> None:
    if count:
        raise Unsupported(
            "tf.config.threading", got=f"{count} threads", hint="taskset, or XLA_FLAGS before Python starts"
        )


__getattr__ = absent(__name__)
