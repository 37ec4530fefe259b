"""IntegerLookup: an index for each integer of a vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._errors import ArgumentError, DataError, DTypeError
from ..._graph.tensor import KerasTensor
from ..._types import Array
from .._arguments import one_of
from .batches import batches
from .encoding import encode
from .fingerprints import fingerprints, siphashes
from .hashing import salt_of
from .host import outward
from .lookup import Lookup


class IntegerLookup(Lookup):
    """Map integers to indices of a vocabulary, or back.

    In a model it runs on the device, unless its vocabulary needs 64 bits or what is not in it is hashed.
    Called on NumPy arrays it knows all 64-bit integers.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included.
        num_oov_indices: how many indices share the integers that are not in the vocabulary; with 0 they are errors.
        mask_token: an integer that means nothing: index 0, or left out of vectors.
        oov_token: the integer that `invert` gives for what is not in the vocabulary.
        vocabulary: the integers in order, or the path of a file with one in each line; default: learned by `adapt`.
        vocabulary_dtype: must be "int64".
        idf_weights: what each of them counts in mode "tf_idf".
        invert: map indices to the integers of the vocabulary.
        output_mode: "int": an index for each integer, in their shape; "one_hot": a vector for each; "multi_hot",
            "count", "tf_idf": a vector (…, size) for the integers along the last axis.
        sparse: must be False.
        pad_to_max_tokens: whether vectors have `max_tokens` entries, however many integers are known.
        oov_method: how the integers that are not in the vocabulary share several indices: "floormod", by the
            remainder; "farmhash", by their hash.
        salt: an integer, or two: hash by SipHash with them.
        name: default counts the class.

    Raises:
        ArgumentError: arguments that do not go together.

    Examples:
        >>> IntegerLookup(vocabulary=[12, 36])([[36, 7]]).tolist()
        [[2, 0]]
    """

    _term_kind = "integer"
    _takes_text = False
    _expected_input_dtype = "int64"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **common: Any,
    ) -> None:
        oov_method = one_of(oov_method, ("floormod", "farmhash"), "oov_method", "IntegerLookup")
        if vocabulary_dtype != "int64":
            raise ArgumentError("IntegerLookup", got=f"vocabulary_dtype={vocabulary_dtype!r}", expected='"int64"')
        if salt is not None and oov_method != "farmhash":
            raise ArgumentError("IntegerLookup", got="a salt", expected='oov_method="farmhash" beside it')
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            invert,
            output_mode,
            pad_to_max_tokens,
            sparse,
            salt_of(salt, "IntegerLookup"),
            name,
            **common,
        )
        self.vocabulary_dtype = vocabulary_dtype
        self.oov_method = oov_method
        self._begin(vocabulary, idf_weights)

    @property
    def _on_host(self) -> bool:  # type: ignore[override]
        """Whether a model must run it ahead of the device."""
        if self.num_oov_indices == 0 and not self.invert:  # its errors are told there
            return True
        if self.oov_method == "farmhash" and self.num_oov_indices > 1:
            return True
        terms = [] if self._table is None else self._table.terms
        return any(not -(2**31) <= term < 2**31 for term in terms)

    def _term(self, value: Any) -> int:
        if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
            raise ArgumentError(
                f"The vocabulary of {self._where}",
                got=f"{value!r} of type {type(value).__name__}",
                expected="integers",
                hint="layers.StringLookup for text" if isinstance(value, (str, bytes)) else None,
            )
        return int(value)

    def _written(self, term: int) -> int:
        return term

    def _from_file(self, line: str) -> int:
        return int(line)

    def _batches(self, data: Any, steps: int | None) -> Iterator[Any]:
        return batches(data, steps, f"adapt of {self._where}")

    def _documents(self, batch: Any) -> Iterator[list[int]]:
        values = _integers(np.asarray(batch), f"adapt of {self._where}")
        if self.output_mode != "tf_idf":
            if values.size:
                yield values.ravel().tolist()
            return
        for row in values.reshape(-1, values.shape[-1] if values.ndim > 1 else 1):
            yield row.tolist()

    def call(self, inputs: Any) -> Any:
        """Indices of integers, encoded; or integers of indices."""
        if isinstance(inputs, jax.core.Tracer) and not self._on_host:
            return self._on_device(inputs)
        if isinstance(inputs, jax.core.Tracer):
            raise self._in_a_trace()
        return outward(self.compute(np.asarray(inputs)))

    def compute(self, inputs: np.ndarray) -> np.ndarray:
        """`call` in NumPy, on 64-bit integers."""
        values = _integers(np.asarray(inputs), self._where)
        self._known()
        if self.invert:
            words = np.array([*self.get_vocabulary(), self.oov_token], np.int64)
            last = len(words) - 1
            return words[np.where((values >= 0) & (values < last), values, last)]
        known, places = self._sorted(np.int64)
        at = np.searchsorted(known, values)
        found = np.zeros(values.shape, bool)
        if len(known):
            found = known[np.minimum(at, len(known) - 1)] == values
        if self.num_oov_indices == 0 and not found.all():
            raise DataError(
                self._where,
                got=f"{int(values[~found].ravel()[0])}, which is not in the vocabulary",
                expected="terms of the vocabulary, since num_oov_indices=0",
                hint="num_oov_indices=1",
            )
        indices = self._oov(values, np)
        if len(known):
            indices = np.where(found, places[np.minimum(at, len(known) - 1)], indices)
        return self._encoded(indices)

    def _sorted(self, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
        """The terms in ascending order, and the index of each."""
        places = self._known().places
        known = np.array(sorted(places), dtype)
        return known, np.array([places[term] for term in known.tolist()], dtype)

    def _oov(self, values: Any, xp: Any) -> Any:
        """The indices that integers have if they are not in the vocabulary."""
        if self.num_oov_indices < 2:
            return xp.full(values.shape, self._oov_start, values.dtype)
        if self.oov_method == "floormod":
            return self._oov_start + values % self.num_oov_indices
        texts = [b"%d" % number for number in values.ravel().tolist()]
        hashes = fingerprints(texts) if self.salt is None else siphashes(texts, self.salt)
        return self._oov_start + (hashes % np.uint64(self.num_oov_indices)).astype(np.int64).reshape(values.shape)

    def _on_device(self, inputs: Array) -> Array:
        """`call` in JAX, on 32-bit integers."""
        values = inputs.astype(jnp.int32)
        if self.invert:
            words = jnp.asarray(np.array([*self.get_vocabulary(), self.oov_token], np.int32))
            self._known()
            last = len(words) - 1
            return words[jnp.where((values >= 0) & (values < last), values, last)]
        known, places = self._sorted(np.int32)
        indices = self._oov(values, jnp)
        if len(known):
            at = jnp.minimum(jnp.searchsorted(known, values), len(known) - 1)
            indices = jnp.where(jnp.asarray(known)[at] == values, jnp.asarray(places)[at], indices)
        if self.output_mode == "int":
            return indices
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        out = encode(indices, self._depth, mode, self.compute_dtype)
        return out * jnp.asarray(self._known().idf, out.dtype) if self.output_mode == "tf_idf" else out

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        if inputs.dtype == "string":
            raise DTypeError(self._where, got="text", expected="integers", hint="layers.StringLookup for text")
        return super().compute_output_spec(inputs)


def _integers(values: np.ndarray, where: str) -> np.ndarray:
    if values.dtype.kind in "OUST":
        raise DTypeError(where, got=f"dtype {values.dtype}", expected="integers", hint="layers.StringLookup for text")
    return values.astype(np.int64, copy=False)
