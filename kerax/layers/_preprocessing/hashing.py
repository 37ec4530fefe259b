"""Hashing: categories put into a fixed number of bins by a hash of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._core.dtypes import is_string
from ..._errors import ArgumentError
from ..._graph.tensor import KerasTensor
from ..._types import Shape
from .._arguments import one_of, whole
from .encoding import encode_on_host, encoded_shape, index_dtype, vector_dtype
from .fingerprints import fingerprints, siphashes
from .host import HostLayer
from .texts import encoded, text_array


def salt_of(salt: Any, where: str) -> list[int] | None:
    """A salt as two integers; one stands for both.

    Raises:
        ArgumentError: something else.
    """
    if salt is None:
        return None
    one = whole(salt)
    pair = [one, one] if one is not None else [whole(part) for part in salt] if hasattr(salt, "__len__") else []
    if len(pair) != 2 or any(part is None for part in pair):
        raise ArgumentError(where, got=f"salt={salt!r}", expected="an integer or two of them, or None")
    return pair  # type: ignore[return-value]


def written(values: np.ndarray, where: str) -> list[bytes]:
    """Categories as the bytes that are hashed: text as it is, numbers in decimal, floats cut to integers."""
    if is_string(values) or values.dtype.kind in "UST":
        return encoded(values, where)
    if values.dtype.kind == "O":
        return encoded(text_array(values, where), where)
    return [b"%d" % number for number in values.ravel().astype(np.int64).tolist()]


class Hashing(HostLayer):
    """Put texts or integers into bins by their hash: the same bin on every machine. It runs on the host.

    Args:
        num_bins: how many bins; with a `mask_value` the first one is its own.
        mask_value: the category that means nothing: bin 0.
        salt: an integer, or two: hash by SipHash-2-4 with them, in place of FarmHash's Fingerprint64.
        output_mode: "int": a bin for each category, in their shape; "one_hot": a vector for each; "multi_hot", "count":
            a vector (…, num_bins) for the categories along the last axis.
        sparse: must be False.

    Raises:
        ArgumentError: no positive number of bins, an unknown mode.

    Examples:
        >>> Hashing(num_bins=3)([["A"], ["B"], ["E"]]).tolist()
        [[1], [0], [2]]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        if whole(num_bins) is None or num_bins <= 0:
            raise ArgumentError(self._where, got=f"num_bins={num_bins!r}", expected="a positive integer")
        if sparse:
            raise ArgumentError(self._where, got="sparse=True", expected="False: outputs are dense")
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = salt_of(salt, self._where)
        self.output_mode = one_of(output_mode, ("int", "one_hot", "multi_hot", "count"), "output_mode", self._where)
        self.sparse = sparse
        self.autocast = False
        self.built = True

    def compute(self, inputs: Any) -> np.ndarray:
        """The bin of each category, encoded."""
        values = np.asarray(inputs)
        masked, bins = None, self.num_bins
        if self.mask_value is not None and bins > 1:
            bins -= 1
            masked = self._masked(values)
        texts = written(values, self._where)
        hashes = fingerprints(texts) if self.salt is None else siphashes(texts, self.salt)
        found = (hashes % np.uint64(bins)).astype(np.int64).reshape(values.shape)
        if masked is not None:
            found = np.where(masked, 0, found + 1)
        return encode_on_host(found, self.num_bins, self.output_mode, vector_dtype(self))

    def _masked(self, values: np.ndarray) -> np.ndarray:
        if values.dtype.kind not in "USTO":
            return values == self.mask_value
        wanted = self.mask_value if isinstance(self.mask_value, bytes) else str(self.mask_value).encode()
        return np.array([text == wanted for text in encoded(values, self._where)], bool).reshape(values.shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the outputs for a shape of categories."""
        return encoded_shape(input_shape, self.num_bins, self.output_mode)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        dtype = index_dtype() if self.output_mode == "int" else self.compute_dtype
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)
