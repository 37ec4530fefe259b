"""What a model or a function takes, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from .._core.dtypes import is_float
from .._errors import ArgumentError, Unsupported
from ..layers._layer import Layer
from ..layers._spec import InputSpec


def signature_of(fn: Callable, given: Any, where: str) -> tuple[list[Any], list[str]]:
    """The arguments of a function as structures of tensors, and the names of its tensors where there are some.

    Args:
        fn: a model, its `call`, or any function.
        given: what the caller said about them; None: what the model knows.

    Raises:
        ArgumentError: nothing is known.
        Unsupported: layers on strings.
    """
    model = fn if isinstance(fn, Layer) else getattr(fn, "__self__", None)
    model = model if isinstance(model, Layer) else None
    known = _known(model) if model is not None else None
    if model is not None:
        _no_strings(model, where)
    names = list(getattr(model, "input_names", ())) if known is not None else []
    if given is None:
        if known is None:
            raise ArgumentError(
                where,
                got="no input_signature, and a function whose inputs are not known",
                expected="one for each argument, such as [kerax.InputSpec(shape=(None, 3), dtype='float32')]",
            )
        return known, names
    signature = list(given) if isinstance(given, (list, tuple)) else [given]
    if known is not None and len(signature) > 1 and len(known) == 1:
        if isinstance(known[0], (list, tuple)) and len(known[0]) == len(signature):
            signature = [type(known[0])(signature)]  # the inputs of a model, which takes them in a list
    return signature, names if len(names) == len(tree.flatten(signature)) else []


def _known(model: Layer) -> list[Any] | None:
    """The inputs of a model: its symbolic ones, or floats of the shapes it was built for with any number of rows."""
    if getattr(model, "_has_graph", False):
        return [model.input]
    if not model.built:
        raise ArgumentError(
            f"export of {type(model).__name__} {model.name!r}",
            got="a model that is not built",
            hint="call it on data once, or build(input_shape)",
        )
    config = model.get_build_config() or {}
    shapes = [*config["shapes_dict"].values()] if "shapes_dict" in config else [config.get("input_shape")]
    if None in shapes:
        return None
    dtype = model.compute_dtype if is_float(model.compute_dtype or "") else "float32"

    def tensor(shape: Any) -> Any:
        if isinstance(shape, dict):
            return {key: tensor(item) for key, item in shape.items()}
        if any(isinstance(item, (list, tuple, dict)) for item in shape):
            return [tensor(item) for item in shape]
        return InputSpec(shape=(None, *shape[1:]) if shape else (), dtype=dtype)

    return [tensor(shape) for shape in shapes]


def _no_strings(model: Layer, where: str) -> None:
    """Refuse layers that compute in Python."""
    for layer in model._flatten_layers():
        if getattr(layer, "_on_host", False):
            raise Unsupported(
                where,
                got=f"{type(layer).__name__} {layer.name!r}, which works on strings",
                hint="export the part of the model behind it: programs hold numbers only",
            )
