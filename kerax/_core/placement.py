"""Where variables and batches live: a hook that `distribution` fills.

Without a distribution everything stays where JAX puts it: on the first device.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import jax

from .context import here


class Placement(Protocol):
    """What a distribution tells about placing arrays."""

    batch_multiple: int
    """Batches are padded to a multiple of this many rows."""

    def place_variable(self, value: Any, path: str) -> Any:
        """The array, where the variable of that path belongs."""

    def place_rows(self, value: Any, axis: int) -> Any:
        """The array with the rows along `axis` spread over the devices."""

    def replicate(self, value: Any) -> Any:
        """The array, whole on every device."""

    def constrain_rows(self, value: Any) -> Any:
        """Inside a compiled function: the rows spread over the devices."""


current: Placement | None = None
version = 0  # counts changes of `current`: programs compiled before are out of date


def use(new: Placement | None) -> None:
    """Make `new` the current placement; None for the first device."""
    global current, version
    if new is not current:
        current, version = new, version + 1


def place(value: Any, path: str) -> Any:
    """The value of a variable, put where the current distribution wants it."""
    return value if current is None else current.place_variable(value, path)


def move(value: Any, path: str) -> Any:
    """The value of a variable made under another distribution, put where the current one wants it."""
    return jax.device_put(value, jax.devices()[0]) if current is None else current.place_variable(value, path)


def replicated(value: Any) -> Any:
    """An array, whole on every device."""
    return jax.device_put(value) if current is None else current.replicate(value)


def batch_rows(value: Any) -> Any:
    """A batch, its rows spread over the devices; without a distribution as it is, for the step to fetch."""
    return value if current is None else current.place_rows(value, 0)


def batch_columns(values: list[Any]) -> list[Any]:
    """(steps, batch, ...) arrays, their columns spread over the devices."""
    return jax.device_put(values) if current is None else [current.place_rows(value, 1) for value in values]


def constrain_rows(value: Any) -> Any:
    """Inside a compiled function: the rows of a batch spread over the devices."""
    return value if current is None else current.constrain_rows(value)


def batch_multiple() -> int:
    """What the number of rows of a batch must divide by."""
    return 1 if current is None else current.batch_multiple


@functools.cache
def cpu_beside() -> Any:
    """The CPU, where JAX computes on something else by default; None where it does not, or has no CPU."""
    if jax.default_backend() == "cpu":
        return None
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:  # JAX_PLATFORMS leaves it out
        return None


@contextmanager
def host_ahead() -> Iterator[None]:
    """While the host prepares what a device takes later: text layers give NumPy, and JAX computes on the CPU."""
    on_host, here.on_host = here.on_host, True
    try:
        cpu = cpu_beside()
        if cpu is None:
            yield
        else:
            with jax.default_device(cpu):
                yield
    finally:
        here.on_host = on_host
