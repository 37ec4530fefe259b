"""Layer: the base of everything that has weights or is called.

A Flax NNX module. What happens in a call is told in `_call.py`, step by step; what a layer takes in
`_spec.py`; its config in `_config.py`; which variables it holds in `_weights.py`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypedDict

from .. import constraints, dtype_policies, initializers, regularizers, tree
from .._core.context import changes, here, known_shape, setting
from .._core.dtypes import is_float, standardize_dtype
from .._core.module import Opaque, Owned, holds, leaves
from .._core.naming import auto_name
from .._core.variable import Variable
from .._errors import ArgumentError, NameError_, StateError
from .._graph.node import Node
from .._graph.tensor import KerasTensor
from .._registry import family
from .._types import Config, Shape
from . import _call, _config
from ._spec import InputSpec
from ._weights import WeightHolder, boolean


class UnnamedOptions(TypedDict, total=False):
    """The keyword arguments every layer takes, for those that list the name and the regularizer themselves."""

    trainable: bool
    dtype: Any
    autocast: bool
    input_shape: Any
    input_dim: int
    batch_input_shape: Any
    batch_size: int


class CommonOptions(UnnamedOptions, total=False):
    """The keyword arguments every layer takes, for those that list the activity regularizer themselves."""

    name: str | None


class LayerOptions(CommonOptions, total=False):
    """The keyword arguments every layer takes."""

    activity_regularizer: Any


class Facts:
    """What is known of how a layer was made; copies share it."""

    def __init__(self, args: tuple, kwargs: dict) -> None:
        self.args, self.kwargs = args, kwargs  # what the constructor was given
        self.build_shapes: dict[str, Any] | None = None
        self.locked = False  # built: no new weights
        self.scope = ""  # path of the layer it was built in
        self.remat = here.remat  # the rule of the RematScope it was made in


class Record:
    """A layer's bookkeeping: the graph it stands in, and the losses of its last call. A copy has its own."""

    __slots__ = ("build_depth", "losses", "nodes")

    def __init__(self) -> None:
        self.nodes: list[Node] = []  # calls on symbolic tensors
        self.losses: list[Any] = []  # add_loss of the call in progress, or of the last one
        self.build_depth = 0


def _name_may_come_first(add_weight: Callable) -> Callable:
    """Take `add_weight("kernel", shape=…)`, the order of arguments in older code."""

    @functools.wraps(add_weight)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], str):
            kwargs.setdefault("name", args[0])
            kwargs.update(zip(("shape", "dtype", "initializer"), args[1:], strict=False))
            args = ()
        return add_weight(self, *args, **kwargs)

    return wrapped


class Layer(WeightHolder):
    """The base of all layers, and of models.

    A subclass makes its weights in `build(input_shape)` with `add_weight`, and computes in
    `call(inputs)`. `call` may take `training` and `mask`; they reach inner layers by themselves.

    Args:
        activity_regularizer: function of the outputs giving a loss.
        trainable: whether an optimizer may change the weights.
        dtype: a dtype or policy, default the global one.
        autocast: whether float inputs and weights are cast to the compute dtype.
        name: default counts the class.
        input_shape, input_dim, batch_input_shape, batch_size: the shape of the first inputs, as
            older code gives it to a model's first layer.

    Raises:
        ArgumentError: an unknown keyword.
    """

    _config_skip: tuple[str, ...] = ("activity_regularizer",)  # left out of the config where None
    _config_names: Mapping[str, str] = MappingProxyType({})  # arguments kept in attributes of another name
    _config_never: tuple[str, ...] = ()  # arguments that are no part of the config
    _mixes_rows = False  # whether a row of the output depends on other rows of the batch
    _on_host: bool = False  # whether it computes in NumPy, so that a model runs it ahead of the device
    _takes_text: bool | None = None  # whether text may come; None: not to kerax's own layers
    _raw_inputs = False  # whether arrays of NumPy come to `call` as they are
    _revision = 0  # changes with what it has learned beside its weights: what was compiled is out of date then
    supports_masking: bool = False
    built: bool
    _facts: Facts
    _record = Owned(lambda layer: Record())

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = _building(vars(cls)["build"])  # type: ignore[method-assign]
        if "compute_mask" in vars(cls) and "supports_masking" not in vars(cls):
            cls.supports_masking = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = object.__new__(cls)
        object.__setattr__(layer, "_facts", Facts(args, kwargs))
        return layer

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        object.__setattr__(self, "_ready", True)
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ArgumentError(f"{type(self).__name__}(name=…)", got=repr(name), expected="a string without '/'")
        self.name = name or auto_name(type(self).__name__)
        self._trainable = boolean(trainable, self.name)
        self._policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.input_spec: Any = None
        self.built = False
        first = _first_input_shape(kwargs)
        self._batch_input_shape = first
        self._first_weights = Opaque(kwargs.pop("weights", None))
        kwargs.pop("dynamic", None)
        self._input_dtype_hint = kwargs.pop("input_dtype", None)
        if kwargs:
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r}",
                got=f"the unknown keyword arguments {sorted(kwargs)}",
                hint="pass only arguments of this layer and of Layer: name, dtype, trainable, input_shape …",
            )

    def __setattr__(self, name: str, value: Any) -> None:
        declared = getattr(type(self), name, None)
        if isinstance(declared, (property, Owned)):
            self._must_be_ready(f"self.{name} was set")
            if isinstance(declared, property) and declared.fset is None:
                raise NameError_(
                    f"{type(self).__name__}.{name} is reserved: it is a property and cannot be set",
                    got=f"an object of type {type(value).__name__}",
                    hint=f"choose another attribute name, such as self.my_{name}",
                )
            object.__setattr__(self, name, value)
            return
        super().__setattr__(name, value)

    def _must_be_ready(self, what: str) -> None:
        if not vars(self).get("_ready", False):
            raise StateError(
                f"{type(self).__name__}: {what}, and its __init__ never called super().__init__()",
                hint="call super().__init__(**kwargs) first in __init__",
            )

    # -- names and dtypes --------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The names of the layers around this one, then its own, joined by "/"."""
        scope = self._facts.scope
        return f"{scope}/{self.name}" if scope else self.name

    @property
    def dtype_policy(self) -> dtype_policies.DTypePolicy:
        """What it computes in and keeps its weights in."""
        return self._policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        object.__setattr__(self, "_policy", dtype_policies.get(value))
        changes.count += 1

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self._policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self._policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        return self._policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype float inputs are cast to."""
        return self._policy.compute_dtype

    # -- weights -----------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights; subclasses override it. Without one, inner layers are built by a trial call."""
        if self._inner_unbuilt():
            _call.build_by_calling(self, input_shape)

    @_name_may_come_first
    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = None,
        overwrite_with_gradient: bool = False,
        name: str | None = None,
        **metadata: Any,
    ) -> Variable:
        """A new weight of this layer.

        Args:
            shape: default `()`.
            initializer: default Glorot uniform for floats, zeros otherwise.
            dtype: default the layer's.
            trainable: whether an optimizer changes it.
            autocast: whether it is read in the compute dtype.
            regularizer, constraint: function of the value.
            aggregation: kept for compatibility.
            overwrite_with_gradient: kept for compatibility, must be False.
            name: as it stands in the path.

        Raises:
            ArgumentError: the layer is built already.
        """
        self._must_be_ready("add_weight was called")
        if self._facts.locked and not self._record.build_depth:
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r} is built already, and add_weight was called again",
                hint="make all weights in __init__ or build",
            )
        dtype = standardize_dtype(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if is_float(dtype) else "zeros"
        if isinstance(initializer, (int, float)) and not isinstance(initializer, bool):
            initializer = initializers.Constant(initializer)
        names = here.names if self._record.build_depth else tuple(part for part in self.path.split("/") if part)
        with setting(names=names):
            variable = Variable(
                initializers.get(initializer),
                shape=() if shape is None else shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
                regularizer=regularizers.get(regularizer),
                constraint=constraints.get(constraint),
                **metadata,
            )
        # Until an attribute holds it, the layer does.
        loose = vars(self).get("_loose")
        if loose is None:
            self._loose = loose = []
        loose.append(variable)
        return variable

    def _settle(self) -> None:
        """Let go of the weights that attributes hold by now, so that NNX sees each under one name."""
        loose = vars(self).get("_loose")
        if loose:
            held: set[int] = set()
            for name, value in vars(self).items():
                if name != "_loose" and holds(value):
                    for _ in leaves(value, held):
                        pass
            kept = [variable for variable in loose if id(variable) not in held]
            if kept:
                object.__setattr__(self, "_loose", kept)
            else:
                del self._loose
                object.__setattr__(self, "_order", tuple(n for n in self._order if n != "_loose"))

    # -- losses ------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or a list of them, to the total loss of the step in progress.

        Raises:
            ArgumentError: a function: call it and pass what it gives; a symbolic tensor.
        """
        for value in tree.flatten(loss):
            if callable(value) and not hasattr(value, "dtype"):
                raise ArgumentError(
                    f"add_loss of {type(self).__name__} {self.name!r}",
                    got="a function",
                    expected="a tensor",
                    hint="compute the loss inside call() and pass the result",
                )
            if isinstance(value, KerasTensor):
                raise ArgumentError(
                    f"add_loss of {type(self).__name__} {self.name!r}",
                    got="a symbolic tensor",
                    expected="a value computed in call()",
                    hint="only a functional model, Model(inputs, outputs), takes symbolic losses",
                )
            loss_value = value.value if isinstance(value, Variable) else value
            self._record.losses.append(loss_value)
            if here.losses is not None:
                here.losses.append(loss_value)

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = "mean") -> None:
        """Follow a value in the logs, by its mean over the epoch; the old form of holding a `metrics.Mean`.

        Args:
            value: a number or array computed in `call`.
            name: as it stands in the logs.
            aggregation: kept for compatibility: "mean" or None.

        Raises:
            ArgumentError: no name.
        """
        name = self._metric_name(name)
        if "_added_metrics" not in vars(self):
            self._added_metrics: dict[str, Any] = {}
        if name not in self._added_metrics:
            self._added_metrics[name] = family("metrics").find("Mean")(name=name)
        self._added_metrics[name].update_state(value)

    def _metric_name(self, name: str | None) -> str:
        if not isinstance(name, str):
            raise ArgumentError(
                f"add_metric of {type(self).__name__} {self.name!r}",
                got=f"name={name!r}",
                expected="a name for the logs",
            )
        return name

    def _call_losses(self) -> list[Any]:
        """What add_loss and activity regularizers gave in the last call, at any depth, each once."""
        return [loss for layer in self._flatten_layers() for loss in layer._record.losses]

    def _weight_losses(self) -> list[Any]:
        """What the regularizers of trainable weights give now."""
        return [
            v.regularizer(v) for v in self.trainable_weights if isinstance(v, Variable) and v.regularizer is not None
        ]

    @property
    def losses(self) -> list[Any]:
        """Scalars added to the total loss: add_loss, activity and weight regularization, at any depth, each once."""
        return self._call_losses() + self._weight_losses()

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            if layer._record.losses:
                layer._record.losses = []

    # -- calling -----------------------------------------------------------------------------

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation; subclasses write it."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call()` method implemented.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._must_be_ready("it was called")
        return _call.call(self, args, kwargs)

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """The call as a pure function of the variables' values.

        Returns:
            (outputs, new values of the non-trainable variables), and the losses if asked for.
        """
        return _call.stateless(self, trainable_variables, non_trainable_variables, return_losses, args, kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic tensors a call on these symbolic tensors gives."""
        return _call.output_spec(self, args, kwargs)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the output for an input shape, or a structure of them."""
        return _call.output_shape(self, args, kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The mask of the outputs: that of the inputs."""
        return previous_mask

    def __repr__(self) -> str:
        built = "" if self.built else ", not built"
        return f"<{type(self).__name__} name={self.name}{built}>"

    # -- graph -------------------------------------------------------------------------------

    @property
    def _nodes(self) -> list[Node]:
        """Its calls on symbolic tensors."""
        return self._record.nodes

    _inbound_nodes = _nodes

    def _only_node(self, what: str) -> Node:
        nodes = self._record.nodes
        if not nodes:
            raise NameError_(
                f"{what} of {type(self).__name__} {self.name!r}",
                got="a layer never called on a symbolic tensor",
                hint="call it on the output of Input(...) or of another layer, or put it into a model",
            )
        return nodes[0]

    @property
    def input(self) -> Any:
        """The symbolic inputs of its first call."""
        node = self._only_node("input")
        arguments = [*node.args, *node.kwargs.values()]
        return node.args[0] if len(arguments) == 1 else node.inputs[0] if len(node.inputs) == 1 else node.inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs of its first call."""
        return self._only_node("output").output_structure

    @property
    def input_shape(self) -> Any:
        """The shape of `input`."""
        return tree.map_structure(lambda t: t.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shape of `output`."""
        return tree.map_structure(lambda t: t.shape, self.output)

    # -- config ------------------------------------------------------------------------------

    def get_config(self) -> Config:
        """The constructor's arguments: `type(layer).from_config(layer.get_config())` makes its like."""
        arguments = _config.config_of(self, self._facts.args, self._facts.kwargs)
        config: Config = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self._policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        config.update(arguments)
        return config

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """The layer of a config."""
        return _config.build_from(cls, config)

    def get_build_config(self) -> Config | None:
        """The shapes it was built with, or None."""
        shapes = self._facts.build_shapes
        if shapes is None:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": dict(shapes)}

    def build_from_config(self, config: Config) -> None:
        """Build as it was built when the config was written."""
        if self.built:
            return
        if "shapes_dict" in config:
            self.build(**{key: _shape(value) for key, value in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None:
            self.build(_shape(config["input_shape"]))

    def _mark_built(self, shapes: dict[str, Any]) -> None:
        """Note that the weights exist, and the shapes they were made for."""
        facts = self._facts
        facts.build_shapes, facts.locked, facts.scope = known_shape(shapes), True, "/".join(here.names)
        self.built = True
        self._settle()

    def _inner_unbuilt(self) -> bool:
        return any(not layer.built for layer in self._flatten_layers(include_self=False))


def _building(build: Callable) -> Callable:
    """`build` with what belongs around it: the path of its weights, the record of shapes, the lock."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> Any:
        record = self._record
        if record.build_depth:  # super().build() from a subclass
            return build(self, *args, **kwargs)
        record.build_depth = 1
        self._facts.scope, self._facts.locked = "/".join(here.names), False
        try:
            with setting(names=(*here.names, self.name), autocast=None):
                bound = inspect.signature(build).bind(self, *args, **kwargs)
                result = build(self, *args, **kwargs)
        finally:
            record.build_depth = 0
        shapes = {key: value for key, value in list(bound.arguments.items())[1:]}
        if "kwargs" in shapes and isinstance(shapes["kwargs"], dict):
            shapes.update(shapes.pop("kwargs"))
        self._mark_built(shapes)
        first = self._first_weights.value
        if first is not None:
            self._first_weights.value = None
            self.set_weights(first)
        return result

    return wrapped


Layer.build._is_default = True  # type: ignore[attr-defined]
Layer.build = _building(Layer.build)  # type: ignore[method-assign]
Layer.compute_output_shape._is_default = True  # type: ignore[attr-defined]
Layer.compute_mask._is_default = True  # type: ignore[attr-defined]


def _shape(value: Any) -> Any:
    """A shape of a config, whose tuples JSON has made lists."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        if all(item is None or isinstance(item, int) for item in value):
            return tuple(value)
        return [_shape(item) for item in value]
    return value


def _first_input_shape(kwargs: dict[str, Any]) -> Shape | None:
    """The batch shape that older code gives to a first layer, taken out of `kwargs`."""
    batch = kwargs.pop("batch_size", None)
    whole = kwargs.pop("batch_input_shape", None) or kwargs.pop("batch_shape", None)
    shape = kwargs.pop("input_shape", None)
    width = kwargs.pop("input_dim", None)
    if whole is not None:
        return tuple(whole)
    if shape is not None:
        return (batch, *((shape,) if isinstance(shape, int) else shape))
    if width is not None:
        return (batch, width)
    return None


__all__ = ["CommonOptions", "InputSpec", "Layer", "LayerOptions", "UnnamedOptions"]
