"""StringLookup: an index for each text of a vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._errors import ArgumentError, DataError
from ..._graph.tensor import KerasTensor
from .fingerprints import fingerprints, siphashes
from .hashing import salt_of
from .lookup import Lookup
from .texts import decoded, encoded, text_array, text_batches


class StringLookup(Lookup):
    """Map texts to indices of a vocabulary, or back. It runs on the host.

    Indices begin with the mask token (in mode "int"), then come those of texts that are not in the vocabulary,
    then the vocabulary.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included.
        num_oov_indices: how many indices share the texts that are not in the vocabulary; with 0 they are errors.
        mask_token: a text that means nothing: index 0, or left out of vectors.
        oov_token: the text that `invert` gives for what is not in the vocabulary.
        vocabulary: the texts in order, or the path of a file with one in each line; default: learned by `adapt`.
        idf_weights: what each of them counts in mode "tf_idf".
        invert: map indices to texts.
        output_mode: "int": an index for each text, in their shape; "one_hot": a vector for each; "multi_hot", "count",
            "tf_idf": a vector (…, size) for the texts along the last axis.
        pad_to_max_tokens: whether vectors have `max_tokens` entries, however many texts are known.
        sparse: must be False.
        encoding: of bytes.
        name: default counts the class.
        salt: an integer, or two: hash what is not in the vocabulary by SipHash with them.

    Raises:
        ArgumentError: arguments that do not go together.

    Examples:
        >>> StringLookup(vocabulary=["a", "b"])([["b", "z"]]).tolist()
        [[2, 0]]
    """

    _term_kind = "text"
    _expected_input_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **common: Any,
    ) -> None:
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            invert,
            output_mode,
            pad_to_max_tokens,
            sparse,
            salt_of(salt, "StringLookup"),
            name,
            **common,
        )
        try:
            "".encode(encoding)
        except LookupError:
            raise ArgumentError(self._where, got=f"encoding={encoding!r}", expected="the name of one") from None
        self.encoding = encoding
        if invert:
            self._expected_input_dtype = "int64"
        self._begin(vocabulary, idf_weights)

    def _term(self, value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str):
            raise ArgumentError(
                f"The vocabulary of {self._where}",
                got=f"{value!r} of type {type(value).__name__}",
                expected="text",
                hint="layers.IntegerLookup for numbers",
            )
        return value.encode(self.encoding, "surrogatepass" if self.encoding.lower() in ("utf-8", "utf8") else "strict")

    def _written(self, term: bytes) -> str:
        return decoded(term, self.encoding)

    def _batches(self, data: Any, steps: int | None) -> Iterator[Any]:
        return text_batches(data, steps, f"adapt of {self._where}")

    def _documents(self, batch: Any) -> Iterator[list[bytes]]:
        texts = text_array(batch, f"adapt of {self._where}")
        flat = encoded(texts, f"adapt of {self._where}", self.encoding)
        width = texts.shape[-1] if texts.ndim > 1 else 1
        if self.output_mode != "tf_idf":
            if flat:
                yield flat
            return
        for start in range(0, len(flat), max(width, 1)):
            yield flat[start : start + width]

    def compute(self, inputs: Any) -> np.ndarray:
        """Indices of texts, encoded; or texts of indices."""
        if self.invert:
            return self._texts(np.asarray(inputs))
        self._known()
        texts = text_array(inputs, self._where)
        indices = np.array(self.indices(encoded(texts, self._where, self.encoding)), np.int64)
        return self._encoded(indices.reshape(texts.shape))

    def indices(self, terms: list[bytes]) -> list[int]:
        """The index of each term."""
        places = self._known().places
        if self.num_oov_indices == 1:
            unknown = self._oov_start
            return [places.get(term, unknown) for term in terms]
        found = [places.get(term) for term in terms]
        missing = [place for place, index in enumerate(found) if index is None]
        if missing and not self.num_oov_indices:
            raise DataError(
                self._where,
                got=f"{self._written(terms[missing[0]])!r}, which is not in the vocabulary",
                expected="terms of the vocabulary, since num_oov_indices=0",
                hint="num_oov_indices=1",
            )
        if missing:
            unknown_terms = [terms[place] for place in missing]
            hashes = fingerprints(unknown_terms) if self.salt is None else siphashes(unknown_terms, self.salt)
            for place, bucket in zip(missing, (hashes % np.uint64(self.num_oov_indices)).tolist(), strict=True):
                found[place] = self._oov_start + bucket
        return found  # type: ignore[return-value]

    def _texts(self, indices: np.ndarray) -> np.ndarray:
        words = np.array([*self.get_vocabulary(), self.oov_token], dtype=str)
        self._known()
        last = len(words) - 1
        indices = indices.astype(np.int64, copy=False)
        return words[np.where((indices >= 0) & (indices < last), indices, last)]

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        if self.invert:
            return KerasTensor(inputs.shape, "string")
        return super().compute_output_spec(inputs)
