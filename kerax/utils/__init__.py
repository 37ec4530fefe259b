"""Helpers for users; nothing inside kerax imports them."""

from __future__ import annotations

from .. import tree
from .._core.dtypes import standardize_dtype
from .._graph.function import source_inputs as get_source_inputs
from .._graph.tensor import is_symbolic as is_keras_tensor
from .._inspect.drawing import plot_model, to_dot
from .._serial import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from ..callbacks._bar import Progbar
from ..config import disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled
from ..data._adapters import pack_x_y_sample_weight, unpack_x_y_sample_weight
from ..data.pydataset import PyDataset
from ..models import clone_model
from ._audio_directory import audio_dataset_from_directory
from ._config import Config
from ._csv_dataset import make_csv_dataset
from ._datasets import split_dataset, timeseries_dataset_from_array
from ._files import get_file
from ._image_directory import image_dataset_from_directory
from ._images import array_to_img, img_to_array, load_img, save_img
from ._numeric import normalize, to_categorical
from ._sequences import pad_sequences
from ._session import clear_session, set_random_seed
from ._text_directory import text_dataset_from_directory

Sequence = PyDataset
model_to_dot = to_dot

__all__ = [
    "Config",
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "clear_session",
    "clone_model",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "make_csv_dataset",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "tree",
    "unpack_x_y_sample_weight",
]
