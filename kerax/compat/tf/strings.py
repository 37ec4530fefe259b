"""tf.strings, on the host: NumPy arrays of text in, the same out. JAX has no strings, so compiled code has none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._core.dtypes import is_string, real_dtype
from ..._core.variable import plain
from ..._errors import DTypeError
from ..._types import Array
from ._missing import absent
from ._static import eager
from ._types import as_dtype, float32, on_host
from .errors import InvalidArgumentError

__all__ = [
    "as_string",
    "bytes_split",
    "format",
    "join",
    "length",
    "lower",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "split",
    "strip",
    "substr",
    "to_number",
    "unicode_split",
    "upper",
]


def _texts(where: str, value: Any) -> Any:
    """Text as an array of `str`; bytes are read as UTF-8.

    Raises:
        DTypeError: no text.
    """
    found = np.asarray(value)
    if found.dtype.kind not in "SUT" and not (found.dtype.kind == "O" and (not found.size or is_string(found))):
        raise DTypeError(where, got=f"{found.dtype.name}", expected="strings", hint="tf.strings.as_string")
    return np.vectorize(_text, otypes=[object])(found) if found.dtype.kind in "SO" else found.astype(object)


def _text(one: Any) -> str:
    return one.decode() if isinstance(one, bytes) else str(one)


def _each(where: str, fn: Callable, value: Any, kind: Any = object) -> Any:
    """`fn` of each text; text again for `kind=object`."""
    found = _texts(where, value)
    out = np.empty(found.shape, kind)
    for place in np.ndindex(found.shape):
        out[place] = fn(found[place])
    return on_host(out.astype(str) if kind is object else out)


def lower(input: Any, encoding: str = "", name: str | None = None) -> Any:
    """In small letters."""
    return _each("tf.strings.lower", str.lower, input)


def upper(input: Any, encoding: str = "", name: str | None = None) -> Any:
    """In capital letters."""
    return _each("tf.strings.upper", str.upper, input)


def strip(input: Any, name: str | None = None) -> Any:
    """Without white space at both ends."""
    return _each("tf.strings.strip", str.strip, input)


def length(input: Any, unit: str = "BYTE", name: str | None = None) -> Any:
    """How many bytes of UTF-8, or with "UTF8_CHAR" characters."""
    measure = len if unit == "UTF8_CHAR" else lambda text: len(text.encode())
    return _each("tf.strings.length", measure, input, "int32")


def substr(input: Any, pos: Any, len: Any, unit: str = "BYTE", name: str | None = None) -> Any:
    """So many bytes, or with "UTF8_CHAR" characters, from `pos` on; negative counts from the end.

    Raises:
        InvalidArgumentError: a `pos` beyond the text.
    """
    start, count = int(np.asarray(plain(pos))), int(np.asarray(plain(len)))

    def cut(text: str) -> str:
        whole: Any = text if unit == "UTF8_CHAR" else text.encode()
        size = whole.__len__()
        if not -size <= start <= size:
            raise InvalidArgumentError("tf.strings.substr", got=f"pos={start} in {text!r}", expected="a place in it")
        first = start if start >= 0 else start + size
        part = whole[first : first + count]
        return part if isinstance(part, str) else part.decode(errors="replace")

    return _each("tf.strings.substr", cut, input)


def _python(pattern: str) -> str:
    """A pattern of RE2 as Python has it."""
    for theirs, ours in (("[[:punct:]]", r"[!-/:-@\[-`{-~]"), ("[[:space:]]", r"\s"), ("[[:alpha:]]", "[A-Za-z]")):
        pattern = pattern.replace(theirs, ours)
    classes = {"punct": r"!-/:-@\[-`{-~", "space": r"\s", "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9"}
    return re.sub(r"\[:(\w+):\]", lambda found: classes.get(found[1], found[0]), pattern)


def regex_replace(input: Any, pattern: Any, rewrite: str, replace_global: bool = True, name: str | None = None) -> Any:
    r"""Matches of a regular expression replaced; \1 to \9 in `rewrite` stand for groups, \0 for all."""
    wanted = re.compile(_python(_text(pattern)))
    new = re.sub(r"\\0", r"\\g<0>", _text(rewrite))
    return _each(
        "tf.strings.regex_replace", lambda text: wanted.sub(new, text, count=0 if replace_global else 1), input
    )


def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Any:
    """Whether a regular expression matches the whole."""
    wanted = re.compile(_python(_text(pattern)))
    found = _each("tf.strings.regex_full_match", lambda text: wanted.fullmatch(text) is not None, input, bool)
    return jnp.asarray(np.asarray(found))


def split(input: Any, sep: str | None = None, maxsplit: int = -1, name: str | None = None) -> Any:
    """The parts between separators, white space by default: an array for one text, lists of lists for several."""
    found = _texts("tf.strings.split", input)
    return _parts(found, lambda text: text.split(sep or None, maxsplit))


def _parts(found: Any, fn: Callable[[str], list[str]]) -> Any:
    if found.ndim == 0:
        return on_host(np.array(fn(found[()]), str))
    return [_parts(np.asarray(one, object), fn) if found.ndim > 1 else fn(one) for one in found]


def unicode_split(
    input: Any,
    input_encoding: str = "UTF-8",
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """The characters: an array for one text, lists for several."""
    return _parts(_texts("tf.strings.unicode_split", input), list)


def bytes_split(input: Any, name: str | None = None) -> Any:
    """The characters; those beyond ASCII are not cut into bytes."""
    return _parts(_texts("tf.strings.bytes_split", input), list)


def join(inputs: Any, separator: str = "", name: str | None = None) -> Any:
    """Texts put together, element by element; one text goes with all."""
    arrays: Any = np.broadcast_arrays(*[_texts("tf.strings.join", value) for value in inputs])
    out = np.empty(arrays[0].shape, object)
    for place in np.ndindex(out.shape):
        out[place] = separator.join(array[place] for array in arrays)
    return on_host(out.astype(str))


def reduce_join(
    inputs: Any, axis: Any = None, keepdims: bool = False, separator: str = "", name: str | None = None
) -> Any:
    """Texts put together along an axis, or all of them."""
    found = _texts("tf.strings.reduce_join", inputs)
    rows = found.reshape(-1) if axis is None else np.moveaxis(found, int(axis), -1)
    out = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(out.shape):
        out[place] = separator.join(rows[place])
    out = out.astype(str)
    if keepdims:
        out = out.reshape([1] * found.ndim) if axis is None else np.expand_dims(out, int(axis))
    return on_host(out)


def to_number(input: Any, out_type: Any = float32, name: str | None = None) -> Array:
    """The numbers that texts spell.

    Raises:
        InvalidArgumentError: one spells none.
    """
    kind = as_dtype(out_type)
    read = int if kind.is_integer else float

    def number(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            raise InvalidArgumentError("tf.strings.to_number", got=repr(text), expected=f"a {kind.name}") from None

    found = _each("tf.strings.to_number", number, input, "int64" if kind.is_integer else "float64")
    return jnp.asarray(np.asarray(found), real_dtype(kind))


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Any:
    """Numbers spelled out.

    Args:
        input: numbers or booleans.
        precision: digits after the point, 6 by default.
        scientific: whether to write exponents.
        shortest: whether to write the shorter of both forms.
        width: the least number of characters.
        fill: what fills them up: "0", or nothing for spaces.
    """
    eager("tf.strings.as_string inside compiled code", "it outside, or tf.print", input)
    values = np.asarray(plain(input))
    if is_string(values):
        return on_host(values)
    if values.dtype.kind == "b":
        form = ""
    else:
        form = f"{'0' if fill == '0' else ''}{width if width > 0 else ''}"
        if values.dtype.kind in "iu":
            form += "d"
        else:
            form += (f".{precision}" if precision >= 0 else "") + ("e" if scientific else "g" if shortest else "f")
    out = np.empty(values.shape, object)
    for place in np.ndindex(values.shape):
        one = values[place].item() if values.dtype.kind in "biuf" else float(values[place])
        out[place] = ("true" if one else "false") if isinstance(one, bool) else f"{one:{form}}"
    return on_host(out.astype(str))


def format(template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None) -> Any:
    """`template` with its placeholders replaced by tensors, of which the first and last `summarize` elements show."""
    values = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    eager("tf.strings.format inside compiled code", "tf.print", list(values))
    parts = template.split(placeholder)
    if len(parts) != len(values) + 1:
        raise InvalidArgumentError(
            "tf.strings.format", got=f"{len(parts) - 1} placeholders for {len(values)} tensors", expected="as many"
        )
    text = parts[0]
    for value, rest in zip(values, parts[1:], strict=True):
        text += _shown(np.asarray(plain(value)), summarize) + rest
    return on_host(np.array(text))


def _shown(array: np.ndarray, summarize: int) -> str:
    if array.ndim == 0:
        one = array[()]
        return (
            f'"{_text(one)}"' if isinstance(one, (str, bytes)) else f"{one:g}" if array.dtype.kind == "f" else str(one)
        )
    rows = [_shown(row, summarize) for row in array]
    if 0 <= 2 * summarize < len(rows):
        rows = [*rows[:summarize], "...", *rows[-summarize:]]
    return "[" + (" " if array.ndim == 1 else "\n ").join(rows) + "]"


__getattr__ = absent(__name__)
