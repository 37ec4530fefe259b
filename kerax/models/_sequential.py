"""Sequential: a stack of layers, each fed by the one before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flax import nnx

from .. import _serial, tree
from .._core.allowance import allowing
from .._core.module import Owned, leaves
from .._core.naming import unique_name
from .._errors import ArgumentError, NameError_, NotBuiltError, ShapeError
from .._graph.replay import Plan
from .._graph.tensor import KerasTensor, mask_of, set_mask
from .._types import Config
from ..layers._core.input_layer import InputLayer
from ..layers._layer import Layer
from ..layers._wrapping.foreign import NNXLayer
from ._apart import Parts, apart
from ._functional import Functional
from ._model import Model, told
from ._split import Prepared, Split, host_feed


class Sequential(Model):
    """A stack of layers, each fed by the one before.

    Args:
        layers: a list of layers, or one layer; `Input(...)` first fixes the input shape.
        trainable: whether an optimizer may change the weights.
        name: default counts.

    Raises:
        ArgumentError: something that is not a layer, two layers of one name.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        Layer.__init__(self, trainable=trainable, name=name)
        self._start_model()
        self.by_name: dict[str, Any] = {}
        self._names: tuple[str, ...] = ()
        self._set_ends(None)
        if type(self).__init__ is Sequential.__init__:
            self._facts.args, self._facts.kwargs = (), {}  # the layers, which copies must not keep alive
        if layers is not None:
            for layer in layers if isinstance(layers, (list, tuple)) else [layers]:
                self.add(layer, rebuild=False)
            self._rebuild()

    _saved_as = ("keras", "Sequential", None)
    _has_stack = True
    # The symbolic input and output, or None; a copy's come from its own layers.
    _ends = Owned(lambda stack: stack._traced() if stack._has_graph else None)

    def _own(self) -> Iterator[Any]:
        seen: set[int] = set()
        for name in self._names:
            yield from leaves(self.by_name[name], seen)
        for name in self._order:
            if name != "by_name" and name in vars(self):
                yield from leaves(vars(self)[name], seen)

    def _stack(self) -> list[Any]:
        return [self.by_name[name] for name in self._names]

    @property
    def layers(self) -> list[Layer]:
        """The stack, without the InputLayer."""
        _ = self._ends  # the layers of a copy learn where they stand
        return [layer for layer in self._stack() if not isinstance(layer, InputLayer)]

    def _saved_layers(self) -> tuple[list[Layer], bool]:
        return self.layers, True

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Raises:
            ArgumentError: not a layer, or one whose name is taken.
        """
        if isinstance(layer, KerasTensor) and layer.node is not None:
            layer = layer.node.operation
        if isinstance(layer, nnx.Module) and not isinstance(layer, Layer):
            layer = NNXLayer(layer)
        if not isinstance(layer, Layer):
            hint = "wrap the function in layers.Lambda" if callable(layer) else None
            raise ArgumentError(
                f"Sequential {self.name!r}",
                got=f"{layer!r} of type {type(layer).__name__}",
                expected="a layer",
                hint=hint,
            )
        if layer.name in self.by_name:
            raise ArgumentError(
                f"Sequential {self.name!r}",
                got=f"a second layer called {layer.name!r}",
                expected="a name for each",
                hint="pass name= to one of them",
            )
        if not self._names and layer._batch_input_shape is not None and not isinstance(layer, InputLayer):
            entry = InputLayer(batch_shape=layer._batch_input_shape, dtype=layer._input_dtype_hint)
            self.by_name[entry.name] = entry
            self._names = (entry.name,)
        elif self._names and isinstance(layer, InputLayer):
            raise ArgumentError(
                f"Sequential {self.name!r}", got="an Input after other layers", expected="at most one, first"
            )
        self.by_name[layer.name] = layer
        self._names = (*self._names, layer.name)
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer off and return it."""
        if not self._names:
            raise ArgumentError(f"Sequential {self.name!r}", got="pop() of an empty stack", expected="a layer to pop")
        layer = self.by_name.pop(self._names[-1])
        self._names = self._names[:-1]
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        self.built = False
        self._facts.locked = False
        self._set_ends(None)
        stack = self._stack()
        if len(stack) > 1 and isinstance(stack[0], InputLayer):
            self.build(stack[0].batch_shape)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights, by calling the layers in turn on a symbolic tensor of that shape."""
        stack = self._stack()
        if not stack:
            raise ArgumentError(f"Sequential {self.name!r}", got="build() of an empty stack", expected="layers in it")
        if input_shape is None:
            if not isinstance(stack[0], InputLayer):
                raise NotBuiltError(
                    f"Sequential {self.name!r}",
                    got="build() without a shape",
                    hint="pass input_shape, or put an Input first",
                )
            input_shape = stack[0].batch_shape
        if not isinstance(stack[0], InputLayer):
            if isinstance(input_shape, (list, tuple)) and any(isinstance(s, (list, tuple)) for s in input_shape):
                return  # several inputs: the first layer is built when it is called
            shape = tuple(input_shape)
            entry = InputLayer(batch_shape=shape, dtype=getattr(stack[0], "_expected_input_dtype", None))
            self.by_name = {entry.name: entry, **self.by_name}
            self._names = (entry.name, *self._names)
            stack = self._stack()
        try:
            self._set_ends(self._traced())
        except NotImplementedError:
            return  # a layer whose output is only known on real data: built when it is called
        unique_name("functional")  # Keras makes a functional model here: later ones are numbered alike

    def _set_ends(self, ends: tuple[KerasTensor, KerasTensor] | None) -> None:
        self._ends, self._has_graph = ends, ends is not None

    def _traced(self) -> tuple[KerasTensor, KerasTensor]:
        """The symbolic input, and what the layers give for it."""
        first, *rest = self._stack()
        x = first.output
        for layer in rest:
            x = layer(x)
        return first.output, x

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The output of the last layer."""
        if isinstance(inputs, Prepared):
            part = self._host_part()
            assert part is not None
            feeds = [None if value is None else self._entered(value) for value in inputs.inputs]
            return part.finish(self.by_name, feeds, inputs.made)
        x = inputs
        if mask is not None and mask_of(x) is None:
            set_mask(x, mask)
        x = self._entered(x)
        with told(self, training):
            for layer in self.layers:
                x = layer(x)
        return x

    def _entered(self, x: Any) -> Any:
        """The input, in the rank the first layer was built for."""
        stack = self._stack()
        if not stack or not isinstance(stack[0], InputLayer) or not hasattr(x, "shape"):
            return x
        wanted = stack[0].batch_shape
        shape = tuple(x.shape)
        if len(shape) == len(wanted) - 1 and wanted[-1] == 1 and not isinstance(x, KerasTensor):
            x = x[..., None]
        elif len(shape) == len(wanted) + 1 and shape[-1] == 1 and not isinstance(x, KerasTensor):
            x = x[..., 0]
        shape = tuple(x.shape)
        if len(shape) != len(wanted) or any(
            a is not None and b is not None and a != b for a, b in zip(shape[1:], wanted[1:], strict=True)
        ):
            raise ShapeError(f"Sequential {self.name!r}", got=f"an input of shape {shape}", expected=f"{wanted}")
        return x

    def _host_part(self) -> Split | None:
        ends = self._ends
        if ends is None or type(self).call is not Sequential.call:
            return None
        return self._kept_split.of(self.by_name, ends, lambda: Plan(*ends))

    def _apart(self) -> Parts | None:
        return apart(self, Functional)

    def _prepare_on_host(self, inputs: Any) -> Prepared:
        """What the device takes over, for inputs as the user gave them."""
        part = self._host_part()
        assert part is not None
        values = tree.flatten(inputs)
        if len(values) != 1:
            raise ArgumentError(f"Sequential {self.name!r}", got=f"{len(values)} inputs", expected="one")
        return part.prepare(self.by_name, [host_feed(values[0], self.inputs[0], f"Sequential {self.name!r}")])

    def _complete_on_host(self, outputs: Any) -> Any:
        part = self._host_part()
        return part.complete(self.by_name, outputs.values) if part is not None and part.after else outputs

    @property
    def _expected_input_dtype(self) -> Any:
        stack = self._stack()
        if stack and isinstance(stack[0], InputLayer):
            return stack[0].dtype
        return getattr(stack[0], "_expected_input_dtype", None) if stack else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the last layer's output."""
        if self._ends is not None and tuple(input_shape) == self._ends[0].shape:
            return self._ends[1].shape
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    compute_output_shape._is_default = True  # type: ignore[attr-defined]

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The symbolic output; layers on text need no vocabulary for it."""
        shape = getattr(inputs, "shape", None)
        if self._ends is None or self._host_part() is None or shape != self._ends[0].shape:
            return super().compute_output_spec(inputs, training=training, mask=mask)
        output = KerasTensor(self._ends[1].shape, self._ends[1].dtype)
        set_mask(output, mask_of(self._ends[1]))
        return output

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: the output carries the mask its layer gave it."""
        return None

    supports_masking = True

    def _end(self, which: int, what: str) -> KerasTensor:
        if self._ends is None:
            raise NameError_(
                f"{what} of Sequential {self.name!r}",
                got="a stack that is not built",
                hint="put an Input first, or call it on data",
            )
        return self._ends[which]

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic input, in a list."""
        return [self._end(0, "inputs")]

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic output, in a list."""
        return [self._end(1, "outputs")]

    @property
    def input(self) -> KerasTensor:
        """The symbolic input."""
        return self._end(0, "input")

    @property
    def output(self) -> KerasTensor:
        """The symbolic output."""
        return self._end(1, "output")

    @property
    def input_shape(self) -> Any:
        """The shape of the input."""
        return self._end(0, "input_shape").shape

    @property
    def output_shape(self) -> Any:
        """The shape of the output."""
        return self._end(1, "output_shape").shape

    @property
    def input_names(self) -> list[str]:
        """The name of the input."""
        return [self._stack()[0].name] if self._ends is not None else []

    @property
    def output_names(self) -> list[str]:
        """The name of the last layer."""
        return [self._names[-1]] if self._names else []

    def get_config(self) -> Config:
        """The layers' configs, and the shape it was built with."""
        if type(self).__init__ is not Sequential.__init__:
            return super().get_config()
        stack = self._stack()
        config: Config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": _serial.serialize_keras_object(self.dtype_policy),
            "layers": [_serial.serialize_keras_object(layer) for layer in stack],
        }
        if self._ends is not None:
            config["build_input_shape"] = self._ends[0].shape
        return config

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        """The stack of a config."""
        if "layers" not in config:
            return super().from_config(config)
        with allowing(), _serial.custom_object_scope(custom_objects or {}):
            layers = [_serial.deserialize_keras_object(layer) for layer in config["layers"]]
            model = cls(name=config.get("name"))
            for layer in layers:
                model.add(layer, rebuild=False)
            model._rebuild()
            shape = config.get("build_input_shape")
            if not model.built and shape is not None and all(s is None or isinstance(s, int) for s in shape):
                model.build(tuple(shape))
        if config.get("trainable") is False:
            model.trainable = False
        return model
