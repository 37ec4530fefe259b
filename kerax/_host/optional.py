"""Packages that only some users need."""

from __future__ import annotations

import importlib
from types import ModuleType

__all__ = ["optional"]


def optional(module: str, *, extra: str, why: str) -> ModuleType:
    """Import a package that comes with an extra of kerax.

    Args:
        module: what to import: `"PIL"`, `"matplotlib.pyplot"`.
        extra: the extra of kerax that installs it: `"vision"`.
        why: what needs it, as the subject of a sentence: `"Loading images"`.
    Returns:
        The module.
    Raises:
        ImportError: it is not installed. A package that is installed and fails for reasons of its own raises those.
    Examples:
        >>> optional("json", extra="all", why="This example").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module != missing and not module.startswith(missing + "."):
            raise
        root = module.partition(".")[0]
        message = f'{why} needs {root}, which is not installed. Try: pip install "kerax[{extra}]".'
        raise ImportError(message, name=missing) from None
