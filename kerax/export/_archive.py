"""ExportArchive: endpoints put together and written out."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx

from .._core.module import variables_of
from .._errors import ArgumentError, Unsupported
from .._exported import artifact
from .._exported.program import RESERVED, VALUES
from .._exported.structure import to_json
from .._types import PathLike
from .._version import __version__
from ..layers._layer import Layer
from ._signature import signature_of
from ._text import SIDES, load, write_model
from ._trace import PLATFORMS, Traced, trace

log = logging.getLogger("kerax")


class ExportArchive:
    """Functions of models and layers, written out as programs that run without their code.

    Examples:
        >>> import kerax, tempfile
        >>> model = kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(2, kernel_initializer="ones")])
        >>> archive = kerax.export.ExportArchive()
        >>> archive.track(model)
        >>> _ = archive.add_endpoint("serve", model.call, [kerax.InputSpec(shape=(None, 3))])
        >>> folder = tempfile.mkdtemp()
        >>> archive.write_out(folder, verbose=False)
        >>> kerax.export.load(folder).serve([[1.0, 2.0, 3.0]]).tolist()
        [[6.0, 6.0]]
    """

    def __init__(self) -> None:
        self._tracked: dict[int, Any] = {}
        self._collections: dict[str, list[Any]] = {}
        self._endpoints: dict[str, tuple[Traced, bool, dict[str, Any]]] = {}

    # -- what is in it -------------------------------------------------------------------------

    @property
    def variables(self) -> list[Any]:
        """The variables of what was tracked and of what the endpoints read."""
        return list(self._tracked.values())

    @property
    def trainable_variables(self) -> list[Any]:
        """Those that an optimizer changes."""
        return [v for v in self.variables if is_trainable(v)]

    @property
    def non_trainable_variables(self) -> list[Any]:
        """Those that no optimizer changes."""
        return [v for v in self.variables if not is_trainable(v)]

    def track(self, resource: Any) -> None:
        """Write the variables of a layer or a model out, whether an endpoint reads them or not.

        Raises:
            ArgumentError: something without variables, or a layer that is not built.
        """
        if isinstance(resource, nnx.Variable):
            self._keep([resource])
            return
        if not isinstance(resource, nnx.Module):
            raise ArgumentError(
                "ExportArchive.track",
                got=f"{resource!r} of type {type(resource).__name__}",
                expected="a layer or model",
            )
        if getattr(resource, "built", True) is False:
            raise ArgumentError(
                f"ExportArchive.track of {type(resource).__name__} {getattr(resource, 'name', '')!r}",
                got="a layer that is not built",
                hint="call it on data once, or build(input_shape)",
            )
        self._keep(resource.weights if hasattr(resource, "weights") else variables_of(resource))

    def _keep(self, variables: Iterable[Any]) -> None:
        for variable in variables:
            self._tracked.setdefault(id(variable), variable)

    def add_endpoint(
        self, name: str, fn: Callable, input_signature: Any = None, *, differentiable: bool = False, **kwargs: Any
    ) -> Callable:
        """Put a function in.

        It is traced once, with `training` False unless it says otherwise; what it writes to variables is not kept.

        Args:
            name: an identifier; `load(path).<name>` will be the function.
            fn: takes tensors, gives tensors, in nested lists, tuples and dicts.
            input_signature: for each argument of `fn` a structure of `InputSpec`, symbolic tensors,
                `jax.ShapeDtypeStruct` or arrays. None sizes stay open. Left out for a model that knows its inputs,
                and for one that takes text or gives it: its layers on text are written beside the program.
            differentiable: whether gradients with respect to the inputs can be taken through the program.

        Returns:
            `fn`.

        Raises:
            ArgumentError: a name that is none or is taken, no signature, sizes that the function has to know.
            Unsupported: strings, but for functional and Sequential models.
        """
        for old in ("is_static", "jax2tf_kwargs"):  # how Keras helps jax2tf
            kwargs.pop(old, None)
        where = f"The endpoint {name!r}"
        if kwargs:
            raise ArgumentError(where, got=f"the unknown arguments {sorted(kwargs)}", expected="those of its signature")
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_") or name in RESERVED:
            raise ArgumentError(where, got=repr(name), expected="an identifier that is no attribute of ExportedModel")
        if name in self._endpoints:
            raise ArgumentError(where, got="a second function of that name", expected="another name")
        if not callable(fn):
            raise ArgumentError(where, got=repr(fn), expected="a function")
        parts = _parts(fn)
        if parts is None:
            signature, names = signature_of(fn, input_signature, where)
            traced, sides = trace(fn, signature, where, names), {}
        elif input_signature is None:
            traced = trace(parts.device, [parts.tensors], where)
            sides = {side: part for side in SIDES if (part := getattr(parts, side)) is not None}
        else:
            raise ArgumentError(where, got="an input_signature", expected="none for a model that works on text")
        self._keep(traced.variables)
        self._endpoints[name] = traced, differentiable, sides
        return fn

    def track_and_add_endpoint(self, name: str, resource: Any, input_signature: Any = None, **kwargs: Any) -> None:
        """`track` a layer or model, and put its call in."""
        self.track(resource)
        self.add_endpoint(name, resource, input_signature, **kwargs)

    def add_variable_collection(self, name: str, variables: Iterable[Any]) -> None:
        """Give variables a name together: `load(path).collections[name]` lists them.

        Raises:
            ArgumentError: something else than a list of variables.
        """
        held = list(variables) if isinstance(variables, (list, tuple, set)) else [variables]
        if not held or not all(isinstance(v, nnx.Variable) for v in held):
            raise ArgumentError(
                f"The collection {name!r}", got=f"{str(variables)[:80]}", expected="a list of variables"
            )
        self._keep(held)
        self._collections[str(name)] = held

    # -- written ---------------------------------------------------------------------------------

    def write_out(
        self,
        filepath: PathLike,
        options: Any = None,
        verbose: bool = True,
        *,
        platforms: Sequence[str] | None = None,
    ) -> None:
        """Write everything into a directory; what it held before stays whole until then.

        Args:
            filepath: the directory, made if need be.
            options: of SavedModel; must be None.
            verbose: whether to print what was written.
            platforms: where the programs shall run; default "cpu", "cuda" and "tpu".

        Raises:
            ArgumentError: no endpoint, a platform that JAX does not know.
            Unsupported: a computation that cannot be written down.
        """
        if options is not None:
            raise Unsupported(
                "ExportArchive.write_out", got="options", hint="leave them out: they belong to SavedModel"
            )
        if not self._endpoints:
            raise ArgumentError("ExportArchive.write_out", got="no endpoint", expected="add_endpoint(…) first")
        path = Path(filepath).expanduser()
        devices = tuple(PLATFORMS if platforms is None else platforms)
        known = ("cpu", "cuda", "rocm", "tpu")
        if not devices or any(device not in known for device in devices):
            raise ArgumentError(f"export to {path.name!r}", got=f"platforms={platforms!r}", expected=f"some of {known}")
        names = {id(v): name for v, name in zip(self.variables, variable_names(self.variables), strict=True)}
        files: dict[str, Callable] = {}
        endpoints: dict[str, Any] = {}
        for name, (traced, differentiable, sides) in self._endpoints.items():
            _, data = traced.exported(devices, differentiable, f"The endpoint {name!r}")
            files[f"{name}.bin"] = lambda file, data=data: file.write(data)
            endpoints[name] = {
                "program": f"{name}.bin",
                "variables": [names[id(v)] for v in traced.variables],
                "inputs": to_json(traced.inputs),
                "outputs": to_json(traced.outputs),
                "differentiable": differentiable,
            }
            for side, part in sides.items():
                file_name = endpoints[name][side] = f"{name}.{side}.keras"
                files[file_name] = lambda file, part=part: write_model(part, file)
        values = {names[id(v)]: np.asarray(v[...]) for v in self.variables}
        if values:
            files[VALUES] = lambda file: artifact.write_values(file, values)
        about = {
            "kerax_version": __version__,
            "jax_version": jax.__version__,
            "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
            "platforms": list(devices),
            "endpoints": endpoints,
            "variables": {
                names[id(v)]: {
                    "name": names[id(v)],
                    "shape": list(values[names[id(v)]].shape),
                    "dtype": values[names[id(v)]].dtype.name,
                    "trainable": is_trainable(v),
                }
                for v in self.variables
            },
            "collections": {name: [names[id(v)] for v in held] for name, held in self._collections.items()},
        }
        artifact.write(path, about, files)
        if verbose:
            log.info("Exported to %s: %s", path, ", ".join(map(repr, load(path).endpoints.values())))


def _parts(fn: Callable) -> Any:
    """The parts of a model that works on text, where `fn` is its call; else None."""
    model = (
        fn
        if isinstance(fn, Layer)
        else getattr(fn, "__self__", None)
        if getattr(fn, "__name__", "") == "call"
        else None
    )
    return model._apart() if isinstance(model, Layer) and hasattr(model, "_apart") else None


def is_trainable(variable: Any) -> bool:
    """Whether an optimizer changes it."""
    return bool(getattr(variable, "trainable", isinstance(variable, nnx.Param)))


def variable_names(variables: list[Any]) -> list[str]:
    """The path of each variable, numbered where it repeats."""
    names: list[str] = []
    for variable in variables:
        path = getattr(variable, "path", None) or type(variable).__name__
        name, count = path, 1
        while name in names:
            name, count = f"{path}_{count}", count + 1
        names.append(name)
    return names
