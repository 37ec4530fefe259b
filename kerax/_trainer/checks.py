"""What is checked about data before a step is compiled."""

from __future__ import annotations

from typing import Any


def data(model: Any, adapter: Any) -> None:
    """Raise for data that the model cannot mean."""
