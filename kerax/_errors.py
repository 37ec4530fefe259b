"""The error classes, and the message every one of them carries.

    KeraxError
     ├─ ArgumentError (ValueError)      a value that the function cannot take
     ├─ ShapeError    (ValueError)      a shape or a rank that does not fit
     ├─ DataError     (ValueError)      data handed to fit, evaluate, predict or a loader
     ├─ GraphError    (ValueError)      symbolic tensors that do not form a model
     ├─ NotBuiltError (ValueError)      weights asked for before they exist
     ├─ NotCompiledError (ValueError)   training asked for before compile
     ├─ DTypeError    (TypeError)       a type or dtype that does not fit
     ├─ NameError_    (AttributeError)  an attribute that cannot be set or read
     ├─ StateError    (RuntimeError)    a call at the wrong moment
     └─ Unsupported   (NotImplementedError)

Each derives from the exception that Keras raises at the same moment, so code that catches
Keras's errors catches these. The message has four parts: where, got, expected, try.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ArgumentError",
    "DTypeError",
    "DataError",
    "GraphError",
    "KeraxError",
    "NameError_",
    "NotBuiltError",
    "NotCompiledError",
    "ShapeError",
    "StateError",
    "Unsupported",
    "near_misses",
]


class KeraxError(Exception):
    """What went wrong, where, and what to do about it.

    Args:
        where: the layer, function or argument, as the user knows it: `"Dense 'head'"`.
        got: what came.
        expected: what was expected.
        hint: the next thing to try.
    """

    def __init__(self, where: str, *, got: object = None, expected: object = None, hint: str | None = None) -> None:
        self.where, self.got, self.expected, self.hint = where, got, expected, hint
        parts = []
        if got is not None:
            parts.append(f"got {got}")
        if expected is not None:
            parts.append(f"expected {expected}")
        message = f"{where}: {', '.join(parts)}." if parts else f"{where}."
        if hint:
            message += f" {hint[0].upper()}{hint[1:]}" if hint.endswith("?") else f" Try: {hint}."
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.where, self.got, self.expected, self.hint)


def _rebuild(cls: type[KeraxError], where: str, got: object, expected: object, hint: str | None) -> KeraxError:
    return cls(where, got=got, expected=expected, hint=hint)


class ArgumentError(KeraxError, ValueError):
    """A value that the function cannot take."""


class ShapeError(KeraxError, ValueError):
    """A shape or a rank that does not fit."""


class DataError(KeraxError, ValueError):
    """Data that cannot be trained on, evaluated or read."""


class GraphError(KeraxError, ValueError):
    """Symbolic tensors that do not form a model."""


class NotBuiltError(KeraxError, ValueError):
    """Weights were asked for before they exist."""


class NotCompiledError(KeraxError, ValueError):
    """Training was asked for before `compile`."""


class DTypeError(KeraxError, TypeError):
    """A type or dtype that does not fit."""


class NameError_(KeraxError, AttributeError):
    """An attribute that cannot be set or read."""


class StateError(KeraxError, RuntimeError):
    """A call at the wrong moment."""


class Unsupported(KeraxError, NotImplementedError):
    """Something that cannot be done here, and what can."""


def near_misses(name: str, known: Iterable[str]) -> str:
    """A hint naming the known names that look like `name`, best first."""
    known = sorted(set(known))
    close = difflib.get_close_matches(str(name), known, n=5, cutoff=0.5)
    if not close:
        folded = str(name).replace("_", "").lower()
        close = [other for other in known if folded and folded in other.replace("_", "").lower()][:5]
    if close:
        return "did you mean " + " or ".join(repr(other) for other in close) + "?"
    return "one of " + ", ".join(known[:40]) + (" …" if len(known) > 40 else "")
