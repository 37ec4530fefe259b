"""tf.summary: `kerax.summary` under TensorFlow's name."""

from __future__ import annotations

from typing import Any

from ... import summary as _summary
from ..._errors import NameError_, near_misses
from ...summary import *  # noqa: F403

__all__ = list(_summary.__all__)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise NameError_(f"tf.summary.{name}", got="no such name here", hint=near_misses(name, __all__))
