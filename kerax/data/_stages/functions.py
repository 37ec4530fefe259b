"""from_generator and scan: what functions of the user give one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..._errors import DataError, DTypeError
from ..._transform.spec import TensorSpec
from .._adapters.leaves import path_name
from .._element import element_of
from .base import UNKNOWN, Kept, Made, Pass, Stage, Stream

__all__ = ["Generator", "Scan"]


class Generator(Made):
    """What a generator function gives. Each pass calls it anew.

    Args:
        fn: what is called; it returns an iterable.
        signature: TensorSpecs nested like an element, which is checked and cast; None to take what comes.
    """

    def __init__(self, fn: Callable, signature: Any = None) -> None:
        super().__init__()
        self.fn, self.signature = fn, signature
        self.fit = None if signature is None else _fit(signature)

    def cardinality(self) -> int:
        return UNKNOWN

    def spec(self) -> Any:
        if self.signature is not None:
            return self.signature
        return super().spec()

    def stream(self, run: Pass) -> Stream:
        return _GeneratorStream(self)

    def checked(self, element: Any, number: int) -> Any:
        """An element as its signature has it."""
        if self.fit is None:
            return element_of(element, f"Dataset.from_generator: element {number}")
        return self.fit(element, number)


def _fit(signature: Any, path: tuple = ()) -> Callable[[Any, int], Any]:
    """What checks a part of element `number` and casts it."""
    if isinstance(signature, Mapping):
        parts = {key: _fit(value, (*path, key)) for key, value in signature.items()}

        def of_dict(value: Any, number: int) -> Any:
            if not isinstance(value, Mapping) or set(value) != set(parts):
                raise DTypeError(
                    _where(number, path), got=_shown(value), expected=f"a dict of {sorted(map(str, parts))}"
                )
            return {key: part(value[key], number) for key, part in parts.items()}

        return of_dict
    if isinstance(signature, tuple):
        items = [_fit(value, (*path, index)) for index, value in enumerate(signature)]
        make: Any = getattr(type(signature), "_make", tuple)

        def of_tuple(value: Any, number: int) -> Any:
            if not isinstance(value, (list, tuple)) or len(value) != len(items):
                raise DTypeError(_where(number, path), got=_shown(value), expected=f"a tuple of {len(items)} items")
            return make([item(part, number) for item, part in zip(items, value, strict=True)])

        return of_tuple
    return _text_fit(signature, path) if signature.dtype == "string" else _number_fit(signature, path)


def _where(number: int, path: tuple) -> str:
    return f"Dataset.from_generator: element {number}" + (f": {path_name('element', path)}" if path else "")


def _shown(element: Any) -> str:
    if isinstance(element, Mapping):
        return f"a dict of {sorted(map(str, element))}"
    return f"a {type(element).__name__}" + (f" of {len(element)} items" if isinstance(element, (list, tuple)) else "")


def _text_fit(spec: TensorSpec, path: tuple) -> Callable[[Any, int], Any]:
    def text(value: Any, number: int) -> Any:
        array = np.asarray(value, object) if isinstance(value, (str, bytes, list)) else np.asarray(value)
        if array.dtype.kind not in "SUO" or not all(isinstance(one, (str, bytes)) for one in array.ravel().tolist()):
            raise DTypeError(_where(number, path), got=f"a {type(value).__name__}", expected="text")
        return _shaped(array, spec, number, path)

    return text


def _number_fit(spec: TensorSpec, path: tuple) -> Callable[[Any, int], Any]:
    wanted = np.dtype(spec.dtype)

    def numeric(value: Any, number: int) -> Any:
        try:
            array = np.asarray(value)
        except ValueError:
            raise DataError(
                _where(number, path), got="a list whose items differ in shape", expected=str(spec)
            ) from None
        if array.dtype != wanted:
            if not _casts(array, wanted, python=not hasattr(value, "dtype")):
                where = _where(number, path)
                raise DTypeError(where, got=array.dtype.name, expected=spec.dtype, hint="cast it in the generator")
            array = array.astype(wanted)
        return _shaped(array, spec, number, path)

    return numeric


def _shaped(array: np.ndarray, spec: TensorSpec, number: int, path: tuple) -> Any:
    if array.shape != spec.shape and not spec._takes(array.shape):
        expected = f"{spec.shape}, as the signature says"
        raise DataError(_where(number, path), got=f"the shape {array.shape}", expected=expected)
    return array if array.ndim else array[()]


def _casts(array: np.ndarray, wanted: np.dtype, python: bool) -> bool:
    """Whether no number changes its kind; whole numbers of Python must fit, such as 3 in uint8."""
    if array.dtype.kind not in "biufcV":
        return False
    if not python or array.dtype.kind not in "iu" or wanted.kind not in "iu" or not array.size:
        return bool(np.can_cast(array.dtype, wanted, "same_kind"))
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
        if hasattr(self.items, "close") and not getattr(self.items, "gi_running", False):
            self.items.close()  # one that runs is in a thread that does not return; it ends with the program
        self.items, self.given = None, 0


class Scan(Made, Kept):
    """A function of a state and an element, which gives the next state and an element."""

    def __init__(self, input: Stage, initial: Any, fn: Callable) -> None:
        super().__init__(input)
        self.initial, self.fn = element_of(initial, "Dataset.scan: initial_state"), fn

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
