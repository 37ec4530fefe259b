"""KerasTensor: a symbolic tensor, the shape and dtype of something computed later.

`ops` gives it operators and slicing (`ops/_operators.py`).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import jax

from .. import tree
from .._core.dtypes import standardize_dtype
from .._core.naming import auto_name
from .._errors import DTypeError
from .._types import Shape

if TYPE_CHECKING:
    from .node import Node


class KerasTensor:
    """A symbolic tensor.

    Args:
        shape: sizes, None where unknown.
        dtype: its dtype, `"float32"` by default.
        sparse: kept for compatibility; must be False.
        name: default counts.
    """

    # Where it comes from: the node that makes it, and its place among that node's outputs.
    node: Node | None = None
    index: int = 0
    _keras_mask: Any = None
    __array_priority__ = 1000  # NumPy leaves operators to us

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ) -> None:
        self.shape: Shape = tuple(None if size is None else int(size) for size in shape)
        self.dtype = standardize_dtype(dtype)
        self.sparse = sparse
        self.name = name or auto_name("keras_tensor")

    if TYPE_CHECKING:  # what ops sets

        def __getitem__(self, key: Any) -> Any: ...
        def __neg__(self) -> Any: ...
        def __add__(self, other: Any) -> Any: ...

        __pos__ = __abs__ = __invert__ = __neg__
        __and__ = __floordiv__ = __matmul__ = __mod__ = __mul__ = __or__ = __pow__ = __sub__ = __truediv__ = __add__
        __radd__ = __rand__ = __rfloordiv__ = __rmatmul__ = __rmod__ = __rmul__ = __add__
        __ror__ = __rpow__ = __rsub__ = __rtruediv__ = __rxor__ = __xor__ = __add__
        __ge__ = __gt__ = __le__ = __lt__ = __add__

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def reshape(self, *newshape: Any) -> Any:
        """The elements in another shape, see `ops.reshape`."""
        raise NotImplementedError  # replaced by ops

    @property
    def history(self) -> tuple[Any, int, int] | None:
        """(operation, which of its calls, which of that call's outputs)."""
        node = self.node
        return None if node is None else (node.operation, node.call_index, self.index)

    _keras_history = history

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _concrete(self, wanted: str, hint: str) -> DTypeError:
        return DTypeError(f"A symbolic tensor has no {wanted}", got=repr(self), expected="an array", hint=hint)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._concrete(
            "values yet, so NumPy cannot use it",
            "kerax.ops instead of numpy, or a layer whose call() does the computing",
        )

    def __jax_array__(self) -> Any:
        raise self._concrete(
            "values yet, so jax.numpy cannot use it",
            "kerax.ops instead of jax.numpy, or a layer whose call() does the computing",
        )

    def __float__(self) -> float:
        raise self._concrete("value yet", "compute with kerax.ops")

    def __int__(self) -> int:
        raise self._concrete("value yet", "compute with kerax.ops")

    def __index__(self) -> int:
        raise self._concrete("value yet", "compute with kerax.ops")

    def __bool__(self) -> bool:
        raise self._concrete("truth value yet", "kerax.ops.where or kerax.ops.cond, or a layer whose call() decides")

    def __iter__(self) -> Any:
        if not self.shape or self.shape[0] is None:
            raise self._concrete("known length to iterate over", "kerax.ops.unstack with num=, or a layer")
        return (self[i] for i in range(self.shape[0]))

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise self._concrete("known length", "its .shape")
        return self.shape[0]

    def __config_as_value__(self) -> dict[str, Any]:
        operation, call_index, index = self.history or (None, 0, 0)
        return {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": self.shape,
                "dtype": self.dtype,
                "keras_history": [getattr(operation, "name", None), call_index, index],
            },
        }


def is_symbolic(x: Any) -> bool:
    """Whether `x` is a KerasTensor."""
    return isinstance(x, KerasTensor)


def any_symbolic(*structures: Any) -> bool:
    """Whether a KerasTensor is anywhere inside."""
    for structure in structures:
        if isinstance(structure, KerasTensor):
            return True
        if isinstance(structure, (list, tuple)):
            if any_symbolic(*structure):
                return True
        elif isinstance(structure, dict) and any_symbolic(*structure.values()):
            return True
    return False


def symbolic_leaves(*structures: Any) -> list[KerasTensor]:
    """The KerasTensors inside, in order."""
    return [leaf for leaf in tree.flatten(list(structures)) if isinstance(leaf, KerasTensor)]


def is_tensor(x: Any) -> bool:
    """Whether `x` is an array of JAX or a symbolic tensor."""
    return isinstance(x, (jax.Array, KerasTensor))


_traced_masks: dict[int, tuple[weakref.ref, Any]] = {}  # tracers take no attributes: their masks, while they live


def mask_of(x: Any) -> Any:
    """The mask that travels with an array or symbolic tensor, or None."""
    if isinstance(x, jax.core.Tracer):
        held = _traced_masks.get(id(x))
        return None if held is None else held[1]
    return getattr(x, "_keras_mask", None)


def set_mask(x: Any, mask: Any) -> None:
    """Let a mask travel with `x`; None removes it."""
    if mask is None and mask_of(x) is None:
        return
    if isinstance(x, jax.core.Tracer):
        key = id(x)
        forget = _traced_masks.pop  # bound here: at the end of the interpreter the module's names are gone
        _traced_masks[key] = weakref.ref(x, lambda _: forget(key, None)), mask
    elif isinstance(x, (jax.Array, KerasTensor)):
        x._keras_mask = mask
