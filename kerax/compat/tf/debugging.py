"""tf.debugging: checks of values, where they are known, and of shapes.

Inside compiled code values are not known: checks of them are an error there that says what to use; those of
shapes and dtypes work everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import ops
from ..._core.variable import plain
from ..._types import ArrayLike
from ._missing import absent
from ._static import eager
from ._types import as_dtype
from .errors import InvalidArgumentError
from .image._colors import dtype_of

__all__ = [
    "Assert",
    "assert_all_finite",
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_integer",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_negative",
    "assert_non_negative",
    "assert_non_positive",
    "assert_none_equal",
    "assert_positive",
    "assert_rank",
    "assert_rank_at_least",
    "assert_rank_in",
    "assert_same_float_dtype",
    "assert_scalar",
    "assert_shapes",
    "assert_type",
    "check_numerics",
    "disable_check_numerics",
    "disable_traceback_filtering",
    "enable_check_numerics",
    "enable_traceback_filtering",
    "is_numeric_tensor",
]


def _values(where: str, *values: Any) -> list[np.ndarray]:
    eager(where, "jax.experimental.checkify, or check outside", list(values))
    return [np.asarray(plain(value)) for value in values]


def _fail(where: str, got: str, expected: str, message: Any) -> None:
    raise InvalidArgumentError(f"{where}: {message}" if message else where, got=got, expected=expected)


def _compare(name: str, holds: Callable, words: str, x: Any, y: Any, message: Any) -> None:
    where = f"tf.debugging.{name}"
    a, b = _values(where, x, y)
    try:
        found = np.asarray(holds(a, b))
    except ValueError:
        _fail(where, f"shapes {a.shape} and {b.shape}", "shapes that broadcast", message)
    if not found.all():
        a, b = np.broadcast_arrays(a, b)
        wrong = tuple(np.argwhere(~found)[0].tolist()) if found.ndim else ()
        _fail(where, f"{a[wrong]!r} and {b[wrong]!r} at {list(wrong)}", f"x {words} y", message)


def assert_equal(x: ArrayLike, y: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x == y` everywhere."""
    _compare("assert_equal", np.equal, "==", x, y, message)


def assert_none_equal(x: ArrayLike, y: ArrayLike, summarize: Any = None, message: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x != y` everywhere."""
    _compare("assert_none_equal", np.not_equal, "!=", x, y, message)


def assert_less(x: ArrayLike, y: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x < y` everywhere."""
    _compare("assert_less", np.less, "<", x, y, message)


def assert_less_equal(x: ArrayLike, y: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x <= y` everywhere."""
    _compare("assert_less_equal", np.less_equal, "<=", x, y, message)


def assert_greater(x: ArrayLike, y: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x > y` everywhere."""
    _compare("assert_greater", np.greater, ">", x, y, message)


def assert_greater_equal(
    x: ArrayLike, y: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None
) -> None:
    """InvalidArgumentError unless `x >= y` everywhere."""
    _compare("assert_greater_equal", np.greater_equal, ">=", x, y, message)


def assert_positive(x: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x > 0` everywhere."""
    _compare("assert_positive", np.greater, ">", x, 0, message)


def assert_negative(x: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x < 0` everywhere."""
    _compare("assert_negative", np.less, "<", x, 0, message)


def assert_non_negative(x: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x >= 0` everywhere."""
    _compare("assert_non_negative", np.greater_equal, ">=", x, 0, message)


def assert_non_positive(x: ArrayLike, message: Any = None, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x <= 0` everywhere."""
    _compare("assert_non_positive", np.less_equal, "<=", x, 0, message)


def assert_near(
    x: ArrayLike,
    y: ArrayLike,
    rtol: Any = None,
    atol: Any = None,
    message: Any = None,
    summarize: Any = None,
    name: Any = None,
) -> None:
    """InvalidArgumentError unless `abs(x - y) <= atol + rtol * abs(y)`; both 10 times the precision by default."""
    kind = np.asarray(plain(x)).dtype
    precision = 10 * float(
        jnp.finfo(kind if jnp.issubdtype(kind, jnp.floating) and kind.itemsize < 8 else "float32").eps
    )
    r, a = (precision if value is None else float(np.asarray(value)) for value in (rtol, atol))
    _compare("assert_near", lambda x, y: np.abs(x - y) <= a + r * np.abs(y), "about", x, y, message)


def Assert(condition: Any, data: Any, summarize: Any = None, name: Any = None) -> None:
    """InvalidArgumentError, showing `data`, unless the condition holds."""
    (found,) = _values("tf.debugging.Assert", condition)
    if not found.all():
        _fail(
            "tf.debugging.Assert", f"{[np.asarray(plain(one)).tolist() for one in data]}", "the condition to hold", ""
        )


def _shape(x: Any) -> tuple:
    return tuple(ops.shape(plain(x)))


def assert_rank(x: ArrayLike, rank: Any, message: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x` has so many axes."""
    if len(_shape(x)) != int(rank):
        _fail("tf.debugging.assert_rank", f"shape {_shape(x)}", f"{rank} axes", message)


def assert_rank_at_least(x: ArrayLike, rank: Any, message: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x` has so many axes or more."""
    if len(_shape(x)) < int(rank):
        _fail("tf.debugging.assert_rank_at_least", f"shape {_shape(x)}", f"{rank} axes or more", message)


def assert_rank_in(x: ArrayLike, ranks: Any, message: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless the number of axes is one of these."""
    if len(_shape(x)) not in [int(rank) for rank in ranks]:
        _fail("tf.debugging.assert_rank_in", f"shape {_shape(x)}", f"a number of axes in {list(ranks)}", message)


def assert_scalar(tensor: ArrayLike, name: Any = None, message: Any = None) -> Any:
    """`tensor`; InvalidArgumentError if it has an axis."""
    if _shape(tensor):
        _fail("tf.debugging.assert_scalar", f"shape {_shape(tensor)}", "a scalar", message)
    return tensor


def assert_shapes(shapes: Any, data: Any = None, summarize: Any = None, message: Any = None, name: Any = None) -> None:
    """Check sizes, and that those with one name are equal: `[(x, ("N", "D")), (y, ("N", 1))]`.

    Args:
        shapes: (tensor, shape) pairs, or a dict; numbers, names, None for any size, and "..." or `...` in front for
            any axes.
        data: kept for compatibility.
        summarize: kept for compatibility.
        message: put before the error.

    Raises:
        InvalidArgumentError: a size that does not fit.
    """
    where = "tf.debugging.assert_shapes"
    known: dict[Any, int] = {}
    for tensor, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        have = _shape(tensor)
        symbols = list(wanted) if isinstance(wanted, (list, tuple, str)) else [wanted]
        if symbols and symbols[0] in ("...", "*", Ellipsis):
            symbols = symbols[1:]
            have = have[len(have) - len(symbols) :] if len(have) >= len(symbols) else have
        if len(have) != len(symbols):
            _fail(where, f"shape {_shape(tensor)}", f"{wanted}", message)
        for size, symbol in zip(have, symbols, strict=True):
            if symbol in (None, ".") or size is None:
                continue
            expected = (
                known.setdefault(symbol, size) if isinstance(symbol, str) and not symbol.isdigit() else int(symbol)
            )
            if size != expected:
                _fail(where, f"shape {_shape(tensor)}", f"{wanted}, where {symbol!r} is {expected}", message)


def assert_type(tensor: ArrayLike, tf_type: Any, message: Any = None, name: Any = None) -> None:
    """TypeError-like InvalidArgumentError unless `tensor` has this dtype."""
    if dtype_of(tensor) != as_dtype(tf_type):
        _fail("tf.debugging.assert_type", dtype_of(tensor).name, as_dtype(tf_type).name, message)


def assert_integer(x: ArrayLike, message: Any = None, name: Any = None) -> None:
    """InvalidArgumentError unless `x` has an integer dtype."""
    if not dtype_of(x).is_integer:
        _fail("tf.debugging.assert_integer", dtype_of(x).name, "an integer dtype", message)


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> Any:
    """The floating point dtype that all have; InvalidArgumentError where they differ."""
    kinds = [dtype_of(one) for one in tensors or []] + ([] if dtype is None else [as_dtype(dtype)])
    if len(set(kinds)) > 1 or not all(kind.is_floating for kind in kinds):
        _fail("tf.debugging.assert_same_float_dtype", f"{kinds}", "one floating point dtype", "")
    return kinds[0] if kinds else as_dtype("float32")


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers."""
    return hasattr(tensor, "dtype") and dtype_of(tensor).is_numeric


def check_numerics(tensor: ArrayLike, message: str, name: str | None = None) -> Any:
    """`tensor`, unless it holds NaN or infinity.

    Raises:
        InvalidArgumentError: it does.
        StateError: inside compiled code: `enable_check_numerics` looks there.
    """
    eager("tf.debugging.check_numerics", "tf.debugging.enable_check_numerics(), which looks inside", tensor)
    found = np.asarray(plain(tensor))
    for bad, word in ((np.isnan(found.astype("float32")), "NaN"), (np.isinf(found.astype("float32")), "infinity")):
        if bad.any():
            _fail(
                "tf.debugging.check_numerics", f"{word} in {int(bad.sum())} of {bad.size} elements", "numbers", message
            )
    return tensor


def assert_all_finite(x: ArrayLike, message: str, name: str | None = None) -> Any:
    """`x`, unless it holds NaN or infinity; see `check_numerics`."""
    return check_numerics(x, message)


def enable_check_numerics(stack_height_limit: int = 30, path_length_limit: int = 50) -> None:
    """Let every computation from now on raise FloatingPointError where it makes a NaN or infinity. Slow."""
    jax.config.update("jax_debug_nans", True)
    jax.config.update("jax_debug_infs", True)


def disable_check_numerics() -> None:
    """Take `enable_check_numerics` back."""
    jax.config.update("jax_debug_nans", False)
    jax.config.update("jax_debug_infs", False)


def enable_traceback_filtering() -> None:
    """Leave JAX's own lines out of tracebacks."""
    jax.config.update("jax_traceback_filtering", "auto")


def disable_traceback_filtering() -> None:
    """Show JAX's own lines in tracebacks."""
    jax.config.update("jax_traceback_filtering", "off")


__getattr__ = absent(__name__)
