"""How much is missing of the margin."""

from __future__ import annotations

from typing import Any

from ..losses import categorical_hinge, hinge, squared_hinge
from ._reduction import FunctionMetric

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge"]


class Hinge(FunctionMetric):
    """The mean hinge loss.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(FunctionMetric):
    """The mean squared hinge loss.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(FunctionMetric):
    """The mean categorical hinge loss.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
