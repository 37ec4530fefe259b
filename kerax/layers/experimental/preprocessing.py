"""Older names of the preprocessing layers: `layers.experimental.preprocessing.Rescaling` is `layers.Rescaling`."""

from __future__ import annotations

from typing import Any

from ..._registry import family


def _layers() -> dict[str, Any]:
    """The preprocessing layers by name."""
    return {name: layer for name, layer in family("layers").objects.items() if "._preprocessing." in layer.__module__}


def __getattr__(name: str) -> Any:
    layers = _layers()
    if name in layers:
        return layers[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_layers())
