"""Lookup: the base of StringLookup and IntegerLookup, a vocabulary learned from data or given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..._errors import ArgumentError, DataError, NotBuiltError
from ..._graph.tensor import KerasTensor
from ..._types import Config, Shape
from .._arguments import one_of, whole
from .encoding import encode_on_host, encoded_shape, gather_on_host, index_dtype, vector_dtype
from .host import HostLayer
from .table import Counts, Table, inverse_document_frequency, repeated

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
FILE, EXACT_FILE = "vocabulary.txt", "vocabulary.json"


class Lookup(HostLayer):
    """The base of lookup layers. A subclass says how terms are read, written and found.

    The indices are: 0 for the mask token (in mode "int", where there is one), then those of what is not in the
    vocabulary, then the terms.
    """

    _config_names = MappingProxyType({"vocabulary": "input_vocabulary"})
    _term_kind = ""  # what messages call terms

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        invert: bool,
        output_mode: str,
        pad_to_max_tokens: bool,
        sparse: bool,
        salt: Any,
        name: str | None,
        **common: Any,
    ) -> None:
        common.pop("has_input_vocabulary", None)  # in configs of older Keras
        promised = common.pop("vocabulary_size", None)
        super().__init__(name=name, **common)
        where = self._where
        if max_tokens is not None and (whole(max_tokens) is None or max_tokens <= 1):
            raise ArgumentError(where, got=f"max_tokens={max_tokens!r}", expected="an integer from 2 up, or None")
        if pad_to_max_tokens and max_tokens is None:
            raise ArgumentError(where, got="pad_to_max_tokens=True without max_tokens", expected="both")
        if whole(num_oov_indices) is None or num_oov_indices < 0:
            raise ArgumentError(where, got=f"num_oov_indices={num_oov_indices!r}", expected="an integer from 0 up")
        output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        self.output_mode = one_of(output_mode, MODES, "output_mode", where)
        if invert and self.output_mode != "int":
            raise ArgumentError(where, got=f"invert=True and output_mode={output_mode!r}", expected='"int"')
        if sparse:
            raise ArgumentError(where, got="sparse=True", expected="False: outputs are dense")
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert, self.pad_to_max_tokens, self.sparse = invert, pad_to_max_tokens, sparse
        self.salt = salt
        self._table: Table | None = None
        # Of a config: the size of a vocabulary that comes with the assets, after the graph is made.
        self._promised: int | None = whole(promised)
        self._counts: Counts | None = None
        self._given = False  # whether the vocabulary came with the constructor
        self.autocast = False
        self.built = True

    def _begin(self, vocabulary: Any, idf_weights: Any) -> None:
        """Take what the constructor was given; its last step."""
        where, output_mode = self._where, self.output_mode
        if idf_weights is not None and output_mode != "tf_idf":
            raise ArgumentError(
                where, got=f"idf_weights and output_mode={output_mode!r}", expected='idf_weights for "tf_idf" only'
            )
        if vocabulary is not None and idf_weights is None and output_mode == "tf_idf":
            raise ArgumentError(
                where,
                got='a vocabulary and output_mode="tf_idf", without idf_weights',
                expected="a weight for each term",
                hint="pass idf_weights, or leave the vocabulary to adapt",
            )
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
            self._given = True

    # -- what a subclass says -------------------------------------------------------------------

    def _term(self, value: Any) -> Any:
        """A term as the table keeps it."""
        raise NotImplementedError

    def _written(self, term: Any) -> Any:
        """A term of the table as users see it."""
        raise NotImplementedError

    def _from_file(self, line: str) -> Any:
        """A term from a line of a file."""
        return line

    def _batches(self, data: Any, steps: int | None) -> Iterator[Any]:
        """The batches of data given to adapt."""
        raise NotImplementedError

    def _documents(self, batch: Any) -> Iterator[list[Any]]:
        """The terms of each document of a batch."""
        raise NotImplementedError

    # -- special tokens -------------------------------------------------------------------------

    @property
    def _masked(self) -> bool:
        return self.mask_token is not None and self.output_mode == "int"

    @property
    def _oov_start(self) -> int:
        return 1 if self._masked else 0

    @property
    def _start(self) -> int:
        """The index of the first term."""
        return self._oov_start + self.num_oov_indices

    def _special(self) -> list[Any]:
        mask = [self._term(self.mask_token)] if self._masked else []
        return mask + [self._term(self.oov_token)] * self.num_oov_indices

    # -- the vocabulary -------------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from data, in one pass, forgetting the one before.

        The terms are ordered by how often they occur; those that occur as often as others from the last to the
        first. With `output_mode="tf_idf"` each text of one axis, or row of two, is a document.

        Args:
            data: an array or list; or an iterable of batches of them, or of single values: a generator, a dataset.
            batch_size: without effect: data is counted as it comes.
            steps: how many batches to take of an iterable, default all.

        Raises:
            ArgumentError: the layer was made with a vocabulary.
            DataError: there is no data.
        """
        self.reset_state()
        for batch in self._batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the terms of one batch."""
        self.count(self._documents(data))

    def count(self, documents: Iterable[list[Any]]) -> None:
        """Count the terms of documents."""
        if self._given:
            raise ArgumentError(
                f"adapt of {self._where}",
                got="a layer that was made with a vocabulary",
                expected="one without",
                hint="leave vocabulary= out to learn it from data",
            )
        if self._counts is None:
            self._counts = Counts(self.output_mode == "tf_idf")
        for document in documents:
            self._counts.seen += 1
            self._counts.add(document)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        counts, self._counts = self._counts, None
        if self._given and counts is None:
            return
        if counts is None or not counts.seen:
            raise DataError(
                f"adapt of {self._where}",
                got="no data",
                expected=f"at least one {self._term_kind}",
                hint="was the generator used up before?",
            )
        special = [self._term(token) for token in (self.mask_token, self.oov_token) if token is not None]
        most = None if self.max_tokens is None else self.max_tokens - self._start
        terms = counts.most_frequent(special, most)
        idf = None
        if self.output_mode == "tf_idf":
            idf = self._padded_idf(inverse_document_frequency(terms, counts))
        self._learn(terms, idf)

    def reset_state(self) -> None:
        """Forget the vocabulary that `adapt` learned."""
        self._counts = None
        if not self._given and self._table is not None:
            self._table = None
            self._changed()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take a vocabulary, and for TF-IDF what each term counts.

        Args:
            vocabulary: terms in order, with or without the special tokens at the front; or the path of a text
                file with a term in each line.
            idf_weights: a number for each of them.

        Raises:
            ArgumentError: an empty one, repeated terms, special tokens elsewhere, more than `max_tokens`, or
                weights that do not go with it.
        """
        where = f"The vocabulary of {self._where}"
        if isinstance(vocabulary, (str, Path)):
            if self.output_mode == "tf_idf":
                raise ArgumentError(
                    where,
                    got='a file and output_mode="tf_idf"',
                    expected="a list, and idf_weights beside it",
                    hint="read the file first",
                )
            vocabulary = self._read(Path(vocabulary), where)
        terms = [self._term(value) for value in _listed(vocabulary)]
        if not terms:
            raise ArgumentError(where, got="no terms", expected="at least one")
        weights = self._checked_weights(idf_weights, len(terms), where)
        special = self._special()
        bare = terms[: len(special)] != special
        terms = terms if bare else terms[len(special) :]
        repeated(terms, where, self._written)
        if self.mask_token is not None and self._term(self.mask_token) in terms:
            raise self._misplaced("mask", self.mask_token, where)
        if self.invert and self.oov_token is not None and self._term(self.oov_token) in terms:
            raise self._misplaced("oov", self.oov_token, where)
        if self.max_tokens is not None and self._start + len(terms) > self.max_tokens:
            raise ArgumentError(
                where,
                got=f"{self._start + len(terms)} terms, special tokens included",
                expected=f"at most max_tokens={self.max_tokens}",
            )
        idf = None
        if weights is not None:
            idf = self._padded_idf(weights) if bare else self._back_padded(weights)
        self._learn(terms, idf)

    def _misplaced(self, kind: str, token: Any, where: str) -> ArgumentError:
        return ArgumentError(
            where,
            got=f"the {kind} token {token!r} among the terms",
            expected=f"it at the front, with {[self._written(term) for term in self._special()]}, or not at all",
        )

    def _checked_weights(self, weights: Any, count: int, where: str) -> np.ndarray | None:
        if self.output_mode != "tf_idf":
            if weights is not None:
                raise ArgumentError(where, got="idf_weights", expected='none unless output_mode="tf_idf"')
            return None
        if weights is None:
            raise ArgumentError(
                where, got="no idf_weights", expected='a number for each term, since output_mode="tf_idf"'
            )
        weights = np.asarray(weights, "float32")
        if weights.shape != (count,):
            raise ArgumentError(where, got=f"idf_weights of shape {weights.shape}", expected=f"({count},)")
        return weights

    def _padded_idf(self, weights: np.ndarray) -> np.ndarray:
        """With a weight for what is not in the vocabulary: the mean."""
        mean = weights.mean() if weights.size else 0.0
        return self._back_padded(np.concatenate([np.full(self._start, mean, "float32"), weights]))

    def _back_padded(self, weights: np.ndarray) -> np.ndarray:
        size = self.max_tokens if self.pad_to_max_tokens and self.max_tokens is not None else len(weights)
        return np.pad(weights, (0, size - len(weights)))

    def _learn(self, terms: list[Any], idf: np.ndarray | None) -> None:
        mask = None if self.mask_token is None else self._term(self.mask_token)
        # A mask token that has no index counts nowhere.
        self._table = Table(terms, self._start, None, idf)
        if mask is not None:
            self._table.places[mask] = 0 if self._masked else -1
        self._changed()

    def _read(self, path: Path, where: str) -> list[Any]:
        if not path.is_file():
            raise ArgumentError(where, got=f"{str(path)!r}, and there is no such file", expected="a text file")
        return [self._from_file(line) for line in _lines(path.read_text("utf-8"))]

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The terms in order, after the special tokens unless they are left out."""
        special = self._special() if include_special_tokens else []
        known = [] if self._table is None else self._table.terms
        return [self._written(term) for term in (*special, *known)]

    def vocabulary_size(self) -> int:
        """The number of terms, special tokens included."""
        return self._start + (0 if self._table is None else len(self._table.terms))

    @property
    def input_vocabulary(self) -> list[Any] | None:
        """The vocabulary given to the constructor, special tokens left out; None if there was none."""
        return self.get_vocabulary(include_special_tokens=False) if self._given else None

    @property
    def idf_weights(self) -> np.ndarray | None:
        """What each index counts with TF-IDF, special tokens included; None before it is known."""
        return None if self._table is None else self._table.idf

    def _known(self) -> Table:
        if self._table is None:
            raise NotBuiltError(
                self._where,
                got="a call before it has a vocabulary",
                expected="a vocabulary",
                hint="call adapt(data) or set_vocabulary([…]), or pass vocabulary= to its constructor",
            )
        return self._table

    # -- outputs --------------------------------------------------------------------------------

    @property
    def _depth(self) -> int:
        """The size of the vectors."""
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        if self._table is None and self._promised is not None:
            return self._promised
        return len(self._known())

    def _encoded(self, indices: np.ndarray) -> np.ndarray:
        """Indices (…, n) in the output mode."""
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        if mode == "int":
            return indices
        return self._weighed(encode_on_host(indices, self._depth, mode, vector_dtype(self)))

    def _gathered(self, rows: np.ndarray, indices: np.ndarray, count: int) -> np.ndarray:
        """The vectors (count, depth) of flat indices, each with the number of its row."""
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return self._weighed(gather_on_host(rows, indices, count, self._depth, mode, vector_dtype(self)))

    def _weighed(self, counts: np.ndarray) -> np.ndarray:
        return (counts * self._known().idf).astype(counts.dtype) if self.output_mode == "tf_idf" else counts

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the outputs for a shape of terms."""
        if self.invert or self.output_mode == "int":
            return tuple(input_shape)
        return encoded_shape(input_shape, self._depth, self.output_mode)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        """The symbolic output for a symbolic input."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self._output_dtype())

    def _output_dtype(self) -> str:
        return index_dtype() if self.output_mode == "int" else self.compute_dtype

    # -- as data --------------------------------------------------------------------------------

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary that was learned: vocabulary.txt, a term in each line, as Keras keeps it."""
        if self._given or self._table is None:
            return
        words = [str(word) for word in self.get_vocabulary()]
        text = "\n".join(words)
        Path(dir_path, FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
        if any("\n" in word or "\r" in word for word in words):  # lines cannot hold them
            Path(dir_path, EXACT_FILE).write_text(json.dumps(words), "utf-8")

    def load_assets(self, dir_path: Any) -> None:
        """Read what `save_assets` or Keras wrote."""
        if self._given:
            return
        exact, plain = Path(dir_path, EXACT_FILE), Path(dir_path, FILE)
        if exact.is_file():
            words = json.loads(exact.read_text("utf-8"))
        elif plain.is_file():
            words = plain.read_bytes().decode("utf-8", "surrogatepass").split("\n")
        else:
            return
        where = f"The file {FILE} of {self._where}"
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise DataError(where, got="something else than terms", expected="a list of text")
        try:
            terms = [self._term(self._from_file(word)) for word in words]
        except ValueError as error:
            raise DataError(where, got=f"a line that cannot be read ({error})", expected="a term") from error
        special = self._special()
        if terms[: len(special)] != special:
            raise DataError(where, got=f"{words[: len(special)]}", expected="the special tokens first")
        if self._promised is not None and self.output_mode != "int" and self._promised != len(terms):
            raise DataError(where, got=f"{len(terms)} terms", expected=f"{self._promised}, as its config says")
        idf = None if self._table is None else self._table.idf
        terms = terms[len(special) :]
        repeated(terms, where, self._written)
        if idf is not None and len(idf) != (self._depth if self.pad_to_max_tokens else self._start + len(terms)):
            raise DataError(
                where, got=f"{len(terms)} terms beside {len(idf)} idf_weights", expected="a weight for each"
            )
        self._learn(terms, idf)

    @property
    def keeps_assets(self) -> bool:
        """Whether it has learned what only assets hold."""
        return self._table is not None and not self._given

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of TF-IDF."""
        if self.output_mode == "tf_idf" and self._table is not None and self._table.idf is not None:
            store["idf_weights"] = self._table.idf

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote; the terms come with the assets."""
        if self.output_mode == "tf_idf" and "idf_weights" in store:
            known = [] if self._table is None else list(self._table.terms)
            self._learn(known, np.asarray(store["idf_weights"], "float32"))

    def get_config(self) -> Config:
        """The constructor's arguments; a vocabulary given to it as a list."""
        config = super().get_config()
        idf = self.idf_weights if self._given else None
        config["idf_weights"] = None if idf is None else idf[self._start :][: len(self._known().terms)].tolist()
        config["vocabulary_size"] = self.vocabulary_size()
        return config

    def learn_from(self, other: Any) -> None:
        """Take over the vocabulary that a layer of the same arguments has learned."""
        if not self._given and other._table is not None:
            self._table = other._table
            self._changed()

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """The layer of a config. No file is read because a config names it."""
        return super().from_config(checked_config(cls.__name__, config))


def checked_config(name: str, config: Config) -> Config:
    """A config of a lookup layer, judged.

    Raises:
        ArgumentError: a vocabulary that is the name of a file.
    """
    if isinstance(config.get("vocabulary"), (str, bytes)):
        raise ArgumentError(
            f"The config of {name} {config.get('name')!r}",
            got=f"the name of a file as vocabulary, {config['vocabulary']!r}",
            expected="a list of terms: configs may come from others, and name no files",
            hint=f"layers.{name}(vocabulary=path) in your own code",
        )
    return config


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines and lines[-1] == "" else lines


def _listed(vocabulary: Any) -> Sequence[Any]:
    if isinstance(vocabulary, (list, tuple)):
        return vocabulary
    if hasattr(vocabulary, "__array__"):
        return np.asarray(vocabulary).ravel().tolist()
    return list(vocabulary)
