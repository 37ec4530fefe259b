"""FeatureSpace: the columns of a table, each prepared by a layer of its own, as one vector or a dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import saving, tree
from .._core.module import Owned
from .._core.naming import unique_name
from .._errors import ArgumentError, DataError, NotBuiltError
from .._graph.tensor import KerasTensor
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Config, PathLike
from ..layers import (
    CategoryEncoding,
    Concatenate,
    Discretization,
    HashedCrossing,
    Hashing,
    Input,
    IntegerLookup,
    Layer,
    Normalization,
    Rescaling,
    StringLookup,
    TextVectorization,
)
from ..models import Model
from ._features import Cross, Feature, TFDIdentity, one_of_modes

_ADAPTED = (Discretization, IntegerLookup, Normalization, StringLookup, TextVectorization)


class FeatureSpace(Layer):
    """Prepare the columns of a table, each by a layer of its own, and cross some of them.

    Args:
        features: name -> kind of column: the name of one, such as "float_normalized" or "string_categorical", or
            what the static methods give, such as `FeatureSpace.string_hashed(num_bins=16)`.
        output_mode: "concat": one vector a row, of the columns in alphabetical order and then the crosses;
            "dict": name -> array.
        crosses: tuples of names, or `FeatureSpace.cross(…)`: combinations of categories, as categories of their own.
        crossing_dim: bins of a cross.
        hashing_dim: bins of a column that is hashed.
        num_discretization_bins: bins of a column of numbers that is discretized.
        name: default counts the class.

    Raises:
        ArgumentError: no columns, an unknown kind, a cross of columns that are not there.

    Examples:
        >>> space = FeatureSpace({"size": "float", "color": "string_categorical"})
        >>> space.adapt({"size": [1.0, 2.0], "color": ["red", "blue"]})
        >>> space({"size": [3.0], "color": ["blue"]}).tolist()
        [[0.0, 0.0, 1.0, 3.0]]
    """

    _saved_as = ("keras.utils", "FeatureSpace", None)
    _takes_text = True
    _raw_inputs = True
    _flow = Owned(lambda space: None)  # inputs, what they become, and the model between them

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ArgumentError(self._where, got=f"features={features!r}", expected="a dict of columns")
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = one_of_modes(output_mode, ("concat", "dict"), self._where)
        self.features = {key: self._feature(key, value) for key, value in features.items()}
        self.crosses = [self._cross(value) for value in crosses or ()]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}
        self.preprocessors = {key: feature.preprocessor for key, feature in self.features.items()}
        self.crossers = {cross.name: HashedCrossing(cross.crossing_dim, name=cross.name) for cross in self.crosses}
        self.one_hot_encoders: dict[str, Any] = {}
        self.autocast = False
        self._is_adapted = False

    @property
    def _where(self) -> str:
        return f"FeatureSpace {self.name!r}"

    @property
    def _on_host(self) -> bool:  # type: ignore[override]
        """Whether a model must run it ahead of the device: one of its layers does."""
        return any(layer._on_host for layer in (*self.preprocessors.values(), *self.crossers.values()))

    # -- kinds of columns ------------------------------------------------------------------------

    @staticmethod
    def cross(feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """The combinations of categories of several columns, hashed into `crossing_dim` bins."""
        return Cross(tuple(feature_names), crossing_dim, output_mode)

    @staticmethod
    def feature(dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A column prepared by a layer of your own.

        Args:
            dtype: of the column: "string", "int32", "float32" …
            preprocessor: a layer.
            output_mode: "float" or "int" as the layer gives it, or "one_hot" of its integers.
        """
        return Feature(dtype, preprocessor, output_mode)

    @staticmethod
    def float(name: str | None = None) -> Feature:
        """Numbers as they are."""
        return Feature("float32", TFDIdentity(name=_named(name, "float")), "float")

    @staticmethod
    def float_rescaled(scale: Any = 1.0, offset: Any = 0.0, name: str | None = None) -> Feature:
        """Numbers times `scale` plus `offset`."""
        return Feature("float32", Rescaling(scale, offset, name=_named(name, "float_rescaled")), "float")

    @staticmethod
    def float_normalized(name: str | None = None) -> Feature:
        """Numbers with mean 0 and variance 1."""
        return Feature("float32", Normalization(axis=-1, name=_named(name, "float_normalized")), "float")

    @staticmethod
    def float_discretized(
        num_bins: int | None, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Numbers in bins: `num_bins` of about as many rows each, or those between boundaries."""
        layer = Discretization(bin_boundaries, num_bins, name=_named(name, "float_discretized"))
        return Feature("float32", layer, output_mode)

    @staticmethod
    def integer_categorical(
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Integers that stand for categories, as indices of a vocabulary."""
        layer = IntegerLookup(max_tokens, num_oov_indices, name=_named(name, "integer_categorical"))
        return Feature("int32", layer, output_mode)

    @staticmethod
    def string_categorical(
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Texts that stand for categories, as indices of a vocabulary."""
        layer = StringLookup(max_tokens, num_oov_indices, name=_named(name, "string_categorical"))
        return Feature("string", layer, output_mode)

    @staticmethod
    def string_hashed(num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Texts in bins by their hash."""
        return Feature("string", Hashing(num_bins, name=_named(name, "string_hashed")), output_mode)

    @staticmethod
    def integer_hashed(num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Integers in bins by their hash."""
        return Feature("int32", Hashing(num_bins, name=_named(name, "integer_hashed")), output_mode)

    def _feature(self, name: str, value: Any) -> Feature:
        if isinstance(value, Feature):
            return value
        if isinstance(value, dict):
            return deserialize_keras_object(value)
        dims = {
            "float_discretized": (self.num_discretization_bins,),
            "string_hashed": (self.hashing_dim,),
            "integer_hashed": (self.hashing_dim,),
        }
        kinds = (
            "float",
            "float_rescaled",
            "float_normalized",
            "integer_categorical",
            "string_categorical",
            *dims,
        )
        if value not in kinds:
            raise ArgumentError(
                f"{self._where}, feature {name!r}", got=f"the kind {value!r}", expected=f"one of {sorted(kinds)}"
            )
        return getattr(type(self), value)(*dims.get(value, ()), name=name)

    def _cross(self, value: Any) -> Cross:
        if isinstance(value, dict):
            value = deserialize_keras_object(value)
        if not isinstance(value, Cross):
            value = Cross(tuple(value) if isinstance(value, (list, tuple)) else (value,), self.crossing_dim)
        unknown = [name for name in value.feature_names if name not in self.features]
        if unknown or len(value.feature_names) < 2:
            raise ArgumentError(
                f"{self._where}, crosses",
                got=f"a cross of {value.feature_names}",
                expected=f"at least 2 of {sorted(self.features)}",
            )
        return value

    # -- learning --------------------------------------------------------------------------------

    def adapt(self, dataset: Any) -> None:
        """Let each column's layer learn from data: vocabularies, means, boundaries. One pass.

        Args:
            dataset: a dict of columns; or an iterable of such dicts, of rows or of batches: a dataset, a generator.

        Raises:
            DataError: there is no data, or it is no dict of these columns.
        """
        learning = {name: layer for name, layer in self.preprocessors.items() if _learns(layer)}
        for layer in learning.values():
            layer.reset_state()
        count = 0
        for batch in self._batches(dataset):
            count += 1
            for name, layer in learning.items():
                layer.update_state(_column(batch[name]))
        if not count:
            raise DataError(f"adapt of {self._where}", got="no data", expected="at least one row")
        for layer in learning.values():
            layer.finalize_state()
        self._is_adapted = True
        self._flow = None
        self.get_encoded_features()

    def _batches(self, dataset: Any) -> Iterator[Mapping[str, Any]]:
        where = f"adapt of {self._where}"
        if isinstance(dataset, Mapping):
            yield self._checked(dataset, where)
            return
        if hasattr(dataset, "iloc"):  # a pandas table
            yield self._checked({name: dataset[name] for name in dataset.columns}, where)
            return
        if isinstance(dataset, (str, bytes)) or not hasattr(dataset, "__iter__"):
            raise DataError(
                where, got=f"a {type(dataset).__name__}", expected="a dict of columns, or an iterable of them"
            )
        for batch in dataset:
            if not isinstance(batch, Mapping):
                raise DataError(
                    where,
                    got=f"a batch that is a {type(batch).__name__}",
                    expected="dicts of columns",
                    hint="adapt(dataset.map(lambda x, y: x))" if isinstance(batch, (tuple, list)) else None,
                )
            yield self._checked(batch, where)

    def _checked(self, data: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(data, Mapping):
            raise DataError(where, got=f"a {type(data).__name__}", expected="a dict of columns")
        missing = sorted(name for name in self.features if name not in data)
        if missing:
            raise DataError(where, got=f"columns {sorted(map(str, data))}", expected=f"{missing} among them")
        return data

    # -- the graph -------------------------------------------------------------------------------

    def get_inputs(self) -> dict[str, KerasTensor]:
        """The symbolic inputs, one for each column: those of a model that takes raw tables."""
        return self._known()[0]

    def get_preprocessed_features(self) -> dict[str, Any]:
        """The symbolic columns after their layers, before any is encoded as a vector."""
        return self._known()[1]

    def get_encoded_features(self) -> Any:
        """What the symbolic inputs become: one symbolic tensor, or a dict of them."""
        return self._known()[2]

    @property
    def inputs(self) -> dict[str, KerasTensor]:
        """The symbolic inputs."""
        return self.get_inputs()

    @property
    def encoded_features(self) -> Any:
        """What the symbolic inputs become."""
        return self.get_encoded_features()

    def _known(self) -> tuple[Any, Any, Any, Model]:
        if not self._is_adapted:
            raise NotBuiltError(
                self._where, got="a call before adapt()", expected="data first", hint="feature_space.adapt(dataset)"
            )
        if self._flow is None:
            inputs = {
                name: Input(shape=(1,), dtype=feature.dtype, name=name) for name, feature in self.features.items()
            }
            preprocessed = {name: self.preprocessors[name](tensor) for name, tensor in inputs.items()}
            crossed = {
                cross.name: self.crossers[cross.name]([preprocessed[name] for name in cross.feature_names])
                for cross in self.crosses
            }
            encoded = self._merged(preprocessed, crossed)
            self._flow = inputs, preprocessed, encoded, Model(inputs, encoded, name=f"{self.name}_flow")
            self.built = True
        return self._flow

    def _merged(self, preprocessed: dict[str, Any], crossed: dict[str, Any]) -> Any:
        out = {}
        for name in (*sorted(preprocessed), *sorted(crossed)):
            tensor = {**preprocessed, **crossed}[name]
            described = self.features[name] if name in preprocessed else self.crosses_by_name[name]
            if described.output_mode == "one_hot":
                self.one_hot_encoders[name] = encoder = CategoryEncoding(
                    self._cardinality(name, tensor), "multi_hot", name=f"{name}_encoder"
                )
                tensor = encoder(tensor)
            if self.output_mode == "concat" and "float" not in tensor.dtype:
                raise ArgumentError(
                    self._where,
                    got=f"feature {name!r} of dtype {tensor.dtype}, which is not encoded",
                    expected="vectors of floats, to be put side by side",
                    hint='output_mode="one_hot" for the feature, or output_mode="dict" for the space',
                )
            out[name] = tensor
        if self.output_mode == "dict":
            return out
        tensors = list(out.values())
        return Concatenate(axis=-1)(tensors) if len(tensors) > 1 else tensors[0]

    def _cardinality(self, name: str, tensor: KerasTensor) -> int:
        where = f"{self._where}, feature {name!r}"
        if "int" not in tensor.dtype:
            raise ArgumentError(
                where, got=f'output_mode="one_hot" and a layer that gives {tensor.dtype}', expected="integers"
            )
        layer = self.preprocessors.get(name) or self.crossers[name]
        if isinstance(layer, (StringLookup, IntegerLookup, TextVectorization)):
            return layer.vocabulary_size()
        if isinstance(layer, CategoryEncoding):
            return layer.num_tokens
        if isinstance(layer, Discretization):
            return len(layer.bin_boundaries or ()) + 1
        if isinstance(layer, (Hashing, HashedCrossing)):
            return layer.num_bins
        raise ArgumentError(
            where,
            got=f'output_mode="one_hot" and a {type(layer).__name__}',
            expected="a layer that tells how many categories it gives",
            hint='output_mode="int"',
        )

    # -- calling ---------------------------------------------------------------------------------

    def call(self, data: Any) -> Any:
        """The columns of a table, prepared.

        Args:
            data: name -> column (rows,) or (rows, 1), or the value of a single row.

        Returns:
            A vector a row, or a dict of arrays; of a single row without the axis of rows.
        """
        model = self._known()[3]
        self._checked(data, self._where)
        columns = {name: data[name] for name in self.features}
        single = all(np.ndim(column) == 0 for column in columns.values())
        out = model.call({name: _column(column) for name, column in columns.items()})
        return tree.map_structure(lambda leaf: leaf[0], out) if single else out

    def compute_output_spec(self, data: Any) -> Any:
        """The symbolic outputs."""
        return tree.map_structure(lambda tensor: KerasTensor(tensor.shape, tensor.dtype), self.get_encoded_features())

    # -- as data ---------------------------------------------------------------------------------

    def get_config(self) -> Config:
        """The constructor's arguments."""
        return {
            "features": serialize_keras_object(self.features),
            "output_mode": self.output_mode,
            "crosses": [serialize_keras_object(cross) for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """The FeatureSpace of a config, not adapted yet."""
        return cls(**config)

    def get_build_config(self) -> Config:
        """What each column's layer was built with."""
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: Config) -> None:
        """Build each column's layer; what it learned comes with the weights and assets."""
        for name, built in config.items():
            layer = self.preprocessors.get(name)
            if layer is not None and built and not layer.built:
                layer.build_from_config(built)
        self._is_adapted = True

    def save(self, filepath: PathLike) -> None:
        """Write it to a `.keras` file, with what it has learned; `models.load_model` reads it."""
        saving.save_model(self, filepath)


def _named(name: str | None, kind: str) -> str | None:
    return f"{name or unique_name(kind)}_preprocessor"


def _learns(layer: Any) -> bool:
    if not isinstance(layer, _ADAPTED):
        return False
    if isinstance(layer, Discretization):
        return layer.num_bins is not None
    if isinstance(layer, Normalization):
        return layer.input_mean is None
    lookup = layer._lookup_layer if isinstance(layer, TextVectorization) else layer
    return not lookup._given


def _column(values: Any) -> Any:
    """A column as (rows, 1); one value as one row."""
    if not hasattr(values, "shape") or hasattr(values, "iloc"):
        values = np.asarray(values, object if _is_text(values) else None)
    if values.ndim == 0:
        return values.reshape(1, 1)
    return values[:, None] if values.ndim == 1 else values


def _is_text(values: Any) -> bool:
    first = values
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    return isinstance(first, (str, bytes)) or (hasattr(values, "iloc") and not hasattr(values.dtype, "itemsize"))
