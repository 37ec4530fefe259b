"""The one mechanism behind `kerax.ops`: a function on arrays that also records itself on symbolic tensors."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, overload

import jax

from .._core.variable import Variable
from .._graph.node import Node, OpCall
from .._graph.shape import infer
from .._graph.tensor import KerasTensor, any_symbolic, mask_of, set_mask, symbolic_leaves

F = TypeVar("F", bound=Callable[..., Any])


@overload
def op(fn: F) -> F: ...
@overload
def op(*, rowwise: bool = False, theme: str = "numpy") -> Callable[[F], F]: ...


def op(fn: Any = None, *, rowwise: bool = False, theme: str = "numpy") -> Any:
    """Make a function on arrays work on symbolic tensors too.

    Args:
        fn: takes arrays, positionally or by keyword, alone or in lists; jax.numpy inside.
        rowwise: element (i, j, …) of the result depends on the elements (i, j, …) of the arguments
            alone: masks travel through, and padded rows stay by themselves.
        theme: the file of Keras's that holds its namesake: "numpy", "nn", "core", "math", "linalg", "image".
    """
    if fn is None:
        return functools.partial(op, rowwise=rowwise, theme=theme)

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return record(wrapper, args, kwargs)
        out = fn(*_arrays(args), **_arrays(kwargs))
        if rowwise:
            _carry_mask(args, out)
        return out

    wrapper.rowwise = rowwise  # type: ignore[attr-defined]
    wrapper.theme = theme  # type: ignore[attr-defined]
    return wrapper


def _arrays(x: Any) -> Any:
    """Variables as arrays, at any depth of lists, tuples and dicts."""
    if isinstance(x, Variable):
        return x.value
    if type(x) in (list, tuple):
        return type(x)([_arrays(item) for item in x])
    if type(x) is dict:
        return {key: _arrays(item) for key, item in x.items()}
    return x


def record(fn: Callable, args: tuple, kwargs: dict) -> Any:
    """The symbolic result of an op, its node made."""
    call = OpCall(fn)
    outputs = infer(lambda *a, **k: fn(*a, **k), args, kwargs)
    Node(call, args, kwargs, outputs, call.calls)
    masked = [t for t in symbolic_leaves(args, kwargs) if mask_of(t) is not None]
    if masked:
        if getattr(fn, "rowwise", False):
            _carry_mask(args, outputs)
        else:
            warnings.warn(
                f"The mask of {masked[0].name!r} ends at the op {call.name!r}: what follows treats every step as real. "
                "Use a layer that supports masking, or pass mask= by hand.",
                stacklevel=3,
            )
    return outputs


def _carry_mask(args: tuple, out: Any) -> None:
    masks = [mask for mask in (mask_of(arg) for arg in args) if mask is not None]
    if not masks or not isinstance(out, (jax.Array, KerasTensor)):
        return
    mask = masks[0]
    if len(mask.shape) <= len(out.shape) and all(
        a is None or b is None or a == b for a, b in zip(mask.shape, out.shape, strict=False)
    ):
        set_mask(out, mask)
