"""`kerax.compat.tf.keras` and what lies below are kerax's own modules under another name.

Without this, `from kerax.compat.tf.keras.layers import Dense` would find the same files by their path and
load them a second time: two classes Dense, two registries.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

ALIAS = f"{__package__}.keras"
REAL = __package__.split(".")[0]


class _Alias(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != ALIAS and not fullname.startswith(f"{ALIAS}."):
            return None
        real = REAL + fullname[len(ALIAS) :]
        if find_spec(real) is None:
            raise ModuleNotFoundError(f"No module named {fullname!r}, nor {real!r}", name=fullname)
        return ModuleSpec(fullname, self, origin=real)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(str(spec.origin))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state  # the import system has just put the alias's there


def install() -> ModuleType:
    """Make the alias importable; the module it stands for."""
    if not any(isinstance(finder, _Alias) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Alias())
    return importlib.import_module(ALIAS)
