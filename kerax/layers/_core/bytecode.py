"""Lambdas in configs, as Keras writes them: their byte code. Reading one runs code from a file."""

from __future__ import annotations

import base64
import builtins
import marshal
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ... import _serial
from ..._errors import ArgumentError, DTypeError
from ..._types import Config

_mine = threading.local()  # the byte code that this thread wrote and trusts


@contextmanager
def trusting_own() -> Iterator[None]:
    """Within the block byte code that `dump` wrote in it can be read: copies of models are made by way of configs."""
    before = getattr(_mine, "codes", None)
    _mine.codes = set() if before is None else before
    try:
        yield
    finally:
        _mine.codes = before


def note(text: str) -> None:
    """Trust what a living object just wrote into its config, where copies are being made."""
    if getattr(_mine, "codes", None) is not None:
        _mine.codes.add(text)


def is_own(text: Any) -> bool:
    """Whether a living object wrote it for the copy that is being made."""
    return isinstance(text, str) and text in (getattr(_mine, "codes", None) or ())


def is_lambda(value: Any) -> bool:
    """Whether only its byte code can say what a function does."""
    return isinstance(value, types.FunctionType) and value.__name__ == "<lambda>"


def dump(function: types.FunctionType) -> Config:
    """The config of a lambda.

    Raises:
        DTypeError: it uses variables of the function around it that have no config.
    """
    closure = None
    if function.__closure__ is not None:
        closure = [cell.cell_contents for cell in function.__closure__]
        if not all(value is None or isinstance(value, (bool, int, float, str)) for value in closure):
            raise DTypeError(
                "A lambda that uses variables from around it cannot be written into a config",
                got=f"values of types {sorted({type(value).__name__ for value in closure})}",
                hint="use a named function, registered with register_keras_serializable",
            )
    defaults = None if function.__defaults__ is None else list(function.__defaults__)
    code = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    note(code)
    return {"class_name": "__lambda__", "config": {"code": code, "defaults": defaults, "closure": closure}}


def load(config: Config, where: str) -> Callable:
    """The function of a config that holds byte code; the names it uses are looked up in the custom objects.

    Raises:
        ArgumentError: in safe mode; byte code of another Python.
    """
    if _serial.in_safe_mode() and not is_own(config["config"].get("code")):
        raise ArgumentError(
            where,
            got="a Python lambda stored in a file, which could do anything on this machine",
            expected="a named function",
            hint="pass safe_mode=False, or call config.enable_unsafe_deserialization(), if you trust its author",
        )
    inner = config["config"]
    try:
        code = marshal.loads(base64.b64decode(inner["code"]))
        closure = inner.get("closure")
        defaults = inner.get("defaults")
        return types.FunctionType(
            code,
            {"__builtins__": builtins, **_serial.custom_objects_here()},
            argdefs=None if defaults is None else tuple(defaults),
            closure=None if closure is None else tuple(types.CellType(value) for value in closure),
        )
    except (ValueError, EOFError, TypeError, KeyError) as error:
        raise ArgumentError(
            where, got=f"byte code that this Python cannot read ({error})", expected="that of the Python that wrote it"
        ) from error
