"""What a dataset tells of itself, and how it is read: the part of `Dataset` that no method of tf.data builds upon."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError
from ._element import as_numpy, element_of, presented
from ._iterator import DatasetIterator
from ._stages.base import INFINITE, Stage, walk

__all__ = ["Readable"]


class Readable:
    """A stage as a user sees it.

    Args:
        stage: what gives the elements.
    """

    def __init__(self, stage: Stage) -> None:
        if not isinstance(stage, Stage):
            raise DTypeError(
                "Dataset",
                got=f"a {type(stage).__name__}",
                expected="one of its makers",
                hint="Dataset.from_tensor_slices(arrays)",
            )
        self._stage = stage
        self._passes = 0  # begun so far
        self._base: int | None = None  # the seed of what was given none

    # -- facts -----------------------------------------------------------------------------------

    @property
    def element_spec(self) -> Any:
        """Shapes and dtypes of an element, nested like it; functions in the way are run on the first element."""
        return self._stage.spec()

    def cardinality(self, name: str | None = None) -> Any:
        """How many elements: -1 (`INFINITE_CARDINALITY`) without end, -2 (`UNKNOWN_CARDINALITY`) where nobody knows."""
        return presented(np.int64(self._stage.cardinality()))

    def __len__(self) -> int:
        """How many elements.

        Raises:
            TypeError: without end, or nobody knows.
        """
        known = self._stage.cardinality()
        if known < 0:
            raise DTypeError(
                "len(dataset)",
                got="a dataset without end"
                if known == INFINITE
                else "a dataset whose size is not known before it is read",
                hint="dataset.cardinality(), which says which; or steps_per_epoch",
            )
        return known

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        names = " → ".join(type(stage).__name__ for stage in reversed(list(walk(self._stage))))
        return f"<Dataset {names}>"

    # -- reading ---------------------------------------------------------------------------------

    def __iter__(self) -> DatasetIterator:
        return DatasetIterator(self, presented)

    def as_numpy_iterator(self) -> DatasetIterator:
        """The elements as plain NumPy arrays and scalars, text as bytes."""
        return DatasetIterator(self, as_numpy)

    def reduce(self, initial_state: Any, reduce_func: Callable, name: str | None = None) -> Any:
        """The last state of `state = reduce_func(state, element)`."""
        state = element_of(initial_state, "Dataset.reduce: initial_state")
        with DatasetIterator(self) as elements:
            for element in elements:
                state = element_of(reduce_func(state, element), "Dataset.reduce")
        return presented(state)

    def get_single_element(self, name: str | None = None) -> Any:
        """The only element.

        Raises:
            ArgumentError: there is none, or more than one.
        """
        with DatasetIterator(self, presented) as elements:
            found = list(itertools.islice(elements, 2))
        if len(found) != 1:
            got = "none" if not found else "more"
            raise ArgumentError("Dataset.get_single_element", got=got, expected="a dataset of one element")
        return found[0]
