"""One MLIR context for many programs: JAX makes one for each program, which is a fifth of the time of these tests."""

import itertools

from jax._src.interpreters import mlir
from jax._src.lib.mlir import ir

# A context keeps every type and constant it has seen; from time to time a new one takes its place.
PROGRAMS = 1000


def share() -> None:
    """Let JAX lower `PROGRAMS` programs in a row in one context. It is private to JAX, and tests alone use it."""
    make = mlir.make_ir_context
    count = itertools.count()
    kept = []

    def shared() -> ir.Context:
        if ir.Context.current is not None:  # within another program: one made here would become a part of it
            return make()
        if next(count) % PROGRAMS == 0:
            kept[:] = [make()]
        return kept[0]

    mlir.make_ir_context = shared
