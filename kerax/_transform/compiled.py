"""Code that reads and assigns Variables, traced once and compiled.

The trace is a jaxpr, which names no Variable. Only Variables that it uses go in, and only those that it
changes come out; whatever goes wrong on the way, all of them hold what they held before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax

from .._core import nnx_private
from .._core.context import here, setting
from .._core.module import name_of
from .._core.stateful import Carried, discover, pure
from .._core.variable import Variable
from .._errors import StateError
from .staging import running


class Compiled:
    """A function of arrays that works on Variables.

    Args:
        fn: takes the arrays, one argument each; gives any structure.
        leaves: arrays like those it will be called with.
        variables: Variables it may touch, as far as they are known; others are found while tracing.
        name: for messages.
        births: whether code may make Variables that live no longer than a call.

    Raises:
        StateError: `fn` makes a Variable in every call.
    """

    def __init__(
        self, fn: Callable, leaves: Sequence[Any], variables: Sequence[nnx.Variable], name: str, births: bool = False
    ) -> None:
        carried = Carried(variables)
        self.checks: list[str] = []
        self.traces = 0
        assigned: dict[Any, list[nnx.Variable]] = {}
        like = [jax.ShapeDtypeStruct(x.shape, x.dtype, weak_type=getattr(x, "weak_type", False)) for x in leaves]

        def values_of_fn(*arrays: Any) -> Any:
            return jax.tree.map(lambda x: x[...] if isinstance(x, nnx.Variable) else x, fn(*arrays), is_leaf=_is_leaf)

        def attempt() -> tuple[Any, Any, list, list]:
            found: list[Any] = []
            born: list[nnx.Variable] = []
            self.checks.clear()
            self.traces += 1

            def flat(values: list[Any], arrays: list[Any]) -> tuple:
                foreign = [v for v in carried.variables if not isinstance(v, Variable)]
                with (
                    running(
                        tracing=True, host=False, foreign=foreign, negated={}, assigned=assigned, checks=self.checks
                    ),
                    setting(created=(*here.created, born.append)),
                ):
                    out, after = pure(values_of_fn, carried)(values, *arrays)
                parts, structure = jax.tree.flatten(out, is_leaf=_is_leaf)
                found.append((structure, parts, born))
                return (
                    [_settled(new, old) for new, old in zip(after, values, strict=True)],
                    [jnp.asarray(part) for part in parts if _is_array(part)],
                )

            closed = jax.make_jaxpr(flat)([_like(value) for value in carried.values()], like)
            return closed, *found[-1]

        closed, self._structure, parts, born = discover(attempt, carried)
        if born and not births:
            names = ", ".join(repr(name_of(v)) for v in born[:3])
            raise StateError(
                f"{name} makes the Variable {names} in every call",
                hint="make it once, outside or behind `if self.v is None:`, and assign to it afterwards",
            )
        self.jaxpr = closed
        self.touched = list(carried.variables)
        self._known = [None if _is_array(part) else part for part in parts]
        self._computed = [index for index, part in enumerate(parts) if _is_array(part)]
        ins, outs = closed.jaxpr.invars, closed.jaxpr.outvars
        count = len(self.touched)
        moving = [index for index in range(count) if outs[index] is not ins[index]]
        used = {id(var) for equation in closed.jaxpr.eqns for var in equation.invars}
        used |= {id(outs[index]) for index in (*moving, *range(count, len(outs)))}
        needed = [index for index in range(count) if id(ins[index]) in used]
        self.variables = [self.touched[index] for index in needed]
        self.moving = [self.touched[index] for index in moving]
        shapes = [(var.aval.shape, var.aval.dtype) for var in ins[:count]]
        call = jex.jaxpr_as_fun(closed)

        def pruned(values: list[Any], arrays: list[Any]) -> list[Any]:
            full: list[Any] = [None] * count
            for index, value in zip(needed, values, strict=True):
                full[index] = value
            for index, (shape, dtype) in enumerate(shapes):
                if full[index] is None:  # not used
                    full[index] = _blank(shape, dtype)
            outs = call(*full, *arrays)
            return [*(outs[index] for index in moving), *outs[count:]]

        self._run = jax.jit(pruned)
        self._moved = len(moving)
        self._single = len(parts) == 1 and len(self._computed) == 1 and jax.tree_util.treedef_is_leaf(self._structure)

    def __call__(self, leaves: list[Any]) -> Any:
        """Run it on what the Variables hold now; the output, in its structure."""
        flat = self._run(nnx_private.raw_all(self.variables), leaves)
        if self.checks:
            self._check(flat)
        moved = self._moved
        if moved:
            nnx_private.put_all(self.moving, flat[:moved])
        return flat[moved] if self._single else self._pack(flat[moved:])

    def watched(self, leaves: list[Any]) -> Any:
        """The same, seen by whoever watches reads and writes: gradients go through it."""
        for variable in self.variables:
            for notice in here.read:
                notice(variable)
        flat = self._run(nnx_private.raw_all(self.variables), leaves)
        if self.checks:
            self._check(flat)
        for variable in self.moving:
            for notice in here.write:
                notice(variable)
        nnx_private.put_all(self.moving, flat[: self._moved])
        return self._pack(flat[self._moved :])

    def _pack(self, arrays: list[Any]) -> Any:
        parts = list(self._known)
        for index, array in zip(self._computed, arrays, strict=True):
            parts[index] = array
        return jax.tree.unflatten(self._structure, parts)

    def _check(self, flat: list[Any]) -> None:
        """Wait for the assertions inside, and raise the first that failed."""
        jax.block_until_ready(flat)
        jax.effects_barrier()
        failed = [text for text in self.checks if text]
        if failed:
            self.checks[:] = [""]
            raise AssertionError(failed[0])


def _is_leaf(x: Any) -> bool:
    return x is None or isinstance(x, (nnx.Variable, nnx.Module))


def _is_array(x: Any) -> bool:
    return isinstance(x, jax.Array) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufcV")


def _blank(shape: Any, dtype: Any) -> Any:
    if jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(
            jnp.zeros((*shape, *jax.eval_shape(jax.random.key_data, jax.random.key(0)).shape), jnp.uint32)
        )
    return jnp.zeros(shape, dtype)


def _like(x: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(x.shape, x.dtype)


def _settled(new: Any, old: Any) -> Any:
    """A value that may take the place of `old`: same dtype, no weak type."""
    if new is old or (new.dtype == old.dtype and not getattr(new, "weak_type", False)):
        return new
    return lax.convert_element_type(new, old.dtype)
