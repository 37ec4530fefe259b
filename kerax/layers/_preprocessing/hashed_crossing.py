"""HashedCrossing: pairs of categories, and larger groups, put into a fixed number of bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._core.dtypes import is_string
from ..._errors import ArgumentError, DTypeError, ShapeError
from ..._graph.tensor import KerasTensor
from ..._types import Shape
from .._arguments import one_of, whole
from .encoding import encode_on_host, encoded_shape, index_dtype, vector_dtype
from .fingerprints import combined, fingerprints
from .host import HostLayer
from .texts import encoded

_SEED = np.uint64(0xDECAFCAFFE)  # TensorFlow's default key of crosses


class HashedCrossing(HostLayer):
    """Put combinations of categories into bins by their hash. It runs on the host.

    Args:
        num_bins: how many bins.
        output_mode: "int": a bin for each combination; "one_hot": a vector for each.
        sparse: must be False.
        name: default counts the class.
        dtype: of the outputs; integers for "int".

    Raises:
        ArgumentError: no positive number of bins, an unknown mode.

    Examples:
        >>> HashedCrossing(num_bins=5)((np.array(["A", "B"]), np.array([101, 101]))).tolist()
        [1, 4]
    """

    _config_skip = ("activity_regularizer",)

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **common: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **common)
        if whole(num_bins) is None or num_bins <= 0:
            raise ArgumentError(self._where, got=f"num_bins={num_bins!r}", expected="a positive integer")
        if sparse:
            raise ArgumentError(self._where, got="sparse=True", expected="False: outputs are dense")
        self.num_bins = num_bins
        self.output_mode = one_of(output_mode, ("int", "one_hot"), "output_mode", self._where)
        self.sparse = sparse
        self.autocast = False
        self.built = True

    def compute(self, inputs: Any) -> np.ndarray:
        """The bin of each combination, encoded."""
        parts = [np.asarray(part) for part in inputs]
        shapes = {part.shape for part in parts}
        if len(parts) < 2 or len(shapes) > 1:
            raise ShapeError(
                self._where,
                got=f"{len(parts)} features of shapes {[part.shape for part in parts]}",
                expected="at least 2, of one shape",
            )
        shape = parts[0].shape
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise ShapeError(
                self._where, got=f"features of shape {shape}", expected="one category a row: (), (batch,) or (batch, 1)"
            )
        with np.errstate(over="ignore"):
            total = np.full(parts[0].size, _SEED)
            for part in parts:
                total = combined(total, self._hashes(part))
        bins = (total % np.uint64(self.num_bins)).astype(np.int64).reshape(shape)
        return encode_on_host(bins, self.num_bins, self.output_mode, vector_dtype(self))

    def _hashes(self, part: np.ndarray) -> np.ndarray:
        if is_string(part) or part.dtype.kind in "UST":
            return fingerprints(encoded(part, self._where))
        if part.dtype.kind == "O":
            part = np.array(part.tolist())
        if part.dtype.kind not in "iub":
            raise DTypeError(self._where, got=f"a feature of dtype {part.dtype}", expected="text or integers")
        return part.ravel().astype(np.int64).view(np.uint64)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of the outputs for the shapes of the features."""
        return encoded_shape(tuple(input_shape[0]), self.num_bins, self.output_mode)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbolic output for symbolic inputs."""
        dtype = index_dtype() if self.output_mode == "int" else self.compute_dtype
        return KerasTensor(self.compute_output_shape([tensor.shape for tensor in inputs]), dtype)
