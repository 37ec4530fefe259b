"""Functions for one kind of arguments, and input signatures: structures of specs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from .._core.variable import Variable
from .._errors import ArgumentError
from .compiled import Compiled
from .spec import TensorSpec


class ConcreteFunction:
    """A function for one kind of arguments; made by `get_concrete_function`."""

    def __init__(self, fn: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        self._fn, self._args, self._kwargs = fn, args, kwargs
        self.structured_input_signature = (args, kwargs)
        self.program: Compiled | None = None
        if _known((args, kwargs)):
            self.program = fn.program(*map(_example, args), **{name: _example(arg) for name, arg in kwargs.items()})

    @property
    def name(self) -> str:
        """The name of the function."""
        return self._fn.name

    @property
    def variables(self) -> list[Variable]:
        """The Variables that it uses."""
        return [] if self.program is None else list(self.program.variables)

    @property
    def trainable_variables(self) -> list[Variable]:
        """Those of them that an optimizer may change."""
        return [v for v in self.variables if getattr(v, "trainable", False)]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        where = f"function {self.name!r}"
        specs = [spec for spec in self._args if isinstance(spec, TensorSpec) or hasattr(spec, "shape")]
        given = iter(args)
        full = [
            converted(spec, next(given), where) if isinstance(spec, TensorSpec) else next(given, spec)
            for spec in self._args
        ]
        left = len(list(given))
        if left:
            raise TypeError(f"{where}: got {left} arguments more than the {len(specs)} of the concrete function.")
        return self._fn(*full, **{**self._kwargs, **kwargs})


def _known(x: Any) -> bool:
    return all(
        not isinstance(leaf, TensorSpec) or (leaf.shape is not None and None not in leaf.shape)
        for leaf in jax.tree.leaves(x)
    )


def _example(x: Any) -> Any:
    def zeros(leaf: Any) -> Any:
        return jax.numpy.zeros(leaf.shape, leaf.dtype) if isinstance(leaf, TensorSpec) else leaf

    return jax.tree.map(zeros, x)


def specs_of(signature: Sequence[Any]) -> tuple:
    """An input signature, in TensorSpecs.

    Raises:
        ArgumentError: no list or tuple.
    """
    if not isinstance(signature, (list, tuple)):
        raise ArgumentError("function", got=f"input_signature={signature!r}", expected="a list or tuple of TensorSpecs")

    def spec(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return type(x)(map(spec, x))
        return {name: spec(item) for name, item in x.items()} if isinstance(x, dict) else TensorSpec.of(x)

    return tuple(map(spec, signature))


def converted(spec: Any, value: Any, where: str) -> Any:
    """A value as arrays of a structure of specs."""
    if isinstance(spec, TensorSpec):
        return spec.convert(value, where)
    if isinstance(spec, dict):
        if not isinstance(value, dict) or set(value) != set(spec):
            raise ArgumentError(where, got=f"{value!r}", expected=f"a dict with the keys {sorted(spec)}")
        return {name: converted(inner, value[name], f"{where}[{name!r}]") for name, inner in spec.items()}
    if not isinstance(value, (list, tuple)) or len(value) != len(spec):
        raise ArgumentError(where, got=f"{value!r}", expected=f"{len(spec)} values")
    return type(spec)(converted(a, b, where) for a, b in zip(spec, value, strict=True))
