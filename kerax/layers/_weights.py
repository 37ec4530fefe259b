"""What a layer holds: its variables and those of the layers inside, in Keras's order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from flax import nnx

from .._core import nnx_private
from .._core.context import changes
from .._core.module import Module, foreign_variables
from .._core.variable import Parameter, Variable
from .._errors import ArgumentError, NotBuiltError, ShapeError


class WeightHolder(Module):
    """The base of `Layer`: which variables it holds is read off its attributes."""

    name: str
    built: bool
    _trainable: bool

    def _own_variables(self) -> list[nnx.Variable]:
        """The variables held directly: trainable ones first, as Keras orders them."""
        own = [item for item in self._own() if isinstance(item, nnx.Variable)]
        return [v for v in own if isinstance(v, nnx.Param)] + [v for v in own if not isinstance(v, nnx.Param)]

    def _own_modules(self) -> list[nnx.Module]:
        return [item for item in self._own() if isinstance(item, nnx.Module)]

    def _sublayers(self) -> list[WeightHolder]:
        """The layers held directly."""
        return [item for item in self._own_modules() if isinstance(item, WeightHolder)]

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> Iterator[WeightHolder]:
        """This layer and all inside, depth first, each once."""
        seen: set[int] = set()

        def visit(layer: WeightHolder) -> Iterator[WeightHolder]:
            if id(layer) in seen:
                return
            seen.add(id(layer))
            yield layer
            if recursive or layer is self:
                for inner in layer._sublayers():
                    yield from visit(inner)

        layers = visit(self)
        if not include_self:
            next(layers)
        return layers

    def _collect(self, want: Callable[[WeightHolder, nnx.Variable], bool]) -> list[Any]:
        found: dict[int, Any] = {}

        def visit(layer: WeightHolder) -> None:
            for variable in layer._own_variables():
                if id(variable) not in found and want(layer, variable):
                    found[id(variable)] = variable
            for module in layer._own_modules():
                if isinstance(module, WeightHolder):
                    visit(module)
                else:
                    inner = (
                        [item for item in module._own() if isinstance(item, nnx.Variable)]
                        if isinstance(module, Module)
                        else foreign_variables(module)
                    )
                    for variable in inner:
                        if id(variable) not in found and want(layer, variable):
                            found[id(variable)] = variable

        visit(self)
        return list(found.values())

    @property
    def variables(self) -> list[Any]:
        """Everything that can change: weights, seeds, states of metrics inside."""
        from_layers = self._collect(lambda layer, v: True)
        known = {id(v) for v in from_layers}
        for metric in self._inner_metrics():
            for variable in metric.variables:
                if id(variable) not in known:
                    known.add(id(variable))
                    from_layers.append(variable)
        return from_layers

    @property
    def weights(self) -> list[Any]:
        """All weights, in Keras's order: own ones, trainable first, then each inner layer's."""
        return self._collect(lambda layer, v: is_weight(v))

    @property
    def trainable_variables(self) -> list[Any]:
        """The weights an optimizer changes, empty where `trainable` is False."""
        return self.trainable_weights

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights an optimizer changes, empty where `trainable` is False."""
        if not self.trainable:
            return []
        return self._collect(lambda layer, v: is_weight(v) and layer.trainable and _trainable(v))

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The weights no optimizer changes."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trainable]

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The variables no optimizer changes."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.variables if id(v) not in trainable]

    def _inner_metrics(self) -> list[Any]:
        """Metrics held by this layer and the ones inside."""
        found: dict[int, Any] = {}
        for layer in self._flatten_layers():
            for module in layer._own_modules():
                if (
                    isinstance(module, Module)
                    and hasattr(module, "update_state")
                    and not isinstance(module, WeightHolder)
                ):
                    found.setdefault(id(module), module)
        return list(found.values())

    @property
    def metrics(self) -> list[Any]:
        """The metrics held by this layer and the ones inside."""
        return self._inner_metrics()

    @property
    def metrics_variables(self) -> list[Any]:
        """The states of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether an optimizer may change the weights; setting it reaches every inner layer."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = boolean(value, self.name)
        changes.count += 1
        for layer in self._flatten_layers():
            object.__setattr__(layer, "_trainable", value)
            for variable in layer._own_variables():
                if isinstance(variable, Parameter):
                    variable.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """The values of `weights`, as NumPy arrays."""
        return [np.asarray(nnx_private.raw(v)) for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign `weights`, one value each.

        Raises:
            ShapeError: another number of values, or a value of another shape.
        """
        variables = self.weights
        where = f"set_weights of {type(self).__name__} {self.name!r}"
        if len(weights) != len(variables):
            raise ShapeError(
                where,
                got=f"{len(weights)} values",
                expected=f"{len(variables)}, one for each weight",
                hint="build the layer first" if not self.built else None,
            )
        for variable, value in zip(variables, weights, strict=True):
            if tuple(np.shape(value)) != tuple(variable.shape):
                name = getattr(variable, "path", "")
                raise ShapeError(
                    where,
                    got=f"a value of shape {tuple(np.shape(value))} for weight {name!r}",
                    expected=tuple(variable.shape),
                )
        for variable, value in zip(variables, weights, strict=True):
            variable[...] = value

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            NotBuiltError: the weights do not exist yet.
        """
        if not self.built:
            raise NotBuiltError(
                f"count_params of {type(self).__name__} {self.name!r}",
                got="a layer that is not built",
                hint="call it on data once, or build(input_shape)",
            )
        return sum(math.prod(v.shape) for v in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Write the values of the variables held directly, by number."""
        for index, variable in enumerate(v for v in self._own_variables() if is_weight(v)):
            store[f"{index}"] = np.asarray(nnx_private.raw(variable))

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote.

        Raises:
            ShapeError: another number of values.
        """
        variables = [v for v in self._own_variables() if is_weight(v)]
        if len(store) != len(variables):
            raise ShapeError(
                f"Weights of {type(self).__name__} {self.name!r}",
                got=f"{len(store)} stored values",
                expected=f"{len(variables)} for its {len(variables)} weights",
                hint="build the layer before loading" if not self.built else None,
            )
        for index, variable in enumerate(variables):
            variable[...] = np.asarray(store[f"{index}"])


def is_weight(variable: nnx.Variable) -> bool:
    """Whether get_weights holds it: not a seed's state, not a metric's."""
    if isinstance(variable, nnx.RngState):
        return False
    return not (variable.get_metadata("seed_state", False) or variable.get_metadata("rnn_state", False))


def _trainable(variable: nnx.Variable) -> bool:
    return variable.trainable if isinstance(variable, Variable) else isinstance(variable, nnx.Param)


def boolean(value: Any, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentError(f"trainable of {name!r}", got=repr(value), expected="True or False")
    return bool(value)


__all__ = ["WeightHolder", "boolean", "is_weight"]
