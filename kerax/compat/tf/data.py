"""tf.data: what kerax.data has of it."""

from __future__ import annotations

from typing import Any

from ... import data as _data
from ..._errors import NameError_
from ._missing import unknown

__all__ = ["AUTOTUNE", "experimental"]


class experimental:
    """tf.data.experimental."""

    AUTOTUNE = -1


AUTOTUNE = -1


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if hasattr(_data, name):
        return getattr(_data, name)
    if name == "Dataset":
        raise NameError_(
            "tf.data.Dataset is not in kerax.data yet",
            hint="arrays, generators or a kerax.utils.PyDataset, which fit takes",
        )
    raise unknown("tf.data", name, __all__)
