"""What a block of staged code works on: the variables it sets, as arrays and what is no array.

A block is traced once to a jaxpr over the arrays that its variables hold. The Variables it assigns are
found on the way and come out as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from flax import nnx

from ..._core import nnx_private
from ..._core.context import here, setting
from ..._core.variable import Variable
from ..._errors import DTypeError, KeraxError, ShapeError, StateError
from ..staging import run
from .undefined import missing

_KINDS = "biufcV"
_NUMBERS = (bool, int, float, complex)


def traced(x: Any) -> bool:
    """Whether a value is known only when the compiled code runs."""
    return isinstance(x, jax.core.Tracer)


def plain(x: Any) -> Any:
    """The array of a Variable; anything else as it is."""
    return x[...] if isinstance(x, nnx.Variable) else x


def place(depth: int = 2) -> str:
    """File and line of the converted code that called an operator."""
    frame = sys._getframe(depth)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def truth(x: Any, where: str) -> Any:
    """A traced condition as a boolean scalar.

    Raises:
        ShapeError: more than one element.
    """
    x = jnp.asarray(x)
    if x.size != 1:
        raise ShapeError(
            f"The condition of the {where}",
            got=f"an array of shape {x.shape}",
            expected="one element",
            hint="reduce it with ops.any or ops.all, or choose by element with ops.where",
        )
    return x.astype(bool).reshape(())


# -- values ----------------------------------------------------------------------------------------


def _is_leaf(x: Any) -> bool:
    return x is None or missing(x) or isinstance(x, (nnx.Variable, nnx.Module, np.ndarray))


def is_tensor(x: Any) -> bool:
    """Whether staged code holds it as an array."""
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.kind in _KINDS
    return isinstance(x, (jax.Array, nnx.Variable, *_NUMBERS))


@dataclass
class Value:
    """One variable, taken apart."""

    name: str
    structure: Any
    leaves: list[Any]

    @classmethod
    def of(cls, name: str, value: Any) -> Value:
        leaves, structure = jax.tree.flatten(value, is_leaf=_is_leaf)
        return cls(name, structure, leaves)

    def whole(self, leaves: Sequence[Any] | None = None) -> Any:
        """It, put together; from other leaves where they are given."""
        return jax.tree.unflatten(self.structure, self.leaves if leaves is None else leaves)

    @property
    def missing(self) -> bool:
        """Whether the variable has no value."""
        return len(self.leaves) == 1 and missing(self.leaves[0])


def same(a: Any, b: Any) -> bool:
    """Whether two leaves are the same thing, and known to be while tracing."""
    if a is b:
        return True
    if isinstance(a, (jax.Array, np.ndarray)) or isinstance(b, (jax.Array, np.ndarray)) or type(a) is not type(b):
        return False
    if isinstance(a, (nnx.Module, nnx.Variable)) or missing(a):
        return False
    try:
        return bool(a == b)
    except (TypeError, ValueError):
        return False


def describe(value: Value, avals: Sequence[Any] | None = None) -> str:
    """What a variable holds, for messages."""
    if value.missing:
        return "no value"
    shown = []
    for index, leaf in enumerate(value.leaves):
        x = avals[index] if avals is not None and avals[index] is not None else leaf
        if hasattr(x, "dtype") and hasattr(x, "shape"):
            shown.append(f"{np.dtype(x.dtype).name if x.dtype.kind != 'V' else x.dtype}{list(x.shape)}")
        else:
            shown.append(type(x).__name__ if not isinstance(x, (str, type(None))) else repr(x))
    return shown[0] if len(shown) == 1 else f"{jax.tree.unflatten(value.structure, shown)}"


def joint(a: Any, b: Any) -> Any | None:
    """The dtype of two abstract values that become one, None where their dtypes cannot.

    A Python number takes the dtype of the array beside it, unless that would lose its fraction.
    """
    if a.dtype == b.dtype:
        return a.dtype
    if not a.weak_type and not b.weak_type:
        return None
    rank_a, rank_b = (_KINDS.find(x.dtype.kind.replace("u", "i")) for x in (a, b))
    if not rank_a or not rank_b:
        return None  # a boolean is no number
    if a.weak_type and b.weak_type:
        return a.dtype if rank_a > rank_b else b.dtype
    weak, strong = (rank_a, b) if a.weak_type else (rank_b, a)
    return strong.dtype if weak <= _KINDS.find(strong.dtype.kind.replace("u", "i")) else None


# -- blocks ----------------------------------------------------------------------------------------


@dataclass
class Pass:
    """One pass over a block."""

    jaxpr: Any
    values: list[Value]  # what its variables hold at its end; arrays are the first outputs, in order
    variables: list[nnx.Variable]  # those it carries or assigns; their values are the outputs that follow
    avals: list[list[Any]] = field(default_factory=list)  # beside each leaf that is an array, its abstract value

    def __call__(self, *args: Any) -> tuple[list[Any], list[Any]]:
        """(arrays, values of the Variables)."""
        outs = jex.jaxpr_as_fun(self.jaxpr)(*args)
        count = len(outs) - len(self.variables)
        return outs[:count], outs[count:]


def trace(
    block: Callable[..., Sequence[Any]],
    names: Sequence[str],
    args: Sequence[Any] = (),
    variables: Sequence[nnx.Variable] = (),
) -> Pass:
    """One pass over `block(*args)`, which gives what the variables of these names hold at its end.

    Args:
        block: may read and assign Variables.
        names: the variables it gives.
        args: arrays, or numbers, or their shapes and dtypes.
        variables: Variables that come in with `args`, after them.
    """
    found: list[Any] = []
    carried = [*variables, *(v for v in run.foreign if not any(v is other for other in variables))]

    def flat(args: list[Any], values: list[Any]) -> tuple:
        held = nnx_private.Held(carried, [*values, *(nnx_private.raw(v) for v in carried[len(values) :])])
        known = {id(v) for v in carried}
        mine = nnx_private.trace_now()

        def written(variable: nnx.Variable) -> None:
            if id(variable) in known or nnx_private.belongs_here(variable):
                return
            if nnx_private.trace_now() == mine:  # a block inside this one sees to its own
                known.add(id(variable))
                held.adopt(variable)

        with setting(write=(*here.write, written)), held:
            outs = [Value.of(name, out) for name, out in zip(names, block(*args), strict=True)]
            arrays = [jnp.asarray(plain(leaf)) for out in outs for leaf in out.leaves if is_tensor(leaf)]
        found.append((outs, held.variables))
        return arrays, [
            value if getattr(value, "dtype", None) == old.dtype else jnp.asarray(value, old.dtype)
            for value, old in zip(held.values, map(nnx_private.raw, held.variables), strict=True)
        ]

    with _Containers(block):
        closed = jax.make_jaxpr(flat)(list(args), [nnx_private.raw(v) for v in variables])
    outs, touched = found[-1]
    supply = iter(closed.out_avals)
    avals = [[next(supply) if is_tensor(leaf) else None for leaf in out.leaves] for out in outs]
    return Pass(closed, outs, touched, avals)


def assign(variables: Sequence[nnx.Variable], values: Sequence[Any]) -> None:
    """Make Variables hold what came out of a block."""
    for variable, value in zip(variables, values, strict=True):
        if isinstance(variable, Variable):
            for notice in here.write:
                notice(variable)
        nnx_private.put(variable, value)


class _Containers:
    """Within the block lists, dicts and sets that a function sees must not come to hold tracers."""

    def __init__(self, block: Callable) -> None:
        self._seen: list[tuple[str, Any, Any]] = []
        body = getattr(block, "body", block)
        if isinstance(body, FunctionType) and body.__closure__:
            for name, cell in zip(body.__code__.co_freevars, body.__closure__, strict=True):
                try:
                    content = cell.cell_contents
                except ValueError:
                    continue
                self._look(name, content)
                if not isinstance(content, (type, nnx.Module, FunctionType)) and hasattr(content, "__dict__"):
                    for key, item in vars(content).items():
                        self._look(f"{name}.{key}", item)

    def _look(self, name: str, x: Any) -> None:
        if type(x) in (list, dict, set):
            self._seen.append((name, x, x.copy()))

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, *exc: object) -> None:
        for name, now, before in self._seen:
            if len(now) != len(before) and any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(now)):
                if isinstance(now, list):
                    now[:] = before
                else:
                    now.clear()
                    now.update(before)
                if kind is None:
                    raise StateError(
                        f"{name!r} was changed inside a compiled loop or branch",
                        got=f"a {type(now).__name__} that grew by tensors",
                        hint="collect the results of a loop with ops.scan or ops.map, write into an array made "
                        "before it, or loop over a Python range, which is unrolled",
                    )


def mismatch(one: Value, other: Value, avals: Sequence[Sequence[Any]]) -> Callable[..., KeraxError]:
    """What makes the error of a variable that cannot be both: in shape, or in dtype or kind."""
    kinds = [[a is not None for a in side] for side in avals]
    shapes = [[a.shape for a in side if a is not None] for side in avals]
    same_kind = one.structure == other.structure and kinds[0] == kinds[1]
    error = ShapeError if same_kind and shapes[0] != shapes[1] else DTypeError

    def make(where: str, name: str, first: str, second: str, sides: tuple[str, str], hint: str) -> KeraxError:
        return error(f"{where}: {name!r}", got=f"{first} {sides[0]} and {second} {sides[1]}", hint=hint)

    return make
