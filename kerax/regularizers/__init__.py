"""Losses on weights and outputs."""

from .._registry import Registry
from .._serial import resolver
from ._base import Regularizer
from ._penalties import L1, L1L2, L2, OrthogonalRegularizer

l1 = L1
l1_l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer

registry = Registry(
    "regularizer",
    "regularizers",
    [L1, L1L2, L2, OrthogonalRegularizer, Regularizer],
    aliases={"l1_l2": "L1L2"},
)
get, serialize, deserialize = resolver(registry, Regularizer)

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
