"""A function of tensors as a program: its inputs described, its unknown sizes named, its Variables found."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.export
import jax.numpy as jnp

from .. import tree
from .._core import nnx_private
from .._core.context import Call, setting
from .._core.dtypes import is_string, real_dtype, standardize_dtype
from .._core.stateful import Carried, discover, pure
from .._errors import ArgumentError, KeraxError, Unsupported
from .._exported import Spec, structure

BATCH = "batch"
PLATFORMS = ("cpu", "cuda", "tpu")
"""Where a program runs unless the caller says otherwise."""


class Traced:
    """A function and what it takes, ready to become a program.

    Args:
        fn: `(values, tensors) -> tensors`, all flat lists.
        variables: the Variables it reads, in the order of `values`.
        inputs: the list of its arguments, structures of specs.
        outputs: a structure of specs.
        structs: the shapes and dtypes of `tensors`, sizes that are open as symbols.
    """

    def __init__(
        self, fn: Callable, variables: list[Any], inputs: list[Any], outputs: Any, structs: list[jax.ShapeDtypeStruct]
    ) -> None:
        self.fn, self.variables = fn, variables
        self.inputs, self.outputs = inputs, outputs
        self.structs = structs

    def values(self) -> list[jax.Array]:
        """What the variables hold now."""
        return nnx_private.raw_all(self.variables)

    def exported(self, platforms: Sequence[str], differentiable: bool, where: str) -> tuple[Any, bytes]:
        """The program, and its bytes.

        Raises:
            Unsupported: something in it cannot be written down, such as a call back into Python.
        """
        values = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in self.values()]
        try:
            program = jax.export.export(jax.jit(self.fn), platforms=tuple(platforms))(values, self.structs)
            return program, bytes(program.serialize(vjp_order=1 if differentiable else 0))
        except (ValueError, NotImplementedError) as error:
            if isinstance(error, KeraxError):
                raise
            raise Unsupported(
                where,
                got=f"a computation that cannot be written down ({error})",
                hint="calls back into Python cannot be exported; platforms= names fewer devices",
            ) from error


def trace(fn: Callable, signature: Sequence[Any], where: str, names: Sequence[str] = ()) -> Traced:
    """A function of tensors, traced for the shapes of a signature.

    Sizes that are None become symbols: `batch` on the first axis, one of its own elsewhere. If the function cannot be
    traced so, sizes on the same axis of all inputs share one.

    Args:
        fn: called on the tensors, with `training` False unless it says otherwise.
        signature: for each argument a structure of InputSpec, KerasTensor, `jax.ShapeDtypeStruct` or arrays.
        where: what errors call it.
        names: of the tensors, flat.

    Raises:
        ArgumentError: something that is no description of a tensor; sizes that have to be known.
        Unsupported: strings.
    """
    flat = tree.flatten(list(signature))
    labels = [*names] if len(names) == len(flat) else _labels(list(signature))
    shapes = [_shape_of(one, label, where) for one, label in zip(flat, labels, strict=True)]
    dtypes = [_dtype_of(one, label, where) for one, label in zip(flat, labels, strict=True)]
    attempts = [_named(shapes, labels, shared) for shared in (False, True)]
    if attempts[0] == attempts[1]:
        del attempts[1]
    failures: list[Exception] = []
    for sizes in attempts:
        try:
            return _traced(fn, list(signature), sizes, dtypes, labels, where)
        except (TypeError, ValueError, jax.errors.InconclusiveDimensionOperation) as error:  # shapes that do not fit
            failures.append(error)
    if isinstance(failures[0], Unsupported) or not any(
        isinstance(size, str) for shape in attempts[0] for size in shape
    ):
        raise failures[0]
    open_ones = ", ".join(f"{label} {structure.shown(shape)}" for label, shape in zip(labels, attempts[0], strict=True))
    raise ArgumentError(
        where,
        got=f"a computation that needs sizes left open in {open_ones} ({_first_line(failures[0])})",
        expected="one that works for every size of them",
        hint="pass input_signature with these sizes, such as [kerax.InputSpec(shape=(None, 32, 3))]",
    ) from failures[0]


def _traced(
    fn: Callable, signature: list[Any], sizes: list[tuple], dtypes: list[str], labels: list[str], where: str
) -> Traced:
    scope = jax.export.SymbolicScope()
    structs = [
        jax.ShapeDtypeStruct(
            jax.export.symbolic_shape(", ".join(map(str, shape)), scope=scope) if _is_text(shape) else shape,
            real_dtype(dtype),
        )
        for shape, dtype in zip(sizes, dtypes, strict=True)
    ]
    carried = Carried()
    outputs: list[Any] = []

    def run(values: list[Any], tensors: list[Any]) -> list[Any]:
        args = tree.pack_sequence_as(signature, tensors)

        def call(*args: Any) -> Any:
            with setting(call=Call(False, None), portable=True):
                return fn(*args)

        out, _ = pure(call, carried)(values, *args)
        leaves: list[Any] = []

        def describe(leaf: Any) -> Spec:
            leaf = jnp.asarray(leaf)
            leaves.append(leaf)
            return Spec(tuple(size if isinstance(size, int) else str(size) for size in leaf.shape), leaf.dtype.name)

        outputs[:] = [structure.described(out, describe)]
        return leaves

    discover(lambda: jax.eval_shape(run, carried.values(), structs), carried)
    specs = iter(
        Spec(tuple(size if isinstance(size, int) else str(size) for size in struct.shape), struct.dtype.name, label)
        for struct, label in zip(structs, labels, strict=True)
    )
    inputs = structure.described(tree.pack_sequence_as(signature, list(specs)), lambda spec: spec)
    return Traced(run, list(carried.variables), inputs, outputs[0], structs)


def _is_text(shape: tuple) -> bool:
    return any(isinstance(size, str) for size in shape)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300]


def _labels(signature: list[Any]) -> list[str]:
    """A name for each tensor: its own, its key, or its number."""
    labels: list[str] = []
    for index, (path, one) in enumerate(tree.flatten_with_path(signature)):
        keys = [step for step in path if isinstance(step, str)]
        label = getattr(one, "name", None) or (keys[-1] if keys else "inputs" if len(signature) == 1 else "")
        label = str(label) or f"argument_{index}"
        labels.append(label if label not in labels else f"{label}_{index}")
    return labels


def _shape_of(one: Any, label: str, where: str) -> tuple:
    shape = getattr(one, "shape", None)
    if shape is None:
        raise ArgumentError(
            f"{where}, input {label!r}",
            got=f"{one!r} of type {type(one).__name__}",
            expected="an InputSpec with a shape, a symbolic tensor, or an array",
        )
    return tuple(shape)


def _dtype_of(one: Any, label: str, where: str) -> str:
    dtype = standardize_dtype(getattr(one, "dtype", None))
    if dtype == "string" or is_string(one):
        raise Unsupported(
            f"{where}, input {label!r}",
            got="an input of strings",
            hint="export the part of the model behind the layers on strings: programs hold numbers only",
        )
    return dtype


def _named(shapes: list[tuple], labels: list[str], shared: bool) -> list[tuple]:
    """The shapes with a symbol for every unknown size."""

    def name(label: str, axis: int) -> str:
        if axis == 0:
            return BATCH
        return f"axis_{axis}" if shared else f"{re.sub(r'[^A-Za-z0-9_]', '_', label)}_{axis}".lstrip("_0123456789")

    return [
        tuple(name(label, axis) if size is None else size for axis, size in enumerate(shape))
        for shape, label in zip(shapes, labels, strict=True)
    ]
