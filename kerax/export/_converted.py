"""Formats that other projects' converters write."""

from __future__ import annotations

from typing import Any

from .._host.optional import optional
from .._types import PathLike


def write_saved_model(
    model: Any, filepath: PathLike, verbose: bool | None, input_signature: Any, **kwargs: Any
) -> None:
    """Write a SavedModel of TensorFlow, by jax2tf."""
    optional("tensorflow", extra="tf", why='export with format="tf_saved_model"')


def write_onnx(model: Any, filepath: PathLike, verbose: bool | None, input_signature: Any, **kwargs: Any) -> None:
    """Write an ONNX file, by jax2onnx."""
    optional("jax2onnx", extra="onnx", why='export with format="onnx"')
