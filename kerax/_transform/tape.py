"""A tape: gradients of code that runs on plain values.

While the tape records, a subclass of JAX's `LinearizeTrace` is the current trace. Unlike JAX's own it
hands back plain values, concrete arrays in eager code, and keeps each value's tangent in a table by
identity; so `print`, NumPy and a debugger see numbers, and nothing can leak. The gradient is the
transpose of the linear program recorded so far.

Everything here that is private to JAX is used in this file alone. Works on jax 0.10.2 and 0.12.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax._src import core, source_info_util
from jax._src import linear_util as lu
from jax._src.interpreters import ad
from jax._src.interpreters import partial_eval as pe

from .._types import Array


class _TapeTrace(ad.LinearizeTrace):
    """Linearizes what passes through it; tangents live in `table`, never in the values."""

    __slots__ = ("table",)

    def __init__(self, parent: Any, tangent: Any) -> None:
        super().__init__(parent, tangent, is_vjp=True)
        self.table: dict[int, tuple[Any, Any]] = {}  # id(primal) -> (primal kept alive, tangent)

    def to_primal_tangent_pair(self, val: Any) -> tuple[Any, Any]:
        hit = self.table.get(id(val))
        return (val, hit[1]) if hit is not None else (val, ad.p2tz(val))

    def _plain(self, out: Any) -> Any:
        def one(value: Any) -> Any:
            if isinstance(value, ad.LinearizeTracer) and value._trace is self:
                if type(value.tangent) is not ad.Zero:
                    self.table[id(value.primal)] = (value.primal, value.tangent)
                return value.primal
            if id(value) in self.table:  # a zero tangent, and yet the very object that is watched
                with core.set_current_trace(self.parent_trace):
                    value = jnp.array(value, copy=True)
            return value

        return [one(value) for value in out] if isinstance(out, (list, tuple)) else one(out)

    def process_primitive(self, *args: Any, **kwargs: Any) -> Any:
        return self._plain(super().process_primitive(*args, **kwargs))

    def process_custom_jvp_call(self, *args: Any, **kwargs: Any) -> Any:
        return self._plain(super().process_custom_jvp_call(*args, **kwargs))

    def process_custom_vjp_call(self, *args: Any, **kwargs: Any) -> Any:
        return self._plain(super().process_custom_vjp_call(*args, **kwargs))


class Tape:
    """Records what is computed from watched values within its `with` block."""

    def __enter__(self) -> Tape:
        self._tangents = pe.DynamicJaxprTrace(lu.DebugInfo("tape", "tape", None, None), auto_dce=True)
        self._tangents.tag = core.TraceTag()
        self._trace = _TapeTrace(core.trace_ctx.trace, self._tangents)
        self._inputs: dict[int, tuple[int, Any]] = {}
        self._current = core.set_current_trace(self._trace)
        self._current.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._current.__exit__(*exc)

    def watch(self, x: Array) -> None:
        """Record what is computed from this very array."""
        tangent = self._tangents.new_arg(core.typeof(x).to_tangent_aval(), source_info_util.current())
        self._trace.table[id(x)] = (x, tangent)
        self._inputs[id(x)] = (len(self._inputs), x)

    def gradient(self, target: Array, sources: Sequence[Array]) -> list[Array]:
        """The gradients of a scalar by watched arrays; zeros where it does not depend on one."""
        hit = self._trace.table.get(id(target))
        if hit is None:
            return [jnp.zeros_like(source) for source in sources]
        where = source_info_util.current()
        with core.set_current_trace(self._tangents):
            out = self._tangents.to_jaxpr_tracer(hit[1], where)
        jaxpr, consts, *_ = self._tangents.to_jaxpr([out], self._tangents.frame.debug_info, where)
        watched = [x for _, x in self._inputs.values()]
        transpose = jax.linear_transpose(
            lambda *tangents: core.eval_jaxpr(jaxpr, consts, *tangents),
            *[jax.ShapeDtypeStruct(x.shape, x.dtype) for x in watched],
        )
        cotangents = transpose([jnp.ones_like(target)])
        return [cotangents[self._inputs[id(source)][0]] for source in sources]


def tracing() -> bool:
    """Whether the code that runs now is being traced by anything."""
    return not isinstance(core.trace_ctx.trace, core.EvalTrace)


__all__ = ["Tape", "tracing"]
