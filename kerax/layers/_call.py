"""One call of a layer, step by step.

arguments   to arrays, in the compute dtype
build       the first time, from the shapes that came
training    the argument, else what the outer call said, else the default of `call`
masks       taken from the inputs where `call` wants them
call        arrays: computed; symbolic tensors: shapes inferred and a node recorded
after       activity regularizer, mask of the outputs
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .. import tree
from .._core import nnx_private
from .._core.context import Call, converted, here, setting
from .._core.dtypes import is_float, is_string, real_dtype
from .._core.module import Module, foreign_variables, variables_of
from .._core.stateful import Carried, pure
from .._core.variable import Variable, plain
from .._errors import ArgumentError, DTypeError, KeraxError, ShapeError
from .._graph.node import Node
from .._graph.shape import infer
from .._graph.tensor import KerasTensor, any_symbolic, mask_of, set_mask
from . import _spec
from ._preprocessing.texts import text_array

if TYPE_CHECKING:
    from ._layer import Layer


class Signature:
    """What a function's parameters tell about how to call it."""

    def __init__(self, fn: Callable) -> None:
        parameters = list(inspect.signature(fn).parameters.values())
        if parameters and parameters[0].name == "self":
            parameters = parameters[1:]
        self.names = [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        self.positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.takes_training = "training" in self.names
        self.takes_mask = "mask" in self.names
        self.masks = [name for name in self.names if name == "mask" or name.endswith("_mask")]


@functools.cache
def signature_of(fn: Callable) -> Signature:
    """The signature of a function, read once."""
    return Signature(fn)


def call(layer: Layer, args: tuple, kwargs: dict) -> Any:
    """Call a layer."""
    signature = signature_of(type(layer).call)
    args, kwargs = _arguments(layer, signature, args, kwargs)
    _check_text(layer, args, kwargs)
    tensors = _tensors(signature, args, kwargs)
    names = here.names
    if not layer.built:
        _check(layer, tensors)
        if getattr(type(layer).build, "_is_default", False):  # inner layers are built by the call itself
            layer._mark_built({f"{name}_shape": shapes_of(value) for name, value in tensors.items()})
            names = (*names, layer.name)
        else:
            _build(layer, tensors)
    _check(layer, tensors)

    outer = here.call
    recorded = {key: value for key, value in kwargs.items() if key != "training" or value is not None}
    training = kwargs.get("training") if signature.takes_training else kwargs.pop("training", None)
    if training is None and "training" in signature.positional:
        place = signature.positional.index("training")
        training = args[place] if place < len(args) else None
    if training is None and outer is not None:
        training = outer.training
    if training is None:
        training = signature.defaults.get("training")
    if signature.takes_training and len(args) <= signature.positional.index("training"):
        kwargs["training"] = training
    context = Call(training, layer if outer is None else outer.entry)
    if outer is None:
        layer._clear_losses()
    _mode_of_foreign_modules(layer, training)
    if here.read:
        _show_foreign_variables(layer)

    first_mask = _fill_masks(signature, args, kwargs, tensors)
    autocast = layer.compute_dtype if layer.autocast else None
    with setting(call=context, autocast=autocast if is_float(autocast or "") else None, names=names):
        if any_symbolic(args, kwargs):
            outputs = layer.compute_output_spec(*args, **kwargs)
            outputs = tree.map_structure(_own_copy, outputs)
            Node(layer, args, recorded, outputs, layer._record.nodes)
        else:
            outputs = _compute(layer, args, kwargs)
    _masks_of_outputs(layer, tensors, outputs, first_mask)
    return outputs


def call_ahead(layer: Layer, args: tuple, kwargs: dict) -> Any:
    """Call a layer of the host in a model, batch by batch: it is built, and has no weights, masks or losses."""
    return _compute(layer, args, kwargs)


def _check(layer: Layer, tensors: dict[str, Any]) -> None:
    """Compare the first input with what the layer takes."""
    if layer.input_spec is not None and tensors:
        _spec.check(layer.input_spec, next(iter(tensors.values())), f"{type(layer).__name__} {layer.name!r}")


def _own_copy(tensor: Any) -> Any:
    """A tensor of this call's own: a layer that returns its input still makes a node."""
    if isinstance(tensor, KerasTensor) and tensor.node is not None:
        copy = KerasTensor(tensor.shape, tensor.dtype)
        copy._keras_mask = tensor._keras_mask
        return copy
    return tensor


def _compute(layer: Layer, args: tuple, kwargs: dict) -> Any:
    """The layer's own `call`, with its losses."""
    try:
        inner, rule = converted(layer.call), layer._facts.remat
        outputs = inner(*args, **kwargs) if rule is None else rule(layer, inner, args, kwargs)
    except KeraxError:
        raise
    except Exception as error:
        _tell_where(error, layer, args, kwargs)
        raise
    if layer.activity_regularizer is not None:
        for output in tree.flatten(outputs):
            if hasattr(output, "dtype"):
                rows = output.shape[0] if output.ndim else 1
                layer.add_loss(layer.activity_regularizer(output) / rows)  # a mean over the batch, as in Keras
    return outputs


def _tell_where(error: Exception, layer: Layer, args: tuple, kwargs: dict) -> None:
    """Note on an error that came out of a `call` which layer it was, innermost first."""
    if not hasattr(error, "add_note"):
        return
    shapes = tree.map_structure(_describe, list(args))
    note = f"  in {type(layer).__name__} {layer.name!r}, called on {', '.join(map(str, shapes))}"
    if note not in getattr(error, "__notes__", []):
        error.add_note(note)


def _describe(x: Any) -> str:
    return f"{x.dtype}{list(x.shape)}" if hasattr(x, "shape") and hasattr(x, "dtype") else repr(x)[:60]


# -- arguments -----------------------------------------------------------------------------------


def _arguments(layer: Layer, signature: Signature, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Arrays in the compute dtype; anything else as it came."""
    dtype = layer.compute_dtype if layer.autocast else None
    if layer._raw_inputs:
        where = f"{type(layer).__name__} {layer.name!r}"
        return tuple(_on_host(arg, where) for arg in args), {
            key: value if key == "training" else _on_host(value, where) for key, value in kwargs.items()
        }
    converted = tuple(_convert(arg, dtype, layer) for arg in args)
    for place, arg in enumerate(converted):
        name = signature.positional[place] if place < len(signature.positional) else ""
        if name == "training" or name.endswith("mask"):
            continue
        for leaf in tree.flatten(arg):
            if leaf is not None and not _is_input(leaf):
                raise ArgumentError(
                    f"{type(layer).__name__} {layer.name!r}",
                    got=f"the positional argument {leaf!r} of type {type(leaf).__name__}",
                    expected="tensors as positional arguments",
                    hint=f"pass it by keyword: {name or 'name'}={leaf!r}",
                )
    return converted, {
        key: value if key == "training" else _convert(value, dtype if not key.endswith("mask") else None, layer)
        for key, value in kwargs.items()
    }


def _on_host(x: Any, where: str) -> Any:
    """An argument of a layer that computes in NumPy: text and numbers in arrays, nothing cast."""
    if isinstance(x, (jax.Array, KerasTensor, np.ndarray)) or x is None:
        return x
    if isinstance(x, Variable):
        return x.value
    if isinstance(x, dict):
        return {key: _on_host(value, where) for key, value in x.items()}
    if isinstance(x, (list, tuple)) and any(isinstance(leaf, (jax.Array, KerasTensor, np.ndarray)) for leaf in x):
        return [_on_host(item, where) for item in x]
    if isinstance(x, (list, tuple)):
        flat = tree.flatten(x)
        if any(isinstance(leaf, (str, bytes)) or leaf is None for leaf in flat):
            return text_array(x, where)
        return np.asarray(x)
    return text_array(x, where) if is_string(x) else np.asarray(x)


def _check_text(layer: Layer, args: tuple, kwargs: dict) -> None:
    """Raise where text comes to a layer that computes with numbers."""
    takes = layer._takes_text
    if takes or layer._raw_inputs or (takes is None and not _ours(type(layer).call)):
        return
    for leaf in tree.flatten([args, kwargs]):
        if leaf.dtype == "string" if isinstance(leaf, KerasTensor) else isinstance(leaf, (np.ndarray, bytes)):
            raise DTypeError(
                f"{type(layer).__name__} {layer.name!r}",
                got="text",
                expected="numbers",
                hint="put a text layer before it: TextVectorization for documents, StringLookup or Hashing for "
                "categories",
            )


def _ours(fn: Callable) -> bool:
    return (fn.__module__ or "").startswith(__name__.split(".")[0] + ".")


def _is_input(x: Any) -> bool:
    return isinstance(x, (jax.Array, KerasTensor, np.ndarray, nnx.Variable)) or hasattr(x, "shape") or is_string(x)


def _convert(x: Any, dtype: str | None, layer: Layer) -> Any:
    if isinstance(x, jax.Array):
        return _cast(x, dtype)
    if isinstance(x, KerasTensor) or x is None:
        return x
    if isinstance(x, Variable):
        return _cast(x.value, dtype)
    if isinstance(x, np.ndarray):
        if is_string(x):
            return x
        return _cast_host(x, dtype)
    if isinstance(x, (list, tuple)) and x:
        flat = tree.flatten(x)
        if all(isinstance(leaf, (int, float, bool, np.generic)) for leaf in flat) and isinstance(x, list):
            return _cast_host(np.asarray(x), dtype)
        if isinstance(x, list) and all(isinstance(leaf, (str, bytes)) for leaf in flat):
            return text_array(x, layer.name)
        return (
            type(x)(_convert(item, dtype, layer) for item in x)
            if not hasattr(x, "_fields")
            else type(x)(*(_convert(item, dtype, layer) for item in x))
        )
    if isinstance(x, dict):
        return {key: _convert(value, dtype, layer) for key, value in x.items()}
    if hasattr(x, "__array__") and hasattr(x, "shape"):
        return _convert(np.asarray(x), dtype, layer)
    return x


def _cast(x: Any, dtype: str | None) -> Any:
    if dtype is not None and is_float(x.dtype) and x.dtype != dtype and is_float(dtype):
        mask = mask_of(x)
        x = x.astype(dtype)
        set_mask(x, mask)
    return x


def _cast_host(x: np.ndarray, dtype: str | None) -> jax.Array:
    if x.dtype.kind == "f":
        return jnp.asarray(x, real_dtype(dtype or x.dtype))
    return jnp.asarray(x)


def _tensors(signature: Signature, args: tuple, kwargs: dict) -> dict[str, Any]:
    """The arguments that hold tensors, by the names `call` gives them."""
    named = {}
    for place, arg in enumerate(args):
        name = signature.positional[place] if place < len(signature.positional) else f"arg{place}"
        named[name] = arg
    named.update(kwargs)
    return {
        name: value
        for name, value in named.items()
        if name not in ("training",)
        and not name.endswith("mask")
        and any(hasattr(leaf, "shape") for leaf in tree.flatten(value))
    }


def _mode_of_foreign_modules(layer: Layer, training: bool | None) -> None:
    """Tell Flax modules inside whether this is training: they keep it in an attribute."""
    for module in layer._own_modules():
        if not isinstance(module, Module):
            for _, inner in nnx.iter_graph(module, graph=True):
                if isinstance(inner, nnx.Module):
                    for name in ("deterministic", "use_running_average"):
                        if name in vars(inner) and isinstance(vars(inner)[name], bool):
                            nnx_private.set_attribute(inner, name, not training)


def _show_foreign_variables(layer: Layer) -> None:
    """Tell those who watch reads of the Variables of Flax inside, which tell nobody themselves."""
    for item in layer._own():
        held = [item] if isinstance(item, nnx.Variable) else [] if isinstance(item, Module) else foreign_variables(item)
        for variable in held:
            if not isinstance(variable, Variable):
                for notice in here.read:
                    notice(variable)


# -- building ------------------------------------------------------------------------------------


def shapes_of(x: Any) -> Any:
    """The shape of each tensor of a structure."""
    return tree.map_structure(lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else None, x)


def _build(layer: Layer, tensors: dict[str, Any]) -> None:
    """Build a layer from the shapes of its first inputs."""
    build = signature_of(inspect.unwrap(type(layer).build))
    shapes = {name: shapes_of(value) for name, value in tensors.items()}
    first = next(iter(shapes.values())) if shapes else None
    if not shapes or (len(build.names) == 1 and not build.takes_any):
        layer.build(first)
    else:
        wanted = {f"{name}_shape": shape for name, shape in shapes.items()}
        if not build.takes_any:
            wanted = {name: shape for name, shape in wanted.items() if name in build.names}
        if build.names and not any(name in wanted for name in build.names):
            wanted = {build.names[0]: first}
        layer.build(**wanted)
    layer.built = True


def build_by_calling(layer: Layer, input_shape: Any) -> None:
    """Build inner layers by a trial call on symbolic tensors of that shape."""
    if input_shape is None:
        return
    inputs = _symbolic_inputs(input_shape, layer)
    try:
        signature = signature_of(type(layer).call)
        kwargs = {"training": False} if signature.takes_training else {}
        if isinstance(inputs, dict) and set(inputs) <= set(signature.names) and len(signature.positional) > 1:
            infer(layer.call, (), {**inputs, **kwargs}, Carried(variables_of(layer)))
        else:
            infer(layer.call, (inputs,), kwargs, Carried(variables_of(layer)))
    except Exception as error:
        error.add_note(
            f"  while building {type(layer).__name__} {layer.name!r} by a trial call on inputs of shape {input_shape}; "
            "call it on real data instead if its call() needs values or other dtypes"
        )
        raise


def _symbolic_inputs(shape: Any, layer: Layer) -> Any:
    if isinstance(shape, dict):
        return {key: _symbolic_inputs(value, layer) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(item, (list, tuple, dict)) for item in shape):
        return [_symbolic_inputs(item, layer) for item in shape]
    return KerasTensor(shape, layer.compute_dtype)


# -- symbolic calls ------------------------------------------------------------------------------


def output_spec(layer: Layer, args: tuple, kwargs: dict) -> Any:
    """The symbolic outputs of a call: by `compute_output_shape` where a layer writes it, else by evaluating `call`."""
    from_shape = type(layer).compute_output_shape
    if getattr(from_shape, "_is_default", False):
        return _inferred(layer, args, kwargs)
    if layer._inner_unbuilt():
        _inferred(layer, args, kwargs)
    signature = signature_of(inspect.unwrap(from_shape))
    tensors = _tensors(signature_of(type(layer).call), args, kwargs)
    shapes = {f"{name}_shape": shapes_of(value) for name, value in tensors.items()}
    if len(signature.names) == 1:
        out = layer.compute_output_shape(next(iter(shapes.values())))
    else:
        out = layer.compute_output_shape(**{key: value for key, value in shapes.items() if key in signature.names})
    return _from_shapes(out, layer.compute_dtype)


def _from_shapes(shape: Any, dtype: str) -> Any:
    if isinstance(shape, dict):
        return {key: _from_shapes(value, dtype) for key, value in shape.items()}
    if isinstance(shape, KerasTensor):
        return shape
    if isinstance(shape, (list, tuple)) and any(isinstance(item, (list, tuple, dict)) for item in shape):
        return type(shape)(_from_shapes(item, dtype) for item in shape)
    return KerasTensor(shape, dtype)


def _inferred(layer: Layer, args: tuple, kwargs: dict) -> Any:
    def run(*args: Any, **kwargs: Any) -> Any:
        args = tree.map_structure(lambda x: _cast(x, layer.compute_dtype if layer.autocast else None), args)
        return converted(layer.call)(*args, **kwargs)

    losses = [(inner, list(inner._record.losses)) for inner in layer._flatten_layers()]
    try:
        return infer(run, args, kwargs, Carried(variables_of(layer)))
    except KeraxError:
        raise
    except Exception as error:
        _tell_where(error, layer, args, kwargs)
        raise
    finally:
        for inner, before in losses:  # abstract values must not stay behind
            inner._record.losses = before
        for inner in layer._flatten_layers():
            if not any(inner is known for known, _ in losses):
                inner._record.losses = []


def output_shape(layer: Layer, args: tuple, kwargs: dict) -> Any:
    """The default of `compute_output_shape`: by evaluating `call`."""
    if kwargs:
        named = {key.removesuffix("_shape"): _symbolic_inputs(value, layer) for key, value in kwargs.items()}
        spec = layer.compute_output_spec(**named)
    else:
        spec = layer.compute_output_spec(*(_symbolic_inputs(shape, layer) for shape in args))
    return tree.map_structure(lambda tensor: tensor.shape, spec)


# -- masks ---------------------------------------------------------------------------------------


def _fill_masks(signature: Signature, args: tuple, kwargs: dict, tensors: dict[str, Any]) -> Any:
    """Give `call` the masks of its inputs where it takes them; the mask of the first input."""
    first_mask = None
    for place, (name, value) in enumerate(tensors.items()):
        mask = tree.map_structure(mask_of, value)
        if all(leaf is None for leaf in tree.flatten(mask)):
            mask = None
        if place == 0:
            first_mask = mask
        key = "mask" if place == 0 and "mask" in signature.names else f"{name}_mask"
        if mask is None or key not in signature.masks or kwargs.get(key) is not None:
            continue
        if key in signature.positional and signature.positional.index(key) < len(args):
            continue
        kwargs[key] = mask
    if first_mask is None and kwargs.get("mask") is not None:
        first_mask = kwargs["mask"]
    return first_mask


def _masks_of_outputs(layer: Layer, tensors: dict[str, Any], outputs: Any, mask: Any) -> None:
    """Let the mask of the inputs, as the layer changes it, travel with the outputs."""
    flat = tree.flatten(outputs)
    if not tensors or not any(isinstance(out, (jax.Array, KerasTensor)) for out in flat):
        return
    if all(mask_of(out) is not None for out in flat):
        return
    if not layer.supports_masking:
        if mask is not None and any(leaf is not None for leaf in tree.flatten(mask)) and not _takes_mask(layer):
            warnings.warn(
                f"{type(layer).__name__} {layer.name!r} does not support masking: the mask of its input ends here. "
                "If it should go on, set self.supports_masking = True in its __init__.",
                stacklevel=4,
            )
        return
    if mask is None and not _makes_masks(layer):
        return
    inputs = next(iter(tensors.values()))
    if any_symbolic(inputs) or any_symbolic(mask):
        new = infer(layer.compute_mask, (inputs, mask), {})
    else:
        new = layer.compute_mask(inputs, mask)
    if new is None:
        return
    new = tree.flatten(new)
    for out, one in zip(flat, new, strict=False):
        set_mask(out, one)


def _takes_mask(layer: Layer) -> bool:
    return signature_of(type(layer).call).takes_mask


def _makes_masks(layer: Layer) -> bool:
    """Whether a mask may come out where none went in."""
    return not getattr(type(layer).compute_mask, "_is_default", False)


# -- stateless -----------------------------------------------------------------------------------


def stateless(
    layer: Layer,
    trainable: Sequence[Any],
    non_trainable: Sequence[Any],
    return_losses: bool,
    args: tuple,
    kwargs: dict,
) -> tuple:
    """The call as a pure function of its variables' values."""
    if not layer.built:
        raise ShapeError(
            f"stateless_call of {type(layer).__name__} {layer.name!r}",
            got="a layer that is not built",
            expected="its variables to exist",
            hint="call it once, or build(input_shape)",
        )
    own_trainable, own_rest = layer.trainable_variables, layer.non_trainable_variables
    for what, given, own in (("trainable", trainable, own_trainable), ("non-trainable", non_trainable, own_rest)):
        if len(given) != len(own):
            raise ArgumentError(
                f"stateless_call of {layer.name!r}", got=f"{len(given)} {what} values", expected=f"{len(own)}"
            )
    carried = Carried([*own_trainable, *own_rest])

    def run() -> tuple:
        outputs = layer(*args, **kwargs)
        losses = layer.losses
        layer._clear_losses()
        return outputs, losses

    values = [
        nnx_private.raw(v) if isinstance(v, nnx.Variable) else v for v in map(plain, [*trainable, *non_trainable])
    ]
    (outputs, losses), after = pure(run, carried, check=False)(values)
    rest = after[len(own_trainable) :]
    return (outputs, rest, losses) if return_losses else (outputs, rest)


def mixes_rows(layer: Any) -> bool:
    """Whether a row of the output may depend on other rows of the batch: code of others is never trusted."""
    if layer.activity_regularizer is not None or layer._mixes_rows:
        return True
    return not _ours(type(layer).call)
