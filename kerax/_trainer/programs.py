"""Steps compiled: traced once, then run singly or many in one dispatch.

A step is traced to a jaxpr, which names no Variable and no layer. From it come the program of a
single step and the fused one: a `fori_loop` with a dynamic trip count over data on the device, so one
program serves every number of steps, with the same arithmetic and the same random numbers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax import lax

from .. import tree
from .._core import placement
from .._core.context import setting, summaries
from .._core.stateful import Carried, discover, pure
from .._core.variable import plain
from .dispatch import Program
from .reports import Report

log = logging.getLogger("kerax")


class Step:
    """A step traced for batches of one shape.

    Only the Variables it changes come out of its programs; the others are never copied.

    Args:
        fn: `fn(batch) -> out`, on Variables.
        carried: the Variables it may touch; more are added as they are found.
        batch: arrays or their shapes and dtypes, nested; None where there is none.
        padded: whether a batch comes with a mask of its real rows.
        logs: whether what it gives are logs, which leave the device packed.
        looping: whether it is meant to run in a loop on the device.
    """

    def __init__(
        self, fn: Callable, carried: Carried, batch: Any, padded: bool, logs: bool = False, looping: bool = False
    ) -> None:
        self.padded = padded
        self.looping = looping
        self.report: Any = None  # a Report of the logs, once traced
        self._gives_logs = logs
        self.batch_structure = batch
        leaves = [_shape(leaf) for leaf in tree.flatten(batch) if leaf is not None]
        rows = leaves[0].shape[0] if leaves and leaves[0].shape else 0
        self.rows = rows
        before = summaries.met
        closed, self._out = discover(lambda: self._trace(fn, carried, leaves, rows), carried)
        self.way = summaries.since(before)  # of the summaries inside, () without any
        self.jaxpr = closed
        self.variables = list(carried.variables)  # a later trace may carry more
        ins, outs = closed.jaxpr.invars, closed.jaxpr.outvars[len(closed.jaxpr.outvars) - len(self.variables) :]
        self.moving = [index for index, out in enumerate(outs) if out is not ins[index]]
        self.still = [index for index, out in enumerate(outs) if out is ins[index]]
        self._call = jex.jaxpr_as_fun(closed)
        self.out_count = len(tree.flatten(self._out))
        found = _primitives(closed.jaxpr)
        self.has_convolution = "conv_general_dilated" in found
        self.calls_python = bool(closed.effects) or any("callback" in name for name in found)

    def _trace(self, fn: Callable, carried: Carried, leaves: list[Any], rows: int) -> tuple[Any, Any]:
        outs: list[Any] = []

        def step(values: list[Any], leaves: list[Any], mask: Any) -> tuple:
            with setting(rows=mask if self.padded else None, looping=self.looping):
                out, after = run(values, fill(self.batch_structure, leaves))
            if self._gives_logs:
                self.report = Report(out)
                out = self.report.pack(out)
            outs.append(out)
            flat = [jnp.asarray(leaf) for leaf in tree.flatten(out) if leaf is not None]
            return flat, [_settled(new, old) for new, old in zip(after, values, strict=True)]

        run = pure(lambda batch: tree.map_structure(plain, fn(batch)), carried)  # Variables returned are read inside
        mask = jax.ShapeDtypeStruct((rows,), bool)
        closed = jax.make_jaxpr(step)([_shape(value) for value in carried.values()], leaves, mask)
        shapes = iter(closed.out_avals)
        out = tree.map_structure(lambda leaf: None if leaf is None else next(shapes), outs[-1])
        return closed, out

    def __call__(self, values: list[Any], leaves: list[Any], mask: Any) -> tuple[list[Any], list[Any]]:
        """(flat outputs, new values of the Variables that change)."""
        outs = self._call(*values, *leaves, mask)
        count = len(outs) - len(values)
        return outs[:count], [outs[count + index] for index in self.moving]

    def merged(self, values: list[Any], moved: list[Any]) -> list[Any]:
        """All values, with those that change replaced."""
        values = list(values)
        for index, value in zip(self.moving, moved, strict=True):
            values[index] = value
        return values

    def program(self, run: Callable) -> Program:
        """`run(values, *args) -> (outs, moved)` compiled, on what the Variables hold: called as `(*args) -> outs`."""

        def split(moving: list[Any], still: list[Any], *args: Any) -> tuple:
            values: list[Any] = [None] * len(self.variables)
            for index, value in zip((*self.moving, *self.still), (*moving, *still), strict=True):
                values[index] = value
            return run(values, *args)

        moving, still = ([self.variables[index] for index in part] for part in (self.moving, self.still))
        return Program(split, moving, still, reuse=not self.calls_python)

    def pack(self, flat: list[Any]) -> Any:
        """The outputs in their structure."""
        supply = iter(flat)
        return tree.map_structure(lambda leaf: None if leaf is None else next(supply), self._out)


def fill(structure: Any, leaves: list[Any]) -> Any:
    """A structure with its leaves replaced, None where it was None."""
    supply = iter(leaves)
    return tree.map_structure(lambda leaf: None if leaf is None else next(supply), structure)


def _shape(x: Any) -> jax.ShapeDtypeStruct:
    dtype = x.dtype if isinstance(x, jax.Array) else jax.dtypes.canonicalize_dtype(x.dtype)
    return jax.ShapeDtypeStruct(x.shape, dtype)


def _settled(new: Any, old: Any) -> Any:
    """A value that may take the place of `old` in a loop: same dtype, no weak type."""
    if new is old or (new.dtype == old.dtype and not getattr(new, "weak_type", False)):
        return new
    return lax.convert_element_type(new, old.dtype)


def _primitives(jaxpr: Any) -> set[str]:
    """The names of all primitives in a jaxpr, at any depth."""
    found = set()
    for equation in jaxpr.eqns:
        found.add(equation.primitive.name)
        for value in equation.params.values():
            for inner in value if isinstance(value, (list, tuple)) else [value]:
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    found |= _primitives(inner)
    return found


class Results:
    """The logs, as one array: a program that reads metric states and packs their results.

    Args:
        fn: gives the logs; reads Variables.
        carried: the Variables it reads; more are added as they are found.
    """

    def __init__(self, fn: Callable[[], dict[str, Any]], carried: Carried) -> None:
        self.carried = carried
        self.report: Any = None

        def results(values: list[Any]) -> list[Any]:
            logs, _ = pure(lambda: tree.map_structure(plain, fn()), carried)(values)
            self.report = Report(logs)
            return self.report.pack(logs)

        def trace() -> Any:
            return jax.make_jaxpr(results)([_shape(value) for value in carried.values()])

        self._run = jax.jit(jex.jaxpr_as_fun(discover(trace, carried)))

    def __call__(self) -> list[Any]:
        """The packed results of what the Variables hold now, on the device."""
        return self._run(*self.carried.values())


def single(step: Step) -> Program:
    """The program of one step on a batch given: `(leaves, mask) -> outs`."""
    return step.program(step)


def gathered(step: Step, batch_size: int) -> Program:
    """The program of one step on rows of data on the device: `(data, order, i, rows) -> outs`."""

    def run(values: list[Any], data: list[Any], order: Any, index: Any, rows: Any) -> tuple:
        return step(values, *_batch_at(data, order, index, rows, batch_size))

    return step.program(run)


def fused(step: Step, batch_size: int, keep_outputs: bool) -> Program:
    """Many steps in one dispatch: `(data, order, start, stop, rows) -> outs` of the last, where they are kept.

    `order`: (steps, batch) row numbers; `rows`: how many rows there are, the last batch may hold fewer.
    """

    def run(values: list[Any], data: list[Any], order: Any, start: Any, stop: Any, rows: Any) -> tuple:
        return _loop(step, values, lambda at: _batch_at(data, order, at, rows, batch_size), start, stop, keep_outputs)

    return step.program(run)


def stacked(step: Step, keep_outputs: bool) -> Program:
    """The same on batches one behind the other: `(stack, rows, start, stop) -> outs`.

    `stack`: leaves (batches, batch, ...); `rows`: (batches,) how many rows of each count.
    """

    def run(values: list[Any], stack: list[Any], rows: Any, start: Any, stop: Any) -> tuple:
        def batch_at(index: Any) -> tuple[list[Any], Any]:
            leaves = [lax.dynamic_index_in_dim(leaf, index, keepdims=False) for leaf in stack]
            return [placement.constrain_rows(leaf) for leaf in leaves], jnp.arange(step.rows) < rows[index]

        return _loop(step, values, batch_at, start, stop, keep_outputs)

    return step.program(run)


def _loop(step: Step, values: list[Any], batch_at: Callable, start: Any, stop: Any, keep_outputs: bool) -> tuple:
    def body(index: Any, carry: tuple) -> tuple:
        outs, moved = step(step.merged(values, carry[1]), *batch_at(index))
        return outs if keep_outputs else [], moved

    avals = step.jaxpr.out_avals[: step.out_count] if keep_outputs else []
    outs = [jnp.zeros(aval.shape, aval.dtype) for aval in avals]
    return lax.fori_loop(start, stop, body, (outs, [values[index] for index in step.moving]))


def _batch_at(data: list[Any], order: Any, index: Any, rows: Any, batch_size: int) -> tuple[list[Any], Any]:
    chosen = lax.dynamic_index_in_dim(order, index, keepdims=False)
    leaves = [placement.constrain_rows(leaf.at[chosen].get(mode="promise_in_bounds")) for leaf in data]
    place = jnp.arange(order.shape[1])
    return leaves, (place < batch_size) & (index * batch_size + place < rows)


def blockwise(step: Step, batch_size: int, keep_outputs: bool) -> Program:
    """Batches of a block in order: `(block, count, rows) -> outs`.

    Args:
        step: for batches of `batch_size` rows.
        batch_size: rows in a batch.
        keep_outputs: whether the outputs of each batch are kept, one after the other.

    `block`: leaves of (k * batch_size, ...) rows, `count` batches of which are used, `rows` of them real.
    """

    def run(values: list[Any], block: list[Any], count: Any, rows: Any) -> tuple[list[Any], list[Any]]:
        def leaves_at(index: Any) -> tuple[list[Any], Any]:
            leaves = [lax.dynamic_slice_in_dim(leaf, index * batch_size, batch_size) for leaf in block]
            return leaves, index * batch_size + jnp.arange(batch_size) < rows

        size = block[0].shape[0] // batch_size
        if size == 1:
            outs, moved = step(values, list(block), jnp.arange(batch_size) < rows)
            return (outs if keep_outputs else []), moved
        avals = step.jaxpr.out_avals[: step.out_count] if keep_outputs else []
        buffers = [jnp.zeros((size * aval.shape[0], *aval.shape[1:]), aval.dtype) for aval in avals]

        def body(index: Any, carry: tuple) -> tuple:
            buffers, moved = carry
            outs, moved = step(step.merged(values, moved), *leaves_at(index))
            buffers = [
                lax.dynamic_update_slice_in_dim(buffer, out, index * out.shape[0], 0)
                for buffer, out in zip(buffers, outs, strict=False)
            ]
            return buffers, moved

        return lax.fori_loop(0, count, body, (buffers, [values[index] for index in step.moving]))

    return step.program(run)
