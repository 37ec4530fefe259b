"""export_model: which format, and who writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._errors import ArgumentError
from .._exported.program import SERVE
from .._types import PathLike
from ..layers._layer import Layer
from ._archive import ExportArchive
from ._converted import write_onnx, write_saved_model


def export_model(
    model: Layer,
    filepath: PathLike,
    format: str = "stablehlo",
    verbose: bool | None = None,
    input_signature: Any = None,
    *,
    platforms: Sequence[str] | None = None,
    differentiable: bool = False,
    **kwargs: Any,
) -> None:
    """Write a model as a program for inference.

    Args:
        model: a built model or layer.
        filepath: the directory to write; with "onnx" a file.
        format: "stablehlo": a program of JAX with its values beside it, which `export.load` and `layers.ExportedLayer`
            read, and `jax.export` too; "tf_saved_model" with TensorFlow, "onnx" with jax2onnx, if they are installed.
        verbose: whether to log what was written; default True.
        input_signature: for each argument a structure of `InputSpec`, symbolic tensors, `jax.ShapeDtypeStruct`
            or arrays; default what the model knows. None sizes stay open; `batch` is the first axis.
        platforms: of "stablehlo": where the program shall run; default "cpu", "cuda" and "tpu".
        differentiable: of "stablehlo": whether gradients can be taken through the loaded program.

    Raises:
        ArgumentError: another format, an unknown argument, a model that is not built or has to know an open size.
        Unsupported: layers on strings, but in functional and Sequential models as "stablehlo"; calls back into Python.
        ImportError: the package that writes the format is not installed.
    """
    where = f"export of {model.name!r}"
    if format not in ("stablehlo", "tf_saved_model", "onnx"):
        raise ArgumentError(where, got=f"format={format!r}", expected="'stablehlo', 'tf_saved_model' or 'onnx'")
    if format != "stablehlo":
        write = write_saved_model if format == "tf_saved_model" else write_onnx
        write(model, filepath, verbose, input_signature, **kwargs)
        return
    kwargs.pop("is_static", None)
    if kwargs:
        raise ArgumentError(where, got=f"the unknown arguments {sorted(kwargs)}", expected="those of its signature")
    archive = ExportArchive()
    archive.track_and_add_endpoint(SERVE, model, input_signature, differentiable=differentiable)
    archive.write_out(filepath, verbose=verbose is not False, platforms=platforms)
