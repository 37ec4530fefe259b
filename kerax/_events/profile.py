"""Profiles, by JAX's profiler, where TensorBoard's profile plugin finds them."""

from __future__ import annotations

import os

import jax

from .._errors import StateError

__all__ = ["Profiler"]


class Profiler:
    """At most one profile at a time; JAX has one profiler for the process.

    Attributes:
        running: whether it records.
    """

    running = False

    def start(self, folder: str | os.PathLike[str]) -> None:
        """Begin to record.

        Args:
            folder: of the run; the profile goes to `plugins/profile` below.
        Raises:
            StateError: another profile is being recorded.
        """
        try:
            jax.profiler.start_trace(os.fspath(folder))
        except RuntimeError as error:
            raise StateError(
                "The profiler",
                got=f"a second profile to record: {error}",
                hint="stop the other one first: jax.profiler.stop_trace()",
            ) from error
        self.running = True

    def stop(self) -> None:
        """Write what was recorded; nothing where nothing is."""
        if self.running:
            self.running = False
            jax.profiler.stop_trace()
