"""Discretization: numbers put into bins, by boundaries given or learned."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._core.dtypes import standardize_dtype
from ..._errors import ArgumentError, DataError, NotBuiltError
from ..._graph.tensor import KerasTensor
from ..._types import Array, Config, Shape
from .._arguments import one_of, whole
from .._layer import Layer
from .batches import batches
from .encoding import encode, encoded_shape
from .host import new_revision


class Discretization(Layer):
    """Put numbers into bins: below the first boundary 0, then one bin from each boundary up.

    Args:
        bin_boundaries: in ascending order.
        num_bins: how many bins of about as many values each `adapt` makes, in place of boundaries.
        epsilon: the error that the share of values in a bin may have, where data comes in many batches.
        output_mode: "int": a bin for each number, in their shape; "one_hot": a vector for each; "multi_hot", "count":
            a vector (…, bins) for the numbers along the last axis.
        sparse: must be False.
        dtype: of vectors.
        name: default counts the class.

    Raises:
        ArgumentError: both or none of `bin_boundaries` and `num_bins`, an unknown mode.

    Examples:
        >>> Discretization(bin_boundaries=[0.0, 1.0])(jnp.array([[-1.5, 0.0, 3.4]])).tolist()
        [[0, 1, 2]]
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **common: Any,
    ) -> None:
        super().__init__(dtype=dtype, name=name, **common)
        where = f"Discretization {self.name!r}"
        if (bin_boundaries is None) == (num_bins is None):
            raise ArgumentError(
                where,
                got="both bin_boundaries and num_bins"
                if num_bins is not None
                else "neither bin_boundaries nor num_bins",
                expected="one of them",
            )
        if num_bins is not None and (whole(num_bins) is None or num_bins < 0):
            raise ArgumentError(where, got=f"num_bins={num_bins!r}", expected="an integer from 0 up")
        if sparse:
            raise ArgumentError(where, got="sparse=True", expected="False: outputs are dense")
        if not 0 < epsilon < 1:
            raise ArgumentError(where, got=f"epsilon={epsilon!r}", expected="a number between 0 and 1")
        self.bin_boundaries = None if bin_boundaries is None else [float(b) for b in bin_boundaries]
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = one_of(output_mode, ("int", "one_hot", "multi_hot", "count"), "output_mode", where)
        self.sparse = sparse
        self._summary: Summary | None = None
        self.autocast = False

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn boundaries between which about as many values lie, in one pass, forgetting those before.

        Args:
            data: an array or list; or an iterable of batches of them, such as a generator or a dataset.
            steps: how many batches to take of an iterable, default all.

        Raises:
            ArgumentError: the layer was made with boundaries.
            DataError: there is no data.
        """
        self.reset_state()
        for batch in batches(data, steps, f"adapt of Discretization {self.name!r}"):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take the values of one batch into account."""
        if self.num_bins is None:
            raise ArgumentError(
                f"adapt of Discretization {self.name!r}",
                got="a layer that was made with bin_boundaries",
                expected="one with num_bins",
            )
        if self._summary is None:
            self._summary = Summary(self.epsilon)
        self._summary.add(np.asarray(data))

    def finalize_state(self) -> None:
        """Make the boundaries of what was seen."""
        summary, self._summary = self._summary, None
        if self.num_bins is None:
            return
        if summary is None or not len(summary.values):
            raise DataError(f"adapt of Discretization {self.name!r}", got="no data", expected="at least one number")
        self.bin_boundaries = summary.boundaries(self.num_bins)
        self._revision = new_revision()

    def reset_state(self) -> None:
        """Forget the boundaries that `adapt` learned."""
        self._summary = None
        if self.num_bins is not None:
            self.bin_boundaries = None

    def call(self, inputs: Array) -> Array:
        """The bin of each number, encoded."""
        boundaries = jnp.asarray(np.array(self._known(), "float32"))
        x = jnp.asarray(inputs)
        bins = jnp.searchsorted(boundaries, x.astype("float32"), side="right")
        return encode(bins, len(boundaries) + 1, self.output_mode, self.compute_dtype)

    def _known(self) -> list[float]:
        if self.bin_boundaries is None:
            raise NotBuiltError(
                f"Discretization {self.name!r}",
                got="a call before it has boundaries",
                expected="boundaries",
                hint="call adapt(data), or pass bin_boundaries to its constructor",
            )
        return self.bin_boundaries

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the outputs for a shape of numbers."""
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded_shape(input_shape, depth, self.output_mode)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        dtype = "int32" if self.output_mode == "int" else standardize_dtype(self.compute_dtype)
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    def get_config(self) -> Config:
        """The constructor's arguments, and the boundaries as they are now."""
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """The layer of a config; boundaries beside `num_bins` are what it had learned."""
        learned = config.get("bin_boundaries")
        if learned is not None and config.get("num_bins") is not None:
            layer = cls(**{**config, "bin_boundaries": None})
            layer.bin_boundaries = [float(boundary) for boundary in learned]
            return layer
        return cls(**config)


class Summary:
    """Values in order, each standing for a share of those seen: enough to tell quantiles from.

    Args:
        epsilon: 1 / epsilon values are kept at least.
    """

    def __init__(self, epsilon: float) -> None:
        self.size = max(math.ceil(1 / epsilon), 100)
        self.values = np.empty(0, "float32")
        self.weights = np.empty(0)

    def add(self, data: np.ndarray) -> None:
        """Take values into account."""
        new = data.astype("float32").ravel()
        values, weights = np.concatenate([self.values, new]), np.concatenate([self.weights, np.ones(len(new))])
        order = np.argsort(values, kind="stable")
        self.values, self.weights = values[order], weights[order]
        if len(self.values) > 8 * self.size:
            self._shrink()

    def _shrink(self) -> None:
        """Keep the quantiles alone, each in the middle of the values that it stands for."""
        count, total = 4 * self.size, self.weights.sum()
        middles = (np.arange(count) + 0.5) / count * total + 0.5
        self.values = self._at(middles).astype("float32")
        self.weights = np.full(count, total / count)

    def _at(self, heights: np.ndarray) -> np.ndarray:
        """The values that stand at such places in the order of all values, counted from 1, interpolated."""
        return np.interp(heights, self.weights.cumsum() - (self.weights - 1) / 2, self.values)

    def boundaries(self, bins: int) -> list[float]:
        """Boundaries between bins of about as many values; fewer where there are fewer values."""
        if len(self.values) < bins:
            return self.values[:-1].tolist()
        if bins < 2:
            return []
        return self._at(np.arange(1, bins) / bins * self.weights.sum()).tolist()
