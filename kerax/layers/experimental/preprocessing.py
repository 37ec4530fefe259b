"""The preprocessing layers, under the path that older code imports them from."""

from __future__ import annotations

from typing import Any

from ..._registry import family

_NAMES = (
    "CategoryEncoding",
    "CenterCrop",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "Normalization",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "Rescaling",
    "Resizing",
    "StringLookup",
    "TextVectorization",
)


def __getattr__(name: str) -> Any:
    known = family("layers").objects
    if name in _NAMES and name in known:
        return known[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [name for name in _NAMES if name in family("layers").objects]
