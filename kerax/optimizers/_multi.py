"""Several optimizers behind one: each variable is stepped by the one that a map or a function names for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from flax import nnx

from .._core.module import Opaque, name_of
from .._core.variable import Variable
from .._errors import ArgumentError, DTypeError, NameError_, Unsupported
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Config
from ._base import Optimizer
from ._state import read, write

__all__ = ["MultiOptimizer", "OptimizerMap"]


class OptimizerMap(MutableMapping):
    """Optimizers by pattern: `map["encoder/.*"] = Adam()`; it gives the one whose pattern fits a path.

    Args:
        default_optimizer: for paths that no pattern fits.
        optimizer_map: pattern -> optimizer; a regular expression fits the whole of a path.

    Raises:
        DTypeError: the default is no optimizer.
        ArgumentError: a key that is no string or is there already, a value that is no optimizer; two
            patterns that fit one path.
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: Mapping[str, Optimizer] | None = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise DTypeError("OptimizerMap default_optimizer", got=repr(default_optimizer), expected="an optimizer")
        self._default = default_optimizer
        self._by_pattern: dict[str, Optimizer] = {}
        self.update(optimizer_map or {})

    @property
    def default_optimizer(self) -> Optimizer:
        """For paths that no pattern fits."""
        return self._default

    def __getitem__(self, path: str) -> Optimizer:
        if path in self._by_pattern:
            return self._by_pattern[path]
        found = [pattern for pattern in self._by_pattern if re.fullmatch(pattern, path)]
        if len(found) > 1:
            raise ArgumentError("OptimizerMap", got=f"the patterns {found} for {path!r}", expected="one of them")
        return self._by_pattern[found[0]] if found else self._default

    def __setitem__(self, pattern: str, optimizer: Optimizer) -> None:
        if not isinstance(pattern, str):
            raise ArgumentError("OptimizerMap", got=f"the key {pattern!r}", expected="a regular expression")
        if pattern in self._by_pattern:
            raise ArgumentError("OptimizerMap", got=f"{pattern!r} twice", hint="delete it first")
        if not isinstance(optimizer, Optimizer):
            raise ArgumentError(f"OptimizerMap[{pattern!r}]", got=repr(optimizer), expected="an optimizer")
        self._by_pattern[pattern] = optimizer

    def __delitem__(self, pattern: str) -> None:
        del self._by_pattern[pattern]

    def __contains__(self, pattern: object) -> bool:
        return pattern in self._by_pattern

    def __len__(self) -> int:
        return len(self._by_pattern)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_pattern)

    def __call__(self, variable: nnx.Variable) -> Optimizer:
        """The optimizer of a variable, by its path."""
        return self[name_of(variable)]

    def get_config(self) -> Config:
        """The optimizers' configs, by pattern."""
        return {
            "default_optimizer": serialize_keras_object(self._default),
            "optimizer_map": {key: serialize_keras_object(value) for key, value in self._by_pattern.items()},
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: Mapping[str, Any] | None = None) -> OptimizerMap:
        """The map that `get_config` describes."""
        return cls(
            deserialize_keras_object(config["default_optimizer"], custom_objects),
            {key: deserialize_keras_object(one, custom_objects) for key, one in config["optimizer_map"].items()},
        )


class MultiOptimizer(Optimizer):
    """Steps each variable by the optimizer chosen for it; rates, clipping and averages are those of that one.

    Args:
        optimizer_map: an `OptimizerMap`, or a function that gives the optimizer of a variable.
        loss_scale_factor: that of all the optimizers; None: each has its own.
        name: default counts the class.

    Raises:
        ArgumentError: neither a map nor a function.
    """

    _begins_complete = False  # each optimizer's slots stand beside its own first variables

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[nnx.Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise ArgumentError(
                "MultiOptimizer",
                got=repr(optimizer_map),
                expected="an OptimizerMap, or a function that gives the optimizer of a variable",
            )
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._choose = Opaque(optimizer_map)
        self._optimizers: list[Optimizer] = []
        self._chosen = Opaque({})  # id of a variable -> which optimizer
        self._excluded = Opaque([])  # arguments of exclude_from_weight_decay, for optimizers yet to come
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map.values(), optimizer_map.default_optimizer):
                self._place(optimizer)

    def _place(self, optimizer: Optimizer) -> int:
        """Which of the optimizers it is, the last where it is new."""
        for place, known in enumerate(self._optimizers):
            if known is optimizer:
                return place
        if self.loss_scale_factor is not None:
            optimizer.loss_scale_factor = self.loss_scale_factor
        for arguments in self._excluded.value:
            optimizer.exclude_from_weight_decay(*arguments)
        self._optimizers.append(optimizer)
        return len(self._optimizers) - 1

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "loss_scale_factor":
            for optimizer in vars(self).get("_optimizers", ()):
                optimizer.loss_scale_factor = value

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers: of the patterns, and the default; or those that the function gave, in its order."""
        return list(self._optimizers)

    @property
    def variables(self) -> list[Variable]:
        """Its own, then those of each optimizer."""
        return [*self._variables, *(variable for one in self._optimizers for variable in one.variables)]

    @property
    def learning_rate(self) -> Any:
        """None of its own."""
        raise _no_rate(self)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise _no_rate(self)

    def build(self, variables: Iterable[nnx.Variable]) -> None:
        """Choose an optimizer for each variable not met before, and let it make its slots."""
        variables = list(variables)
        for variable in self._slots.unknown(variables):
            optimizer = self._choose.value(variable)
            if not isinstance(optimizer, Optimizer):
                raise ArgumentError(
                    f"{self.name}.build",
                    got=f"{optimizer!r} for {name_of(variable)!r}",
                    expected="an optimizer",
                )
            self._chosen.value[id(variable)] = self._place(optimizer)
        for optimizer, own in self._shares(variables):
            optimizer.build(own)
        super().build(variables)

    def _build_slots(self, variables: list[nnx.Variable]) -> None:
        """None: the slots are those of the optimizers."""

    def _shares(self, variables: Sequence[nnx.Variable]) -> list[tuple[Optimizer, list[nnx.Variable]]]:
        """Each optimizer, and those of the variables that it steps."""
        chosen = self._chosen.value
        return [
            (optimizer, [v for v in variables if chosen[id(v)] == place])
            for place, optimizer in enumerate(self._optimizers)
        ]

    def _own_used_by(self, variables: Sequence[nnx.Variable]) -> list[Variable]:
        shares = self._shares(variables)
        return [*self._variables, *(v for optimizer, own in shares for v in optimizer._own_used_by(own))]

    def _python_rate(self) -> Any:
        return [optimizer._python_rate() for optimizer in self._optimizers]

    def _apply(
        self, grads: Sequence[Any], variables: list[nnx.Variable], given: list[nnx.Variable], rate: Any = None
    ) -> None:
        of = {id(v): grad for v, grad in zip(variables, grads, strict=True)}
        rates = [None] * len(self._optimizers) if rate is None else rate
        shares = zip(self._shares(variables), self._shares(given), rates, strict=True)
        for (optimizer, own), (_, own_given), own_rate in shares:
            if own:
                optimizer._apply([of[id(v)] for v in own], own, own_given, own_rate)
        write([self._iterations], [read([self._iterations])[0] + 1])

    def finalize_variable_values(self, var_list: Sequence[nnx.Variable]) -> None:
        if not any(optimizer.use_ema for optimizer in self._optimizers):
            return
        self._met_only("finalize_variable_values", var_list)
        for optimizer, own in self._shares(list(var_list)):
            optimizer.finalize_variable_values(own)

    def _averages(self, variables: Sequence[nnx.Variable]) -> list[tuple[nnx.Variable, Variable]]:
        return [pair for optimizer, own in self._shares(list(variables)) for pair in optimizer._averages(own)]

    def exclude_from_weight_decay(
        self, var_list: Sequence[nnx.Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        self._excluded.value.append((var_list, var_names))
        for optimizer in self._optimizers:
            optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> Config:
        """The map's config.

        Raises:
            Unsupported: a function chooses, which no config can hold.
        """
        if not isinstance(self._choose.value, OptimizerMap):
            raise Unsupported(
                f"{self.name}.get_config",
                got="a function that chooses the optimizers",
                hint="an OptimizerMap, which can be saved",
            )
        return {
            "optimizer_map": serialize_keras_object(self._choose.value),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: Mapping[str, Any] | None = None) -> MultiOptimizer:
        config = dict(config)
        if isinstance(config["optimizer_map"], dict):
            config["optimizer_map"] = deserialize_keras_object(config["optimizer_map"], custom_objects)
        return cls(**config)

    def __reduce__(self) -> tuple:
        make, (cls, config, state) = super().__reduce__()
        config.pop("learning_rate", None)
        return make, (cls, config, state)


def _no_rate(optimizer: Optimizer) -> NameError_:
    return NameError_(
        f"{optimizer.name}.learning_rate",
        got="an optimizer made of several",
        hint="the learning_rate of each of its `optimizers`",
    )
