"""What makes a function on arrays one of kerax's metric functions."""

from __future__ import annotations

from ..losses._functions import loss_function as metric_function

__all__ = ["metric_function"]
