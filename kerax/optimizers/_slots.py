"""Slots: the variables an optimizer has met, and the Variables it keeps for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flax import nnx

from .._core.module import Module, Opaque
from .._core.variable import Variable
from ._state import read, write

__all__ = ["Slots"]


class Slots(Module):
    """What an optimizer keeps for the variables it steps.

    `fields`: name -> a list with one slot, or None, for each variable, in the order they were met; or
    one Variable for all of them.
    """

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self._met = Opaque(([], {}))  # the variables, and id -> place; they are the model's, not ours

    @property
    def variables(self) -> list[nnx.Variable]:
        """Those met so far."""
        return self._met.value[0]

    def place(self, variable: nnx.Variable) -> int:
        """Which of `variables` it is."""
        return self._met.value[1][id(variable)]

    def unknown(self, variables: Iterable[nnx.Variable]) -> list[nnx.Variable]:
        """Those of them that were not met, each once."""
        places = self._met.value[1]
        return list({id(v): v for v in variables if id(v) not in places}.values())

    def meet(self, variables: Iterable[nnx.Variable]) -> None:
        """Slots were made for these."""
        met, places = self._met.value
        for variable in variables:
            places[id(variable)] = len(met)
            met.append(variable)

    def extend(self, field: str, slots: list) -> None:
        """Slots of a field for the variables about to be met."""
        self.fields.setdefault(field, []).extend(slots)

    def of(self, field: str, variables: Sequence[nnx.Variable]) -> Any:
        """A field's slot of each variable, or its one slot for all."""
        slots = self.fields[field]
        return [slots[self.place(v)] for v in variables] if isinstance(slots, list) else slots

    def used_by(self, variables: Sequence[nnx.Variable]) -> list[Variable]:
        """Every slot that a step of these variables may touch."""
        used: list[Variable] = []
        for field in self.fields:
            slots = self.of(field, variables)
            used += [slot for slot in slots if slot is not None] if isinstance(slots, list) else [slots]
        return used

    def state(self, kind: Any, variables: Sequence[nnx.Variable]) -> Any:
        """A rule's state, of the NamedTuple `kind`: what the slots of these variables hold."""
        return kind(**{key: _held(self.of(key, variables)) if key in self.fields else None for key in kind._fields})

    def hold(self, state: Any, variables: Sequence[nnx.Variable]) -> None:
        """Make the slots hold a rule's state."""
        for key in state._fields:
            if key not in self.fields:
                continue
            slots, values = self.of(key, variables), getattr(state, key)
            if not isinstance(slots, list):
                slots, values = [slots], [values]
            pairs = [(slot, value) for slot, value in zip(slots, values, strict=True) if slot is not None]
            write([slot for slot, _ in pairs], [value for _, value in pairs])


def _held(slots: Any) -> Any:
    if not isinstance(slots, list):
        return read([slots])[0]
    values = iter(read([slot for slot in slots if slot is not None]))
    return [None if slot is None else next(values) for slot in slots]
