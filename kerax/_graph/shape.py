"""Shapes of what is not computed yet, by abstract evaluation.

JAX needs every size. Unknown ones get a stand-in; the function is evaluated abstractly for two
stand-ins, and a size of the result that differs between the two is unknown again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from .. import tree
from .._core.context import here, setting
from .._core.dtypes import real_dtype
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
    return KerasTensor(sizes, a.dtype)


def _evaluate(
    fn: Callable, args: tuple, kwargs: dict, tensors: list[KerasTensor], carried: Carried | None, size: int
) -> Any:
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
