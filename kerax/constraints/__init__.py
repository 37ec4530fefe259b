"""Where the values of weights may lie."""

from .._registry import Registry
from .._serial import resolver
from ._base import Constraint
from ._norms import MaxNorm, MinMaxNorm, NonNeg, UnitNorm

max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

registry = Registry("constraint", "constraints", [Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm])
get, serialize, deserialize = resolver(registry, Constraint)

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]
