"""from_generator and scan: what functions of the user give one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import DataError, DTypeError
from ..._transform.spec import TensorSpec
from .._adapters.leaves import path_name
from .._element import each, element_of, leaves, same_form, spec_of
from .base import UNKNOWN, Kept, Pass, Stage, Stream

__all__ = ["Generator", "Scan"]


class Generator(Stage):
    """What a generator function gives. Each pass calls it anew.

    Args:
        fn: what is called; it returns an iterable.
        signature: TensorSpecs nested like an element, which is checked and cast; None to take what comes.
    """

    def __init__(self, fn: Callable, signature: Any = None) -> None:
        super().__init__()
        self.fn, self.signature = fn, signature

    def cardinality(self) -> int:
        return UNKNOWN

    def spec(self) -> Any:
        if self.signature is not None:
            return self.signature
        with self.stream(Pass(0, (0,))) as stream:
            for element in stream:
                return spec_of(element)
        return None

    def stream(self, run: Pass) -> Stream:
        return _GeneratorStream(self)

    def checked(self, element: Any, number: int) -> Any:
        """An element as its signature has it."""
        where = f"Dataset.from_generator: element {number}"
        if self.signature is None:
            return element_of(element, where)
        element = _like(self.signature, element)
        if not same_form(self.signature, element):
            raise DTypeError(where, got=_shown(element), expected=f"what the signature says, {self.signature}")
        values = {path: value for path, value in leaves(element)}
        parts = {path: _cast(values[path], spec, f"{where}{_place(path)}") for path, spec in leaves(self.signature)}
        order = iter(parts.values())
        return each(lambda _: next(order), self.signature)


def _like(signature: Any, element: Any) -> Any:
    """Lists where the signature has tuples are tuples."""
    if isinstance(signature, tuple) and isinstance(element, (list, tuple)) and len(signature) == len(element):
        parts = [_like(one, part) for one, part in zip(signature, element, strict=True)]
        return type(signature)(*parts) if hasattr(signature, "_fields") else tuple(parts)
    if isinstance(signature, dict) and isinstance(element, dict) and set(signature) == set(element):
        return {key: _like(signature[key], element[key]) for key in signature}
    return element


def _place(path: tuple) -> str:
    return f": {path_name('element', path)}" if path else ""


def _shown(element: Any) -> str:
    if isinstance(element, dict):
        return f"a dict of {sorted(map(str, element))}"
    return f"a {type(element).__name__}" + (f" of {len(element)} items" if isinstance(element, (list, tuple)) else "")


def _cast(value: Any, spec: TensorSpec, where: str) -> Any:
    if spec.dtype == "string":
        array = np.asarray(value, object) if isinstance(value, (str, bytes, list)) else np.asarray(value)
        if array.dtype.kind not in "SUO" or not all(isinstance(text, (str, bytes)) for text in array.ravel().tolist()):
            raise DTypeError(where, got=f"a {type(value).__name__} of {array.dtype.name}", expected="text")
    else:
        try:
            array = np.asarray(value)
        except ValueError:
            raise DataError(where, got="a list whose items differ in shape", expected=str(spec)) from None
        python = not hasattr(value, "dtype")
        wanted = np.dtype(spec.dtype)
        fits = array.dtype.kind in "biufcV" and (
            np.can_cast(array.dtype, wanted, "same_kind") or (python and _exact(array, wanted))
        )
        if not fits:
            raise DTypeError(where, got=f"{array.dtype.name}", expected=spec.dtype, hint="cast it in the generator")
        array = array.astype(wanted, copy=False)
    if not spec._takes(array.shape):
        raise DataError(where, got=f"the shape {array.shape}", expected=f"{spec.shape}, as the signature says")
    return array if array.ndim else array[()]


def _exact(array: np.ndarray, wanted: np.dtype) -> bool:
    """Whether whole numbers of Python fit, such as 3 in uint8."""
    if wanted.kind not in "iu" or array.dtype.kind not in "iu" or not array.size:
        return False
    limits = np.iinfo(wanted)
    return bool(limits.min <= array.min() and array.max() <= limits.max)


class _GeneratorStream(Stream):
    """A place is how many elements were given: going there calls the generator anew and leaves them out."""

    def __init__(self, stage: Generator) -> None:
        super().__init__()
        self.stage = stage
        self.items: Any = None
        self.given = 0

    def __next__(self) -> Any:
        if self.items is None:
            self.items = iter(self.stage.fn())
        element = next(self.items)
        self.given += 1
        return self.stage.checked(element, self.given - 1)

    def get_state(self) -> Any:
        return self.given

    def set_state(self, state: Any) -> None:
        self.close()
        for _ in range(state):
            next(self)

    def close(self) -> None:
        if hasattr(self.items, "close"):
            self.items.close()
        self.items, self.given = None, 0


class Scan(Kept):
    """A function of a state and an element, which gives the next state and an element."""

    def __init__(self, input: Stage, initial: Any, fn: Callable) -> None:
        super().__init__(input)
        self.initial, self.fn = element_of(initial, "Dataset.scan: initial_state"), fn

    def spec(self) -> Any:
        with self.stream(Pass(0, (0,))) as stream:
            for element in stream:
                return spec_of(element)
        return None

    def stream(self, run: Pass) -> Stream:
        return _ScanStream(self, run)


class _ScanStream(Stream):
    """A place is how many elements were given: going there runs the function over all of them again."""

    def __init__(self, stage: Scan, run: Pass) -> None:
        super().__init__()
        self.stage, self.run = stage, run
        self._restart()

    def _restart(self) -> None:
        super().close()
        self.children = (self.stage.input.stream(self.run),)
        self.carry, self.given = self.stage.initial, 0

    def __next__(self) -> Any:
        element = next(self.children[0])
        found = self.stage.fn(self.carry, element)
        if not isinstance(found, tuple) or len(found) != 2:
            raise DTypeError(
                "Dataset.scan", got=f"{type(found).__name__} from the function", expected="(state, element)"
            )
        carry, out = element_of(found, "Dataset.scan")
        self.carry, self.given = carry, self.given + 1
        return out

    def get_state(self) -> Any:
        return self.given

    def set_state(self, state: Any) -> None:
        self._restart()
        for _ in range(state):
            next(self)
