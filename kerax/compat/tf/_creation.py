"""Tensors from numbers, and from each other."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import ops, tree
from ..._core.context import here
from ..._core.dtypes import is_string
from ..._core.variable import Variable, plain
from ..._errors import DTypeError
from ..._graph.tensor import KerasTensor
from ..._transform import autograph
from ..._transform.tape import tracing
from ..._types import Array, ArrayLike
from ._static import integer, integers, sizes_stay, symbolic
from ._types import HostArray, as_dtype, float32, int32, on_host

__all__ = [
    "bitcast",
    "cast",
    "complex",
    "constant",
    "convert_to_tensor",
    "eye",
    "fill",
    "get_static_value",
    "identity",
    "identity_n",
    "is_tensor",
    "linspace",
    "one_hot",
    "ones",
    "ones_like",
    "range",
    "rank",
    "saturate_cast",
    "sequence_mask",
    "shape",
    "shape_n",
    "size",
    "stop_gradient",
    "zeros",
    "zeros_like",
]


def _strong(x: Array) -> Array:
    """`x` with a dtype of its own, where a Python number would take that of its neighbour."""
    return jax.lax.convert_element_type(x, x.dtype) if getattr(x, "weak_type", False) else x


def _text(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return is_string(value)


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """`value` as a tensor; Python floats become float32, integers int32, strings an array on the host.

    Args:
        value: numbers, nested lists, arrays, a Variable, a symbolic tensor.
        dtype: that of `value` by default. 64-bit types become 32-bit ones unless `jax_enable_x64` is set.
        dtype_hint: kept for compatibility.
        name: kept for compatibility, here and everywhere.
    """
    if _text(value) or (dtype is not None and as_dtype(dtype) == "string"):
        return on_host(np.asarray(value))
    if isinstance(value, HostArray) and dtype is None:
        return value
    kind = None if dtype is None else as_dtype(dtype)
    if isinstance(value, KerasTensor):
        return ops.convert_to_tensor(value, kind)
    if tracing() and not any(isinstance(plain(leaf), jax.Array) for leaf in tree.flatten(value)):
        with jax.ensure_compile_time_eval():  # a constant stays one, so that sizes may be made of it
            return _strong(ops.convert_to_tensor(value, kind))
    return _strong(ops.convert_to_tensor(value, kind))


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """A tensor of these values.

    Args:
        value: numbers, strings, nested lists or an array.
        dtype: see `convert_to_tensor`.
        shape: of the result; a single number fills it.
        name: kept for compatibility.
    """
    x = convert_to_tensor(value, dtype)
    if shape is None:
        return x
    wanted = integers("tf.constant", shape)
    return ops.broadcast_to(x, wanted) if x.size == 1 else ops.reshape(x, wanted)


@sizes_stay(lambda x, dtype: np.asarray(x).astype(np.dtype(as_dtype(dtype))))
def _cast_sizes(x: Any, dtype: Any) -> Any:
    return ops.cast(x, dtype)


def cast(x: ArrayLike, dtype: Any, name: str | None = None) -> Any:
    """`x` in another dtype; floats are cut towards 0."""
    dtype = as_dtype(dtype)
    if dtype == "string" or is_string(x):
        raise DTypeError("tf.cast", got="strings", expected="numbers", hint="tf.strings.as_string or to_number")
    return _cast_sizes(x, dtype) if dtype.is_integer else ops.cast(x, dtype)


def saturate_cast(value: ArrayLike, dtype: Any, name: str | None = None) -> Any:
    """`value` in another dtype, cut to what that can hold."""
    return ops.saturate_cast(value, as_dtype(dtype))


def bitcast(input: ArrayLike, type: Any, name: str | None = None) -> Array:
    """The same bits, read as another dtype."""
    return jax.lax.bitcast_convert_type(jnp.asarray(plain(input)), jnp.dtype(as_dtype(type)))


@symbolic
def _complex(real: ArrayLike, imag: ArrayLike) -> Array:
    return jax.lax.complex(*jnp.broadcast_arrays(jnp.asarray(real, float), jnp.asarray(imag, float)))


def complex(real: ArrayLike, imag: ArrayLike, name: str | None = None) -> Any:
    """Complex numbers of two parts."""
    return _complex(real, imag)


def zeros(shape: Any, dtype: Any = float32, name: str | None = None) -> Any:
    """Zeros; empty strings for `tf.string`."""
    if as_dtype(dtype) == "string":
        return on_host(np.full(integers("tf.zeros", shape), ""))
    return ops.zeros(integers("tf.zeros", shape), as_dtype(dtype))


def ones(shape: Any, dtype: Any = float32, name: str | None = None) -> Array:
    """Ones."""
    return ops.ones(integers("tf.ones", shape), as_dtype(dtype))


def fill(dims: Any, value: ArrayLike, name: str | None = None) -> Any:
    """One value throughout this shape."""
    return ops.broadcast_to(convert_to_tensor(value), integers("tf.fill", dims))


def zeros_like(input: ArrayLike, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros in the shape, and by default the dtype, of `input`."""
    return ops.zeros_like(input, None if dtype is None else as_dtype(dtype))


def ones_like(input: ArrayLike, dtype: Any = None, name: str | None = None) -> Any:
    """Ones in the shape, and by default the dtype, of `input`."""
    return ops.ones_like(input, None if dtype is None else as_dtype(dtype))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Array:
    """Numbers from `start` to before `limit`, `delta` apart; from 0 where only one is given.

    Integers give int32, floats float32. Inside compiled code the numbers must be known while compiling, but for
    integers that a `for` of `tf.function` loops over.
    """
    first, last = (0, start) if limit is None else (start, limit)
    if here.convert is not None and any(isinstance(plain(x), jax.core.Tracer) for x in (first, last, delta)):
        return autograph.TensorRange(plain(first), plain(last), plain(delta))
    known = [_number("tf.range", value) for value in (first, last, delta)]
    if dtype is None and all(isinstance(value, int) for value in known):
        dtype = int32
    return ops.arange(known[0], known[1], known[2], float32 if dtype is None else as_dtype(dtype))


def _number(where: str, value: Any) -> Any:
    value = plain(value)
    if isinstance(value, jax.core.Tracer) or jnp.issubdtype(np.result_type(value), np.integer):
        return integer(where, value)
    return float(value)


def linspace(start: ArrayLike, stop: ArrayLike, num: Any, name: str | None = None, axis: int = 0) -> Array:
    """`num` numbers from `start` to `stop`, both among them."""
    return ops.linspace(plain(start), plain(stop), integer("tf.linspace", num), axis=axis)


def eye(
    num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = float32, name: str | None = None
) -> Array:
    """Identity matrices: (*batch_shape, num_rows, num_columns)."""
    columns = None if num_columns is None else integer("tf.eye", num_columns)
    x = ops.eye(integer("tf.eye", num_rows), columns, dtype=as_dtype(dtype))
    return x if batch_shape is None else ops.broadcast_to(x, (*integers("tf.eye", batch_shape), *x.shape))


def one_hot(
    indices: ArrayLike,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """`on_value` at the index along a new axis, else `off_value`; an index out of range gives none.

    Args:
        indices: integers.
        depth: the size of the new axis.
        on_value: 1 by default.
        off_value: 0 by default.
        axis: where the new axis stands, last by default.
        dtype: that of the two values by default, else float32.
    """
    if dtype is None:
        given = [value for value in (on_value, off_value) if value is not None]
        dtype = convert_to_tensor(given[0]).dtype if given else float32
    hot = ops.one_hot(indices, integer("tf.one_hot", depth), -1 if axis is None else axis, as_dtype(dtype))
    if on_value is None and off_value is None:
        return hot
    on, off = 1 if on_value is None else on_value, 0 if off_value is None else off_value
    return ops.cast(ops.where(ops.cast(hot, "bool"), on, off), as_dtype(dtype))


def shape(input: ArrayLike, out_type: Any = int32, name: str | None = None) -> Any:
    """The sizes of `input`.

    Returns:
        An integer array on the host, so that it is known while compiling. Where a symbolic tensor has unknown
        sizes a tuple with None for those, which `tf.reshape` takes.
    """
    sizes = ops.shape(plain(input))
    return sizes if None in sizes else on_host(np.array(sizes, np.dtype(as_dtype(out_type))))


def shape_n(input: Any, out_type: Any = int32, name: str | None = None) -> list[Any]:
    """The sizes of each."""
    return [shape(one, out_type) for one in input]


def size(input: ArrayLike, out_type: Any = int32, name: str | None = None) -> Any:
    """The number of elements, known while compiling."""
    return on_host(np.array(int(np.prod(shape(input))), np.dtype(as_dtype(out_type))))


def rank(input: ArrayLike, name: str | None = None) -> Any:
    """The number of axes, known while compiling."""
    return on_host(np.array(len(ops.shape(plain(input))), "int32"))


def identity(input: Any, name: str | None = None) -> Any:
    """The value: of a Variable what it holds now."""
    return ops.copy(input) if isinstance(input, (KerasTensor, jax.Array)) else convert_to_tensor(plain(input))


def identity_n(input: Any, name: str | None = None) -> list[Any]:
    """The value of each."""
    return [identity(one) for one in input]


def is_tensor(x: Any) -> bool:
    """Whether `x` is an array of JAX, a Variable or a symbolic tensor; arrays of NumPy and lists are not."""
    return isinstance(x, (jax.Array, Variable, KerasTensor, HostArray))


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value as a NumPy array; None where it is not known while compiling."""
    tensor = plain(tensor)
    return None if isinstance(tensor, (jax.core.Tracer, KerasTensor)) else np.asarray(tensor)


def stop_gradient(input: ArrayLike, name: str | None = None) -> Any:
    """`input`, which gradients take for a constant."""
    return ops.stop_gradient(input)


def sequence_mask(lengths: ArrayLike, maxlen: Any = None, dtype: Any = "bool", name: str | None = None) -> Any:
    """True for the first elements of each row: (...) lengths to (..., maxlen).

    Args:
        lengths: integers.
        maxlen: of a row; the greatest length by default, which must be known then.
        dtype: of the result.
    """
    if maxlen is None:
        maxlen = ops.max(lengths)
    places = np.arange(integer("tf.sequence_mask", maxlen))
    return ops.cast(ops.less(places, ops.expand_dims(lengths, -1)), as_dtype(dtype))
