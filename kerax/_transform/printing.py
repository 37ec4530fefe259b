"""`print` that also prints from compiled code, when that runs, formatted as TensorFlow does."""

from __future__ import annotations

import builtins
import logging
import sys
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .._core import placement
from .._core.variable import Variable
from .._errors import ArgumentError
from .._graph.tensor import KerasTensor
from .tape import tracing

_LOGGERS = {
    "log(info)": logging.INFO,
    "log(warning)": logging.WARNING,
    "log(error)": logging.ERROR,
}


def print(*inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = "\n") -> None:
    """Print values; those of compiled code when it runs, in the order of the calls.

    Under a distribution over several devices JAX cannot keep the order; the lines come as they are ready.

    Args:
        inputs: strings, numbers, tensors, Variables, and structures of them.
        output_stream: `sys.stderr` (the default), `sys.stdout`, another open file, a logger's level such as
            `"log(info)"`, `"log(warning)"` or `"log(error)"`, or `"file://"` and a path to add to.
        summarize: how many elements are shown at the start and the end of each axis; -1 for all.
        sep: what stands between the inputs.
        end: what ends the line.

    Raises:
        ArgumentError: another `output_stream`.

    Examples:
        >>> print("x:", np.arange(10), output_stream=sys.stdout)
        x: [0 1 2 ... 7 8 9]
    """
    write = _writer(output_stream)
    leaves, structure = jax.tree.flatten(list(inputs), is_leaf=_is_leaf)
    leaves = [leaf.value if isinstance(leaf, Variable) else leaf for leaf in leaves]
    dynamic = [index for index, leaf in enumerate(leaves) if isinstance(leaf, jax.core.Tracer)]

    def show(*arrays: Any) -> None:
        known = list(leaves)
        for index, array in zip(dynamic, arrays, strict=True):
            known[index] = array
        whole = jax.tree.unflatten(structure, [_Text(_leaf(leaf, summarize)) for leaf in known])
        write(sep.join(_top(part, leaf) for part, leaf in zip(whole, inputs, strict=True)) + end)

    if not dynamic and not tracing():
        show()
        return
    values = [leaves[index] for index in dynamic]
    for index in dynamic:
        leaves[index] = None
    jax.debug.callback(show, *values, ordered=_in_order())


def _in_order() -> bool:
    """Whether JAX can keep the order: not with several devices."""
    return placement.current is None or jax.device_count() == 1


class _Text(str):
    """What stands for a leaf; structures show it without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _is_leaf(x: Any) -> bool:
    return x is None or isinstance(x, (Variable, KerasTensor))


def _top(part: Any, given: Any) -> str:
    if isinstance(part, _Text):
        return given if isinstance(given, str) else str(part)
    return _structure(part)


def _structure(x: Any) -> str:
    """A structure as TensorFlow shows it."""
    if isinstance(x, dict):
        return "{" + ", ".join(f"{key!r}: {_structure(value)}" for key, value in x.items()) + "}"
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        inner = ", ".join(f"{name}={_structure(value)}" for name, value in zip(x._fields, x, strict=True))
        return f"{type(x).__name__}({inner})"
    if isinstance(x, (list, tuple)):
        inner = ", ".join(map(_structure, x))
        return f"[{inner}]" if isinstance(x, list) else f"({inner},)" if len(x) == 1 else f"({inner})"
    return str(x)


def _leaf(x: Any, summarize: int) -> str:
    """One value inside a structure."""
    if isinstance(x, str):
        return f'"{x}"'
    if isinstance(x, (np.ndarray, np.generic, jax.Array)):
        if isinstance(x, jax.Array) and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
            x = jax.random.key_data(x)
        return _array(np.asarray(x), summarize)
    if isinstance(x, (bool, int, float, complex)):
        return _number(np.float32(x) if isinstance(x, float) else np.complex64(x) if isinstance(x, complex) else x)
    return str(x)


def _array(x: np.ndarray, summarize: int, depth: int = 1) -> str:
    if x.ndim == 0:
        return _number(x[()])
    hidden = 0 <= 2 * summarize < len(x)
    shown = [*x[:summarize], *(x[-summarize:] if summarize else ())] if hidden else list(x)
    parts = [_array(np.asarray(item), summarize, depth + 1) for item in shown]
    if hidden:
        parts.insert(summarize, "...")
    return "[" + (" " if x.ndim == 1 else "\n" * (x.ndim - 1) + " " * depth).join(parts) + "]"


def _number(x: Any) -> str:
    """A number: floats with the fewest of 6 or 9 digits (15 or 17 for float64) that tell them apart."""
    dtype = np.asarray(x).dtype
    if dtype.kind == "b":
        return "1" if x else "0"
    if dtype.kind in "iu":
        return str(int(x))
    if dtype.kind == "c":
        return f"({_number(x.real)},{_number(x.imag)})"
    if dtype.kind in "USO":
        return str(x)
    short, long, exact = (15, 17, np.float64) if dtype == np.float64 else (6, 9, np.float32)
    text = f"{float(x):.{short}g}"
    return text if exact(text) == exact(x) or not np.isfinite(float(x)) else f"{float(x):.{long}g}"


def _writer(stream: Any) -> Callable[[str], None]:
    if stream is None:
        return lambda text: builtins.print(text, end="", file=sys.stderr, flush=True)
    if isinstance(stream, str):
        if stream in _LOGGERS:
            return lambda text: logging.getLogger("kerax").log(_LOGGERS[stream], text.rstrip("\n"))
        if stream.startswith("file://"):
            return lambda text: _append(stream.removeprefix("file://"), text)
    elif hasattr(stream, "write"):
        return lambda text: builtins.print(text, end="", file=stream, flush=True)
    raise ArgumentError(
        "print", got=f"output_stream={stream!r}", expected="an open file, 'log(info)' or a like level, or 'file://path'"
    )


def _append(path: str, text: str) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)
