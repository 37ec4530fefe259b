"""What the output goes to: a terminal, a notebook or a file, and how wide it is."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

__all__ = ["in_notebook", "is_tty", "width"]


def is_tty(stream: TextIO | None = None) -> bool:
    """Whether `stream` (default: standard output) is a terminal that can go back to the start of a line."""
    stream = sys.stdout if stream is None else stream
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # a replaced or a closed stream
        return False


def in_notebook() -> bool:
    """Whether this runs in a Jupyter or Colab kernel. Never imports IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and hasattr(shell, "kernel")


def width(default: int = 100) -> int:
    """The columns of the terminal; `default` when there is none."""
    return shutil.get_terminal_size((default, 24)).columns
