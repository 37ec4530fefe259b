"""Dtypes, shapes, and arrays that stay on the host."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._core.dtypes import standardize_dtype
from ..._errors import ArgumentError, DTypeError, Unsupported

__all__ = [
    "DType",
    "HostArray",
    "TensorShape",
    "as_dtype",
    "bfloat16",
    "bool_",
    "complex64",
    "complex128",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int8",
    "int16",
    "int32",
    "int64",
    "string",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]


class DType(str):
    """A dtype: its name, so that it goes wherever kerax, JAX and NumPy take one.

    Equal to the NumPy dtype of that name: `x.dtype == tf.float32` holds for arrays of either kind.
    JAX has no 64-bit types unless `jax_enable_x64` is set: `tf.cast(x, tf.float64)` gives float32.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str.__eq__(self, other)
        if isinstance(other, np.dtype):
            return self.name == ("string" if other.kind in "SUOT" else other.name)
        if other is None:
            return False
        try:
            return self.name == standardize_dtype(other)
        except ArgumentError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    @property
    def name(self) -> str:
        """Such as "float32"."""
        return str(self)

    @property
    def _numpy(self) -> np.dtype:
        return np.dtype(object) if self == "string" else jnp.dtype(self.name)

    @property
    def as_numpy_dtype(self) -> type:
        """The NumPy scalar type; `object` for strings."""
        return self._numpy.type

    @property
    def base_dtype(self) -> DType:
        """Itself: there are no reference types."""
        return self

    @property
    def real_dtype(self) -> DType:
        """That of the real part."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def is_bool(self) -> bool:
        """Whether it is that of truth values."""
        return self == "bool"

    @property
    def is_floating(self) -> bool:
        """Whether it is a real floating point type."""
        return self != "string" and jnp.issubdtype(self._numpy, jnp.floating)

    @property
    def is_complex(self) -> bool:
        """Whether it is a complex type."""
        return self != "string" and jnp.issubdtype(self._numpy, jnp.complexfloating)

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer type."""
        return self != "string" and jnp.issubdtype(self._numpy, jnp.integer)

    @property
    def is_unsigned(self) -> bool:
        """Whether it is an integer type without sign."""
        return self != "string" and jnp.issubdtype(self._numpy, jnp.unsignedinteger)

    @property
    def is_numeric(self) -> bool:
        """Whether one can compute with it."""
        return self not in ("string", "bool")

    @property
    def size(self) -> int:
        """Bytes of an element; 1 for strings."""
        return 1 if self == "string" else self._numpy.itemsize

    def _range(self) -> Any:
        if self == "string" or self.is_complex:
            raise DTypeError(f"tf.{self.name} has no least and greatest value")
        if self.is_bool:
            return None
        return jnp.finfo(self._numpy) if self.is_floating else jnp.iinfo(self._numpy)

    @property
    def min(self) -> Any:
        """The least value."""
        info = self._range()
        return False if info is None else np.asarray(info.min)[()]

    @property
    def max(self) -> Any:
        """The greatest value."""
        info = self._range()
        return True if info is None else np.asarray(info.max)[()]

    @property
    def limits(self) -> tuple[Any, Any]:
        """(0, greatest), the range of images of this dtype; 1 for floats."""
        return (0, 1.0) if self.is_floating else (0, self.max)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether `other` is the same dtype."""
        return self == other


float16 = half = DType("float16")
float32 = DType("float32")
float64 = double = DType("float64")
bfloat16 = DType("bfloat16")
int8, int16, int32, int64 = (DType(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (DType(f"uint{n}") for n in (8, 16, 32, 64))
bool_ = DType("bool")
string = DType("string")
complex64, complex128 = DType("complex64"), DType("complex128")


def as_dtype(type_value: Any) -> DType:
    """The dtype that a name, a NumPy or JAX dtype, or a Python type stands for.

    Raises:
        DTypeError: it is none.
    """
    if isinstance(type_value, DType):
        return type_value
    if (isinstance(type_value, np.dtype) and type_value.kind in "SUOT") or type_value in (object, np.object_):
        return string
    try:
        if type_value is not None:
            return DType(standardize_dtype(type_value))
    except ArgumentError:
        pass
    raise DTypeError("tf.as_dtype", got=repr(type_value), expected="a dtype or its name")


class TensorShape(tuple):
    """A shape: a tuple with TensorFlow's methods. `x.get_shape()` gives one; `x.shape` is a plain tuple.

    Args:
        dims: sizes, None where unknown.
    """

    __slots__ = ()

    def __new__(cls, dims: Any) -> TensorShape:
        if dims is None:
            raise Unsupported("TensorShape(None)", hint="a list of sizes; the number of axes is always known here")
        sizes = [dims] if isinstance(dims, (int, np.integer)) else dims
        return super().__new__(cls, (None if size is None else int(size) for size in sizes))

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return TensorShape(found) if isinstance(key, slice) else found

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"

    def as_list(self) -> list[int | None]:
        """The sizes."""
        return list(self)

    @property
    def rank(self) -> int:
        """How many axes."""
        return len(self)

    ndims = rank

    @property
    def dims(self) -> list[int | None]:
        """The sizes."""
        return list(self)

    def num_elements(self) -> int | None:
        """The product of the sizes; None where one is unknown."""
        return int(np.prod([size for size in self if size is not None])) if self.is_fully_defined() else None

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return None not in self

    def is_compatible_with(self, other: Any) -> bool:
        """Whether as many axes have the same sizes, unknown ones fitting any."""
        other = tuple(other)
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises an ArgumentError where `is_compatible_with` does not hold."""
        if not self.is_compatible_with(other):
            raise ArgumentError("TensorShape", got=repr(self), expected=f"a shape that fits {tuple(other)}")

    def concatenate(self, other: Any) -> TensorShape:
        """The axes of this one, then those of the other."""
        return TensorShape([*self, *TensorShape(other)])


class HostArray(np.ndarray):
    """A NumPy array where TensorFlow has a tensor: strings, which JAX does not know, and the sizes of arrays.

    Sizes are numbers of Python while a function is being compiled, so `tf.reshape(x, [tf.shape(x)[0], -1])`
    works there; an array of JAX would not.
    """

    def numpy(self) -> Any:
        """A plain NumPy array, or a scalar; text as bytes of UTF-8, as TensorFlow gives it."""
        plain = np.asarray(self)
        return np.vectorize(str.encode, otypes=[object])(plain)[()] if plain.dtype.kind == "U" else plain[()]

    def get_shape(self) -> TensorShape:
        """The shape."""
        return TensorShape(self.shape)


def on_host(value: Any) -> HostArray:
    """`value` as an array that stays on the host."""
    return np.asarray(value).view(HostArray)
