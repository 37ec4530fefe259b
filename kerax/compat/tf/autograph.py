"""tf.autograph: what `tf.function` does to the code of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..._transform.autograph import artifact
from ._missing import absent

__all__ = ["experimental", "set_verbosity"]


class experimental:
    """tf.autograph.experimental."""

    @staticmethod
    def do_not_convert(func: Callable | None = None) -> Any:
        """Let `tf.function` run this function as it stands: its control flow does not depend on tensors."""
        return experimental.do_not_convert if func is None else artifact(func)

    @staticmethod
    def set_loop_options(**options: Any) -> None:
        """Kept for compatibility: XLA runs loops as it sees fit."""


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Kept for compatibility: conversion writes no log."""


__getattr__ = absent(__name__)
