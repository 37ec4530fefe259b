"""Operation and Function: the user's own ops, and a graph of calls as a function."""

from __future__ import annotations

import inspect
from typing import Any

from .. import tree
from .._core.naming import auto_name
from .._errors import GraphError, ShapeError
from .._types import Config
from .node import Node, OpCall
from .replay import Plan, fill
from .shape import infer
from .tensor import KerasTensor, any_symbolic


class Operation:
    """A computation without weights that also runs on symbolic tensors; a subclass writes `call`.

    Args:
        name: default counts the class.

    Examples:
        >>> class Scale(Operation):
        ...     def __init__(self, factor, name=None):
        ...         super().__init__(name=name)
        ...         self.factor = factor
        ...     def call(self, x):
        ...         return x * self.factor
        >>> Scale(3.0)(KerasTensor((None, 2))).shape
        (None, 2)
    """

    _given: tuple[tuple, dict[str, Any]]
    _call: OpCall

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        operation = object.__new__(cls)
        operation._given = args, kwargs
        return operation

    def __init__(self, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._call = OpCall(self._run, self.name)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        return self(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result; of symbolic tensors a symbolic one, the call recorded."""
        return self.symbolic_call(*args, **kwargs) if any_symbolic(args, kwargs) else self.call(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic tensors."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self._call, args, kwargs, outputs, self._call.calls)
        return outputs

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no call(): write call(self, *args, **kwargs).")

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic tensors that `call` gives, found by evaluating it abstractly."""
        return infer(self.call, args, kwargs)

    @property
    def input(self) -> Any:
        """The symbolic inputs of its only call."""
        inputs = self._only_call().inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs of its only call."""
        return self._only_call().output_structure

    def _only_call(self) -> Node:
        if len(self._call.calls) != 1:
            raise GraphError(
                f"{type(self).__name__} {self.name!r}",
                got=f"{len(self._call.calls)} calls on symbolic tensors",
                expected="one, for input and output to be asked for",
            )
        return self._call.calls[0]

    def get_config(self) -> Config:
        """The name and the constructor's arguments."""
        args, kwargs = self._given
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {"name": self.name, **dict(zip(names, args, strict=False)), **kwargs}

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """The operation of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Function(Operation):
    """The computation that leads from some symbolic tensors to others, as a function of arrays.

    A functional `Model` without the model: nothing is tracked, trained or saved.

    Args:
        inputs: a symbolic tensor, or a structure of them.
        outputs: what is computed from them, likewise.
        name: default counts the class.

    Raises:
        GraphError: something else than symbolic tensors, or outputs that need other inputs.

    Examples:
        >>> from kerax import ops
        >>> x = KerasTensor((None, 2))
        >>> Function(x, ops.sum(x * 2.0, axis=-1))(ops.ones((3, 2))).tolist()
        [4.0, 4.0, 4.0]
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._inputs, self._outputs = inputs, outputs
        self._plan = Plan(inputs, outputs)
        self._layers = {layer.name: layer for layer in self._plan.layers()}

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, flat."""
        return self._plan.input_tensors

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, flat."""
        return self._plan.output_tensors

    @property
    def operations(self) -> list[Any]:
        """The layers and ops in between."""
        return self._plan.operations

    def call(self, inputs: Any) -> Any:
        """The outputs, for inputs in the structure given to the constructor."""
        return self._plan.run(self._layers, self._feeds(inputs))

    def compute_output_spec(self, inputs: Any) -> Any:
        """The symbolic outputs for symbolic inputs."""
        return infer(self.call, (inputs,), {})

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs for shapes in the structure of the inputs."""
        leaves = tree.map_shape_structure(lambda shape: _Shape(tuple(shape)), input_shape)
        symbols = iter(tree.flatten(leaves))
        table = {id(t): KerasTensor(next(symbols).sizes, t.dtype) for t in self.inputs}
        spec = self.compute_output_spec(fill(self._inputs, table))
        return tree.map_structure(lambda tensor: tensor.shape, spec)

    def _feeds(self, inputs: Any) -> list[Any]:
        feeds = tree.flatten(inputs)
        if len(feeds) != len(self.inputs):
            raise GraphError(
                f"Function {self.name!r}",
                got=f"{len(feeds)} inputs",
                expected=f"{len(self.inputs)}, in a structure like {self._inputs!r}",
            )
        for value, tensor in zip(feeds, self.inputs, strict=True):
            shape = getattr(value, "shape", None)
            if shape is None or len(shape) != len(tensor.shape):
                fits = shape is None
            else:
                fits = all(a is None or b is None or a == b for a, b in zip(shape, tensor.shape, strict=True))
            if not fits:
                raise ShapeError(
                    f"Function {self.name!r}", got=f"{tensor.name!r} of shape {shape}", expected=f"{tensor.shape}"
                )
        return feeds

    @property
    def input(self) -> Any:
        """The symbolic inputs."""
        return self._inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs."""
        return self._outputs


class _Shape:
    """A shape as a leaf."""

    def __init__(self, sizes: tuple) -> None:
        self.sizes = sizes


def source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """The symbolic tensors, each once, that `tensor` is computed from and that are not computed themselves."""
    found: list[KerasTensor] = []
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.node is None or not one.node.inputs:
            found.append(one)
        else:
            stack.extend(reversed(one.node.inputs))
    return found
