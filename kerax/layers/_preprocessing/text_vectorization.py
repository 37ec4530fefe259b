"""TextVectorization: documents as sequences of token indices, or as vectors of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from types import MappingProxyType
from typing import Any

import numpy as np

from ..._errors import ArgumentError, DataError, ShapeError
from ..._graph.tensor import KerasTensor
from ..._types import Config, Shape
from .._arguments import whole
from .encoding import index_dtype
from .host import HostLayer
from .lookup import checked_config
from .string_lookup import StringLookup
from .texts import decoded, encoded, text_array, text_batches

_PUNCTUATION = rb"""!"#$%&()*+,-./:;<=>?@[\]^_`{|}~'"""
_LOWER = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
_STANDARDS = {  # name -> what bytes become, and which are dropped
    "lower_and_strip_punctuation": (_LOWER, _PUNCTUATION),
    "lower": (_LOWER, b""),
    "strip_punctuation": (None, _PUNCTUATION),
}
_MODES = ("int", "multi_hot", "count", "tf_idf")


class TextVectorization(HostLayer):
    """Documents as token indices. It runs on the host.

    Each document is standardized, split into tokens, joined into n-grams where asked for, and looked up. As in
    TensorFlow, letters are lowered and white space found among ASCII only.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of one
            document: `str` -> `str`.
        split: "whitespace", "character", None (a document is one token), or a function of one document:
            `str` -> list of `str`.
        ngrams: the longest n-gram, or a tuple of their sizes.
        output_mode: "int": the index of each token, filled up with 0; "multi_hot", "count", "tf_idf": a vector of
            the size of the vocabulary for each document.
        output_sequence_length: the length that index sequences are cut or filled up to; default: the longest of
            a batch.
        pad_to_max_tokens: whether vectors have `max_tokens` entries, however many tokens are known.
        vocabulary: the tokens in order, or the path of a file with one in each line; default: learned by `adapt`.
        idf_weights: what each of them counts in mode "tf_idf".
        sparse, ragged: must be False.
        encoding: of bytes.
        name: default counts the class.

    Raises:
        ArgumentError: arguments that do not go together.

    Examples:
        >>> layer = TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["foo bar", "bar baz", "baz bada boom"])
        >>> layer([["foo qux bar"], ["qux baz"]]).tolist()
        [[4, 1, 3, 0], [1, 2, 0, 0]]
    """

    _expected_input_dtype = "string"
    _config_names = MappingProxyType({"vocabulary": "_given_vocabulary"})

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable | None = "lower_and_strip_punctuation",
        split: str | Callable | None = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **common: Any,
    ) -> None:
        promised = common.pop("vocabulary_size", None)  # in configs
        super().__init__(name=name, **common)
        where = self._where
        self.standardize = _choice(standardize, (*_STANDARDS, None), "standardize", where)
        self.split = _choice(split, ("whitespace", "character", None), "split", where)
        output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        if output_mode not in _MODES:
            raise ArgumentError(where, got=f"output_mode={output_mode!r}", expected=f"one of {_MODES}")
        if sparse or ragged:
            raise ArgumentError(
                where,
                got=f"{'sparse' if sparse else 'ragged'}=True",
                expected="False: outputs are dense",
                hint="sequences are filled up with 0; Embedding(…, mask_zero=True) leaves that out",
            )
        if output_sequence_length is not None:
            if output_mode != "int":
                raise ArgumentError(
                    where, got=f"output_sequence_length and output_mode={output_mode!r}", expected='"int"'
                )
            if whole(output_sequence_length) is None or output_sequence_length < 1:
                raise ArgumentError(
                    where, got=f"output_sequence_length={output_sequence_length!r}", expected="a positive integer"
                )
        self.ngrams = _sizes(ngrams, where)
        self.max_tokens = max_tokens
        self.output_mode = output_mode
        self.output_sequence_length = output_sequence_length
        self.pad_to_max_tokens = pad_to_max_tokens
        self.sparse, self.ragged = sparse, ragged
        self.encoding = encoding
        self.autocast = False
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            mask_token="",
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens and output_mode != "int",
            encoding=encoding,
            name=f"{self.name}_lookup",
            vocabulary_size=promised,
        )
        self._lookup_layer._label = where
        self._lookup_layer._begin(vocabulary, idf_weights)
        self.built = True

    # -- the vocabulary -------------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from documents, in one pass, forgetting the one before.

        Tokens are ordered by how often they occur; those that occur as often as others from the last to the first.

        Args:
            data: documents in an array or list; or an iterable of batches of them, or of single ones: a generator,
                a dataset.
            batch_size: without effect: data is counted as it comes.
            steps: how many batches to take of an iterable, default all.

        Raises:
            ArgumentError: the layer was made with a vocabulary.
            DataError: there are no documents.
        """
        self.reset_state()
        for batch in text_batches(data, steps, f"adapt of {self._where}"):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one batch."""
        where = f"adapt of {self._where}"
        documents = encoded(self._documents(text_array(data, where)), where, self.encoding)
        self._lookup_layer.count(self._tokens(documents, None))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()
        self._changed()

    def reset_state(self) -> None:
        """Forget the vocabulary that `adapt` learned."""
        self._lookup_layer.reset_state()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take a vocabulary: see `StringLookup.set_vocabulary`, which has the arguments and errors."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)
        self._changed()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens in order, after the special ones unless they are left out: "" (in mode "int") and "[UNK]"."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of tokens, special ones included."""
        return self._lookup_layer.vocabulary_size()

    @property
    def idf_weights(self) -> np.ndarray | None:
        """What each index counts with TF-IDF; None before it is known."""
        return self._lookup_layer.idf_weights

    @property
    def _given_vocabulary(self) -> list[str] | None:
        return self._lookup_layer.input_vocabulary

    # -- tokens ---------------------------------------------------------------------------------

    def _documents(self, texts: np.ndarray) -> np.ndarray:
        """One document a row: a last axis of size 1 goes, where documents are split."""
        if self.split is None or texts.ndim < 2:
            return texts
        if texts.shape[-1] != 1:
            raise ShapeError(
                self._where,
                got=f"an input of shape {texts.shape}",
                expected="one document a row: (batch,) or (batch, 1)",
                hint="split=None takes tokens that were split before",
            )
        return texts[..., 0]

    def _tokens(self, documents: list[bytes], most: int | None) -> Iterator[list[bytes]]:
        """The tokens of each document; of more than `most` the rest may be left out."""
        standard = self.standardize
        if callable(standard):
            documents = [self._standardized(standard, text) for text in documents]
        elif standard is not None:
            table, dropped = _STANDARDS[standard]
            documents = [text.translate(table, dropped) for text in documents]
        if self.ngrams is not None:
            most = None
        split = self.split
        if split == "whitespace":
            parts: Iterator[list[bytes]] = (
                (text.split() for text in documents)
                if most is None
                else (text.split(None, most)[:most] for text in documents)
            )
        elif split == "character":
            parts = ([c.encode(self.encoding) for c in decoded(text, self.encoding)[:most]] for text in documents)
        elif split is None:
            parts = ([text] for text in documents)
        else:
            parts = (self._split_up(split, text) for text in documents)
        return parts if self.ngrams is None else (_ngrams(part, self.ngrams) for part in parts)

    def _standardized(self, standardize: Callable, text: bytes) -> bytes:
        """One document as the user's function makes it."""
        out = _plain(standardize(decoded(text, self.encoding)))
        if isinstance(out, bytes):
            return out
        if not isinstance(out, str):
            raise self._wrong_output("standardize", out, "text: it is called with one document at a time")
        return out.encode(self.encoding, "surrogatepass")

    def _split_up(self, split: Callable, text: bytes) -> list[bytes]:
        out = _plain(split(decoded(text, self.encoding)))
        if not isinstance(out, (list, tuple)) or not all(isinstance(token, (str, bytes)) for token in out):
            raise self._wrong_output("split", out, "a list of text: it is called with one document at a time")
        return [token if isinstance(token, bytes) else token.encode(self.encoding, "surrogatepass") for token in out]

    def _wrong_output(self, argument: str, out: Any, expected: str) -> DataError:
        return DataError(
            f"The {argument} function of {self._where}",
            got=f"{out!r:.60} of type {type(out).__name__}",
            expected=expected,
        )

    def compute(self, inputs: Any) -> np.ndarray:
        """The indices of the tokens of each document, or a vector for each."""
        lookup = self._lookup_layer
        lookup._known()
        texts = self._documents(text_array(inputs, self._where))
        documents = encoded(texts, self._where, self.encoding)
        if self.split is None and self.ngrams is None:
            tokens = [part[0] for part in self._tokens(documents, None)]
            found = np.array(lookup.indices(tokens), np.int64).reshape(texts.shape)
            return self._cut(found) if self.output_mode == "int" else lookup._encoded(found)
        if self.output_mode == "int":
            return self._sequences(documents).reshape(*texts.shape, -1)
        lengths, flat = self._flat(documents, None)
        rows = np.repeat(np.arange(len(documents)), lengths)
        return lookup._gathered(rows, flat, len(documents)).reshape(*texts.shape, -1)

    def _flat(self, documents: list[bytes], most: int | None) -> tuple[np.ndarray, np.ndarray]:
        """How many tokens each document has, and the indices of all."""
        unknown, known = self._lookup_layer._oov_start, self._lookup_layer._known()
        if self.split == "whitespace" and self.ngrams is None and not callable(self.standardize):
            words = known.words(sum(map(len, documents)), unknown)
            fast = words and words.indices(documents, *_STANDARDS.get(self.standardize, (None, b"")), most)
            if fast:
                return fast
        get = known.places.get
        lengths: list[int] = []
        flat: list[int] = []
        for tokens in self._tokens(documents, most):
            if most is not None:
                tokens = tokens[:most]
            lengths.append(len(tokens))
            flat.extend(map(get, tokens, repeat(unknown)))
        return np.array(lengths, np.int64), np.array(flat, np.int64)

    def _sequences(self, documents: list[bytes]) -> np.ndarray:
        """(documents, length) indices, filled up with 0."""
        lengths, flat = self._flat(documents, self.output_sequence_length)
        width = self.output_sequence_length or int(lengths.max(initial=0))
        out = np.zeros((len(documents), width), np.int32)
        out[np.arange(width) < lengths[:, None]] = flat
        return out

    def _cut(self, found: np.ndarray) -> np.ndarray:
        width = self.output_sequence_length
        if width is None or not found.ndim:
            return found
        found = found[..., :width]
        missing = [(0, 0)] * (found.ndim - 1) + [(0, width - found.shape[-1])]
        return np.pad(found, missing)

    # -- shapes and data ------------------------------------------------------------------------

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the outputs for a shape of documents."""
        if self.split is None:
            lead = tuple(input_shape)
            if self.output_mode == "int":
                return lead if self.output_sequence_length is None else (*lead[:-1], self.output_sequence_length)
            return (*lead[:-1], self._lookup_layer._depth)
        lead = tuple(input_shape[:-1]) if len(input_shape) > 1 and input_shape[-1] == 1 else tuple(input_shape)
        if len(input_shape) > 1 and input_shape[-1] != 1:
            raise ShapeError(
                self._where,
                got=f"an input of shape {tuple(input_shape)}",
                expected="one document a row: (batch,) or (batch, 1)",
                hint='Input(shape=(1,), dtype="string")',
            )
        return (*lead, self.output_sequence_length if self.output_mode == "int" else self._lookup_layer._depth)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        dtype = index_dtype() if self.output_mode == "int" else self.compute_dtype
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary that was learned: see `StringLookup`."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: Any) -> None:
        """Read the vocabulary."""
        self._lookup_layer.load_assets(dir_path)
        self._changed()

    def get_config(self) -> Config:
        """The constructor's arguments; a vocabulary given to it as a list."""
        config = super().get_config()
        inner = self._lookup_layer.get_config()
        return {**config, "idf_weights": inner["idf_weights"], "vocabulary_size": inner["vocabulary_size"]}

    def learn_from(self, other: Any) -> None:
        """Take over the vocabulary that a layer of the same arguments has learned."""
        self._lookup_layer.learn_from(other._lookup_layer)
        self._changed()

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """The layer of a config. No file is read because a config names it."""
        return super().from_config(checked_config(cls.__name__, config))


def _choice(value: Any, allowed: tuple, name: str, where: str) -> Any:
    if callable(value) or value in allowed:
        return value
    raise ArgumentError(where, got=f"{name}={value!r}", expected=f"one of {allowed}, or a function of a document")


def _sizes(ngrams: Any, where: str) -> tuple[int, ...] | None:
    if ngrams is None:
        return None
    longest = whole(ngrams)
    sizes = (
        tuple(range(1, longest + 1)) if longest is not None else tuple(ngrams) if hasattr(ngrams, "__iter__") else ()
    )
    if not sizes or any(whole(size) is None or size < 1 for size in sizes):
        raise ArgumentError(where, got=f"ngrams={ngrams!r}", expected="a positive integer, a tuple of them, or None")
    return sizes


def _ngrams(tokens: list[bytes], sizes: tuple[int, ...]) -> list[bytes]:
    out: list[bytes] = []
    for size in sizes:
        if size == 1:
            out.extend(tokens)
        else:
            out.extend(map(b" ".join, zip(*(tokens[start:] for start in range(size)), strict=False)))
    return out


def _plain(value: Any) -> Any:
    """What a function gave, without the array around it."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return value
