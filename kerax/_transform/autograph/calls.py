"""Calls made by converted code: functions of the user are converted in turn, builtins know tensors."""

from __future__ import annotations

import functools
import logging
import sys
import weakref
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType, SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from . import branches, loops, undefined
from .loops import Elements, TensorRange
from .state import plain, traced
from .transpile import NotConverted, converted

log = logging.getLogger("kerax")
LIBRARIES = frozenset(sys.stdlib_module_names) - {"__main__", "this"} | {
    "absl", "chex", "diastatic_malt", "einops", "flax", "grain", "h5py", "jax", "jaxlib", "keras", "kerax", "malt",
    "matplotlib", "ml_dtypes", "numpy", "optax", "orbax", "pandas", "PIL", "pytest", "rich", "scipy", "sklearn",
    "tensorboardX", "tensorflow", "torch", "tqdm",
}  # fmt: skip
_left: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # code that runs as it is -> why
_ARTIFACT = "_kerax_converted"


def artifact(fn: Any) -> Any:
    """Mark a function as converted already, or not to be converted."""
    setattr(fn, _ARTIFACT, True)
    return fn


def of_library(fn: FunctionType) -> bool:
    """Whether a function belongs to a library, whose code runs as it is."""
    return str(fn.__globals__.get("__name__", "")).partition(".")[0] in LIBRARIES


def convert(fn: Callable) -> Callable:
    """A function of the user on our operators; anything else, and what cannot be converted, as it is."""
    if isinstance(fn, MethodType):
        inner = convert(fn.__func__)
        return fn if inner is fn.__func__ else MethodType(inner, fn.__self__)
    if not isinstance(fn, FunctionType) or hasattr(fn, _ARTIFACT) or of_library(fn):
        return fn
    if fn.__code__ in _left:
        return fn
    try:
        return artifact(converted(fn, operators()))
    except NotConverted as error:
        _left[fn.__code__] = str(error)
        log.info("AutoGraph leaves %s as it is: %s", fn.__qualname__, error)
        return fn


def reason(fn: Callable) -> str | None:
    """Why a function runs as it is, None where it is converted."""
    code = getattr(getattr(fn, "__func__", fn), "__code__", None)
    return _left.get(code) if code is not None else None


def converted_call(f: Any, args: tuple, kwargs: dict | None, scope: Any = None) -> Any:
    """`f(*args, **kwargs)`, `f` converted where it is the user's."""
    kwargs = kwargs or {}
    if isinstance(f, (FunctionType, MethodType)):
        return convert(f)(*args, **kwargs)
    if isinstance(f, (BuiltinFunctionType, type)):
        own = _OWN.get(f)
        return f(*args, **kwargs) if own is None else own(*args, **kwargs)
    if isinstance(f, functools.partial):
        return converted_call(f.func, (*f.args, *args), {**f.keywords, **kwargs}, scope)
    call = getattr(type(f), "__call__", None)  # noqa: B004 - the function itself is wanted
    if isinstance(call, FunctionType) and not of_library(call):
        return convert(call)(f, *args, **kwargs)
    return f(*args, **kwargs)


# -- builtins --------------------------------------------------------------------------------------


def _tensors(args: Sequence[Any]) -> bool:
    return any(traced(plain(arg)) for arg in args)


def _range(*args: Any) -> Any:
    args = tuple(plain(arg) for arg in args)
    if not any(isinstance(arg, jax.Array) for arg in args):
        return range(*args)
    if not _tensors(args) and not loops.staging():
        return range(*map(int, args))
    return TensorRange(*args)


def _number(make: type, dtype: Any) -> Callable:
    def cast(*args: Any, **kwargs: Any) -> Any:
        return jnp.asarray(plain(args[0])).astype(dtype) if _tensors(args[:1]) else make(*args, **kwargs)

    return cast


def _extreme(python: Callable, pair: Callable, of_axis: Callable) -> Callable:
    def choose(*args: Any, **kwargs: Any) -> Any:
        values = args if len(args) > 1 else args[0] if isinstance(args[0], (list, tuple)) else None
        if kwargs or (values is not None and not _tensors(values)):
            return python(*args, **kwargs)
        if values is None:
            return of_axis(plain(args[0]), axis=0) if _tensors(args) else python(*args)
        return functools.reduce(pair, map(plain, values))

    return choose


def _all_of(python: Callable, of_axis: Callable, pair: Callable) -> Callable:
    def test(values: Any) -> Any:
        values = plain(values)
        if traced(values):
            return of_axis(values)
        if isinstance(values, (list, tuple)) and _tensors(values):
            return functools.reduce(pair, (jnp.asarray(plain(v)).astype(bool) for v in values))
        return python(values)

    return test


def _enumerate(iterable: Any, start: int = 0) -> Any:
    iterable = plain(iterable)
    if isinstance(iterable, Elements) or loops.is_staged(iterable):
        inner = Elements.of(iterable)
        count = jnp.arange(inner.length, dtype=jnp.int32) + start
        return Elements((count, inner.tree), inner.length)
    if loops.is_host_source(iterable):
        return loops.HostEnumerate(iterable, start)
    return enumerate(iterable, start)


def _zip(*iterables: Any, strict: bool = False) -> Any:
    iterables = tuple(map(plain, iterables))
    staged = [isinstance(x, Elements) or loops.is_staged(x) for x in iterables]
    if iterables and all(staged):
        parts = [Elements.of(x) for x in iterables]
        lengths = [part.length for part in parts]
        if strict and len(set(lengths)) > 1:
            raise ValueError(f"zip() of arrays of lengths {lengths}")
        length = min(lengths)
        return Elements(tuple(jax.tree.map(lambda a: a[:length], part.tree) for part in parts), length)
    if any(loops.is_host_source(x) for x in iterables):
        return loops.HostZip(iterables, strict)
    return zip(*iterables, strict=strict)


_OWN: dict[Any, Callable] = {
    range: _range,
    int: _number(int, jnp.int32),
    float: _number(float, jnp.float32),
    bool: _number(bool, bool),
    max: _extreme(max, jnp.maximum, jnp.max),
    min: _extreme(min, jnp.minimum, jnp.min),
    all: _all_of(all, jnp.all, jnp.logical_and),
    any: _all_of(any, jnp.any, jnp.logical_or),
    enumerate: _enumerate,
    zip: _zip,
}


class FunctionScope(undefined.Scope):
    """The body of a converted function."""

    def __init__(self, name: str, scope_name: str, options: Any) -> None:
        self.name = name

    def __enter__(self) -> FunctionScope:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def ret(self, value: Any, did_return: Any) -> Any:
        """What the function returns."""
        return branches.returned(value, did_return, self.name)


def with_function_scope(body: Callable, name: str, options: Any) -> Any:
    """The body of a converted lambda."""
    return body(FunctionScope("<lambda>", name, options))


@functools.cache
def operators() -> Any:
    """What converted code calls `ag__`."""
    return SimpleNamespace(
        STD=None,
        FunctionScope=FunctionScope,
        Undefined=undefined.Undefined,
        UndefinedReturnValue=undefined.UndefinedReturnValue,
        and_=branches.and_,
        assert_stmt=branches.assert_stmt,
        autograph_artifact=artifact,
        caught=sys.exception,
        converted_call=converted_call,
        for_stmt=loops.for_stmt,
        if_exp=branches.if_exp,
        if_stmt=branches.if_stmt,
        ld=undefined.ld,
        ldu=undefined.ldu,
        not_=branches.not_,
        or_=branches.or_,
        while_stmt=loops.while_stmt,
        with_function_scope=with_function_scope,
    )
