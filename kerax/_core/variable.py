"""Variable: a named array that can be assigned; a Flax NNX Variable underneath.

`Variable(...)` makes a `Parameter` (an `nnx.Param`) where it is trainable from the start, so
`nnx.state(model, nnx.Param)` finds the weights. What must survive `nnx.merge` lives in NNX
metadata. Every read and write passes `context.here`, where tapes and traces watch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .._errors import ArgumentError, ShapeError, StateError
from . import context, nnx_private, placement, turns
from .dtypes import is_float, real_dtype, standardize_dtype
from .naming import auto_name

here = context.here
_MISSING = object()


def plain(x: Any) -> Any:
    """The array of a Variable; anything else as it is."""
    return x.value if isinstance(x, Variable) else x


class Variable(nnx_private.ReadWhenFlattened, nnx.Variable):
    """A named array that can be assigned.

    Args:
        initializer: the first value, or a function `(shape, dtype=...)` that makes it.
        shape: needed with a function.
        dtype: default: that of the value, `floatx()` for Python floats and functions.
        trainable: whether an optimizer changes it.
        autocast: whether a layer under mixed precision reads it in its compute dtype.
        aggregation: kept for compatibility.
        synchronization: kept for compatibility.
        name: no "/" in it; default counts the class.
        regularizer: function of the value giving a loss.
        constraint: function applied after each optimizer step.

    Raises:
        ArgumentError: a function without a shape, or a name with "/".
    """

    def __new__(cls, *args: Any, trainable: bool = True, **kwargs: Any) -> Variable:
        return object.__new__(Parameter if cls is Variable and trainable else cls)

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = None,
        synchronization: str | None = None,
        name: str | None = None,
        *,
        regularizer: Callable | None = None,
        constraint: Callable | None = None,
        **metadata: Any,
    ) -> None:
        name = auto_name("variable") if name is None else name
        if not isinstance(name, str) or "/" in name:
            raise ArgumentError("Variable", got=f"the name {name!r}", expected="a string without '/'")
        path = "/".join((*here.names, name))
        made = callable(initializer) and not isinstance(initializer, (nnx.Variable, jax.Array, np.ndarray))
        with jax.ensure_compile_time_eval():  # a variable made while tracing still starts as a real array
            if made:
                if shape is None:
                    raise ArgumentError(f"Variable {path!r}", got="an initializer and no shape", expected="a shape")
                shape = tuple(int(size) for size in ((shape,) if isinstance(shape, int) else shape))
                dtype = standardize_dtype(dtype)
                if here.allot is not None:
                    here.allot(path, shape, real_dtype(dtype).itemsize)
                value = jnp.asarray(plain(initializer(shape, dtype=dtype)), real_dtype(dtype))
            else:
                value = plain(initializer)
                if isinstance(value, jax.core.Tracer):
                    raise StateError(
                        f"Variable {path!r}",
                        got="a value that only exists while a function is being compiled",
                        hint="create the variable outside the compiled function, or from an initializer",
                    )
                if dtype is None and not hasattr(value, "dtype"):
                    dtype = np.asarray(value).dtype
                    dtype = standardize_dtype(None) if is_float(dtype) else dtype
                value = jnp.array(value, None if dtype is None else real_dtype(dtype))
                if shape is not None and tuple(shape) != value.shape:
                    raise ShapeError(f"Variable {path!r}", got=f"a value of shape {value.shape}", expected=tuple(shape))
            value = placement.place(value, path)
            super().__init__(
                value,
                **{
                    **metadata,
                    "name": name,
                    "path": path,
                    "trainable": trainable,
                    "autocast": autocast,
                    "aggregation": aggregation or "none",
                    "synchronization": synchronization or "auto",
                    "initializer": initializer if made else None,
                    "regularizer": regularizer,
                    "constraint": constraint,
                },
            )
        for notice in here.created:
            notice(self)

    def __reduce__(self) -> tuple:
        return _revived, (type(self), nnx_private.raw(self), self._var_metadata)

    def __deepcopy__(self, memo: dict) -> Variable:
        new = memo[id(self)] = _revived(type(self), jnp.array(nnx_private.raw(self)), copy.copy(self._var_metadata))
        return new

    # -- reading ---------------------------------------------------------------------------

    @property
    def value(self) -> jax.Array:
        """The array it holds; in the compute dtype of the layer being called where autocast applies."""
        for notice in here.read:
            notice(self)
        x = nnx_private.raw(self)
        if here.autocast is not None and self._var_metadata["autocast"] and is_float(x.dtype):
            return x.astype(here.autocast)
        return x

    @value.setter
    def value(self, value: Any) -> None:
        self.assign(value)

    def get_value(self, *, index: Any = _MISSING) -> Any:
        """`value`, or `value[index]`."""
        x = self.value
        return x if index is _MISSING or index is Ellipsis else x[index]

    def read_value(self) -> jax.Array:
        """`value`, in TensorFlow's name for it."""
        return self.value

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array."""
        return np.asarray(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.value, dtype)

    def __getitem__(self, index: Any) -> Any:
        return self.get_value(index=index)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.numpy()[()], spec) if spec else str(self)

    def __repr__(self) -> str:
        x = nnx_private.raw(self)
        shown = "" if isinstance(x, jax.core.Tracer) else f", value={np.asarray(x)}"
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}{shown}>"

    __str__ = __repr__

    # -- writing ---------------------------------------------------------------------------

    def assign(self, value: Any) -> Variable:
        """Hold `value` from now on, cast to this dtype.

        Raises:
            ShapeError: a value of another shape.
            StateError: inside a function compiled with plain `jax.jit`.
        """
        if turns.holder is not None and turns.elsewhere((self,)):
            with turns.lock:  # else the step of the other thread would write over it
                return self._assign(value)
        return self._assign(value)

    def _assign(self, value: Any) -> Variable:
        before = self._raw_value
        value = plain(value)
        if not isinstance(value, jax.Array) or value.dtype != before.dtype or value.weak_type:
            value = jnp.asarray(value, before.dtype)
        if value.shape != before.shape:
            raise ShapeError(
                f"Variable {self.path!r}",
                got=f"a value of shape {value.shape}",
                expected=f"{before.shape}, the shape it was created with",
            )
        for notice in here.write:
            notice(self)
        if not nnx_private.belongs_here(self):
            raise StateError(
                f"Variable {self.path!r} was assigned inside a function compiled with plain jax.jit",
                hint="compile it with kerax.function or nnx.jit, which carry variables in and out",
            )
        nnx_private.put(self, value)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add `value`."""
        return self.assign(self._exact() + jnp.asarray(plain(value), self._raw_value.dtype))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract `value`."""
        return self.assign(self._exact() - jnp.asarray(plain(value), self._raw_value.dtype))

    def _exact(self) -> jax.Array:
        """The value without autocast."""
        for notice in here.read:
            notice(self)
        return nnx_private.raw(self)

    def set_value(self, value: Any, *, index: Any = _MISSING) -> None:
        """Assign the whole, or the part that `index` names."""
        if index is _MISSING or index is Ellipsis:
            self.assign(value)
        else:
            self.assign(self._exact().at[index].set(plain(value)))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.set_value(value, index=index)

    # -- facts -----------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value; it never changes."""
        return tuple(self._raw_value.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._raw_value.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self._raw_value.shape))

    @property
    def dtype(self) -> str:
        """The name of the dtype, such as "float32"; under autocast the one it is read in."""
        name = self._raw_value.dtype.name
        if here.autocast is not None and self._var_metadata["autocast"] and is_float(name):
            return here.autocast
        return name

    @property
    def name(self) -> str:
        """The name given."""
        return self._var_metadata["name"]

    @property
    def path(self) -> str:
        """The names of the layers it was created in, then its own, joined by "/"."""
        return self._var_metadata["path"]

    @property
    def trainable(self) -> bool:
        """Whether an optimizer changes it."""
        return self._var_metadata["trainable"]

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise ArgumentError(f"Variable {self.path!r}.trainable", got=repr(value), expected="True or False")
        if self._var_metadata["trainable"] != bool(value):
            context.changes.count += 1
        self._var_metadata["trainable"] = bool(value)

    @property
    def regularizer(self) -> Callable | None:
        """Function of the value that gives a loss."""
        return self._var_metadata["regularizer"]

    @regularizer.setter
    def regularizer(self, value: Callable | None) -> None:
        self._var_metadata["regularizer"] = value

    @property
    def constraint(self) -> Callable | None:
        """Function applied to the value after each optimizer step."""
        return self._var_metadata["constraint"]

    @constraint.setter
    def constraint(self, value: Callable | None) -> None:
        self._var_metadata["constraint"] = value

    @property
    def initializer(self) -> Callable | None:
        """What made the first value."""
        return self._var_metadata["initializer"]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    __hash__ = object.__hash__  # by identity: variables are keys of optimizers and tapes


def _revived(cls: type[Variable], value: Any, metadata: Any) -> Variable:
    """A Variable as it was pickled."""
    variable = object.__new__(cls)
    nnx_private.fill(variable, value, metadata)
    return variable


class Parameter(Variable, nnx.Param):
    """A Variable that was created trainable."""


def _binary(name: str) -> Callable:
    def method(self: Variable, other: Any) -> Any:
        other = jnp.asarray(other) if isinstance(other, (list, tuple)) else plain(other)
        return getattr(self.value, name)(other)

    method.__name__ = name
    return method


for _name in (
    "add radd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow "
    "and rand or ror xor rxor eq ne lt le gt ge"
).split():
    setattr(Variable, f"__{_name}__", _binary(f"__{_name}__"))


def _unary(name: str) -> Callable:
    def method(self: Variable) -> Any:
        return getattr(self.value, name)()

    method.__name__ = name
    return method


for _name in ("__neg__", "__pos__", "__abs__", "__invert__"):
    setattr(Variable, _name, _unary(_name))


def _in_place(name: str) -> Callable:
    def method(self: Variable, other: Any) -> Any:
        return getattr(self.value, name)(plain(other))  # like Keras, `v += 1` rebinds v to an array

    return method


for _name in "add sub mul truediv floordiv mod pow matmul and or xor".split():
    setattr(Variable, f"__i{_name}__", _in_place(f"__{_name}__"))
