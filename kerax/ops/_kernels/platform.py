"""Which machine the program being traced will run on."""

from __future__ import annotations

import jax

from ..._core.context import here


def on_cpu() -> bool:
    """Whether computations go to the CPU unless told otherwise.

    Asked while tracing: it chooses between forms that give the same numbers, so a program that is
    later lowered for another platform is slower than it could be, never wrong.
    `lax.platform_dependent` would decide at lowering, but it traces, differentiates and keeps
    both forms (three times the tracing time), and hides from the caller which one will run.
    Programs that are exported take the forms that are right everywhere.
    """
    if here.portable:
        return False
    device = jax.config.jax_default_device
    if device is None:
        return jax.default_backend() == "cpu"
    return (device if isinstance(device, str) else device.platform) == "cpu"


__all__ = ["on_cpu"]
