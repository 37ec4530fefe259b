"""Formats that converters of other projects write."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import tree
from .._errors import ArgumentError
from .._exported.structure import specs
from .._host.files import atomic_write
from .._host.optional import optional
from .._types import PathLike
from ..layers._layer import Layer
from ._archive import is_trainable, variable_names
from ._signature import signature_of
from ._trace import PLATFORMS, Traced, trace

log = logging.getLogger("kerax")


def write_saved_model(
    model: Layer,
    filepath: PathLike,
    verbose: bool | None = None,
    input_signature: Any = None,
    *,
    is_static: bool | None = None,
    jax2tf_kwargs: Mapping[str, Any] | None = None,
) -> None:
    """Write a SavedModel of TensorFlow, by jax2tf: `tf.saved_model.load(path).serve(x)`.

    Args:
        model: a built model.
        filepath: the directory.
        verbose: whether to log what was written.
        input_signature: as for every export.
        is_static: kept for compatibility; programs keep no state.
        jax2tf_kwargs: more arguments of `jax2tf.convert`.

    Raises:
        ImportError: TensorFlow is not installed.
    """
    tf = optional("tensorflow", extra="tf", why='export with format="tf_saved_model"')
    from jax.experimental import jax2tf  # imports TensorFlow

    traced = _traced(model, input_signature)
    shapes = [f"({', '.join(map(str, struct.shape))})" for struct in traced.structs]
    options = {
        "polymorphic_shapes": (None, shapes),
        "with_gradient": False,
        "native_serialization_platforms": PLATFORMS,
        **(jax2tf_kwargs or {}),
    }
    run = jax2tf.convert(traced.fn, **options)
    names = variable_names(traced.variables)
    values = [
        tf.Variable(np.asarray(value), trainable=is_trainable(variable), name=name)
        for name, variable, value in zip(names, traced.variables, traced.values(), strict=True)
    ]

    def spec(one: Any) -> Any:
        return tf.TensorSpec([None if isinstance(size, str) else size for size in one.shape], one.dtype, name=one.name)

    def serve(*args: Any) -> Any:
        return tree.pack_sequence_as(traced.outputs, run(values, tree.flatten(list(args))))

    module = tf.Module()
    module.values = values
    signature = tree.map_structure(spec, traced.inputs)
    module.serve = tf.function(serve, input_signature=signature, autograph=False)
    path = Path(filepath).expanduser()
    if path.exists() and not path.is_dir():
        raise ArgumentError(f"export to {path.name!r}", got="the name of a file", expected="a directory, or a new name")
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = secrets.token_hex(4)
    part, before = path.with_name(f".{path.name}.{mark}.part"), path.with_name(f".{path.name}.{mark}.old")
    try:
        tf.saved_model.save(module, str(part), signatures={"serving_default": module.serve})
        if path.exists():
            os.rename(path, before)
        os.rename(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(before, ignore_errors=True)
    if verbose is not False:
        log.info("Exported to %s: a SavedModel with the endpoint serve", path)


def write_onnx(
    model: Layer,
    filepath: PathLike,
    verbose: bool | None = None,
    input_signature: Any = None,
    *,
    opset_version: int | None = None,
) -> None:
    """Write an ONNX file, by jax2onnx, the values of the model in it.

    Args:
        model: a built model.
        filepath: the file.
        verbose: whether to log what was written.
        input_signature: as for every export.
        opset_version: of ONNX; default what the converter takes.

    Raises:
        ImportError: jax2onnx is not installed.
    """
    try:
        import jax2onnx
    except ModuleNotFoundError as error:
        raise ImportError(
            f'export with format="onnx" needs {error.name}, which is not installed. Try: pip install --no-deps '
            "jax2onnx onnx onnx-ir (jax2onnx 0.17 asks for an orbax-checkpoint older than kerax's, and does without).",
            name=error.name,
        ) from None
    traced = _traced(model, input_signature)
    values = traced.values()
    model_bytes = jax2onnx.to_onnx(
        lambda *tensors: tuple(traced.fn(values, list(tensors))),
        traced.structs,
        model_name=model.name,
        input_names=[spec.name for spec in specs(traced.inputs)],
        **({} if opset_version is None else {"opset": opset_version}),
    ).SerializeToString()
    path = Path(filepath).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(model_bytes)
    if verbose is not False:
        log.info("Exported to %s: an ONNX model", path)


def _traced(model: Layer, input_signature: Any) -> Traced:
    where = f"export of {model.name!r}"
    signature, names = signature_of(model, input_signature, where)
    return trace(model, signature, where, names)
