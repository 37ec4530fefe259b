"""The Variables and modules that a function can reach: through its arguments, its closure and its globals.

What is found here is carried from the first trace on. Variables of ours that are missed are found while
tracing; those of other Flax modules pass no hook when they are read, so they must be found here, or in
a layer that is called.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import Any

from flax import nnx

from .._core.module import walk

_PLAIN = (str, bytes, int, float, complex, bool, type(None), type)


def reachable(library: frozenset[str], *roots: Any) -> tuple[list[nnx.Variable], list[nnx.Module]]:
    """The Variables, and the modules, that code can reach from the roots.

    Args:
        library: names of packages whose functions are not looked into.
        roots: functions, arguments.
    """
    variables: dict[int, nnx.Variable] = {}
    modules: dict[int, nnx.Module] = {}
    for item in _items(library, roots, set(), 0):
        for part in walk(item):
            if isinstance(part, nnx.Variable):
                variables.setdefault(id(part), part)
            else:
                modules.setdefault(id(part), part)
    return list(variables.values()), list(modules.values())


def _items(library: frozenset[str], values: Any, seen: set[int], depth: int) -> Iterator[Any]:
    """Modules and Variables, those in lists, tuples, dicts, attributes of plain objects, and functions."""
    for x in values:
        if isinstance(x, _PLAIN) or id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, (nnx.Module, nnx.Variable)):
            yield x
        elif isinstance(x, (list, tuple, set)):
            if len(x) <= 1000:
                yield from _items(library, x, seen, depth)
        elif isinstance(x, dict):
            if len(x) <= 1000:
                yield from _items(library, x.values(), seen, depth)
        elif isinstance(x, FunctionType):
            if str(x.__globals__.get("__name__", "")).partition(".")[0] not in library:
                yield from _items(library, _of_function(x), seen, depth)
        elif isinstance(x, MethodType):
            yield from _items(library, (x.__self__, x.__func__), seen, depth)
        elif isinstance(x, functools.partial):
            yield from _items(library, (x.func, *x.args, *x.keywords.values()), seen, depth)
        elif isinstance(getattr(x, "python_function", None), (FunctionType, MethodType)):
            yield from _items(library, (x.python_function,), seen, depth)
        elif depth < 2 and hasattr(x, "__dict__") and type(x).__module__.partition(".")[0] not in library:
            call = getattr(type(x), "__call__", None)  # noqa: B004 - the function itself is wanted
            inner = [*vars(x).values()] if call is None else [*vars(x).values(), call]
            yield from _items(library, inner, seen, depth + 1)


def _of_function(fn: FunctionType) -> Iterator[Any]:
    """What a function's cells, defaults, and the globals that it names hold."""
    for cell in fn.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not set yet
            continue
    yield from fn.__defaults__ or ()
    yield from (fn.__kwdefaults__ or {}).values()
    codes = [fn.__code__]
    while codes:
        code = codes.pop()
        codes += [const for const in code.co_consts if isinstance(const, type(code))]
        for name in code.co_names:
            if name in fn.__globals__:
                yield fn.__globals__[name]
