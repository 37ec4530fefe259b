"""What scripts written for other libraries import instead of them."""

__all__ = ["hparams", "tf"]

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
