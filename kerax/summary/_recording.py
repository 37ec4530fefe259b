"""From a call of `scalar` and its like to an event, in plain Python and in compiled code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._core.context import here, summaries
from .._core.variable import Variable
from .._errors import ArgumentError
from .._events.default import Channel, default
from .._transform.tape import tracing
from ._writers import asked

__all__ = ["record", "scoped"]


def scoped(name: str) -> str:
    """The tag of a summary: its name within the name scopes around; layers, while they are called, are none."""
    return "/".join((*(here.names if here.call is None else ()), str(name)))


def record(what: str, make: Callable[..., Any], step: Any, *data: Any) -> bool:
    """Record what `make(*arrays)` gives for the data, if anyone listens.

    Args:
        what: the function that was called, for messages.
        make: gives the summary, or raises for shapes and dtypes that do not fit.
        step: where on the x axis; None for the default step.
        data: arrays, Variables and what makes an array.
    Returns:
        Whether it was, or in compiled code will be, recorded.
    Raises:
        ArgumentError: no step.
    """
    traced = tracing()
    if traced:
        summaries.met += 1
    writer = default.writer
    if writer is None or writer.drops:
        return False
    condition = asked(default.recorded)
    if condition is False:
        return False
    step = _plain(_step(what, step))
    arrays = [_plain(one) for one in data]
    if not traced:
        writer.add(int(step), summary=make(*arrays))
        return True
    _record_later(Channel(writer) if default.fixed else default.channel, make, condition, step, arrays)
    return True


def _step(what: str, step: Any) -> Any:
    step = default.step if step is None else step
    step = step() if callable(step) and not isinstance(step, Variable) else step
    if step is None:
        raise ArgumentError(
            f"summary.{what}",
            got="no step",
            expected="step=..., or a default step",
            hint="summary.experimental.set_step(step), or writer.as_default(step=step)",
        )
    return step


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Variable) else value


def _record_later(channel: Any, make: Callable, condition: Any, step: Any, arrays: list[Any]) -> None:
    """Leave a call to Python in the code that is traced. It costs no gradient, and waits for nothing."""
    leaves, structure = jax.tree.flatten([condition, step, arrays])
    dynamic = [index for index, leaf in enumerate(leaves) if isinstance(leaf, jax.core.Tracer)]

    def show(*numbers: Any) -> None:
        known = list(leaves)
        for index, number in zip(dynamic, numbers, strict=True):
            known[index] = np.asarray(number)
        recorded, at, found = jax.tree.unflatten(structure, known)
        if recorded:
            channel.writer.add(int(at), summary=make(*found))

    make(*(np.ones(x.shape, x.dtype) if isinstance(x, jax.core.Tracer) else x for x in arrays))  # raises now, not then
    traced = [jax.lax.stop_gradient(leaves[index]) for index in dynamic]
    for index in dynamic:
        leaves[index] = None
    if isinstance(condition, jax.core.Tracer):
        jax.lax.cond(
            jnp.reshape(condition, ()), lambda *args: jax.debug.callback(show, *args), lambda *args: None, *traced
        )
    else:
        jax.debug.callback(show, *traced)
