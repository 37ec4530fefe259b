"""tf.summary: kerax writes no event files by hand yet."""

from __future__ import annotations

from typing import Any

from ..._errors import NameError_

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise NameError_(f"tf.summary.{name} is not in kerax.compat yet", hint="tensorboardX.SummaryWriter")
