"""zip, concatenate, enumerate: several datasets side by side or one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._errors import DTypeError
from ..._transform.spec import TensorSpec
from .._element import each, leaves, same_form, spec_of
from .base import ENDLESS, INFINITE, UNKNOWN, Pass, Stage, Stream, View
from .reading import Indexed
from .sources import Numbers, Rows

__all__ = ["Concatenate", "Zip", "numbered", "zipped"]


def zipped(structure: Any) -> Stage:
    """Stages side by side, nested in tuples and dicts."""
    parts = [stage for _, stage in leaves(structure)]
    if all(type(part) is Rows for part in parts):  # arrays side by side are gathered together
        size = min(part.size for part in parts)
        return Rows(each(lambda part: _first_rows(part, size), structure), size)
    return Zip(structure, *parts)


def _first_rows(part: Rows, size: int) -> Any:
    return each(lambda array: None if array is None else array[:size], part.arrays)


class Zip(Indexed):
    """Elements of several stages together, as many as the shortest has."""

    def __init__(self, structure: Any, *parts: Stage) -> None:
        super().__init__(*parts)
        numbers = iter(range(len(parts)))
        self.places = each(lambda _: next(numbers), structure)

    def cardinality(self) -> int:
        known = [stage.cardinality() for stage in self.inputs]
        finite = [count for count in known if count != INFINITE]
        return INFINITE if not finite else UNKNOWN if UNKNOWN in finite and 0 not in finite else min(finite)

    def spec(self) -> Any:
        return self.nested([stage.spec() for stage in self.inputs])

    def nested(self, parts: list) -> Any:
        """One of each input, in the structure that was asked for."""
        return _filled(self.places, parts)

    def view(self, run: Pass) -> View:
        return _ZipView(self, [stage.view(run.inner(i)) for i, stage in enumerate(self.inputs)])

    def in_order(self, run: Pass) -> Stream:
        return _ZipStream(self, [stage.stream(run.inner(i)) for i, stage in enumerate(self.inputs)])


def _filled(places: Any, parts: list) -> Any:
    if isinstance(places, Mapping):
        return {key: _filled(value, parts) for key, value in places.items()}
    if isinstance(places, tuple):
        items = [_filled(value, parts) for value in places]
        return type(places)(*items) if hasattr(places, "_fields") else tuple(items)
    return parts[places]


class _ZipView(View):
    def __init__(self, stage: Zip, views: list[View]) -> None:
        self.stage, self.views = stage, views
        self.size = min(view.size for view in views)
        self.gathers = all(view.gathers for view in views)

    def __getitem__(self, index: int) -> Any:
        return self.stage.nested([view[index] for view in self.views])

    def gather(self, indices: np.ndarray) -> Any:
        return self.stage.nested([view.gather(indices) for view in self.views])


class _ZipStream(Stream):
    def __init__(self, stage: Zip, streams: list[Stream]) -> None:
        super().__init__(*streams)
        self.stage = stage

    def __next__(self) -> Any:
        return self.stage.nested([next(child) for child in self.children])

    def get_state(self) -> Any:
        return [child.get_state() for child in self.children]

    def set_state(self, state: Any) -> None:
        for child, place in zip(self.children, state, strict=True):
            child.set_state(place)


class Concatenate(Indexed):
    """One stage after the other."""

    def cardinality(self) -> int:
        known = [stage.cardinality() for stage in self.inputs]
        return INFINITE if INFINITE in known else UNKNOWN if UNKNOWN in known else sum(known)

    def spec(self) -> Any:
        first, *others = [stage.spec() for stage in self.inputs]
        for other in others:
            _check_alike(first, other)
        return each(_common, first, *others)

    def view(self, run: Pass) -> View:
        return _ChainView([stage.view(run.inner(i)) for i, stage in enumerate(self.inputs)])

    def in_order(self, run: Pass) -> Stream:
        return _ChainStream(self, run)


def _common(*specs: TensorSpec) -> Any:
    shapes = [spec.shape for spec in specs]
    if any(shape is None for shape in shapes) or len({len(shape) for shape in shapes if shape is not None}) > 1:
        return TensorSpec(None, specs[0].dtype)
    sizes = zip(*shapes, strict=True)
    return TensorSpec([size[0] if len(set(size)) == 1 else None for size in sizes], specs[0].dtype)


def _check_alike(first: Any, other: Any) -> None:
    """Raise unless elements with these specs may follow each other."""
    alike = same_form(first, other) and [_dtype(one) for _, one in leaves(first)] == [
        _dtype(one) for _, one in leaves(other)
    ]
    if not alike:
        raise DTypeError("Dataset.concatenate", got=f"elements like {other}", expected=f"elements like {first}")


def _dtype(spec: Any) -> Any:
    return getattr(spec, "dtype", None)


class _Alike:
    """Checks the first element of each part against that of the first part that was read."""

    def __init__(self) -> None:
        self.like: Any = None
        self.checked: set[int] = set()

    def check(self, part: int, element: Any) -> Any:
        """The element, if it is like the others."""
        if part not in self.checked:
            found = spec_of(element)
            if self.like is None:
                self.like = found
            _check_alike(self.like, found)
            self.checked.add(part)
        return element


class _ChainView(View):
    def __init__(self, views: list[View]) -> None:
        self.views, self.alike = views, _Alike()
        sizes = [view.size for view in views]
        self.size = ENDLESS if ENDLESS in sizes else sum(sizes)
        self.starts = np.cumsum([0, *[min(size, ENDLESS // 2) for size in sizes[:-1]]])

    def __getitem__(self, index: int) -> Any:
        part = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.alike.check(part, self.views[part][index - int(self.starts[part])])


class _ChainStream(Stream):
    def __init__(self, stage: Concatenate, run: Pass) -> None:
        super().__init__()
        self.stage, self.run = stage, run
        self.alike = _Alike()
        self._begin(0)

    def _begin(self, part: int) -> None:
        super().close()
        self.part = part
        self.child = self.stage.inputs[part].stream(self.run.inner(part))
        self.children = (self.child,)

    def __next__(self) -> Any:
        while True:
            try:
                element = next(self.child)
            except StopIteration:
                if self.part + 1 == len(self.stage.inputs):
                    raise
                self._begin(self.part + 1)
                continue
            return self.alike.check(self.part, element)

    def get_state(self) -> Any:
        return {"part": self.part, "child": self.child.get_state()}

    def set_state(self, state: Any) -> None:
        self._begin(state["part"])
        self.child.set_state(state["child"])


def numbered(stage: Stage, start: int) -> Stage:
    """Elements beside their numbers."""
    return zipped((Numbers(int(start), 1, ENDLESS), stage))
