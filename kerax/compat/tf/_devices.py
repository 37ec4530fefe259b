"""Devices by the names that code has for them."""

from __future__ import annotations

from typing import Any

import jax

from .errors import InvalidArgumentError

soft_placement = True
"""Whether a device that is not there is let through."""


def kinds(device_type: str | None = None) -> list[str]:
    """The kinds of devices there are, CPU first; of one kind it alone."""
    default = jax.default_backend().upper()
    found = ["CPU"] if default == "CPU" else ["CPU", default]
    return found if device_type is None else [kind for kind in found if kind == device_type.upper()]


def of_kind(kind: str) -> list[Any]:
    """JAX's devices of a kind, on this machine."""
    return jax.local_devices(backend=kind.lower())


def called(name: str) -> Any:
    """The device of JAX that a name such as "/GPU:0" means; None for one that is not there, where that is let through.

    Raises:
        InvalidArgumentError: no name of a device, or none that is there.
    """
    kind, _, number = name.upper().replace("/", ":").rpartition(":")
    kind = kind.split(":")[-1] if number.isdigit() else number
    place = int(number) if number.isdigit() else 0
    if kind in kinds() and place < len(of_kind(kind)):
        return of_kind(kind)[place]
    if kind not in ("CPU", "GPU", "TPU") or not soft_placement:
        there = [f"/device:{one}:{i}" for one in kinds() for i in range(len(of_kind(one)))]
        raise InvalidArgumentError("tf.device", got=repr(name), expected=f"one of {there}")
    return None
