"""InputLayer and Input: where a graph begins."""

from __future__ import annotations

from typing import Any

from ..._core.dtypes import standardize_dtype
from ..._errors import ArgumentError, Unsupported
from ..._graph.node import Node
from ..._graph.tensor import KerasTensor
from ..._types import Config, Shape
from .._arguments import whole
from .._layer import InputSpec, Layer


class InputLayer(Layer):
    """The entry of a graph: holds the symbolic tensor that stands for an input.

    Args:
        shape: sizes without the batch axis, None where unknown.
        batch_size: size of the batch axis, None by default.
        dtype: default `floatx()`.
        sparse, ragged: must not be True.
        batch_shape: the shape with the batch axis, instead of `shape` and `batch_size`.
        input_tensor: an existing symbolic tensor to stand for.
        optional: whether None may be passed.
        name: default counts the class.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, trainable=kwargs.pop("trainable", True))
        for what, value in (("sparse", sparse), ("ragged", ragged)):
            if value:
                raise Unsupported(f"Input {self.name!r}", got=f"{what}=True", hint="pass dense arrays")
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        shape = kwargs.pop("input_shape", shape)
        if kwargs:
            raise ArgumentError(f"Input {self.name!r}", got=f"the unknown keyword arguments {sorted(kwargs)}")
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        elif shape is not None:
            if batch_shape is not None:
                raise ArgumentError(f"Input {self.name!r}", got="both shape and batch_shape", expected="one of them")
            batch_shape = (batch_size, *((shape,) if whole(shape) is not None else tuple(shape)))
        if batch_shape is None:
            raise ArgumentError(f"Input {self.name!r}", got="no shape", expected="shape=… or batch_shape=…")
        batch_shape = tuple(size if whole(size) is None else whole(size) for size in batch_shape)
        for size in batch_shape:
            if size is not None and (not isinstance(size, int) or size < 0):
                raise ArgumentError(
                    f"Input {self.name!r}",
                    got=f"the shape {tuple(batch_shape)}",
                    expected="non-negative integers or None",
                )
        self.batch_shape: Shape = batch_shape
        self.optional = optional
        self._tensor_dtype = self.variable_dtype if dtype is None else standardize_dtype(dtype)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.built = True
        if input_tensor is None or input_tensor.node is not None:
            input_tensor = KerasTensor(self.batch_shape, self._tensor_dtype, name=self.name)
        Node(self, (), {}, input_tensor, self._record.nodes)

    @property
    def dtype(self) -> str:
        """The dtype of the input."""
        return self._tensor_dtype

    @property
    def output(self) -> KerasTensor:
        """The symbolic tensor that stands for the input."""
        if not self._record.nodes:  # a copy has made none yet
            Node(self, (), {}, KerasTensor(self.batch_shape, self._tensor_dtype, name=self.name), self._record.nodes)
        return self._record.nodes[0].output_structure

    def call(self) -> Any:
        """Never called: a graph is fed where this layer stands."""
        raise NotImplementedError("An InputLayer is fed, not called.")

    def get_config(self) -> Config:
        """The constructor's arguments."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._tensor_dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }

    @property
    def spec(self) -> InputSpec:
        """What may be fed: the rank, and sizes only along known axes."""
        return InputSpec(shape=self.batch_shape, name=self.name, optional=self.optional, allow_last_axis_squeeze=True)


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
    **kwargs: Any,
) -> KerasTensor:
    """A symbolic tensor that stands for an input of a model.

    Args:
        shape: sizes without the batch axis, None where unknown.
        batch_size: size of the batch axis, None by default.
        dtype: default `floatx()`; `"string"` for text.
        sparse, ragged: must not be True.
        batch_shape: the shape with the batch axis, instead of `shape` and `batch_size`.
        name: of the input, the key under which dict data is found.
        tensor: an existing symbolic tensor to stand for.
        optional: whether None may be passed.

    Raises:
        ArgumentError: no shape, or sizes that are not non-negative integers or None.
    """
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name, **kwargs)
    return layer.output
