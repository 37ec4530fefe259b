"""Exported programs as functions: values and a program in, no layer, no model."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.export
import numpy as np

from .._errors import ArgumentError, DataError, KeraxError, Unsupported
from .._types import PathLike
from . import structure
from .artifact import Artifact

VALUES = "variables.npz"
SERVE = "serve"
"""The endpoint that a call of the whole means."""

RESERVED = frozenset(("collections", "endpoint", "endpoints", "platforms", "trainable", "variables"))
"""Attributes of a loaded model that no endpoint can be called."""

# What a program may call outside of itself: JAX writes no others, and calls back into no Python.
_CALLS = re.compile(
    r"lapack_\w+|(cu|hip)(blas|solver|sparse|dnn)?_\w+|ducc_fft|dynamic_ducc_fft"
    r"|Sharding|SPMDFullToShardShape|SPMDShardToFullShape|xla\.sdy\.\w+|annotate_device_placement|shape_assertion"
    r"|(stablehlo|mhlo|chlo)\.\w+|ApproxTopK|PartialReduce|AggregateToTopK|TopK"
    r"|Eigh|Qr|LuDecomposition|ProductOfElementaryHouseholderReflectors|householder_product\w*"
)
_CALLED = re.compile(r'custom_call\s+@(?:"([^"]*)"|([\w.$]+))')


class Endpoint:
    """A program with the values it reads.

    Args:
        name: of the endpoint.
        exported: the program: `(values, tensors) -> tensors`, all in lists.
        reads: the names of its variables.
        values: what they hold.
        inputs, outputs: structures of specs; `inputs` is the list of its arguments.
        where: what errors call it.
    """

    def __init__(
        self,
        name: str,
        exported: jax.export.Exported,
        reads: list[str],
        values: list[Any],
        inputs: list[Any],
        outputs: Any,
        where: str,
    ) -> None:
        self.name = name
        self.exported = exported
        self.reads = reads
        self.inputs, self.outputs = inputs, outputs
        self._values = values
        self._where = f"{where}, endpoint {name!r}"
        self._run = jax.jit(exported.call)

    def __getstate__(self) -> dict[str, Any]:
        order = 1 if self.exported.has_vjp() else 0
        return {**vars(self), "exported": bytes(self.exported.serialize(vjp_order=order)), "_run": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.exported = jax.export.deserialize(bytearray(state["exported"]))
        self._run = jax.jit(self.exported.call)

    def __call__(self, *args: Any) -> Any:
        """The outputs for these inputs.

        Raises:
            ArgumentError: another structure than that of `inputs`.
            ShapeError: a shape that does not fit.
        """
        return self.run(self._values, *args)

    def run(self, values: list[Any], *args: Any) -> Any:
        """The outputs for these inputs and these values of the variables."""
        if len(args) != len(self.inputs):
            raise ArgumentError(self._where, got=f"{len(args)} arguments", expected=f"{len(self.inputs)}")
        tensors = structure.matched(self.inputs, list(args), self._where)
        return structure.filled(self.outputs, iter(self._run(values, tensors)))

    def __repr__(self) -> str:
        def text(specs: Any) -> str:
            return ", ".join(f"{spec.name or 'tensor'}: {spec.dtype}{structure.shown(spec.shape)}" for spec in specs)

        return f"<Endpoint {self.name}({text(structure.specs(self.inputs))}) -> {text(structure.specs(self.outputs))}>"


Complete = Callable[[Artifact, dict[str, Any], Endpoint], Any]


class ExportedModel:
    """What `export` wrote, as functions.

    Endpoints are attributes: `model.serve(x)`; calling the whole calls `serve`, or the only one there is.

    Args:
        path: the directory.
        complete: gives the endpoint in place of a program, from the files, what they say about it, and itself.

    Attributes:
        endpoints: name -> function.
        variables: name -> array: what the programs read.
        collections: name -> names of variables that `add_variable_collection` put together.
        platforms: where the programs run: "cpu", "cuda", "tpu" …
    """

    def __init__(self, path: Path, complete: Complete | None = None) -> None:
        artifact = Artifact(path)
        about = artifact.signature
        self._where = f"The export {path.name}"
        self.platforms = tuple(map(str, artifact.entry(about, "platforms", list)))
        self.variables = _variables(artifact)
        self.trainable = {name for name, one in about["variables"].items() if one.get("trainable")}
        self.collections = _collections(artifact, self.variables)
        self.endpoints: dict[str, Endpoint] = {}
        for name, endpoint in artifact.entry(about, "endpoints", dict).items():
            program = self._endpoint(artifact, name, endpoint)
            self.endpoints[name] = program if complete is None else complete(artifact, endpoint, program)
        if not self.endpoints:
            raise DataError(artifact.where, got="no endpoint", expected="at least one")

    def _endpoint(self, artifact: Artifact, name: str, about: Any) -> Endpoint:
        where = f"{artifact.where}, endpoint {name!r}"
        try:
            inputs = structure.from_json(artifact.entry(about, "inputs", dict), where)
            outputs = structure.from_json(artifact.entry(about, "outputs", dict), where)
        except RecursionError as error:
            raise DataError(where, got="structures nested without end", expected="those of a few levels") from error
        reads = artifact.entry(about, "variables", list)
        if not isinstance(inputs, list) or not all(isinstance(key, str) and key in self.variables for key in reads):
            raise DataError(where, got="arguments or variables that are not listed", expected="a whole signature")
        with artifact.opened(artifact.entry(about, "program", str)) as file:
            exported = _program(bytearray(file.read()), where)
        values = [self.variables[key] for key in reads]
        given = [(tuple(v.shape), v.dtype.name) for v in values]
        given += [(spec.shape, spec.dtype) for spec in structure.specs(inputs)]
        gives = [(spec.shape, spec.dtype) for spec in structure.specs(outputs)]
        if given != [_kind(a) for a in exported.in_avals] or gives != [_kind(a) for a in exported.out_avals]:
            raise DataError(where, got="a program that takes or gives other tensors", expected="those of the signature")
        return Endpoint(name, exported, reads, values, inputs, outputs, self._where)

    def endpoint(self, name: str) -> Endpoint:
        """An endpoint by its name.

        Raises:
            ArgumentError: there is none of that name.
        """
        if name not in self.endpoints:
            raise ArgumentError(self._where, got=f"the endpoint {name!r}", expected=f"one of {sorted(self.endpoints)}")
        return self.endpoints[name]

    def __getattr__(self, name: str) -> Endpoint:
        endpoints = vars(self).get("endpoints", {})
        if name in endpoints:
            return endpoints[name]
        raise AttributeError(f"{type(self).__name__} has no endpoint {name!r}; it has {sorted(endpoints)}.")

    def __call__(self, *args: Any) -> Any:
        """The outputs of `serve`, or of the only endpoint."""
        return self.endpoint(next(iter(self.endpoints)) if len(self.endpoints) == 1 else SERVE)(*args)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(map(repr, self.endpoints.values()))}>"


def load(filepath: PathLike, complete: Complete | None = None) -> ExportedModel:
    """What `export` wrote: its programs, ready to run without the model's code or layers.

    Args:
        filepath: the directory.
        complete: see `ExportedModel`.

    Raises:
        FileNotFoundError: there is none.
        DataError: something else, a damaged, hostile or too new one.
    """
    return ExportedModel(Path(filepath).expanduser(), complete)


def _kind(aval: Any) -> tuple[tuple[int | str, ...], str]:
    return tuple(size if isinstance(size, int) else str(size) for size in aval.shape), aval.dtype.name


def _variables(artifact: Artifact) -> dict[str, Any]:
    listed = artifact.entry(artifact.signature, "variables", dict)
    shapes = {}
    for name, about in listed.items():
        where = f"{artifact.where}, variable {name!r}"
        spec = structure.from_json({"tensor": about}, where)
        if any(isinstance(size, str) for size in spec.shape):
            raise DataError(where, got=f"the shape {spec.shape}", expected="numbers")
        shapes[name] = (spec.shape, np.dtype(jax.numpy.dtype(spec.dtype)))
    values = artifact.values(VALUES, shapes) if shapes else {}
    return {name: jax.numpy.asarray(value) for name, value in values.items()}


def _collections(artifact: Artifact, variables: dict[str, Any]) -> dict[str, list[str]]:
    found = artifact.entry(artifact.signature, "collections", dict)
    for name, keys in found.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) and key in variables for key in keys):
            raise DataError(artifact.where, got=f"the collection {name!r} of {keys}", expected="names of its variables")
    return found


def _program(data: bytearray, where: str) -> Any:
    """A serialized program, which may call nothing outside but the routines of JAX.

    Raises:
        DataError: something else, or a program that calls Python or libraries.
        Unsupported: one that this JAX is too old for.
    """
    try:
        exported = jax.export.deserialize(data)
        text = exported.mlir_module()
    except KeraxError:
        raise
    except Exception as error:  # flatbuffers and MLIR raise whatever meets them in damaged bytes
        if "version" in str(error).lower():
            raise Unsupported(where, got=f"a program this JAX cannot read ({error})", hint="a newer jax") from error
        raise DataError(where, got=f"no program of JAX ({error})", expected="a whole file") from error
    called = {first or second for first, second in _CALLED.findall(text)}
    strange = sorted(name for name in called if not _CALLS.fullmatch(name))
    if strange:
        raise DataError(
            where,
            got=f"a program that calls {strange}",
            expected="one that only computes",
            hint="do not load this file: such calls can run any code",
        )
    return exported
