"""Loops over data inside a function: Python brings the elements, the body is compiled once for each kind of them.

What the body finds in its surroundings goes in as arguments of the compiled program: arrays by shape and
dtype, the rest as it is. So a program outlives the call that made it, and nothing is frozen into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import CellType, FunctionType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from ..._core.context import here
from ..._errors import StateError
from .. import arguments
from ..staging import run
from .undefined import Scope, missing

_SOURCES = ("kerax.data", "grain", "torch.utils.data", "tensorflow", "keras.src.trainers.data_adapters")
_FLAGS = ("break_", "do_return")


def is_host_source(x: Any) -> bool:
    """Whether it brings data from outside, element by element: a dataset or a loader of batches."""
    return any(
        cls.__module__ == source or cls.__module__.startswith(f"{source}.")
        for cls in type(x).__mro__
        for source in _SOURCES
        if hasattr(cls, "__module__")
    ) and (hasattr(x, "__iter__") or hasattr(x, "__getitem__"))


class HostEnumerate:
    """`enumerate` of such data; the number is an array, so that it is no reason to trace again."""

    def __init__(self, source: Any, start: int = 0) -> None:
        self.source, self.start = source, start

    def __iter__(self) -> Iterator[Any]:
        return ((np.int32(index), element) for index, element in enumerate(self.source, self.start))


class HostZip:
    """`zip` of such data."""

    def __init__(self, sources: Sequence[Any], strict: bool = False) -> None:
        self.sources, self.strict = sources, strict

    def __iter__(self) -> Iterator[Any]:
        return zip(*self.sources, strict=self.strict)


def kind(x: Any) -> str:
    """What it is, for messages."""
    return f"a {type(getattr(x, 'source', x)).__name__}"


def loop(
    iter_: Any,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get_state: Callable[[], tuple],
    set_state: Callable[[tuple], None],
    names: Sequence[str],
    where: str,
) -> None:
    """`for x in iter_: body(x)`, for as long as `extra_test()` holds."""
    start = get_state()
    if any(map(_is_number, start)):
        set_state(tuple(jnp.asarray(x) if _is_number(x) else x for x in start))
    turn = _Turn(body, get_state, set_state, names, where)
    if extra_test is not None and not extra_test():
        return
    for element in iter_:
        turn(element)
        if extra_test is not None and not extra_test():
            return


class _Turn:
    """The body of a loop, compiled."""

    def __init__(
        self, body: Callable[[Any], None], get_state: Callable, set_state: Callable, names: Sequence[str], where: str
    ) -> None:
        self._body, self._where = body, where
        self._get, self._set = get_state, set_state
        self._names = names
        self._composite = [index for index, name in enumerate(names) if "." in name or "[" in name]
        self._cells: list[tuple[str, CellType]] = []
        self._codes: list[Any] = [getattr(body, "__code__", body)]
        self._collect(body, set())

    def _collect(self, fn: Any, seen: set[int]) -> None:
        """The cells of the body and of the functions in them, each once."""
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
            if id(cell) in seen or name in ("ag__", "__class__"):
                continue
            seen.add(id(cell))
            content = _content(cell)
            if isinstance(content, FunctionType) and "<locals>" in content.__qualname__:
                self._codes.append((name, content.__code__))
                self._collect(content, seen)
            else:
                self._cells.append((name, cell))

    def __call__(self, element: Any) -> None:
        element = jax.tree.map(_as_array, element, is_leaf=lambda x: x is None or isinstance(x, nnx.Module))
        contents = [_content(cell) for _, cell in self._cells]
        state = self._get()
        composite = [state[index] for index in self._composite]
        leaves: list[Any] = []
        key: list[Any] = ["loop", *self._codes]
        notes = run.owner.side_effects
        names = ["", *(name for name, _ in self._cells), *("" for _ in composite)]
        for name, x in zip(names, (element, *contents, *composite), strict=True):
            if missing(x):
                key.append("missing")
            elif isinstance(x, Scope) or (self._codes[0], name) in notes:
                key.append("static")
            else:
                arguments.flatten(x, leaves, key)
        program = run.owner.body(tuple(key), lambda: (self._fn(element, contents, composite), leaves, contents))
        if program is None:
            self._body(element)
            return
        outs, composite = program.watched(leaves) if here.read or here.write else program(leaves)
        for name, cell in self._cells:
            if name in outs:
                cell.cell_contents = bool(outs[name]) if name.startswith(_FLAGS) else outs[name]
        self._set_composite(composite)

    def _set_composite(self, values: Sequence[Any]) -> None:
        """Give attributes and items new values."""
        if self._composite:
            state = list(self._get())
            for index, value in zip(self._composite, values, strict=True):
                state[index] = value
            self._set(tuple(state))

    def _fn(self, element: Any, contents: list[Any], composite: list[Any]) -> Callable:
        """One turn as a function of the arrays in the element and in the surroundings."""

        def turn(*arrays: Any) -> tuple[dict[str, Any], list[Any]]:
            supply = iter(arrays)
            notes = run.owner.side_effects

            def filled(x: Any, name: str = "") -> Any:
                if missing(x) or isinstance(x, Scope) or (self._codes[0], name) in notes:
                    return x
                inner = arguments.fill(x, supply)
                return inner if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(inner)) else x

            inner = filled(element)
            given = [filled(x, name) for (name, _), x in zip(self._cells, contents, strict=True)]
            looks = [_items(x) for x in given]
            parts = [filled(x) for x in composite]
            before = list(self._get())
            try:
                for (_, cell), x in zip(self._cells, given, strict=True):
                    _put(cell, x)
                self._set_composite(parts)
                self._body(inner)
                outs = {}
                for (name, cell), x, look in zip(self._cells, given, looks, strict=True):
                    now = _content(cell)
                    if now is not x:
                        outs[name] = now
                    elif _items(now) != look:
                        if not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(now)):
                            notes.add((self._codes[0], name))  # Python's own, while tracing
                            continue
                        raise StateError(
                            f"{self._where}: {name!r} was changed inside the loop",
                            got=f"a {type(now).__name__} that grew by tensors",
                            hint="add up results in variables or metrics, or loop over the data outside of it",
                        )
                after = self._get()
                return outs, [after[index] for index in self._composite]
            finally:
                for (_, cell), x in zip(self._cells, contents, strict=True):
                    _put(cell, x)
                self._set_composite([before[index] for index in self._composite])

        return turn


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _put(cell: CellType, x: Any) -> None:
    cell.cell_contents = x


def _items(x: Any) -> Any:
    if type(x) in (list, dict, set):
        return [id(item) for item in (x.values() if isinstance(x, dict) else x)]
    return None


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, complex)) and not isinstance(x, bool)


def _as_array(x: Any) -> Any:
    if isinstance(x, (jax.Array, np.ndarray, np.generic, nnx.Variable)) or not hasattr(x, "__array__"):
        return x
    return np.asarray(x)
