"""A layer around an exported program."""

from __future__ import annotations

import os
from typing import Any, Unpack

from ... import _exported, _serial
from ..._core.module import Opaque
from ..._core.variable import Variable
from ..._errors import ArgumentError
from ..._types import Config, PathLike
from .._core import bytecode
from .._layer import Layer, LayerOptions


class ExportedLayer(Layer):
    """What `model.export` wrote, as a layer: a program, whose values are weights that do not train.

    Gradients with respect to its inputs need a program exported with `differentiable=True`.

    Args:
        filepath: the directory.
        call_endpoint: the program to call.
        call_training_endpoint: the one to call in training; default the same.

    Raises:
        FileNotFoundError: there is no such directory.
        DataError: something else, a damaged or a hostile one.
        ArgumentError: no endpoint of that name, or one that takes several arguments.
    """

    _mixes_rows = True  # nobody knows

    def __init__(
        self,
        filepath: PathLike,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.filepath = os.fspath(filepath)
        self.call_endpoint = call_endpoint
        self.call_training_endpoint = call_training_endpoint
        model = _exported.load(filepath)
        endpoints = [model.endpoint(name or call_endpoint) for name in (call_endpoint, call_training_endpoint)]
        for endpoint in endpoints:
            if len(endpoint.inputs) != 1:
                raise ArgumentError(
                    f"ExportedLayer {self.name!r}",
                    got=f"the endpoint {endpoint.name!r} of {len(endpoint.inputs)} arguments",
                    expected="one, which may be a list or a dict of tensors",
                )
        self._endpoints = Opaque(endpoints)
        self.values: dict[str, Variable] = {}
        for name in dict.fromkeys(name for endpoint in endpoints for name in endpoint.reads):
            value = model.variables[name]
            weight = self.add_weight(
                value.shape, "zeros", value.dtype, trainable=False, autocast=False, name=name.replace("/", "_")
            )
            weight.assign(value)
            self.values[name] = weight
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """What the program gives."""
        endpoint = self._endpoints.value[bool(training)]
        return endpoint.run([self.values[name].value for name in endpoint.reads], inputs)

    def get_config(self) -> Config:
        """The directory and the endpoints."""
        bytecode.note(self.filepath)
        return super().get_config()

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """The layer of a config, which names a directory to read.

        Raises:
            ArgumentError: in safe mode: a file may not say which other files are read.
        """
        if _serial.in_safe_mode() and not bytecode.is_own(config.get("filepath")):
            raise ArgumentError(
                f"ExportedLayer {str(config.get('name'))[:40]!r}",
                got=f"the path {str(config.get('filepath'))[:80]!r} of a program, named in a config",
                expected="a file that holds what it needs",
                hint="pass safe_mode=False if you trust its author and the program",
            )
        return cls(**config)
