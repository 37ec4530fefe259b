"""Shapes of what is not computed yet, by abstract evaluation.

JAX needs every size. Unknown ones get a stand-in; the function is evaluated abstractly for two
stand-ins, and a size of the result that differs between the two is unknown again. Functions of text are
tried out on words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import tree
from .._core.context import here, setting
from .._core.dtypes import real_dtype
from .._core.nnx_private import put, raw
from .._core.stateful import Carried, abstractly
from .tensor import KerasTensor, symbolic_leaves

STAND_INS = (60, 84)  # many divisors, so that halves and quarters of an unknown size exist


def infer(fn: Callable, args: tuple, kwargs: dict, carried: Carried | None = None) -> Any:
    """`fn(*args, **kwargs)` with KerasTensors in place of arrays: the structure of KerasTensors it gives.

    Args:
        fn: written for arrays.
        args, kwargs: KerasTensors anywhere inside; all else is passed as it is.
        carried: Variables `fn` may assign; they stay as they are.
    """
    tensors = symbolic_leaves(args, kwargs)
    unknown = any(None in tensor.shape for tensor in tensors)
    first = _evaluate(fn, args, kwargs, tensors, carried, STAND_INS[0])
    if not unknown:
        return tree.map_structure(lambda a: _symbolic(a, a), first)
    second = _evaluate(fn, args, kwargs, tensors, carried, STAND_INS[1])
    return tree.map_structure(_symbolic, first, second)


def _symbolic(a: Any, b: Any) -> Any:
    if not hasattr(a, "shape"):
        return a
    sizes = [m if m == n else None for m, n in zip(a.shape, b.shape, strict=True)]
    return KerasTensor(sizes, "string" if np.dtype(a.dtype).kind in "OUST" else a.dtype)


def _evaluate(
    fn: Callable, args: tuple, kwargs: dict, tensors: list[KerasTensor], carried: Carried | None, size: int
) -> Any:
    if any(tensor.dtype == "string" for tensor in tensors):
        return _try_out(fn, args, kwargs, carried, size)
    structs = [
        jax.ShapeDtypeStruct([size if s is None else s for s in tensor.shape], real_dtype(tensor.dtype))
        for tensor in tensors
    ]
    constants: list[Any] = []

    def call(arrays: list[Any]) -> Any:
        supply = iter(arrays)
        filled_args, filled_kwargs = tree.map_structure(
            lambda leaf: next(supply) if isinstance(leaf, KerasTensor) else leaf, (args, kwargs)
        )
        out = fn(*filled_args, **filled_kwargs)
        constants.append(out)
        return [leaf for leaf in tree.flatten(out) if leaf is not None]

    with setting(stand_in=size if any(None in tensor.shape for tensor in tensors) else here.stand_in):
        shapes = iter(abstractly(call, carried or Carried(), structs))
    return tree.map_structure(lambda leaf: None if leaf is None else next(shapes), constants[-1])


def _try_out(fn: Callable, args: tuple, kwargs: dict, carried: Carried | None, size: int) -> Any:
    """What `fn` gives for words and zeros: text is computed with on the host, and known to no compiler."""

    def stand_in(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        shape = [size if s is None else s for s in leaf.shape]
        return np.full(shape, "text", object) if leaf.dtype == "string" else jnp.zeros(shape, real_dtype(leaf.dtype))

    before = [(variable, raw(variable)) for variable in (carried.variables if carried is not None else ())]
    try:
        with setting(stand_in=size):
            out = fn(*tree.map_structure(stand_in, args), **tree.map_structure(stand_in, kwargs))
    finally:
        for variable, value in before:
            put(variable, value)
    return tree.map_structure(lambda leaf: leaf if leaf is None else np.asarray(leaf), out)
