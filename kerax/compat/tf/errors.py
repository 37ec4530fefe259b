"""The error classes that code catches; kerax's own errors beside them keep their kinds."""

from __future__ import annotations

from ..._errors import ArgumentError, KeraxError, StateError, Unsupported
from ._missing import absent

__all__ = [
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
]


class OpError(KeraxError):
    """What all of them are."""

    @property
    def message(self) -> str:
        """The text."""
        return str(self)


class AbortedError(OpError):
    """An operation was aborted."""


class AlreadyExistsError(OpError):
    """What was to be made is there already."""


class CancelledError(OpError):
    """An operation was cancelled."""


class DataLossError(OpError):
    """Data that cannot be read any more."""


class DeadlineExceededError(OpError):
    """Something took too long."""


class FailedPreconditionError(OpError, StateError):
    """A call at the wrong moment."""


class InternalError(OpError):
    """An invariant was broken."""


class InvalidArgumentError(OpError, ArgumentError):
    """A value, shape or dtype that an operation cannot take."""


class NotFoundError(OpError, FileNotFoundError):
    """A file that is not there."""

    __str__ = Exception.__str__  # not that of OSError, which knows errno


class OutOfRangeError(OpError):
    """An iteration past the end."""


class PermissionDeniedError(OpError):
    """No right to do so."""


class ResourceExhaustedError(OpError):
    """Memory ran out."""


class UnauthenticatedError(OpError):
    """No valid credentials."""


class UnavailableError(OpError):
    """A service that does not answer."""


class UnimplementedError(OpError, Unsupported):
    """Something that cannot be done here."""


class UnknownError(OpError):
    """None of the others."""


__getattr__ = absent(__name__)
