"""scalar, histogram, image, audio, text: what can be shown."""

from __future__ import annotations

from typing import Any

from .._events import values
from .._events.values import summary
from ._recording import record, scoped

__all__ = ["audio", "histogram", "image", "scalar", "text", "write"]


def scalar(name: str, data: Any, step: Any = None, description: str | None = None) -> bool:
    """Record a number.

    Args:
        name: the tag, below the name scopes around.
        data: a single number.
        step: where on the x axis; default: the default step.
        description: text shown with it, in Markdown.
    Returns:
        Whether it was recorded: False without a default writer, or where `record_if` says so.
    Raises:
        ArgumentError: neither a step nor a default step.
        ShapeError, DTypeError: not a single number.
    """
    tag = scoped(name)
    return record("scalar", lambda number: summary(values.scalar(tag, number, description)), step, data)


def histogram(
    name: str, data: Any, step: Any = None, buckets: int | None = None, description: str | None = None
) -> bool:
    """Record how numbers are distributed.

    Args:
        name: the tag, below the name scopes around.
        data: numbers, of any shape; those that are not finite are left out.
        step: where on the x axis; default: the default step.
        buckets: the number of intervals, all of one width; default 30.
        description: text shown with it, in Markdown.
    Returns:
        Whether it was recorded.
    Raises:
        ArgumentError: no step, or a negative number of buckets.
    """
    tag = scoped(name)
    return record(
        "histogram", lambda numbers: summary(values.histogram(tag, numbers, buckets, description)), step, data
    )


def image(name: str, data: Any, step: Any = None, max_outputs: int = 3, description: str | None = None) -> bool:
    """Record pictures.

    Args:
        name: the tag, below the name scopes around.
        data: (number, height, width, channels), 1 to 4 channels; uint8, or floats from 0 to 1, clipped.
        step: where on the x axis; default: the default step.
        max_outputs: the first so many are kept.
        description: text shown with them, in Markdown.
    Returns:
        Whether they were recorded.
    Raises:
        ArgumentError: no step, or a negative `max_outputs`.
        ShapeError, DTypeError: not pictures.
    """
    tag = scoped(name)
    return record(
        "image", lambda pictures: summary(values.image(tag, pictures, int(max_outputs), description)), step, data
    )


def audio(
    name: str,
    data: Any,
    sample_rate: int,
    step: Any = None,
    max_outputs: int = 3,
    encoding: str | None = None,
    description: str | None = None,
) -> bool:
    """Record sounds.

    Args:
        name: the tag, below the name scopes around.
        data: (number, frames, channels) of floats from -1 to 1, clipped.
        sample_rate: frames a second.
        step: where on the x axis; default: the default step.
        max_outputs: the first so many are kept.
        encoding: `"wav"`, the only one.
        description: text shown with them, in Markdown.
    Returns:
        Whether they were recorded.
    Raises:
        ArgumentError: no step, another encoding, or a negative `max_outputs`.
        ShapeError, DTypeError: not sounds.
    """
    tag = scoped(name)
    return record(
        "audio",
        lambda sounds, rate: summary(values.audio(tag, sounds, int(rate), int(max_outputs), encoding, description)),
        step,
        data,
        sample_rate,
    )


def text(name: str, data: Any, step: Any = None, description: str | None = None) -> bool:
    """Record text, which is shown as Markdown.

    Args:
        name: the tag, below the name scopes around.
        data: a string, or an array of strings, shown as a table.
        step: where on the x axis; default: the default step.
        description: text shown with it.
    Returns:
        Whether it was recorded.
    Raises:
        ArgumentError: no step.
        DTypeError: not strings.
    """
    tag = scoped(name)
    return record("text", lambda: summary(values.text(tag, data, description)), step)


def write(tag: str, tensor: Any, step: Any = None, metadata: Any = None, name: str | None = None) -> bool:
    """Record a tensor for a plugin of one's own.

    Args:
        tag: the tag as it is.
        tensor: numbers or strings.
        step: where on the x axis; default: the default step.
        metadata: a `SummaryMetadata`, as bytes or as a message, that names the plugin.
        name: kept for compatibility.
    Returns:
        Whether it was recorded.
    Raises:
        ArgumentError: no step.
    """
    content = metadata if metadata is None or isinstance(metadata, bytes) else metadata.SerializeToString()
    return record("write", lambda array: summary(values.raw(tag, array, content)), step, tensor)
