"""What a FeatureSpace is told of a column, or of several crossed."""

from __future__ import annotations

from typing import Any

from .._errors import ArgumentError
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Config
from ..layers import Layer

_KEPT_IN = "keras.src.layers.preprocessing.feature_space"  # where Keras keeps these classes


def one_of_modes(value: Any, allowed: tuple[str, ...], where: str) -> str:
    """`value`, one of the modes.

    Raises:
        ArgumentError: something else.
    """
    if value not in allowed:
        raise ArgumentError(where, got=f"output_mode={value!r}", expected=f"one of {allowed}")
    return value


class TFDIdentity(Layer):
    """Gives what it gets, integers and text too."""

    _saved_as = (_KEPT_IN, "TFDIdentity", "TFDIdentity")
    _takes_text = True

    def call(self, x: Any) -> Any:
        """`x`."""
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return input_shape

    def compute_output_spec(self, x: Any) -> Any:
        """The symbolic input."""
        return x


class Feature:
    """A column: the dtype it comes in, the layer that prepares it, and what that gives.

    Args:
        dtype: "string", or that of its numbers.
        preprocessor: a layer, or its config.
        output_mode: "float" or "int": as the layer gives it; "one_hot": of its integers.
    """

    _saved_as = (_KEPT_IN, "Feature", "Feature")

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        self.output_mode = one_of_modes(output_mode, ("int", "one_hot", "float"), "A feature")
        self.dtype = dtype
        self.preprocessor = deserialize_keras_object(preprocessor) if isinstance(preprocessor, dict) else preprocessor

    def get_config(self) -> Config:
        """The constructor's arguments."""
        return {
            "dtype": self.dtype,
            "preprocessor": serialize_keras_object(self.preprocessor),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: Config) -> Feature:
        """The feature of a config."""
        return cls(**config)


class Cross:
    """Columns whose combinations of categories are hashed.

    Args:
        feature_names: of the columns.
        crossing_dim: bins.
        output_mode: "int", or "one_hot" vectors.
    """

    _saved_as = (_KEPT_IN, "Cross", "Cross")

    def __init__(self, feature_names: tuple[str, ...], crossing_dim: int, output_mode: str = "one_hot") -> None:
        self.output_mode = one_of_modes(output_mode, ("int", "one_hot"), "A cross of features")
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim

    @property
    def name(self) -> str:
        """The names of its columns, joined."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> Config:
        """The constructor's arguments."""
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: Config) -> Cross:
        """The cross of a config."""
        return cls(**config)
