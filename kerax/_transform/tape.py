"""A tape: gradients of code that runs on plain values.

While the tape records, a subclass of JAX's `LinearizeTrace` is the current trace. Unlike JAX's own it
hands back plain values, concrete arrays in eager code, and keeps each value's tangent in a table by
identity; so `print`, NumPy and a debugger see numbers, and nothing can leak. The gradient is the
transpose of the linear program recorded so far.

Identity carries the meaning, so one object must never stand for two values: what an operation hands back
unchanged, and what a Variable holds, is recorded as a `twin`, another object over the same memory.

Everything private to JAX is used in this file alone. Works on jax 0.10.2 and 0.12.0.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax
import jax.numpy as jnp
from jax._src import core, source_info_util
from jax._src import linear_util as lu
from jax._src import shard_map as _shard_map  # noqa: F401  # gives LinearizeTrace its process_shard_map
from jax._src.array import ArrayImpl
from jax._src.interpreters import ad
from jax._src.interpreters import partial_eval as pe
from jax._src.pjit import jit_p

from .._core import nnx_private
from .._errors import StateError, Unsupported
from .._types import Array


class _Table(dict):
    """id -> (weak reference, tangent) of values that are alive: memory is freed as it would be without a tape."""

    __slots__ = ("__weakref__",)

    def tangent(self, value: Any) -> Any:
        """The tangent of this very object, or None."""
        entry = self.get(id(value))
        return None if entry is None else entry[1]

    def put(self, value: Any, tangent: Any) -> None:
        """Remember the tangent of this very object."""
        key, table = id(value), weakref.ref(self)

        def forget(gone: Any) -> None:
            left: Any = table()
            if left is not None and key in left and left[key][0] is gone:
                del left[key]

        self[key] = weakref.ref(value, forget), tangent


_of_variables = _Table()  # the arrays that tapes of all threads watch in place of Variables, and their names
_inside: weakref.WeakKeyDictionary[Any, tuple] = weakref.WeakKeyDictionary()


def _constants(params: dict[str, Any]) -> Iterable[Any]:
    """The arrays that the functions among the parameters of an equation close over."""
    for value in params.values():
        for one in value if isinstance(value, (tuple, list)) else (value,):
            if hasattr(one, "eqns"):  # a jaxpr, closed or not
                yield from getattr(one, "consts", ())
                if one not in _inside:
                    _inside[one] = tuple(x for eqn in one.eqns for x in _constants(eqn.params))
                yield from _inside[one]


class _TapeTrace(ad.LinearizeTrace):
    """Linearizes what passes through it; tangents live in `table`, never in the values."""

    __slots__ = ("recording", "table")

    def __init__(self, parent: Any, tangent: Any) -> None:
        super().__init__(parent, tangent, is_vjp=True)
        self.recording = True
        self.table = _Table()

    def to_primal_tangent_pair(self, val: Any) -> tuple[Any, Any]:
        tangent = self.table.tangent(val) if self.recording else None
        return val, ad.p2tz(val) if tangent is None else tangent

    def plain(self, out: Any, seen: Sequence[Any] = ()) -> Any:
        """The values of tracers; `seen` are the operands, whose objects stand for themselves alone."""
        if isinstance(out, (list, tuple)):
            return [self.plain(value, seen) for value in out]
        if hasattr(out, "map3"):  # the FlatTree that shard_map gives; its module differs between versions
            return out.map(lambda value: self.plain(value, seen))
        if isinstance(out, ad.LinearizeTracer) and out._trace is self:
            value, tangent = out.primal, out.tangent
            if type(tangent) is ad.Zero:
                tangent = None
        else:
            value, tangent = out, None
        taken = id(value) in self.table or (tangent is not None and any(value is operand for operand in seen))
        if taken or (tangent is not None and not isinstance(value, jax.Array)):
            value = twin(value, self.parent_trace)
        if tangent is not None:
            self.table.put(value, tangent)
        return value

    def process_primitive(self, primitive: Any, tracers: Any, params: Any, /) -> Any:
        constants = tuple(_constants(params)) if self.recording else ()
        if any(id(constant) in self.table for constant in constants):
            if primitive is not jit_p:
                raise Unsupported(
                    f"A {primitive.name} whose body calls a compiled function that closes over what a tape watches",
                    hint="pass the value to the compiled function as an argument",
                )
            closed = params["jaxpr"]
            with core.set_current_trace(self):
                return core.eval_jaxpr(closed.jaxpr, closed.consts, *tracers)
        for name in filter(None, map(_of_variables.tangent, constants)):
            raise StateError(
                f"A function compiled with plain jax.jit holds the value that Variable {name!r} had at its first call",
                hint="compile it with kerax.function or nnx.jit, or pass the value as an argument",
            )
        return self.plain(super().process_primitive(primitive, tracers, params), tracers)


def _plainly(name: str) -> Callable:
    inherited = getattr(ad.LinearizeTrace, name)

    def process(self: _TapeTrace, primitive: Any, *args: Any, **kwargs: Any) -> Any:
        out = inherited(self, primitive, *args, **kwargs)
        operands = next((arg for arg in args if isinstance(arg, (list, tuple))), ())
        return self.plain(out, operands)

    process.__name__ = name
    return process


for _name in dir(ad.LinearizeTrace):
    if (
        _name.startswith("process_")
        and _name != "process_primitive"
        and getattr(ad.LinearizeTrace, _name) is not getattr(core.Trace, _name, None)
    ):
        setattr(_TapeTrace, _name, _plainly(_name))


def _tangent_trace() -> Any:
    trace = pe.DynamicJaxprTrace(lu.DebugInfo("tape", "tape", None, None), auto_dce=True)
    trace.tag = core.TraceTag()
    return trace


def twin(x: Any, trace: Any) -> Any:
    """Another object with the same value, of which `trace` is told: over the same memory where there is memory."""
    if isinstance(x, ArrayImpl) and not x.is_deleted():
        made = ArrayImpl(x.aval, x.sharding, x._arrays, x._committed, _skip_checks=True)
        made.twin_of = x  # who asks whether anyone holds the memory of `x` counts references to it
        return made
    with core.set_current_trace(trace):
        return jnp.array(x, copy=True)


def _chain(trace: Any) -> Iterator[Any]:
    """A trace and those it stands on."""
    while trace is not None:
        yield trace
        trace = getattr(trace, "parent_trace", None)


def _ground(trace: Any) -> Any:
    """The first trace that is not a tape's."""
    return next(one for one in _chain(trace) if not isinstance(one, _TapeTrace))


def beneath() -> AbstractContextManager[Any]:
    """Within the block, no tape on top of the current trace sees anything."""
    trace = core.trace_ctx.trace
    return core.set_current_trace(_ground(trace)) if isinstance(trace, _TapeTrace) else nullcontext()


nnx_private.look_through(beneath)


class Tape:
    """Records what is computed from tracked values within its `with` block.

    It may be entered again on the same level of tracing, to record on.
    """

    def __init__(self) -> None:
        self._trace = _TapeTrace(core.trace_ctx.trace, _tangent_trace())
        self._tracked: list[Any] = []  # keeps what is tracked alive
        self._outer: Any = None

    def __enter__(self) -> Tape:
        outer = core.trace_ctx.trace
        self._trace.parent_trace = outer
        self._outer = core.set_current_trace(self._trace)
        self._outer.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._outer.__exit__(*exc)

    def fits_here(self) -> bool:
        """Whether the block could be entered again here."""
        return _ground(self._trace.parent_trace) is _ground(core.trace_ctx.trace)

    @property
    def recording(self) -> bool:
        """Whether operations are recorded; may be set."""
        return self._trace.recording

    @recording.setter
    def recording(self, value: bool) -> None:
        self._trace.recording = value

    def clear(self) -> None:
        """Forget everything recorded."""
        self._tracked = []
        self._trace.table.clear()
        self._trace.tangent_trace = _tangent_trace()
        if hasattr(self._trace, "structured_residuals"):
            self._trace.structured_residuals = []

    def sees(self, x: Any) -> bool:
        """Whether `x` is a value on the level of the tape, or beneath: not one of a trace begun inside it."""
        return not isinstance(x, core.Tracer) or any(x._trace is one for one in _chain(self._trace.parent_trace))

    def knows(self, x: Any) -> bool:
        """Whether this very array is tracked, or was computed from what is."""
        return id(x) in self._trace.table

    def twin(self, x: Any) -> Any:
        """Another object with the value of `x`, of which no tape knows."""
        return twin(x, _ground(self._trace.parent_trace))

    def track(self, x: Array, of: str | None = None) -> None:
        """Record what is computed from this very array; `of` names the Variable that holds it."""
        if self.knows(x):
            return
        tangent = self._trace.tangent_trace.new_arg(core.typeof(x).to_tangent_aval(), source_info_util.current())
        self._trace.table.put(x, tangent)
        self._tracked.append(x)
        if of is not None:
            _of_variables.put(x, of)

    def pullback(self, targets: Sequence[Array], sources: Sequence[Array]) -> Callable[[Sequence[Any]], list[Any]]:
        """What maps gradients of the targets to gradients of the sources; None where nothing connects them.

        Args:
            targets: arrays that the tape knows.
            sources: arrays; those that are tracked, and those computed from them.
        """
        table = self._trace.table
        outs = [table.tangent(target) for target in targets]
        wanted = [table.tangent(source) for source in sources]
        trace = self._trace.tangent_trace
        constants = dict(trace.frame.constvar_to_val)  # before the equations, as JAX's own to_jaxpr does
        constants.update(self._residuals())
        program = _Program(trace, outs, [tangent for tangent in wanted if tangent is not None], constants)

        def pull(cotangents: Sequence[Any]) -> list[Any]:
            found = iter(program.transposed(cotangents))
            return [None if tangent is None else next(found) for tangent in wanted]

        return pull

    def _residuals(self) -> Iterator[tuple[Any, Any]]:
        """Inputs of the tangent program that hold values and no tangents; new in jax 0.12."""
        values = jax.tree.leaves(getattr(self._trace, "structured_residuals", []))
        if values:
            tangents = {id(self._trace.table.tangent(x).val) for x in self._tracked}
            others = [var for var in self._trace.tangent_trace.frame.invars if id(var) not in tangents]
            yield from zip(others, values, strict=True)

    def gradient(self, target: Array, sources: Sequence[Array]) -> list[Array]:
        """The gradients of a scalar by arrays; zeros where it does not depend on one."""
        if self.knows(target):
            grads = self.pullback([target], sources)([jnp.ones_like(target)])
        else:
            grads = [None] * len(sources)
        return [jnp.zeros_like(x) if grad is None else grad for x, grad in zip(sources, grads, strict=True)]


class _Program:
    """The part of a tangent program that leads from some tangents to others, to be run backwards.

    Args:
        trace: what recorded it.
        outs: tangents at its end.
        sources: tangents at its beginning, or in the middle.
        constants: the values of variables that are no tangents.
    """

    def __init__(self, trace: Any, outs: Sequence[Any], sources: Sequence[Any], constants: dict[Any, Any]) -> None:
        frame = trace.frame
        needed = {tracer.val for tracer in outs}
        equations = []
        for eqn in reversed(frame.get_eqns()):
            if eqn.effects or not needed.isdisjoint(eqn.outvars):
                equations.append(eqn)
                needed.update(_variables(eqn))

        wanted = {tracer.val for tracer in sources}
        inputs = {var for var in frame.invars if var not in constants}
        live, dead = inputs & wanted, inputs - wanted  # tangents that come from a source, and those that do not
        ends = {var: var for var in live}  # source -> the variable whose cotangent is its gradient
        kept = []
        for eqn in reversed(equations):
            used = _variables(eqn)
            if not live.isdisjoint(used):
                middle = {var: frame.newvar(var.aval) for var in eqn.outvars if var in wanted}
                kept.append(eqn.replace(outvars=[middle.get(var, var) for var in eqn.outvars]))
                for var, before in middle.items():  # what comes from earlier sources, and a source of its own
                    ends[var] = frame.newvar(var.aval)
                    kept.append(core.new_jaxpr_eqn([before, ends[var]], [var], ad.add_jaxvals_p, {}, core.no_effects))
                live.update(eqn.outvars)
            elif dead.isdisjoint(used):
                kept.append(eqn)  # no tangent goes in: it makes a constant
            else:
                ends.update({var: var for var in eqn.outvars if var in wanted})
                live.update(wanted.intersection(eqn.outvars))
                dead.update(var for var in eqn.outvars if var not in wanted)

        out_vars = [tracer.val for tracer in outs]
        met = {var for eqn in kept for var in _variables(eqn)}.union(out_vars)
        self._constants = [(var, value) for var, value in constants.items() if var in met]
        self._ends = list(ends.values())
        self._ignored = [var for var in dead if var in met]
        self._places = [self._ends.index(ends[t.val]) if t.val in ends else None for t in sources]
        jaxpr = core.Jaxpr(
            [],
            [*(var for var, _ in self._constants), *self._ends, *self._ignored],
            out_vars,
            kept,
            core.join_effects(*(eqn.effects for eqn in kept)),
            frame.debug_info.with_unknown_names(),
        )
        # Inside equations too: jax 0.10 cannot transpose a scan whose stacked outputs nobody uses.
        self._jaxpr, _ = pe.dce_jaxpr(jaxpr, [True] * len(out_vars), instantiate=True)

    def transposed(self, cotangents: Sequence[Any]) -> list[Any]:
        """The cotangents of the sources, None where there is none."""
        ends = [ad.ValAccum(var.aval.to_ct_aval()) for var in self._ends]
        ignored = [ad.NullAccum(var.aval.to_ct_aval()) for var in self._ignored]
        values = [value for _, value in self._constants]
        ad.backward_pass3(self._jaxpr, True, [], [*values, *ends, *ignored], cotangents)
        found = [None if place is None else ends[place].freeze() for place in self._places]
        return [None if type(cotangent) is ad.Zero else cotangent for cotangent in found]


def _variables(eqn: Any) -> list[Any]:
    return [x for x in eqn.invars if isinstance(x, core.Var)]


def tracing() -> bool:
    """Whether the code that runs now is being traced by anything but tapes."""
    trace = core.trace_ctx.trace
    return type(trace) is not core.EvalTrace and not isinstance(_ground(trace), core.EvalTrace)


__all__ = ["Tape", "beneath", "tracing"]
