"""What feeds a model: `Dataset`, and what reads arrays, generators, PyDataset, and datasets of other libraries."""

from __future__ import annotations

from .._transform.spec import TensorSpec
from ._dataset import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, TextLineDataset
from ._iterator import DatasetIterator
from ._options import Options
from ._stages.reading import AUTOTUNE
from .pydataset import PyDataset

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "DatasetIterator",
    "Options",
    "PyDataset",
    "TensorSpec",
    "TextLineDataset",
]
