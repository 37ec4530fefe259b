"""Copies of models: same layers, new weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import tree
from .._errors import ArgumentError
from .._graph.node import OpCall
from .._graph.tensor import KerasTensor
from ..layers._core.bytecode import trusting_own
from ..layers._core.input_layer import Input, InputLayer
from ..layers._layer import Layer
from ..saving import archive, limits
from ._functional import Functional
from ._model import Model
from ._sequential import Sequential


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
) -> Model:
    """A model of the same layers with new weights. Vocabularies that layers have learned are taken along.

    Args:
        model: Sequential, functional, or of a class with a config.
        input_tensors: symbolic tensors to build on, instead of new Inputs.
        clone_function: gives the new layer for an old one; default: from its config.
        call_function: called as `(layer, *args, **kwargs)` in place of calling the new layer.
        recursive: apply `clone_function` inside nested models too.

    Raises:
        ArgumentError: a subclassed model with `clone_function` or `input_tensors`.
    """

    def clone(layer: Any) -> Any:
        if recursive and isinstance(layer, (Functional, Sequential)):
            return clone_model(layer, clone_function=clone_function, call_function=call_function, recursive=True)
        if clone_function is not None:
            return clone_function(layer)
        with trusting_own():
            copy = type(layer).from_config(layer.get_config())
        _teach(copy, layer)
        return copy

    if isinstance(model, Sequential):
        layers = [layer for layer in model._stack() if not isinstance(layer, InputLayer)]
        copy = Sequential(name=model.name)
        if input_tensors is not None:
            copy.add(tree.flatten(input_tensors)[0], rebuild=False)
        elif model._stack() and isinstance(model._stack()[0], InputLayer):
            entry = model._stack()[0]
            copy.add(InputLayer.from_config(entry.get_config()), rebuild=False)
        for layer in layers:
            copy.add(clone(layer), rebuild=False)
        copy._rebuild()
        return copy
    if isinstance(model, Functional):
        made: dict[int, Any] = {}
        given = None if input_tensors is None else tree.flatten(input_tensors)
        feeds = []
        for index, tensor in enumerate(model.inputs):
            feeds.append(
                given[index]
                if given is not None
                else Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=model.input_names[index])
            )

        def call(operation: Any, args: tuple, kwargs: dict) -> Any:
            if isinstance(operation, OpCall):
                return operation(*args, **kwargs)
            if id(operation) not in made:
                made[id(operation)] = clone(operation)
            new = made[id(operation)]
            return call_function(new, *args, **kwargs) if call_function is not None else new(*args, **kwargs)

        outputs = model._plan.run(model.by_name, feeds, call)
        supply = iter(feeds)
        inputs = tree.map_structure(lambda leaf: next(supply) if isinstance(leaf, KerasTensor) else leaf, model.input)
        copy = getattr(type(model), "_written_as", type(model))(inputs, outputs, name=model.name)
        copy._join(made.values())
        return copy
    if clone_function is not None or input_tensors is not None:
        raise ArgumentError(
            f"clone_model of {type(model).__name__} {model.name!r}",
            got="a subclassed model with clone_function or input_tensors",
            expected="a Sequential or functional model, whose layers can be taken apart",
        )
    with trusting_own():
        copy = type(model).from_config(model.get_config())
    _teach(copy, model)
    return copy


def _teach(copy: Any, layer: Any) -> None:
    """Give lookup layers the vocabularies that were learned: they are no weights, and no part of a config."""
    for new, old in zip(copy._flatten_layers(), layer._flatten_layers(), strict=False):
        if type(new) is type(old) and hasattr(new, "learn_from"):
            new.learn_from(old)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model that `to_json` wrote, with new weights.

    Raises:
        DataError: text that is not JSON, or not the config of a model.
        ArgumentError: a class that is not known.
    """
    where = "model_from_json"
    return archive.model_of(limits.parsed(json_string, where), where, custom_objects, True, True)
