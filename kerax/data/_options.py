"""`Options`: settings of tf.data, which have no effect here."""

from __future__ import annotations

from typing import Any

__all__ = ["Options"]


class Options:
    """Takes every setting, such as `options.autotune.enabled = True`; none has an effect."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        inner = Options()
        object.__setattr__(self, name, inner)
        return inner

    def merge(self, options: Options) -> Options:
        """Both."""
        merged = Options()
        merged.__dict__.update(self.__dict__ | options.__dict__)
        return merged
