"""tf.compat: text as bytes and back. There is no TensorFlow 1 here."""

from __future__ import annotations

from typing import Any

from ..._errors import NameError_
from ._missing import INSTEAD, absent

__all__ = ["as_bytes", "as_str", "as_str_any", "as_text", "v1"]

_V1 = {
    "ConfigProto": "tf.config",
    "Session": "calling functions; everything runs eagerly, or compiled by tf.function",
    "disable_eager_execution": "leave it out: nothing here needs graphs",
    "disable_v2_behavior": "leave it out: nothing here needs graphs",
    "enable_eager_execution": "leave it out: everything runs eagerly",
    "enable_v2_behavior": "leave it out",
    "global_variables_initializer": "leave it out: variables have their values at once",
    "placeholder": "tf.keras.Input",
    "set_random_seed": "tf.random.set_seed",
}


class _V1Names:
    """tf.compat.v1: each name is an error that tells the one of TensorFlow 2."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        hint = _V1.get(name, INSTEAD["tf.compat.v1"])
        raise NameError_(f"tf.compat.v1.{name} is not in kerax.compat", hint=hint)


v1 = _V1Names()


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Bytes of text; bytes as they are."""
    return bytes_or_text.encode(encoding) if isinstance(bytes_or_text, str) else bytes(bytes_or_text)


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Text of bytes; text as it is."""
    return str(bytes_or_text) if isinstance(bytes_or_text, str) else bytes(bytes_or_text).decode(encoding)


as_str = as_text


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """Text of anything."""
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


__getattr__ = absent(__name__)
